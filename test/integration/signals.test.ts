/** Each row of docs/signals.md. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { observe } from '../support/admin.ts';
import { answerOf } from '../support/apps.ts';
import { Barrier } from '../support/barrier.ts';
import { allGone } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { appStatusOf, version } from '../support/versions.ts';
import { get, header, Wire } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');
const ONE = { 'one/app.py': version('one') };

test('docs/signals.md has a row for each signal', () => {
  const page = readFileSync(new URL('../../docs/signals.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(SIG[A-Z0-9]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(rows, ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1']);
});

test(
  'SIGTERM: not ready at once, and connections are taken for shutdown.delay; then what runs is finished, exit 0',
  needed,
  async () => {
    await using seen = await observe(ONE, ['--shutdown-delay=60', '--workers=2']);
    using barrier = new Barrier();
    using held = await Wire.open(seen.port);
    held.polite().send(get(`/one/hold?${barrier.path}`));
    await barrier.reached();
    seen.server.signal('SIGTERM');
    await until(async () => (await answerOf(seen.admin, '/readyz')).startsWith('503'), 'the turn of readiness');
    assert.match(await answerOf(seen.admin, '/livez'), /^200/);
    assert.equal(await answerOf(seen.port, '/one/'), '200 one', 'a new connection is answered');
    assert.equal(seen.server.processes().workers.length, 2);
  },
);

test('SIGTERM: after shutdown.delay idle connections are closed and running requests answered', needed, async () => {
  await using seen = await observe(ONE, ['--shutdown-delay=0.3']);
  using idle = await Wire.open(seen.port);
  idle.polite();
  assert.equal((await idle.send(get('/one/')).answer()).status, 200);
  using barrier = new Barrier();
  using held = await Wire.open(seen.port);
  held.polite().send(get(`/one/hold?${barrier.path}`));
  await barrier.reached();
  seen.server.signal('SIGTERM');
  await idle.closed();
  barrier.open();
  const answer = await held.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [200, 'close']);
  assert.equal((await seen.server.ended).code, 0);
});

test('SIGINT stops as SIGTERM does; a second one, later, cuts what runs', needed, async () => {
  await using seen = await observe(ONE, ['--graceful-timeout=600']);
  using barrier = new Barrier();
  using held = await Wire.open(seen.port);
  held.polite().send(get(`/one/hold?${barrier.path}`));
  await barrier.reached();
  const pids = seen.server.processes().all.map(({ pid }) => pid);
  seen.server.signal('SIGINT');
  await seen.server.record(({ msg }) => msg?.startsWith('stopping: ') === true);
  // Later than what one Ctrl-C can send: each is sent again until it has been heard.
  await until(() => {
    seen.server.signal('SIGINT');
    return seen.server.records.some(({ msg }) => msg?.startsWith('stopping at once') === true);
  }, 'the second SIGINT');
  assert.equal((await seen.server.ended).code, 0);
  await allGone(pids);
});

test('SIGQUIT stops at once', needed, async () => {
  await using seen = await observe(ONE, ['--graceful-timeout=600', '--shutdown-delay=600']);
  using barrier = new Barrier();
  using held = await Wire.open(seen.port);
  held.polite().send(get(`/one/hold?${barrier.path}`));
  await barrier.reached();
  const pids = seen.server.processes().all.map(({ pid }) => pid);
  const { code, signal } = await seen.server.stop('SIGQUIT');
  assert.deepEqual([code, signal], [0, null]);
  await allGone(pids);
});

test('SIGTTIN is one worker more, SIGTTOU one less, and never none', needed, async () => {
  await using seen = await observe(ONE);
  const ready = async () => (await appStatusOf(seen, 'one')).workers.filter(({ state }) => state === 'ready').length;
  for (const [signal, count] of [
    ['SIGTTIN', 2],
    ['SIGTTIN', 3],
    ['SIGTTOU', 2],
    ['SIGTTOU', 1],
  ] as const) {
    seen.server.signal(signal);
    await until(async () => (await ready()) === count, `${signal}: ${count} workers`);
    await until(() => seen.server.processes().workers.length === count, 'their processes');
  }
  seen.server.signal('SIGTTOU');
  const told = () => seen.server.records.filter(({ why, workers }) => why === 'SIGTTOU' && workers === 1).length;
  await until(() => told() === 2, 'its record');
  assert.equal(await answerOf(seen.port, '/one/'), '200 one');
});

test('SIGUSR1 does nothing: no inspector is opened in any process', needed, async () => {
  await using seen = await observe(ONE);
  const { all, front } = seen.server.processes();
  process.kill(seen.server.pid, 'SIGUSR1');
  process.kill(front.pid, 'SIGUSR1');
  assert.equal(await answerOf(seen.port, '/one/'), '200 one');
  assert.equal(seen.server.processes().all.length, all.length);
  assert.equal(seen.server.stderr, '');
});
