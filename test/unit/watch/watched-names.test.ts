import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWatchedFile, isWatchedFolder } from '../../../src/watch/watched-names.ts';

const CODE = ['app.py', 'app.ts', 'app.yaml', '.env', 'requirements.txt', 'page.html', 'README', 'logic.py', 'db.py'];
const LOCALE = ['django.mo', 'x.so', 'sql.txt', 'swap.sw', 'blog', 'catalog', 'pid.py', 'temporary', 'app.tmpl'];
const EDITORS = ['app.py~', '.app.py.swp', '.app.py.swx', '4913', '#app.py#', '.#app.py', 'app.py.bak', 'app.py.tmp'];
const TOOLS = [
  'app.pyc',
  'app.cpython-311.pyc.140',
  'a.py___jb_tmp___',
  '.goutputstream-X1',
  '.~lock.a.ods#',
  '.DS_Store',
];
const WRITTEN = [
  'db.sqlite3',
  'db.sqlite3-wal',
  'data.db-journal',
  'app.log',
  'app.log.1',
  'app.pid',
  'app.sock',
  'a.lock',
];

test('what may be code, or set how it runs, is watched', () => {
  for (const name of [...CODE, ...LOCALE]) assert.ok(isWatchedFile(name), name);
  for (const name of ['app', 'static', 'templates', 'build', 'node', 'env']) assert.ok(isWatchedFolder(name), name);
});

test('what tools and applications write is not', () => {
  for (const name of [...EDITORS, ...TOOLS, ...WRITTEN]) assert.ok(!isWatchedFile(name), name);
  for (const name of ['__pycache__', '.git', 'node_modules', '.venv', 'venv', '.mypy_cache', 'blog.egg-info']) {
    assert.ok(!isWatchedFolder(name), name);
  }
});
