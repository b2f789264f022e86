/** What happens when the front, or the supervisor, is killed. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Barrier } from '../support/barrier.ts';
import { Folder } from '../support/folder.ts';
import { bodyOf, LANGUAGES, serveMisbehaving, workerOf } from '../support/misbehaving.ts';
import { allGone, isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';

for (const { language, file, needed } of LANGUAGES) {
  test(
    `the front of a ${language} application is killed: no connection is refused, and the next front answers`,
    needed,
    async () => {
      await using server = await serveMisbehaving(file, ['--workers=2']);
      const before = server.processes();
      const worker = await workerOf(server.port);
      process.kill(before.front.pid, 'SIGKILL');
      await until(() => !isAlive(before.front.pid), 'the death of the front');

      // These connect while nobody accepts, and are answered by whoever comes.
      const meanwhile = Array.from({ length: 20 }, () => bodyOf(server.port, '/pid'));
      const pids = new Set((await Promise.all(meanwhile)).map(Number));
      assert.ok(!pids.has(worker), 'a worker belongs to one front, and dies with it');
      await allGone(before.workers.map(({ pid }) => pid));
      const after = server.processes();
      assert.notEqual(after.front.pid, before.front.pid);
      assert.equal(after.workers.length, 2);
      const record = await server.record(({ front }) => front === before.front.pid, 'the record of the death');
      assert.match(record.msg ?? '', /the front was killed by SIGKILL; the next one is started/);
    },
  );

  test(
    `the supervisor of a ${language} application is killed: nothing survives it, and the port is free at once`,
    needed,
    async () => {
      using folder = new Folder();
      const data = `--data-directory=${join(folder.path, 'data')}`;
      await using server = await serveMisbehaving(file, ['--workers=2', data]);
      using barrier = new Barrier();
      using held = await Wire.open(server.port);
      held.send(get(`/hold?${barrier.path}`));
      await barrier.reached();
      const before = server.processes().all.map(({ pid }) => pid);
      assert.equal(before.length, 4, 'supervisor, front and two workers');
      server.signal('SIGKILL');
      await allGone(before);
      const { signal } = await server.ended;
      assert.equal(signal, 'SIGKILL');

      await using next = await serveMisbehaving(file, [`--bind=127.0.0.1:${server.port}`, data]);
      assert.match(await bodyOf(server.port, '/pid'), /^[0-9]+$/);
      assert.equal((await next.stop()).code, 0);
      assert.equal(existsSync(join(folder.path, 'data')), false, 'what the killed one left is removed too');
    },
  );
}

const [python] = LANGUAGES;

test('children that the application forked die with the supervisor', python.needed, async () => {
  await using server = await serveMisbehaving(python.file, ['--workers=4']);
  using barrier = new Barrier();
  const forked = Array.from({ length: 4 }, () => bodyOf(server.port, `/fork?${barrier.path}`));
  const children = (await Promise.all(forked)).map(Number);
  await barrier.reached();
  const all = server.processes().all.map(({ pid }) => pid);
  assert.ok(children.every((child) => all.includes(child)));
  server.signal('SIGKILL');
  await allGone(all);
});

test('a front that is killed again and again comes back with growing delays', async () => {
  await using server = await serveMisbehaving('app.ts');
  const delays: unknown[] = [];
  for (let count = 0; count < 3; count++) {
    const { pid } = server.processes().front;
    process.kill(pid, 'SIGKILL');
    const record = await server.record(({ front }) => front === pid, 'the record of the death');
    delays.push(record.delayMs);
    await workerOf(server.port);
  }
  assert.deepEqual(delays, [0, 100, 200]);
});

test(
  'a front that stands still when the supervisor is killed does not keep the port',
  LANGUAGES[0].needed,
  async () => {
    await using server = await serveMisbehaving(LANGUAGES[0].file);
    const { all, front } = server.processes();
    process.kill(front.pid, 'SIGSTOP');
    server.signal('SIGKILL');
    await allGone(all.map(({ pid }) => pid));
    await using next = await serveMisbehaving(LANGUAGES[0].file, [`--bind=127.0.0.1:${server.port}`]);
    assert.match(await bodyOf(next.port, '/pid'), /^[0-9]+$/);
  },
);
