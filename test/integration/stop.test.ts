/** SIGTERM and SIGINT finish what runs, then nothing is left. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Barrier } from '../support/barrier.ts';
import { Folder } from '../support/folder.ts';
import { bodyOf, LANGUAGES, serveMisbehaving } from '../support/misbehaving.ts';
import { allGone } from '../support/processes.ts';
import { RunningServer } from '../support/server.ts';
import { get, header, Wire } from '../support/wire.ts';

function stopping(server: RunningServer): Promise<unknown> {
  return server.record(({ msg }) => msg?.startsWith('stopping') === true, 'the record of the stop');
}

function pidsOf(server: RunningServer): number[] {
  return server.processes().all.map(({ pid }) => pid);
}

for (const { language, file, needed } of LANGUAGES) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(
      `${signal} finishes the running request of a ${language} application, exits 0 and leaves nothing`,
      needed,
      async () => {
        using folder = new Folder();
        const data = join(folder.path, 'data');
        await using server = await serveMisbehaving(file, ['--workers=2', `--data-directory=${data}`]);
        using barrier = new Barrier();
        using streaming = await Wire.open(server.port);
        streaming.polite().send(get(`/stream?${barrier.path}`));
        await barrier.reached();
        const pids = pidsOf(server);
        assert.ok(existsSync(data));

        server.signal(signal);
        // A terminal sends Ctrl-C to npm and to us, and npm sends it once more.
        server.signal(signal);
        await stopping(server);
        barrier.open();
        const answer = await streaming.answer();
        assert.equal(answer.status, 200);
        assert.ok(answer.complete);
        assert.equal(answer.body.toString(), 'first last');
        await streaming.closed();
        const ended = await server.ended;
        assert.deepEqual([ended.code, ended.signal], [0, null]);
        assert.equal(ended.stderr, '');
        await allGone(pids);
        assert.equal(existsSync(data), false);
      },
    );
  }

  test(`--graceful-timeout cuts a ${language} request that never ends`, needed, async () => {
    await using server = await serveMisbehaving(file, ['--graceful-timeout=0.3']);
    using barrier = new Barrier();
    using held = await Wire.open(server.port);
    held.polite().send(get(`/hold?${barrier.path}`));
    await barrier.reached();
    const pids = pidsOf(server);
    const { code } = await server.stop();
    assert.equal(code, 0);
    const warning = await server.record(({ gracefulMs }) => gracefulMs === 300, 'the warning');
    assert.match(warning.msg ?? '', /not everything ended in time/);
    assert.equal((await held.answer()).status, 502, 'the client is told');
    await allGone(pids);
  });
}

const [python] = LANGUAGES;

test('idle keep-alive connections are closed, and fresh ones that never said a word', async () => {
  await using server = await serveMisbehaving('app.ts');
  const wires = await Promise.all(Array.from({ length: 5 }, () => Wire.open(server.port)));
  for (const wire of wires) wire.polite();
  for (const wire of wires.slice(1)) assert.equal((await wire.send(get('/pid')).answer()).status, 200);
  server.signal('SIGTERM');
  for (const wire of wires) assert.equal((await wire.rest()).length, 0);
  assert.equal((await server.ended).code, 0);
});

test('the last answer of a busy keep-alive connection says that it closes', python.needed, async () => {
  await using server = await serveMisbehaving(python.file);
  using barrier = new Barrier();
  using wire = await Wire.open(server.port);
  using idle = await Wire.open(server.port);
  wire.polite().send(get(`/hold?${barrier.path}`));
  await barrier.reached();
  server.signal('SIGTERM');
  // The front closes what is idle in the same moment in which it marks what is busy.
  await idle.closed();
  barrier.open();
  const answer = await wire.answer();
  assert.equal(answer.status, 200);
  assert.equal(header(answer, 'connection'), 'close');
});

test('while it finishes what runs, a new connection is refused and not left hanging', python.needed, async () => {
  await using server = await serveMisbehaving(python.file);
  using barrier = new Barrier();
  using held = await Wire.open(server.port);
  using idle = await Wire.open(server.port);
  held.polite().send(get(`/hold?${barrier.path}`));
  await barrier.reached();
  server.signal('SIGTERM');
  await idle.closed();
  await assert.rejects(Wire.open(server.port), { code: 'ECONNREFUSED' });
  barrier.open();
  assert.equal((await held.answer()).status, 200);
});

test('a child that the application forked is not left behind', python.needed, async () => {
  await using server = await serveMisbehaving(python.file);
  using barrier = new Barrier();
  const child = Number(await bodyOf(server.port, `/fork?${barrier.path}`));
  await barrier.reached();
  assert.equal((await server.stop()).code, 0);
  await allGone([child]);
});

test('a spooled upload leaves no file', async () => {
  using folder = new Folder();
  const data = join(folder.path, 'data');
  await using server = await serveMisbehaving('app.ts', [`--data-directory=${data}`]);
  const size = 3_000_000;
  using wire = await Wire.open(server.port);
  wire.polite().send(`POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: ${size}\r\n\r\n`).send(Buffer.alloc(size));
  assert.equal((await wire.answer()).body.toString(), String(size));
  assert.equal((await server.stop()).code, 0);
  assert.equal(existsSync(data), false);
});

test(
  'SIGTERM while the application is still imported ends at once, with status 0 and nothing left',
  python.needed,
  async () => {
    using barrier = new Barrier();
    using folder = new Folder({ 'app.py': `open(${JSON.stringify(barrier.path)}).read()\n` });
    await using server = new RunningServer(['app:application', '--bind=127.0.0.1:0'], { cwd: folder.path });
    await barrier.reached();
    const pids = pidsOf(server);
    const { code, stderr } = await server.stop();
    assert.equal(code, 0);
    assert.equal(stderr, '');
    await allGone(pids);
  },
);
