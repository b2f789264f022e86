/** Workers that have lived long enough, or do not answer, are replaced; those that can go on serving do, until the next one is ready. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canAnswer } from '../../src/admin/status.ts';
import { observe, scrape } from '../support/admin.ts';
import { allGone } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { appStatusOf, version } from '../support/versions.ts';
import { get, Wire } from '../support/wire.ts';

const needed = needs('python3');

async function bodyOn(wire: Wire, path: string): Promise<string> {
  const { status, body } = await wire.send(get(path)).answer();
  assert.equal(status, 200, `${path}: ${body}`);
  return body.toString();
}

test('a worker is replaced after max_requests, and every request is answered', needed, async () => {
  await using seen = await observe({ 'one/app.py': version('one'), 'one/app.yaml': 'max_requests: 5\n' });
  using wire = await Wire.open(seen.port);
  const first = await bodyOn(wire, '/one/pid');
  const pids = new Set([first]);
  await until(async () => {
    pids.add(await bodyOn(wire, '/one/pid'));
    return pids.size === 4;
  }, 'the third replacement');
  await allGone([Number(first)]);
  const figures = await until(async () => {
    const found = await scrape(seen.admin);
    return found.value('stillhouse_worker_restarts_total', { app: 'one', cause: 'requests' }) >= 3 ? found : undefined;
  }, 'the count');
  assert.equal(figures.value('stillhouse_requests_total', { app: 'one', method: 'GET', status: '5xx' }), 0);
});

test('a worker that has grown beyond max_memory is replaced, and the next one serves first', needed, async () => {
  await using seen = await observe({ 'one/app.py': version('one'), 'one/app.yaml': 'max_memory: 100MiB\n' });
  using wire = await Wire.open(seen.port);
  const first = await bodyOn(wire, '/one/pid');
  for (let count = 0; count < 2; count++) await bodyOn(wire, '/one/grow');
  await until(async () => (await bodyOn(wire, '/one/pid')) !== first, 'the next worker');
  await allGone([Number(first)]);
  const cause = { app: 'one', cause: 'memory' };
  assert.equal((await scrape(seen.admin)).value('stillhouse_worker_restarts_total', cause), 1);
});

for (const [language, file, source] of [
  ['Python', 'app.py', version('one')],
  [
    'TypeScript',
    'app.ts',
    `export const application = (environ, startResponse) => {
  startResponse('200 OK', []);
  return [String(process.pid)];
};`,
  ],
] as const) {
  test(`a ${language} worker that is stopped (SIGSTOP) is found and replaced`, needed, async () => {
    await using seen = await observe({ [`one/${file}`]: source, 'one/app.yaml': 'ping_timeout: 2\n' });
    const [worker] = seen.server.processes().workers;
    const pid = worker?.pid as number;
    process.kill(pid, 'SIGSTOP');
    await allGone([pid]);
    const cause = { app: 'one', cause: 'hung' };
    await until(
      async () => (await scrape(seen.admin)).value('stillhouse_worker_restarts_total', cause) === 1,
      'the count',
    );
    await until(async () => canAnswer(await appStatusOf(seen, 'one')), 'the next worker');
    using wire = await Wire.open(seen.port);
    assert.notEqual(await bodyOn(wire, '/one/pid'), String(pid));
    const { workers } = await appStatusOf(seen, 'one');
    assert.deepEqual(
      workers.map(({ state }) => state),
      ['ready'],
    );
  });
}
