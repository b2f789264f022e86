import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Exchange } from '../exchange.ts';
import type { Case, Theme } from '../suite.ts';

/** The suite itself counts that each body was closed as often as it was given; here is on which path. */
function closes(name: string, path: string, options: { method?: string; status?: number; whole?: boolean } = {}): Case {
  const { method = 'GET', status = 200, whole = true } = options;
  return {
    row: 'close()',
    name: `once: ${name}`,
    async run(exchange) {
      const answer = await exchange.ask(path, { method });
      assert.deepEqual([answer.status, answer.complete], [status, whole]);
      await exchange.checkClosed();
    },
  };
}

async function leave(exchange: Exchange, path: string, method = 'GET'): Promise<void> {
  const wire = await exchange.open();
  wire.send(exchange.request(path, { method }));
  await wire.some();
  wire.socket.resetAndDestroy();
}

export const CLOSING: Theme = {
  app: 'closing',
  title: 'close() of the body',
  cases: [
    closes('the iterable is exhausted', '/exhausted'),
    closes('the iterable raises in mid-body', '/raising', { whole: false }),
    closes('the iterable raises before its first chunk', '/raising-at-once', { status: 500 }),
    closes('start_response was never called', '/without-head', { status: 500 }),
    closes('a chunk is none', '/not-a-chunk', { status: 500 }),
    closes('the body is longer than Content-Length', '/too-long'),
    closes('the body is shorter than Content-Length', '/too-short', { whole: false }),
    closes('HEAD', '/exhausted', { method: 'HEAD' }),
    closes('HEAD of a body that never ends', '/endless', { method: 'HEAD' }),
    closes('204', '/no-content', { status: 204 }),
    closes('304', '/not-modified', { status: 304 }),
    {
      row: 'close()',
      name: 'once: the client leaves while the body streams',
      async run(exchange) {
        await leave(exchange, '/endless');
        await exchange.checkClosed();
      },
    },
    {
      row: 'close()',
      name: 'once: the client leaves and has long taken nothing',
      async run(exchange) {
        const wire = await exchange.open();
        wire.socket.pause();
        wire.send(exchange.request('/endless'));
        await exchange.said('body');
        wire.socket.destroy();
        await exchange.checkClosed();
      },
    },
    {
      row: 'close()',
      name: 'once: the client leaves while the app does something else',
      async run(exchange) {
        await leave(exchange, `/endless-after-wait?${exchange.barrier.path}`);
        await exchange.pass();
        await exchange.checkClosed();
      },
    },
    {
      row: 'close()',
      name: 'once: the client leaves while the iterator waits for something that never comes',
      kinds: ['typescript', 'makeServer'],
      async run(exchange) {
        await leave(exchange, '/pending');
        await exchange.checkClosed();
      },
    },
    ...['/close-waits', '/close-waits-sized'].map(
      (path): Case => ({
        row: 'close()',
        name: `does not hold the client, who has the whole response before it returns (${path})`,
        async run(exchange) {
          assert.equal(await exchange.text(`${path}?${exchange.barrier.path}`), 'whole');
          await exchange.pass();
          await exchange.checkClosed();
        },
      }),
    ),
    {
      row: 'close()',
      name: 'its own exception is logged, and the response stands',
      async run(exchange) {
        assert.equal(await exchange.text('/close-fails'), 'whole');
        await exchange.said('close');
        await exchange.complaint(/close\(\) itself broke/);
        await exchange.checkClosed();
      },
    },
    {
      row: 'close()',
      name: 'its own exception is logged beside that of the iterable',
      async run(exchange) {
        assert.equal((await exchange.ask('/close-fails-too')).complete, false);
        await exchange.said('close');
        await exchange.complaint(/it broke/);
        await exchange.complaint(/close\(\) itself broke/);
      },
    },
    {
      row: 'close()',
      name: 'once for each, where twenty clients leave together',
      async run(exchange) {
        const wires = await Promise.all(Array.from({ length: 20 }, () => exchange.open()));
        for (const wire of wires) wire.send(exchange.request('/endless'));
        await (wires[0] as (typeof wires)[number]).some();
        await Promise.all(
          wires.map(({ socket }) => {
            socket.destroy();
            return once(socket, 'close');
          }),
        );
        await exchange.checkClosed();
      },
    },
  ],
};
