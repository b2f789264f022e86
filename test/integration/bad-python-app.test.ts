/** A Python application that cannot be served says what, where, why and what to do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { type Refusal, testRefusals } from '../support/refusals.ts';
import { serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get } from '../support/wire.ts';

const APPLICATION = 'def application(environ, start_response):\n    pass\n';
const SERVER = 'from wsgiref.simple_server import make_server\n';
const GUARD = "if __name__ == '__main__':";

const refusals: Refusal[] = [
  {
    name: 'a Python module whose import raises',
    files: {
      'web_app.py': `from models import connect\n\nconnect()\n${APPLICATION}`,
      'models.py': "def connect():\n    raise ValueError('the database is away')\n",
    },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['web_app', 'FOLDER/models.py:2', 'ValueError: the database is away'],
    traceback: [
      'File "FOLDER/web_app.py", line 3',
      'File "FOLDER/models.py", line 2',
      'ValueError: the database is away',
    ],
    cure: 'traceback',
  },
  {
    name: 'a Python file that imports a package that is not installed',
    files: { 'web_app.py': `import package_of_nobody\n${APPLICATION}` },
    args: ['web_app.py:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.py:1', "No module named 'package_of_nobody'"],
    traceback: ['File "FOLDER/web_app.py", line 1', 'import package_of_nobody'],
    cure: /install package_of_nobody .*--python/,
  },
  {
    name: 'a Python file with a syntax error',
    files: { 'web_app.py': 'def application(environ, start_response):\n    return [b"x"\n' },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.py:2', 'SyntaxError'],
    traceback: ['File "FOLDER/web_app.py", line 2', 'return [b"x"'],
    cure: 'traceback',
  },
  {
    name: 'a mistyped callable',
    files: { 'web_app.py': APPLICATION },
    args: ['web_app:aplication'],
    status: 2,
    code: 'APP_CALLABLE_MISSING',
    what: ['web_app has no aplication', 'did you mean application?'],
    cure: 'web_app:',
  },
  {
    name: 'a missing callable, with the candidates named,',
    files: { 'web_app.py': 'def serve(environ, start_response): pass\ndef other(environ, start_response): pass\n' },
    args: ['web_app'],
    status: 2,
    code: 'APP_CALLABLE_MISSING',
    what: ['web_app has neither application nor app', 'serve', 'other'],
    cure: 'web_app:',
  },
  {
    name: 'a callable that is not one',
    files: { 'web_app.py': 'application = 5\ndef main(environ, start_response): pass\n' },
    args: ['web_app:application'],
    status: 2,
    code: 'APP_NOT_CALLABLE',
    what: ['web_app:application is int 5', 'main'],
    cure: '(environ, start_response)',
  },
  {
    name: 'a factory that returns no application',
    files: { 'web_app.py': 'def create_app(): return None\n' },
    args: ['web_app:create_app()'],
    status: 2,
    code: 'APP_NOT_CALLABLE',
    what: ['web_app:create_app() is None'],
    cure: '(environ, start_response)',
  },
  {
    name: 'a Python file that calls serve_forever() at import',
    files: { 'web_app.py': `${SERVER}\n${APPLICATION}\nmake_server('127.0.0.1', 0, application).serve_forever()\n` },
    args: ['web_app:application', '--boot-timeout=1'],
    status: 3,
    code: 'APP_BOOT_TIMEOUT',
    what: ['within 1 s', 'FOLDER/web_app.py, line 6'],
    traceback: ['File "FOLDER/web_app.py", line 6', 'serve_forever'],
    cure: GUARD,
  },
  {
    name: 'a Python file that calls serve_forever() on a port in use at import',
    files: {
      'web_app.py': `${SERVER}import socket\n${APPLICATION}\ntaken = socket.create_server(('127.0.0.1', 0))\nmake_server('127.0.0.1', taken.getsockname()[1], application).serve_forever()\n`,
    },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['web_app', 'Address already in use'],
    traceback: ['File "FOLDER/web_app.py", line 7'],
    cure: GUARD,
  },
  {
    name: 'a Python file whose import takes too long',
    files: { 'web_app.py': `import time\n\ntime.sleep(100)\n${APPLICATION}` },
    args: ['web_app:application', '--boot-timeout=1'],
    status: 3,
    code: 'APP_BOOT_TIMEOUT',
    what: ['within 1 s', 'FOLDER/web_app.py, line 3'],
    traceback: ['time.sleep(100)'],
    cure: '--boot-timeout',
  },
  {
    name: 'a module that calls os._exit() at import',
    files: { 'web_app.py': `import os\nos._exit(0)\n${APPLICATION}` },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_BOOT_DIED',
    what: ['web_app ended with status 0 before its application was imported'],
    cure: 'os._exit',
  },
  {
    name: 'a module that kills its process at import',
    files: { 'web_app.py': 'import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n' },
    args: ['web_app:application', '--workers=2'],
    status: 3,
    code: 'APP_BOOT_DIED',
    what: ['web_app was killed by SIGSEGV before its application was imported'],
    cure: 'crash',
  },
  {
    name: 'a module that calls sys.exit() at import',
    files: { 'web_app.py': `import sys\nsys.exit(0)\n${APPLICATION}` },
    args: ['web_app:application'],
    status: 3,
    code: 'APP_IMPORT_FAILED',
    what: ['FOLDER/web_app.py:2', 'SystemExit 0'],
    traceback: ['sys.exit(0)'],
    cure: GUARD,
  },
];

testRefusals(refusals.map((refusal) => ({ ...refusal, options: needs('python3') })));

test('a str chunk from Python is answered 500, and its record names the cure .encode()', needs('python3'), async () => {
  using folder = new Folder({
    'web_app.py': "def application(environ, start_response):\n    start_response('200 OK', [])\n    return ['text']\n",
  });
  await using server = await serve('web_app:application', [], { cwd: folder.path });
  const answer = await ask(server.port, get('/', 'X-Request-Id: the-str'));
  assert.equal(answer.status, 500);
  assert.ok(!answer.body.includes('encode'), 'the inside is for the log');
  const record = await server.record(({ request, level }) => request === 'the-str' && level === 'error');
  assert.equal(record.code, 'APP_CHUNK_INVALID');
  assert.equal(record.app, 'web_app');
  assert.match(record.msg ?? '', /web_app:application .*str 'text'.*PEP 3333/);
  assert.match(`${record.msg} ${record.cure}`, /'text'\.encode\('utf-8'\)/);
});
