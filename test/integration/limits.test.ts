/** A server in a control group of its own finds what that allows, tells it, and counts its workers by it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { adminPort, scrape } from '../support/admin.ts';
import { BIN, RunningServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get } from '../support/wire.ts';

const FORMS = [
  {
    cpu: '/sys/fs/cgroup/cpu',
    memory: '/sys/fs/cgroup/memory',
    quota: 'cpu.cfs_quota_us',
    limit: 'memory.limit_in_bytes',
  },
  { cpu: '/sys/fs/cgroup', memory: '/sys/fs/cgroup', quota: 'cpu.max', limit: 'memory.max' },
] as const;

/** A group under each controller; undefined where this machine, or this user, may not make one. */
function makeGroup(): { readonly folders: string[]; readonly from: { cpus: string; memory: string } } | undefined {
  for (const { cpu, memory, quota, limit } of FORMS) {
    const folders = [...new Set([cpu, memory])].map((mount) => `${mount}/stillhouse-test-${process.pid}`);
    const made: string[] = [];
    try {
      for (const folder of folders) {
        mkdirSync(folder);
        made.push(folder);
      }
      const from = { cpus: `${folders[0]}/${quota}`, memory: `${folders.at(-1)}/${limit}` };
      if (!existsSync(from.cpus) || !existsSync(from.memory)) throw new Error('the controllers are not there');
      writeFileSync(from.cpus, '50000');
      writeFileSync(from.memory, String(320 << 20));
      return { folders, from };
    } catch {
      for (const folder of made) rmdirSync(folder);
    }
  }
  return undefined;
}

const group = makeGroup();
for (const folder of group?.folders ?? []) rmdirSync(folder);
const { skip: noPython } = needs('python3');
const skip = noPython || (group === undefined && 'this machine lets nobody here make a control group');

test('a server in a control group of half a processor and 320 MiB', { skip }, async () => {
  const own = makeGroup();
  assert.ok(own);
  const { folders, from } = own;
  try {
    const join = folders.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join(' && ');
    const args = ['test/fixtures/death/app.py', '--bind=127.0.0.1:0', '--admin-bind=127.0.0.1:0'];
    await using server = new RunningServer([...args, '--workers=auto'], {
      command: ['sh', '-c', `${join} && exec "$@"`, 'sh', process.execPath, BIN],
    });
    await server.ready();
    const ready = await server.record(({ kind }) => kind === 'ready');
    const limits = { cpus: 0.5, memory: 320 << 20, from };
    assert.deepEqual(ready.limits, limits);
    assert.equal(ready.workers, 2, 'two for the one processor of which it has half');
    const port = await adminPort(server);
    const status = JSON.parse((await ask(port, get('/status'))).body.toString()) as { limits: unknown };
    assert.deepEqual(status.limits, limits);
    const metrics = await scrape(port);
    assert.equal(metrics.value('stillhouse_cpu_limit'), 0.5);
    assert.equal(metrics.value('stillhouse_memory_limit_bytes'), 320 << 20);
    await server.stop();
  } finally {
    for (const folder of folders) rmdirSync(folder);
  }
});
