import assert from 'node:assert/strict';
import type { Case, Request, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { answerOf, NO_ANSWER, persists, type Talk } from '../talk.ts';
import { frame } from './framing.ts';

const EXPECT = 'Expect: 100-continue';
const PERSIST =
  'A server that does not support persistent connections MUST send the "close" connection option in every response message that does not have a 1xx (Informational) status code.';

const SELF_DEFINED =
  'In order to remain persistent, all messages on a connection need to have a self-defined message length (i.e., one not defined by closure of the connection).';
const READ_WHOLE =
  'A server MUST read the entire request message body or close the connection after sending its response; otherwise, the remaining data on a persistent connection would be misinterpreted as the next request.';

const HELLO: Request = { app: 'hello' };

/** The second of two requests on one connection is answered, or the first answer has ended it. */
async function answersNext(talk: Talk, first: Request, second: Request = HELLO, expected = 'hello'): Promise<void> {
  const wire = await talk.open();
  const answer = await answerOf(wire.send(talk.bytes(first)), first);
  if (answer === NO_ANSWER || !persists(answer)) return;
  wire.send(talk.bytes(second));
  const next = await answerOf(wire);
  // A server may close at any time (RFC 9112, 9.6); it may not answer another request than the one that was made.
  if (next.status > 0) assert.deepEqual([next.status, next.body.toString()], [200, expected]);
}

const after = (
  [
    ['length', 'a body with Content-Length', { app: 'length-list' }],
    ['generator', 'a generator', { app: 'body-generator' }],
    ['empty', 'an empty body', { app: 'body-empty-list' }],
    ['written', 'a body that was written', { app: 'write-only' }],
    ['file', 'a file', { app: 'file-bytes-io' }],
    ['error', 'an error', { app: 'raise-in-call' }],
    ['long', 'a body longer than its Content-Length', { app: 'long-list' }],
    ['unread', 'a body that the application did not read', { app: 'unread', ...frame('sized', 'never read\r\n') }],
    [
      'unread-request',
      'a body that looks like a request, and was not read',
      { app: 'unread', ...frame('sized', 'GET /smuggled HTTP/1.1\r\nHost: x\r\nX-App: close\r\n\r\n') },
    ],
    [
      'half-read',
      'a body of which the application read some',
      { app: 'half-read', ...frame('sized', 'half of it is read') },
    ],
    [
      'unread-large',
      'a large body that the application did not read',
      { app: 'unread', ...frame('sized', 'x'.repeat(300_000)) },
    ],
    [
      'unread-chunked',
      'a chunked body that the application did not read',
      { app: 'unread', ...frame('chunked', 'never read\r\n') },
    ],
  ] as const
).map(
  ([id, what, first]): Case => ({
    id: `next-after-${id}`,
    sentence: `After ${what} the connection is closed, or the next request on it is answered as if it were the first.`,
    section: 'RFC 9112, 9.3',
    level: 'must',
    words: `${SELF_DEFINED} […] ${READ_WHOLE}`,
    app: first.app,
    run: (talk) => answersNext(talk, first),
  }),
);

/** How long a client waits for a 100 before it sends its body all the same. */
const CLIENT_WAITS_MS = 1_000;

/** A client that waits, and then sends its body. @returns how it was answered at first */
async function waitsFor100(talk: Talk, framing: string, body: string): Promise<string> {
  const wire = await talk.open();
  const answered = answerOf(wire.send(talk.bytes({ method: 'POST', headers: [EXPECT, framing] })));
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), CLIENT_WAITS_MS));
  const first = await Promise.race([answered, late]);
  if (first !== undefined && first.status !== 100) {
    assert.ok([411, 417, 501].includes(first.status), `status ${first.status} in place of 100`);
    return 'refused';
  }
  wire.send(body);
  const next = await answered;
  const { status, body: digest } = next.status === 100 ? await wire.answer() : next;
  assert.deepEqual([status, digest.toString().split(' ')[0]], [200, '5']);
  return first === undefined ? 'waits' : '100';
}

const continues: readonly Case[] = [
  {
    id: 'expect-sized',
    sentence: 'A client that waits for 100 has it, or sends its body without it after a while, and is answered.',
    section: PEP.expect,
    level: 'may',
    words:
      'Wait until the client decides that the server does not support expect/continue, and sends the request body on its own. (This is suboptimal, and is not recommended.)',
    app: 'digest',
    run: (talk) => waitsFor100(talk, 'Content-Length: 5', 'hello'),
  },
  {
    id: 'expect-chunked',
    since: '1.1',
    sentence: 'The same holds for a chunked body.',
    section: PEP.expect,
    level: 'should',
    words:
      'Servers and gateways that implement HTTP 1.1 must provide transparent support for HTTP 1.1’s "expect/continue" mechanism.',
    app: 'digest',
    run: async (talk) => void (await waitsFor100(talk, 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n')),
  },
];

export const CONNECTION: Theme = {
  title: 'connections and Expect',
  cases: [
    ...after,
    {
      id: 'next-many',
      sentence:
        'Twenty requests on one connection have twenty answers in order, or the connection is closed behind one of them.',
      section: 'RFC 9112, 9.3',
      level: 'must',
      words: PERSIST,
      app: 'echo',
      async run(talk) {
        let wire = await talk.open();
        for (let number = 0; number < 20; number++) {
          const request = talk.bytes(frame('sized', `number ${number}`));
          let answer = await answerOf(wire.send(request));
          if (answer === NO_ANSWER) {
            wire = await talk.open();
            answer = await answerOf(wire.send(request));
          }
          assert.equal(answer.body.toString(), `number ${number}`);
          if (!persists(answer)) wire = await talk.open();
        }
      },
    },
    {
      id: 'pipelined',
      sentence: 'Requests that are sent together are answered in order, or the connection is closed behind the first.',
      section: 'RFC 9112, 9.3.2',
      level: 'must',
      words:
        'A server MAY process a sequence of pipelined requests in parallel if they all have safe methods, but it MUST send the corresponding responses in the same order that the requests were received.',
      app: 'status',
      async run(talk) {
        const wire = await talk.open();
        const targets = ['/?201+One', '/?202+Two', '/?203+Three'];
        wire.send(Buffer.concat(targets.map((target) => talk.bytes({ target }))));
        for (const status of [201, 202, 203]) {
          const answer = await answerOf(wire);
          if (answer.status === 0 && status > 201) return;
          assert.equal(answer.status, status);
          if (!persists(answer)) return;
        }
      },
    },
    {
      id: 'close-asked',
      sentence: 'A client that asks for it has the connection closed behind the answer.',
      section: 'RFC 9112, 9.6',
      level: 'must',
      words:
        'A server that receives a "close" connection option MUST initiate closure of the connection (see below) after it sends the final response to the request that contained the "close" connection option.',
      app: 'hello',
      async run(talk) {
        const wire = await talk.open();
        const { body } = await wire.send(talk.bytes({ headers: ['Connection: close'] })).answer();
        assert.equal(body.toString(), 'hello');
        assert.equal((await wire.rest()).length, 0);
      },
    },
    {
      id: 'close-said',
      sentence: 'A server that closes the connection of a client of HTTP/1.1 has said so.',
      section: 'RFC 9112, 9.3',
      level: 'must',
      words: PERSIST,
      app: 'hello',
      async run(talk) {
        const wire = await talk.open();
        const answer = await wire.send(talk.bytes()).answer();
        if (!persists(answer)) return;
        const next = await answerOf(wire.send(talk.bytes()));
        assert.equal(next.body.toString(), 'hello', 'the server has closed without a word');
      },
    },
    {
      id: 'http-1-0-closes',
      sentence: 'A client of HTTP/1.0 that does not ask to go on has the connection closed.',
      section: 'RFC 9112, 9.3',
      level: 'must',
      words: 'otherwise, the connection will close after the current response',
      app: 'hello',
      async run(talk) {
        const wire = await talk.open();
        const { body } = await wire.send(talk.bytes({ version: 'HTTP/1.0' })).answer();
        assert.equal(body.toString(), 'hello');
        assert.equal((await wire.rest()).length, 0);
      },
    },
    {
      id: 'half-closed',
      sentence: 'A client that has closed its own side is answered.',
      section: 'RFC 9112, 9.6',
      level: 'should',
      app: 'hello',
      async run(talk) {
        const wire = await talk.open();
        wire.send(talk.bytes());
        wire.socket.end();
        assert.equal((await wire.answer()).body.toString(), 'hello');
      },
    },
    ...continues,
    {
      id: 'expect-body-there',
      sentence: 'A client that does not wait for 100 is answered as one that does.',
      section: PEP.expect,
      level: 'must',
      words: 'Proceed with the request normally',
      app: 'echo',
      async run(talk) {
        const wire = await talk.open();
        wire.send(talk.bytes({ method: 'POST', headers: [EXPECT, 'Content-Length: 5'], body: 'hello' }));
        let answer = await wire.answer();
        if (answer.status === 100) answer = await wire.answer();
        assert.deepEqual([answer.status, answer.body.toString()], [200, 'hello']);
      },
    },
    {
      id: 'expect-http-1-0',
      sentence: 'A client of HTTP/1.0 is never sent a 100.',
      section: 'RFC 9110, 10.1.1',
      level: 'must',
      words: 'A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore that expectation.',
      app: 'echo',
      async run(talk) {
        const wire = await talk.open();
        wire.send(
          talk.bytes({ method: 'POST', version: 'HTTP/1.0', headers: [EXPECT, 'Content-Length: 5'], body: 'hello' }),
        );
        const { status, body } = await wire.answer();
        assert.deepEqual([status, body.toString()], [200, 'hello']);
      },
    },
    {
      id: 'expect-unread',
      sentence: 'A client that waits for 100 has an answer also where the application reads nothing.',
      section: PEP.expect,
      level: 'may',
      words:
        'Respond to requests containing an Expect: 100-continue request with an immediate "100 Continue" response, and proceed normally. […] if/when the application first attempts to read from the input stream.',
      app: 'unread',
      async run(talk) {
        const wire = await talk.open();
        wire.send(talk.bytes({ method: 'POST', headers: [EXPECT, 'Content-Length: 5'] }));
        const first = await wire.answer();
        if (first.status !== 100) {
          assert.equal(first.body.toString(), 'unread');
          return 'answered at once';
        }
        assert.equal((await wire.send('hello').answer()).body.toString(), 'unread');
        return 'after 100';
      },
    },
    {
      id: 'transfer-encoding-and-length',
      since: '1.1',
      sentence:
        'A request with both Content-Length and Transfer-Encoding is read as chunked or refused, and the connection then closed.',
      section: 'RFC 9112, 6.3',
      level: 'may',
      words:
        'A server MAY reject a request that contains both Content-Length and Transfer-Encoding or process such a request in accordance with the Transfer-Encoding alone. Regardless, the server MUST close the connection after responding to such a request to avoid the potential attacks.',
      app: 'digest',
      async run(talk) {
        const wire = await talk.open();
        const headers = ['Content-Length: 3', 'Transfer-Encoding: chunked'];
        wire.send(talk.bytes({ method: 'POST', headers, body: '5\r\nhello\r\n0\r\n\r\n' }));
        const { status, body } = await wire.answer();
        assert.ok([200, 400, 411, 501].includes(status), `status ${status}`);
        if (status === 200) assert.match(body.toString(), /^5 /);
        await wire.closed();
        return status === 200 ? 'chunked' : 'refused';
      },
    },
  ],
};
