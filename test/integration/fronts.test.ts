/** Several fronts on one socket, each with workers of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Observed, observe, scrape } from '../support/admin.ts';
import { answerOf } from '../support/apps.ts';
import { Barrier } from '../support/barrier.ts';
import { allGone, isAlive } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { appStatusOf, reload, statusOf, version } from '../support/versions.ts';
import { ask, get, Wire } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');
const ONE = { 'one/app.py': version('one') };

async function frontPids(seen: Observed): Promise<number[]> {
  return (await statusOf(seen)).fronts.flatMap(({ pid, state }) =>
    pid !== undefined && state === 'serving' ? [pid] : [],
  );
}

test('the workers of an app are shared out among the fronts, and what they count adds up', needed, async () => {
  await using seen = await observe(ONE, ['--fronts=2', '--workers=3']);
  await until(async () => (await frontPids(seen)).length === 2, 'both fronts');
  const { workers, scale } = await appStatusOf(seen, 'one');
  const shares = Map.groupBy(workers, ({ front }) => front);
  assert.deepEqual([...shares.values()].map(({ length }) => length).sort(), [1, 2]);
  assert.equal(scale.wanted, 3);
  for (let count = 0; count < 40; count++) assert.equal(await answerOf(seen.port, '/one/'), '200 one');
  const counted = { app: 'one', method: 'GET', status: '2xx' };
  await until(async () => (await scrape(seen.admin)).value('stillhouse_requests_total', counted) === 40, 'all of them');
});

test(
  'a reload swaps in every front, and a front that is killed meanwhile comes back with the new code',
  needed,
  async () => {
    await using seen = await observe(ONE, ['--fronts=2', '--workers=2']);
    await until(async () => (await frontPids(seen)).length === 2, 'both fronts');
    seen.folder.write('one/app.py', version('new'));
    assert.equal((await reload(seen.server)).kind, 'reloaded');
    for (let count = 0; count < 20; count++) assert.equal(await answerOf(seen.port, '/one/'), '200 new');

    const [killed] = (await frontPids(seen)) as [number];
    seen.folder.write('one/app.py', version('newest'));
    const reloaded = reload(seen.server);
    process.kill(killed, 'SIGKILL');
    assert.equal((await reloaded).kind, 'reloaded');
    await until(async () => (await frontPids(seen)).filter((pid) => pid !== killed).length === 2, 'the next front');
    for (let count = 0; count < 20; count++) assert.equal(await answerOf(seen.port, '/one/'), '200 newest');
  },
);

test(
  'while one front is dead the other answers, and connections that wait for the dead one are taken',
  needed,
  async () => {
    await using seen = await observe(ONE, ['--fronts=2']);
    await until(async () => (await frontPids(seen)).length === 2, 'both fronts');
    const [killed] = (await frontPids(seen)) as [number];
    const { workers } = await appStatusOf(seen, 'one');
    process.kill(killed, 'SIGKILL');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(seen.port, get('/one/'))));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    await allGone(workers.flatMap(({ front, pid }) => (front === killed && pid !== undefined ? [pid] : [])));
    await until(async () => (await frontPids(seen)).filter((pid) => pid !== killed).length === 2, 'the next front');
    assert.equal((await scrape(seen.admin)).value('stillhouse_front_restarts_total'), 1);
  },
);

test('a front that tells nothing any more is killed and replaced', needed, async () => {
  await using seen = await observe(ONE, ['--front-timeout=5']);
  const [stopped] = (await frontPids(seen)) as [number];
  process.kill(stopped, 'SIGSTOP');
  using waiting = await Wire.open(seen.port);
  waiting.send(get('/one/'));
  await until(() => !isAlive(stopped), 'the end of the front');
  assert.equal(await answerOf(seen.port, '/one/'), '200 one');
  const { reason } = await seen.server.record(({ front, reason }) => front === stopped && reason !== undefined);
  assert.equal(reason, 'it told nothing for 5 s');
});

test('what runs in several fronts is finished when the server stops', needed, async () => {
  await using seen = await observe(ONE, ['--fronts=2', '--workers=4']);
  await until(async () => (await frontPids(seen)).length === 2, 'both fronts');
  const barriers = [new Barrier(), new Barrier(), new Barrier()];
  const held = await Promise.all(barriers.map(() => Wire.open(seen.port)));
  for (const [index, wire] of held.entries()) wire.polite().send(get(`/one/hold?${barriers[index]?.path}`));
  seen.server.signal('SIGTERM');
  await seen.server.record(({ msg }) => msg?.startsWith('stopping: ') === true);
  // A front whose workers are both held takes the third when one is free: so each is let go as it comes.
  await Promise.all(barriers.map((barrier) => barrier.reached().then(() => barrier.open())));
  for (const wire of held) assert.equal((await wire.answer()).status, 200);
  assert.equal((await seen.server.ended).code, 0);
  for (const each of [...barriers, ...held]) each[Symbol.dispose]();
});
