/** The admin listener tells the truth at once, whatever the apps do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../../src/observe/metrics.ts';
import { admin, OBSERVED, observe, scrape } from '../support/admin.ts';
import { Barrier } from '../support/barrier.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';

const APPS = ['one', 'two', 'three'];
const FILES = Object.fromEntries(APPS.map((app) => [`${app}/app.py`, OBSERVED]));
const ENDPOINTS = ['/livez', '/readyz', '/healthz', '/readyz/one', '/metrics', '/status', '/'];

async function assertHealthy(port: number, ...paths: string[]): Promise<void> {
  for (const path of paths) assert.equal((await admin(port, path)).status, 200, path);
}

test(
  'while every worker of every app hangs and clients queue, every endpoint answers',
  needs('python3', 'mkfifo'),
  async () => {
    await using seen = await observe(FILES);
    const barriers = APPS.map(() => new Barrier());
    const wires: Wire[] = [];
    try {
      for (const [at, app] of APPS.entries()) {
        const barrier = barriers[at] as Barrier;
        const held = await Wire.open(seen.port);
        held.send(get(`/${app}/hold?${barrier.path}`));
        await barrier.reached();
        wires.push(held);
        for (let count = 0; count < 10; count++) wires.push((await Wire.open(seen.port)).send(get(`/${app}/`)));
      }
      const inFlight = async () => (await scrape(seen.admin)).sum(METRICS.inFlight.name);
      await until(async () => (await inFlight()) >= APPS.length, 'the figures of the front');
      for (let count = 0; count < 10; count++) await assertHealthy(seen.admin, ...ENDPOINTS);
    } finally {
      for (const barrier of barriers) barrier[Symbol.dispose]();
      for (const wire of wires) wire[Symbol.dispose]();
    }
  },
);

test('while every worker and the front stand still, every endpoint answers', needs('python3'), async () => {
  await using seen = await observe(FILES);
  const { front, workers } = seen.server.processes();
  const stopped = [...workers, front].map(({ pid }) => pid);
  for (const pid of stopped) process.kill(pid, 'SIGSTOP');
  try {
    using waiting = await Wire.open(seen.port);
    waiting.send(get('/one/'));
    await assertHealthy(seen.admin, ...ENDPOINTS);
    const silent = async () => (await scrape(seen.admin)).value(METRICS.frontSilence.name) > 2;
    await until(silent, 'the silence of the front');
    await assertHealthy(seen.admin, ...ENDPOINTS);
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    assert.equal((await waiting.answer()).status, 200);
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
  }
});

test('what is not ready is named, and what is alive is said to be', needs('python3'), async () => {
  await using seen = await observe({ ...FILES, 'bad/app.py': 'import nope\n' });
  const whole = await admin(seen.admin, '/readyz');
  assert.equal(whole.status, 503);
  assert.match(whole.text, /\bbad\b/);
  assert.doesNotMatch(whole.text, /\b(one|two|three)\b/);
  const bad = await admin(seen.admin, '/readyz/bad');
  assert.deepEqual([bad.status, /bad is failed/.test(bad.text)], [503, true]);
  await assertHealthy(seen.admin, '/livez', '/readyz/one', '/readyz/two');
});
