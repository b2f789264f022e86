import assert from 'node:assert/strict';
import { type Answer, header } from '../../../support/wire.ts';
import type { Exchange } from '../exchange.ts';
import type { Theme } from '../suite.ts';

async function is500(exchange: Exchange, path: string, complaint: RegExp): Promise<Answer> {
  const answer = await exchange.ask(path);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body.toString(), /a body without a head|the app went on|not reached/);
  await exchange.complaint(complaint);
  return answer;
}

export const START: Theme = {
  app: 'start',
  title: 'start_response',
  cases: [
    ...(['/late', '/late-after-empty'] as const).map((path) => ({
      row: 'late start_response' as const,
      name: `the first next() may call it (${path})`,
      async run(exchange: Exchange) {
        const answer = await exchange.ask(path);
        assert.deepEqual([answer.status, answer.reason, answer.body.toString()], [201, 'Created', 'late']);
        await exchange.noComplaint();
      },
    })),
    ...(['/never', '/never-generator', '/never-empty'] as const).map((path) => ({
      row: 'late start_response' as const,
      name: `never called is 500 (${path})`,
      run: async (exchange: Exchange) => void (await is500(exchange, path, /start_?response/i)),
    })),
    {
      row: 'empty chunk',
      name: 'does not send the head, which can still be replaced',
      async run(exchange) {
        const wire = await exchange.open();
        wire.send(exchange.request(`/empty-first?${exchange.barrier.path}`));
        await exchange.barrier.reached();
        assert.equal(wire.socket.bytesRead, 0);
        exchange.barrier.open();
        const answer = await wire.answer();
        assert.deepEqual([answer.status, answer.body.toString()], [503, 'replaced']);
      },
    },
    {
      row: 'empty chunk',
      name: 'nothing but empty chunks is an empty response',
      run: async (exchange) => assert.equal(await exchange.text('/only-empty'), ''),
    },
    {
      row: 'empty chunk',
      name: 'the first chunk that is not empty leaves with the head before the second is asked for',
      async run(exchange) {
        const wire = await exchange.open();
        wire.send(exchange.request(`/first-chunk?${exchange.barrier.path}`));
        let received = '';
        while (!received.includes('first,')) received += (await wire.some()).toString('latin1');
        assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
        await exchange.pass();
        while (!received.endsWith('0\r\n\r\n')) received += (await wire.some()).toString('latin1');
        assert.match(received, /second\r\n0\r\n\r\n$/);
      },
    },
    {
      row: 'second call without exc_info',
      name: 'is 500, and logged',
      run: async (exchange) => void (await is500(exchange, '/twice', /second time/)),
    },
    {
      row: 'second call without exc_info',
      name: 'is fatal also where the app catches the error',
      async run(exchange) {
        await is500(exchange, '/twice-caught', /second time/);
        await exchange.said('caught');
      },
    },
    {
      row: 'second call without exc_info',
      name: 'after the head cuts the connection',
      async run(exchange) {
        const answer = await exchange.ask('/twice-after-head');
        assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'first,', false]);
        await exchange.complaint(/second time/);
      },
    },
    {
      row: 'exc_info',
      name: 'before the head replaces status, headers and length',
      async run(exchange) {
        const answer = await exchange.ask('/replace');
        assert.deepEqual([answer.status, answer.reason], [500, 'Replaced']);
        assert.deepEqual([header(answer, 'x-first'), header(answer, 'x-second')], [undefined, 'yes']);
        assert.deepEqual([header(answer, 'content-length'), header(answer, 'content-type')], ['5', undefined]);
        assert.equal(answer.body.toString(), 'sorry');
        await exchange.noComplaint();
      },
    },
    {
      row: 'exc_info',
      name: 'on the first call is a first call',
      async run(exchange) {
        const answer = await exchange.ask('/first-with-error');
        assert.deepEqual([answer.status, answer.body.toString()], [503, 'first']);
        await exchange.noComplaint();
      },
    },
    {
      row: 'exc_info',
      name: 'before the head forgets the length that was stored',
      async run(exchange) {
        const answer = await exchange.ask('/replace-length');
        assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [500, 'sorry', true]);
        assert.equal(header(answer, 'content-length'), undefined);
        await exchange.noComplaint();
      },
    },
    {
      row: 'exc_info',
      name: 'after the head is raised again, and the connection is cut',
      async run(exchange) {
        const answer = await exchange.ask('/too-late');
        assert.deepEqual([answer.status, answer.body.toString(), answer.complete], [200, 'first,', false]);
        await exchange.said('raised again');
        await exchange.complaint(/it broke in the middle/);
      },
    },
  ],
};
