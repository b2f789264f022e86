/** A worker that dies takes the requests that it runs with it, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Barrier } from '../support/barrier.ts';
import { bodyOf, LANGUAGES, serveMisbehaving, workerOf } from '../support/misbehaving.ts';
import { allGone, isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

for (const { language, file, needed } of LANGUAGES) {
  test(`a ${language} worker killed during its request loses that request alone`, needed, async () => {
    await using server = await serveMisbehaving(file, ['--workers=2', '--threads=1']);
    using barrier = new Barrier();
    using held = await Wire.open(server.port);
    held.send(get(`/hold?${barrier.path}`, 'X-Request-Id: the-lost-one'));
    await barrier.reached();
    const free = await workerOf(server.port);
    const busy = server.processes().workers.find(({ pid }) => pid !== free);
    assert.ok(busy, 'the other worker holds the request');

    const others = Array.from({ length: 20 }, () => workerOf(server.port));
    process.kill(busy.pid, 'SIGKILL');
    const lost = await held.answer();
    assert.equal(lost.status, 502);
    assert.equal(header(lost, 'x-request-id'), 'the-lost-one');
    assert.match(lost.body.toString(), /the worker that ran this request[\s\S]*request id: the-lost-one/);
    assert.deepEqual(
      new Set(await Promise.all(others)),
      new Set([free]),
      'the others are answered by the other worker',
    );

    const access = await server.record(({ kind, request }) => kind === 'access' && request === 'the-lost-one');
    assert.equal(access.status, 502);
    const death = await server.record(
      ({ msg }) => msg?.includes('killed by SIGKILL') === true,
      'the record of its death',
    );
    assert.equal(death.worker, busy.pid);
    assert.equal((await held.send(get('/pid')).answer()).status, 200, 'the connection that got 502 goes on');
    await until(() => server.processes().workers.length === 2, 'the worker in its place');
  });

  test(`a ${language} application that ends its process in a request costs a 502`, needed, async () => {
    await using server = await serveMisbehaving(file);
    const lost = await ask(server.port, get('/exit', 'X-Request-Id: the-last-one'));
    assert.equal(lost.status, 502);
    assert.match(lost.body.toString(), /the worker that ran this request[\s\S]*request id: the-last-one/);
    const death = await server.record(({ code }) => code === 'WORKER_DIED');
    assert.deepEqual([death.level, death.requests], ['error', ['the-last-one']]);
    assert.equal(death.msg, 'the worker ended with status 7; its requests got 502');
    const lastTen = Array.from({ length: 10 }, (_, at) => `last words ${at + 3}`);
    assert.deepEqual(death.output, lastTen);
    assert.equal((await ask(server.port, get('/pid'))).status, 200, 'the next request waits for the next worker');
  });

  test(`a ${language} worker that crashes says by which signal, and what it printed last`, needed, async () => {
    await using server = await serveMisbehaving(file);
    assert.equal((await ask(server.port, get('/crash', 'X-Request-Id: the-crash'))).status, 502);
    const death = await server.record(({ code }) => code === 'WORKER_DIED');
    assert.equal(death.msg, 'the worker was killed by SIGSEGV; its requests got 502');
    assert.deepEqual([death.requests, (death.output as string[]).at(-1)], [['the-crash'], 'crashes']);
    assert.equal((await ask(server.port, get('/pid'))).status, 200);
  });

  test(
    `a ${language} worker killed in mid-body cuts the connection, and the body does not look whole`,
    needed,
    async () => {
      await using server = await serveMisbehaving(file);
      using barrier = new Barrier();
      const pid = await workerOf(server.port);
      using wire = await Wire.open(server.port);
      wire.send(get(`/stream?${barrier.path}`));
      await barrier.reached();
      process.kill(pid, 'SIGKILL');
      const cut = await wire.answer();
      assert.equal(cut.status, 200);
      assert.equal(cut.complete, false);
      assert.equal(cut.body.toString(), 'first ');
    },
  );

  test(`no request waits behind a busy ${language} worker while another is free`, needed, async () => {
    await using server = await serveMisbehaving(file, ['--workers=2', '--threads=1']);
    using barrier = new Barrier();
    using held = await Wire.open(server.port);
    held.send(get(`/hold?${barrier.path}`));
    await barrier.reached();
    const pids = await Promise.all(
      Array.from({ length: 10 }, async () => {
        using wire = await Wire.open(server.port);
        const seen: string[] = [];
        for (let count = 0; count < 20; count++) seen.push((await wire.send(get('/pid')).answer()).body.toString());
        return seen;
      }),
    );
    assert.equal(pids.flat().length, 200);
    const [free, ...more] = new Set(pids.flat());
    assert.equal(more.length, 0, 'all were answered by the free worker, while the other was held');
    barrier.open();
    const answer = await held.answer();
    assert.equal(answer.status, 200);
    assert.notEqual(answer.body.toString(), free);
  });

  test(`a ${language} worker that dies idle is replaced`, needed, async () => {
    await using server = await serveMisbehaving(file);
    const first = await workerOf(server.port);
    process.kill(first, 'SIGKILL');
    await server.record(({ worker, delayMs }) => worker === first && delayMs === 0, 'the record of its death');
    const death = await server.record(({ code }) => code === 'WORKER_DIED');
    assert.deepEqual([death.worker, death.requests], [first, []]);
    assert.equal(death.msg, 'the worker was killed by SIGKILL; no request was lost with it');
    await until(() => server.processes().workers.some(({ pid }) => pid !== first), 'the next worker');
    const second = await workerOf(server.port);
    assert.notEqual(second, first);
    assert.ok(isAlive(second));
  });
}

const [python] = LANGUAGES;

test(
  'a child that the application forked dies with its worker, and does not hold back the 502',
  python.needed,
  async () => {
    await using server = await serveMisbehaving(python.file);
    using barrier = new Barrier();
    using childsBarrier = new Barrier();
    const worker = await workerOf(server.port);
    const child = Number(await bodyOf(server.port, `/fork?${childsBarrier.path}`));
    await childsBarrier.reached();
    using held = await Wire.open(server.port);
    held.send(get(`/hold?${barrier.path}`));
    await barrier.reached();
    process.kill(worker, 'SIGKILL');
    assert.equal((await held.answer()).status, 502);
    await allGone([child]);
  },
);

test(
  'a child in a session of its own, which holds the worker’s descriptors, does not hold back the 502',
  python.needed,
  async () => {
    await using server = await serveMisbehaving(python.file);
    using barrier = new Barrier();
    using childsBarrier = new Barrier();
    const worker = await workerOf(server.port);
    const child = Number(await bodyOf(server.port, `/fork-and-setsid?${childsBarrier.path}`));
    await childsBarrier.reached();
    using held = await Wire.open(server.port);
    held.send(get(`/hold?${barrier.path}`));
    await barrier.reached();
    process.kill(worker, 'SIGKILL');
    assert.equal((await held.answer()).status, 502);
    assert.ok(isAlive(child), 'the child lives on, and the answer came all the same');
    assert.notEqual(await workerOf(server.port), worker);
    childsBarrier.open();
    await allGone([child]);
  },
);
