import assert from 'node:assert/strict';
import { header } from '../../../support/wire.ts';
import { type Exchange, endOf } from '../exchange.ts';
import type { Case, Theme } from '../suite.ts';

const WHOLE: readonly (readonly [path: string, coding: 'length' | 'chunked'])[] = [
  ['/one-chunk', 'length'],
  ['/many-chunks', 'length'],
  ['/generator', 'chunked'],
  ['/sized-generator', 'length'],
];

const whole = WHOLE.map(
  ([path, coding]): Case => ({
    row: 'Content-Length',
    name: `${coding === 'length' ? 'is sent where the size is known' : 'is left out where it is not known'} (${path})`,
    async run(exchange) {
      const answer = await exchange.ask(path);
      assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'hello', true]);
      assert.equal(header(answer, 'content-length'), coding === 'length' ? '5' : undefined);
      assert.equal(header(answer, 'transfer-encoding'), coding === 'chunked' ? 'chunked' : undefined);
      await exchange.noComplaint();
    },
  }),
);

const long = ['/long-list', '/long-chunk', '/long-generator', '/long-write'].map(
  (path): Case => ({
    row: 'Content-Length',
    name: `a body that is longer is truncated and logged, and the connection goes on (${path})`,
    async run(exchange) {
      const wire = await exchange.open();
      wire.send(exchange.request(path) + exchange.request('/one-chunk'));
      const answer = await wire.answer();
      assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'hello', true]);
      assert.equal((await wire.answer()).body.toString(), 'hello');
      await exchange.complaint(/Content-Length/);
    },
  }),
);

const short = ['/short-list', '/short-generator', '/short-write'].map(
  (path): Case => ({
    row: 'Content-Length',
    name: `a body that is shorter is logged, and the connection closed (${path})`,
    async run(exchange) {
      const wire = await exchange.open();
      const answer = await wire.send(exchange.request(path)).answer();
      assert.equal(header(answer, 'content-length'), '11');
      assert.deepEqual([answer.body.toString(), answer.complete], ['hello', false]);
      assert.equal((await wire.rest()).length, 0);
      await exchange.complaint(/Content-Length/);
    },
  }),
);

const failures = ['/raise-in-call', '/raise-first'].map(
  (path): Case => ({
    row: 'exception in mid-body',
    name: `before the head is sent is 500 with a traceback in the log (${path})`,
    async run(exchange) {
      const answer = await exchange.ask(path);
      assert.equal(answer.status, 500);
      assert.doesNotMatch(answer.body.toString(), /it broke/);
      await exchange.complaint(
        exchange.subject.kind === 'python' ? /line \d+, in .*it broke/s : /it broke.*body\.ts:/s,
      );
    },
  }),
);

async function isCut(exchange: Exchange, path: string, version = 'HTTP/1.1'): Promise<string> {
  const wire = await exchange.open();
  const end = endOf(wire);
  wire.send(exchange.request(path, { version }));
  const how = await end;
  const bytes = (await wire.rest().catch(() => Buffer.alloc(0))).toString('latin1');
  assert.doesNotMatch(bytes, /500|it broke/);
  assert.doesNotMatch(bytes, /0\r\n\r\n$/);
  await exchange.complaint(/it broke in mid-body/);
  return how;
}

export const BODY: Theme = {
  app: 'body',
  title: 'bodies, their length and their failure',
  cases: [
    ...whole,
    ...long,
    {
      row: 'Content-Length',
      name: 'an iterable that ran past it is asked for nothing more',
      async run(exchange) {
        await exchange.ask('/long-generator');
        assert.deepEqual(await exchange.saidAll(), ['body', 'step 0', 'step 1', 'close']);
      },
    },
    ...short,
    {
      row: 'Content-Length',
      name: 'a body that is shorter and empty is logged, and is 500 or cut, never whole',
      async run(exchange) {
        const answer = await exchange.ask('/short-empty');
        assert.ok(answer.status === 500 || !answer.complete);
        await exchange.complaint(/Content-Length/);
      },
    },
    {
      row: 'Content-Length',
      name: 'large chunks arrive whole and in order',
      async run(exchange) {
        const text = await exchange.text('/large');
        assert.equal(text, 'a'.repeat(100_000) + 'b'.repeat(200_000) + 'c'.repeat(300_000));
      },
    },
    ...failures,
    ...['/raise-later', '/exit-later'].map(
      (path): Case => ({
        row: 'exception in mid-body',
        name: `cuts the connection without a terminal chunk, after what was sent (${path})`,
        async run(exchange) {
          const answer = await exchange.ask(path);
          assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'first,', false]);
          await isCut(exchange, path);
        },
      }),
    ),
    {
      row: 'exception in mid-body',
      name: 'cuts a body with a Content-Length before it is reached',
      async run(exchange) {
        const answer = await exchange.ask('/raise-sized');
        assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'first,', false]);
        await isCut(exchange, '/raise-sized');
      },
    },
    {
      row: 'exception in mid-body',
      name: 'resets an HTTP/1.0 connection, whose clean end would be the end of the body',
      run: async (exchange) => assert.equal(await isCut(exchange, '/raise-later', 'HTTP/1.0'), 'ECONNRESET'),
    },
    {
      row: 'exception in mid-body',
      name: 'behind the last byte of Content-Length is logged, and the body stands',
      async run(exchange) {
        assert.equal(await exchange.text('/raise-at-length'), 'whole');
        await exchange.complaint(/it broke behind the body/);
      },
    },
    {
      row: 'exception in mid-body',
      name: 'before the head, on HEAD, is 500 without a page',
      async run(exchange) {
        const wire = await exchange.open();
        wire.send(exchange.request('/raise-in-call', { method: 'HEAD' }) + exchange.request('/one-chunk'));
        assert.equal((await wire.answer('HEAD')).status, 500);
        assert.equal((await wire.answer()).body.toString(), 'hello');
      },
    },
    {
      row: 'exception in mid-body',
      name: 'leaves the server as it was',
      async run(exchange) {
        await isCut(exchange, '/raise-later');
        assert.equal(await exchange.text('/one-chunk'), 'hello');
      },
    },
  ],
};
