/** Workers that die again and again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { bodyOf } from '../support/misbehaving.ts';
import { serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';

const HELLO = `
def application(environ, start_response):
    start_response('200 OK', [])
    return [b'hello']
`;

test('a crash loop backs off: each start in a row waits longer', needs('python3'), async () => {
  using folder = new Folder({
    'app.py': `import os, threading\nthreading.Timer(0.1, os._exit, [9]).start()\n${HELLO}`,
  });
  await using server = await serve('app:application', [], { cwd: folder.path });
  const fourth = await server.record(({ deaths }) => deaths === 4, 'the fourth death');
  const deaths = server.records.filter((record) => 'deaths' in record);
  assert.deepEqual(
    deaths.map(({ delayMs }) => delayMs),
    [0, 100, 200, 400],
  );
  assert.equal(fourth.level, 'error');
  assert.match(fourth.msg ?? '', /ended with status 9/);
  assert.equal(fourth.app, 'app');
});

test('an application whose file breaks while it serves is back when the file is mended', needs('python3'), async () => {
  using folder = new Folder({ 'app.py': `import os\n${HELLO}` });
  await using server = await serve('app.py', [], { cwd: folder.path });
  assert.equal(await bodyOf(server.port, '/'), 'hello');
  folder.write('app.py', 'import not_installed_anywhere\n');
  const [worker] = server.processes().workers;
  process.kill(worker?.pid ?? 0, 'SIGKILL');
  const failed = await server.record(({ code }) => code === 'APP_IMPORT_FAILED', 'the record of the failed import');
  assert.equal(failed.level, 'error');
  assert.match(String(failed.msg), /app\.py:1/);
  assert.match(String(failed.cure), /install not_installed_anywhere/);
  assert.match(String(failed.traceback), /ModuleNotFoundError/);
  folder.write('app.py', HELLO);
  assert.equal(await bodyOf(server.port, '/'), 'hello');
});
