/** `stillhouse routes`: what is mounted where, in the order in which requests look for it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { BIN } from '../support/server.ts';

function routes(folder: Folder): { status: number | null; lines: string[]; stderr: string } {
  const args = [BIN, 'routes', `--apps-directory=${folder.path}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().replaceAll(folder.path, 'APPS').split('\n'), stderr };
}

test('routes are listed as the front tries them: hosts first, then the longest path', () => {
  using folder = new Folder({
    'blog/app.py': '',
    'admin/app.ts': '',
    'admin/app.yaml': 'path: /blog/admin',
    'home/main.py': '',
    'home/app.yaml': 'path: /\napp: main:create()',
    'site/index.mjs': '',
    'site/app.yaml': 'path: /\nhost: example.com',
  });
  const { status, lines, stderr } = routes(folder);
  assert.deepEqual([status, stderr], [0, '']);
  assert.deepEqual(
    lines.map((line) => line.split(/ {2,}/).slice(0, 2).join(' ')),
    ['example.com/ site', '/blog/admin admin', '/blog blog', '/ home'],
  );
  assert.match(lines.at(-1) ?? '', /main.*:create\(\)$/);
});

test('an app that cannot be run is listed with the reason', () => {
  using folder = new Folder({ 'two/app.py': '', 'two/main.py': '', 'good/app.py': '' });
  const { lines } = routes(folder);
  assert.match(lines.find((line) => line.startsWith('/two')) ?? '', /cannot be run: .*app\.py and main\.py/);
  assert.match(lines.find((line) => line.startsWith('/good')) ?? '', /app\.py$/);
});

test('two apps at one place are refused, and both are named', () => {
  using folder = new Folder({ 'one/app.py': '', 'two/app.py': '', 'two/app.yaml': 'path: /one' });
  const { status, stderr } = routes(folder);
  assert.equal(status, 2);
  assert.match(stderr, /one \(.*\/one\) and two \(two\/app\.yaml:1:7\) are both mounted at \/one/);
  assert.match(stderr, /code: MOUNT_TAKEN/);
});
