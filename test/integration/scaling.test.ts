/** The workers of an app follow what waits for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe, scrape } from '../support/admin.ts';
import { answerOf } from '../support/apps.ts';
import { Barrier } from '../support/barrier.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { appStatusOf, reload, version } from '../support/versions.ts';
import { get, Wire } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');

test(
  'an app gets more workers while requests wait, up to its most, and ends those that it does not need',
  needed,
  async () => {
    const yaml = 'max_workers: 3\nscale_wait: 0.05\nscale_idle: 1\n';
    await using seen = await observe({ 'one/app.py': version('one'), 'one/app.yaml': yaml });
    const barriers = [new Barrier(), new Barrier(), new Barrier()];
    const wires = await Promise.all([...barriers, undefined].map(() => Wire.open(seen.port)));
    // Each waits until the one before it runs: the first holds the only worker, and the next has to wait for another.
    for (const [index, barrier] of barriers.entries()) {
      wires[index]?.send(get(`/one/hold?${barrier.path}`));
      await barrier.reached();
    }
    assert.deepEqual((await appStatusOf(seen, 'one')).scale, { min: 1, max: 3, wanted: 3 });
    wires[3]?.send(get('/one/'));
    await until(async () => (await appStatusOf(seen, 'one')).queued === 1, 'the request that waits');
    assert.equal((await appStatusOf(seen, 'one')).workers.length, 3, 'no more than its most');
    for (const barrier of barriers) barrier.open();
    for (const wire of wires) assert.equal((await wire.answer()).status, 200);
    await until(async () => (await appStatusOf(seen, 'one')).workers.length === 1, 'the end of what is not needed');
    const figures = await scrape(seen.admin);
    assert.equal(figures.value('stillhouse_workers_wanted', { app: 'one' }), 1);
    assert.equal(figures.sum('stillhouse_worker_restarts_total'), 0);
    for (const each of [...barriers, ...wires]) each[Symbol.dispose]();
  },
);

test('an idle app goes to zero, is ready all the same, and its first request starts a worker', needed, async () => {
  const yaml = 'min_workers: 0\nmax_workers: 2\nscale_idle: 0.2\n';
  await using seen = await observe({ 'one/app.py': version('one'), 'one/app.yaml': yaml });
  await until(async () => (await appStatusOf(seen, 'one')).state === 'idle', 'the idle state');
  assert.deepEqual(seen.server.processes().workers, []);
  assert.match(await answerOf(seen.admin, '/readyz/one'), /^200/);
  assert.equal(await answerOf(seen.port, '/one/'), '200 one');
  await until(async () => (await appStatusOf(seen, 'one')).state === 'idle', 'the idle state again');
  // A reload proves the new code, although nobody asks for it.
  seen.folder.write('one/app.py', 'raise RuntimeError\n');
  assert.equal((await reload(seen.server)).kind, 'reload-failed');
  seen.folder.write('one/app.py', version('two'));
  assert.equal((await reload(seen.server)).kind, 'reloaded');
  assert.equal(await answerOf(seen.port, '/one/'), '200 two');
});
