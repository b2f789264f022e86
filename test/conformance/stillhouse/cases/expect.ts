import assert from 'node:assert/strict';
import type { Case, Theme } from '../suite.ts';

const ROW = 'Expect: 100-continue';
const EXPECT = 'Expect: 100-continue';

const answered = (['Content-Length: 5', 'Transfer-Encoding: chunked'] as const).map(
  (framing): Case => ({
    row: ROW,
    name: `is answered once, when the body is wanted (${framing})`,
    async run(exchange) {
      const wire = await exchange.open();
      wire.send(exchange.request('/digest', { method: 'POST', headers: [EXPECT, framing] }));
      const interim = await wire.answer();
      assert.deepEqual([interim.status, interim.reason, interim.headers], [100, 'Continue', []]);
      wire.send(framing.startsWith('C') ? 'he' : '2\r\nhe\r\n');
      // Its own round trip, so that the body comes in two pieces.
      await exchange.saidAll();
      wire.send(framing.startsWith('C') ? 'llo' : '3\r\nllo\r\n0\r\n\r\n');
      const answer = await wire.answer();
      assert.deepEqual([answer.status, answer.body.toString().split(' ')[0]], [200, '5']);
    },
  }),
);

/** A request whose answer comes without a 100 before it. */
function notAnswered(
  name: string,
  status: number,
  options: { path?: string; version?: string; headers: readonly string[]; body?: string },
): Case {
  return {
    row: ROW,
    name: `is not answered ${name}`,
    async run(exchange) {
      const wire = await exchange.open();
      wire.send(exchange.request(options.path ?? '/digest', { method: 'POST', ...options }));
      assert.equal((await wire.answer()).status, status);
    },
  };
}

export const EXPECT_THEMES: readonly Theme[] = [
  {
    app: 'input',
    title: 'Expect',
    cases: [
      ...answered,
      notAnswered('where the body is here already', 200, { headers: [EXPECT, 'Content-Length: 5'], body: 'hello' }),
      notAnswered('where there is no body', 200, { headers: [EXPECT, 'Content-Length: 0'] }),
      notAnswered('with 417, which refuses any other expectation', 417, {
        headers: ['Expect: tea', 'Content-Length: 5'],
      }),
      notAnswered('with 400, which refuses the request', 400, { headers: [EXPECT, 'Content-Length: five'] }),
      notAnswered('to an HTTP/1.0 client', 200, { version: 'HTTP/1.0', headers: [EXPECT, 'Content-Length: 0'] }),
      {
        row: ROW,
        name: 'is not answered to an HTTP/1.0 client that sends its body later',
        async run(exchange) {
          const wire = await exchange.open();
          const options = { method: 'POST', version: 'HTTP/1.0', headers: [EXPECT, 'Content-Length: 5'] };
          wire.send(exchange.request('/digest', options));
          await exchange.saidAll();
          wire.send('hello');
          assert.equal((await wire.answer()).status, 200);
        },
      },
      {
        row: ROW,
        name: 'is not answered where the app wants no body, and the connection closes',
        kinds: ['makeServer'],
        async run(exchange) {
          const wire = await exchange.open();
          wire.send(exchange.request('/unread', { method: 'POST', headers: [EXPECT, 'Content-Length: 5'] }));
          assert.equal((await wire.answer()).body.toString(), 'unread');
          assert.equal((await wire.rest()).length, 0);
        },
      },
      {
        row: ROW,
        name: 'is not answered while the app does not read yet',
        kinds: ['makeServer'],
        async run(exchange) {
          const wire = await exchange.open();
          const headers = [EXPECT, 'Content-Length: 5'];
          wire.send(exchange.request(`/after-wait?${exchange.barrier.path}`, { method: 'POST', headers }));
          await exchange.barrier.reached();
          assert.equal(wire.socket.bytesRead, 0);
          exchange.barrier.open();
          assert.equal((await wire.answer()).status, 100);
          assert.equal((await wire.send('hello').answer()).body.toString(), 'hello');
        },
      },
    ],
  },
  {
    app: 'input',
    title: 'Expect of a body that is too large',
    args: ['--limit-request-body=1000'],
    cases: [notAnswered('with 413, which refuses the body', 413, { headers: [EXPECT, 'Content-Length: 1001'] })],
  },
];
