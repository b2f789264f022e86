import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Case, FirmCase, Request, Seen, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import type { Talk } from '../talk.ts';

const WORDS =
  'the server or gateway must call that method upon completion of the current request, whether the request was completed normally, or terminated early due to an application error during iteration or an early disconnect of the browser';

const CLOSED = ['close'];

function closes(app: string, when: string, seen: Seen = {}, request: Request = {}, id = app): FirmCase {
  return {
    id,
    sentence: `close() is called once: ${when}.`,
    section: PEP.details,
    level: 'must',
    words: WORDS,
    app,
    request,
    sees: { records: CLOSED, ...seen },
  };
}

/** The client takes some of a body without end, and goes away. */
async function leaves(talk: Talk, how: 'ends' | 'resets'): Promise<void> {
  const wire = await talk.open();
  wire.send(talk.bytes());
  await wire.some();
  if (how === 'resets') wire.socket.resetAndDestroy();
  else wire.socket.destroy();
  assert.deepEqual(await talk.recordsOnce((records) => records.length > 0), CLOSED);
}

/** Whether the client has the whole response while close() still waits at its gate. */
async function whenClosed(talk: Talk): Promise<string> {
  const gate = await talk.gate();
  const wire = await talk.open();
  wire.send(talk.bytes({ headers: [gate.header] }));
  const answered = wire.answer().then(({ body }) => body.toString());
  await gate.reached();
  // A short while for what is on its way: an answer that is late is the other outcome, and both are allowed.
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 300));
  const early = await Promise.race([answered, late]);
  gate.pass();
  assert.equal(await answered, 'hello');
  await talk.recorded('close');
  return early === undefined ? 'before its end' : 'after the response';
}

export const CLOSING: Theme = {
  title: 'close()',
  cases: [
    closes('close', 'the iterable is exhausted', { status: 200, body: 'one,two' }),
    closes('close-sized', 'Content-Length is reached and the iterable exhausted', { status: 200, body: 'one,two' }),
    closes('close-empty', 'the iterable was empty', { status: 200, body: '' }),
    closes('close-no-content', 'the status is 204', { status: 204 }),
    closes('close-not-modified', 'the status is 304', { status: 304 }),
    closes('close', 'the method is HEAD', { status: 200 }, { method: 'HEAD' }, 'close-head'),
    closes('close', 'the client speaks HTTP/1.0', { status: 200 }, { version: 'HTTP/1.0' }, 'close-http-1-0'),
    closes('close-raising', 'the iterable raises in mid-body'),
    closes('close-raising-at-once', 'the iterable raises before its first chunk'),
    closes('close-wrong-chunk', 'the first chunk is none'),
    closes('close-late-wrong-chunk', 'a later chunk is none'),
    closes('close-without-head', 'start_response was never called'),
    closes('close-too-long', 'the body is longer than Content-Length'),
    closes('close-too-short', 'the body is shorter than Content-Length'),
    closes('raise-in-iter', 'no iterator could be had of it', {}, {}, 'close-no-iterator'),
    closes('close-of-list', 'it is a method of a subclass of list', { status: 200, body: 'hello' }),
    closes('close-after-write', 'the body was written', { status: 200, body: 'written' }),
    closes('close-fails', 'it raises itself'),
    closes('close-fails-too', 'the iterable raised before, and it raises itself'),
    {
      ...closes('close-of-returned', 'of what was returned, and not of the iterator that this gives'),
      sees: { status: 200, body: 'one,two', recorded: ['close'], neverRecorded: ['close of the iterator'] },
    },
    {
      id: 'close-order',
      sentence: 'close() comes after the end of the iteration.',
      section: PEP.details,
      level: 'must',
      words: 'upon completion of the current request',
      app: 'close-order',
      sees: { status: 200, body: '0,1,', records: ['step 0', 'step 1', 'exhausted', 'close'] },
    },
    {
      id: 'close-none',
      sentence: 'An iterable without close() will do.',
      section: PEP.details,
      level: 'must',
      words: 'If the iterable returned by the application has a close() method',
      app: 'close-none',
      sees: { status: 200, body: 'one,two', complete: true },
    },
    ...(['ends', 'resets'] as const).map(
      (how): Case => ({
        id: `close-client-${how}`,
        sentence: `close() is called once: the client ${how === 'ends' ? 'closes' : 'resets'} the connection in mid-body.`,
        section: PEP.details,
        level: 'must',
        words: WORDS,
        app: 'close-endless',
        run: (talk) => leaves(talk, how),
      }),
    ),
    {
      id: 'close-generator-client-leaves',
      sentence: 'A generator that the client left is closed: its own finally runs.',
      section: PEP.details,
      level: 'must',
      words: 'This protocol is intended to complement PEP 342’s generator support',
      app: 'close-of-generator',
      run: (talk) => leaves(talk, 'ends'),
    },
    {
      id: 'close-many-clients-leave',
      sentence: 'close() is called once for each of ten bodies whose clients leave one after the other.',
      section: PEP.details,
      level: 'must',
      words: WORDS,
      app: 'close-endless',
      async run(talk) {
        for (let client = 0; client < 10; client++) {
          const wire = await talk.open();
          wire.send(talk.bytes());
          await wire.some();
          wire.socket.destroy();
          await once(wire.socket, 'close');
        }
        const records = await talk.recordsOnce(({ length }) => length >= 10);
        assert.equal(records.length, 10);
      },
    },
    {
      id: 'close-fails-response',
      sentence: 'A close() that raises leaves a response that was sent as it is.',
      section: PEP.errors,
      level: 'must',
      app: 'close-fails',
      sees: { status: 200, body: 'hello', complete: true, framed: true },
    },
    {
      id: 'close-fails-next',
      sentence: 'A close() that raises does no harm to the next request.',
      section: PEP.errors,
      level: 'must',
      app: 'close-fails-unsized',
      async run(talk) {
        assert.equal((await talk.ask()).body.toString().slice(0, 5), 'hello');
        assert.equal((await talk.ask({ app: 'hello' })).body.toString(), 'hello');
      },
    },
    ...(['close-waits', 'close-waits-unsized'] as const).map(
      (app): Case => ({
        id: app,
        sentence: `The client has the whole ${app === 'close-waits' ? 'body with Content-Length' : 'body without Content-Length'} before close() returns, or just after.`,
        section: PEP.details,
        level: 'may',
        words: 'upon completion of the current request',
        app,
        run: whenClosed,
      }),
    ),
  ],
};
