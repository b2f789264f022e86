/** SIGTERM while a hundred requests run, or wait. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adminPort, scrape } from '../support/admin.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';

const REQUESTS = 100;

async function answers(wires: readonly Wire[]): Promise<string[]> {
  const all = await Promise.all(wires.map((wire) => wire.answer()));
  return all.map(({ status, body, complete }) => `${status} ${body}${complete ? '' : ' (cut)'}`);
}

async function send(port: number, path: string): Promise<Wire[]> {
  const wires = await Promise.all(Array.from({ length: REQUESTS }, () => Wire.open(port)));
  for (const wire of wires) wire.polite().send(get(path));
  return wires;
}

for (const { language, file, needed } of LANGUAGES) {
  test(`SIGTERM during ${REQUESTS} slow requests of a ${language} application: all finish`, needed, async () => {
    await using chaos = await ChaosServer.of(file, ['--workers=2', '--threads=60']);
    const gate = join(chaos.folder.path, 'gate');
    const wires = await send(chaos.port, `/slow?${gate}`);
    await until(
      () => statSync(`${gate}.running`, { throwIfNoEntry: false })?.size === REQUESTS,
      'all requests to be running',
    );
    chaos.server.signal('SIGTERM');
    await chaos.server.record(({ msg }) => msg?.startsWith('stopping') === true, 'the record of the stop');
    writeFileSync(gate, '');
    assert.deepEqual(new Set(await answers(wires)), new Set(['200 slow']));
    assert.deepEqual(await chaos.server.ended, { code: 0, signal: null, stderr: '' });
    await chaos.nothingIsLeft();
  });

  test(
    `SIGTERM while ${REQUESTS} requests of a ${language} application wait for two slots: all are run`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, ['--workers=2', '--threads=1', '--admin-bind=127.0.0.1:0']);
      const admin = await adminPort(chaos.server);
      const wires = await send(chaos.port, '/nap?0.05');
      await until(async () => {
        const metrics = await scrape(admin);
        const answered = metrics.sum('stillhouse_requests_total', { method: 'GET' });
        return metrics.sum('stillhouse_requests_in_flight') + answered === REQUESTS;
      }, 'all requests to be in the front');
      chaos.server.signal('SIGTERM');
      assert.deepEqual(new Set(await answers(wires)), new Set(['200 rested']));
      assert.deepEqual(await chaos.server.ended, { code: 0, signal: null, stderr: '' });
      await chaos.nothingIsLeft();
    },
  );
}
