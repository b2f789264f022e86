import assert from 'node:assert/strict';
import type { Exchange } from '../exchange.ts';
import type { Theme } from '../suite.ts';

/** Runs something that only its own request may suffer from: the process that runs the app is the same before and after. */
async function survives(exchange: Exchange, run: () => Promise<void>): Promise<void> {
  const before = await exchange.text('/pid');
  await run();
  assert.equal(await exchange.text('/pid'), before, 'the process of the app lives on');
}

export const WRITING: Theme = {
  app: 'writing',
  title: 'write()',
  cases: [
    {
      row: 'write()',
      name: 'comes before what the iterable gives',
      run: async (exchange) => assert.equal(await exchange.text('/first'), 'one,two,three,four'),
    },
    {
      row: 'write()',
      name: 'alone makes the body, and Content-Length counts it',
      async run(exchange) {
        assert.equal(await exchange.text('/only'), 'all of ');
        await exchange.noComplaint();
      },
    },
    {
      row: 'write()',
      name: 'of nothing does not send the head',
      async run(exchange) {
        const answer = await exchange.ask('/empty');
        assert.deepEqual([answer.status, answer.body.toString()], [503, 'replaced']);
      },
    },
    {
      row: 'write()',
      name: 'sends at once',
      async run(exchange) {
        const wire = await exchange.open();
        wire.send(exchange.request(`/streams?${exchange.barrier.path}`));
        let received = '';
        while (!received.includes('first,')) received += (await wire.some()).toString('latin1');
        await exchange.pass();
        while (!received.endsWith('0\r\n\r\n')) received += (await wire.some()).toString('latin1');
        assert.match(received, /second\r\n0\r\n\r\n$/);
      },
    },
    {
      row: 'write()',
      name: 'and then an exception cuts the connection',
      async run(exchange) {
        const answer = await exchange.ask('/too-late');
        assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'first,', false]);
        await exchange.complaint(/it broke after write\(\)/);
      },
    },
    {
      row: 'write()',
      name: 'of what is no chunk is 500 and logged',
      async run(exchange) {
        assert.equal((await exchange.ask('/not-a-chunk')).status, 500);
        await exchange.complaint(/bytes|Uint8Array/);
      },
    },
    {
      row: 'write()',
      name: 'of what is no chunk is 500 and logged also where it is not awaited, and harms no other request',
      kinds: ['typescript', 'makeServer'],
      run: (exchange) =>
        survives(exchange, async () => {
          assert.equal((await exchange.ask('/not-a-chunk-not-awaited')).status, 500);
          await exchange.complaint(/Uint8Array/);
        }),
    },
    {
      row: 'write()',
      name: 'after the end of the response is refused, and harms no other request',
      run: (exchange) =>
        survives(exchange, async () => {
          const wire = await exchange.open();
          const answer = await wire.send(exchange.request(`/late?${exchange.barrier.path}`)).answer();
          assert.equal(answer.body.toString(), 'ended');
          await exchange.pass();
          await exchange.said('refused');
          const next = await wire.send(exchange.request('/first')).answer();
          assert.equal(next.body.toString(), 'one,two,three,four');
        }),
    },
  ],
};
