/** A command that is wrong says what, where and what to do, and exits with 2; an address that cannot be bound, with 4. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { testRefusals } from '../support/refusals.ts';
import { refused } from '../support/server.ts';
import { needs } from '../support/tools.ts';

const PYTHON_FILE = { 'web_app.py': 'def application(environ, start_response): pass\n' };
const APP = 'web_app:application';

testRefusals([
  {
    name: 'a module whose name is mistyped',
    files: PYTHON_FILE,
    args: ['web_ap:application'],
    status: 2,
    code: 'APP_MODULE_MISSING',
    what: ['there is no web_ap in FOLDER'],
    cure: 'did you mean web_app?',
  },
  {
    name: 'a module that is not there, in a folder with others',
    files: PYTHON_FILE,
    args: ['something_else:application'],
    status: 2,
    code: 'APP_MODULE_MISSING',
    what: ['something_else', 'FOLDER', 'web_app'],
    cure: /MODULE|module|folder/,
    options: needs('python3'),
  },
  {
    name: 'a file whose name is mistyped',
    files: { 'web_app.ts': '' },
    args: ['web-app.ts:application'],
    status: 2,
    code: 'APP_MODULE_MISSING',
    what: ['there is no web-app.ts in FOLDER'],
    cure: 'did you mean web_app.ts?',
  },
  {
    name: 'a file in an empty folder',
    args: ['web_app.py:application'],
    status: 2,
    code: 'APP_MODULE_MISSING',
    what: ['there is no web_app.py in FOLDER'],
    cure: '--chdir',
  },
  {
    name: 'a target that is no name',
    args: ['what is this:application'],
    status: 2,
    code: 'APP_TARGET_INVALID',
    what: ['what is this'],
    cure: 'web_app:application',
  },
  {
    name: 'a target without a callable after its colon',
    args: ['web_app:'],
    status: 2,
    code: 'APP_TARGET_INVALID',
    what: ['"web_app:"'],
    cure: 'MODULE:CALLABLE',
  },
  { name: 'no target', args: [], status: 2, code: 'COMMAND_UNKNOWN', what: ['no application'], cure: '--help' },
  {
    name: 'a second target',
    args: [APP, 'other:application'],
    status: 2,
    code: 'COMMAND_UNKNOWN',
    what: ['one application', `${APP} other:application`],
    cure: '--help',
  },
  {
    name: 'a mistyped option',
    args: [APP, '--workrs=2'],
    status: 2,
    code: 'OPTION_UNKNOWN',
    what: ['there is no option --workrs'],
    cure: 'did you mean --workers?',
  },
  {
    name: 'an option that is like no other',
    args: [APP, '--zzzzzzzz'],
    status: 2,
    code: 'OPTION_UNKNOWN',
    what: ['--zzzzzzzz'],
    cure: 'stillhouse --help lists the options',
  },
  ...[
    { option: '--workers=two', what: ['--workers', '"two" is neither a whole number nor auto'] },
    { option: '--workers=0', what: ['--workers', '0 is less than 1'] },
    { option: '--workers=-1', what: ['--workers', '"-1"'] },
    { option: '--workers=', what: ['--workers', 'an empty value'] },
    { option: '--boot-timeout=soon', what: ['--boot-timeout', '"soon"', '500ms'] },
    { option: '--limit-request-body=1 parsec', what: ['--limit-request-body', '64KiB'] },
    { option: '--log-format=xml', what: ['--log-format', '"xml"', 'auto, json, readable'] },
    { option: '--access-log=maybe', what: ['--access-log', '"maybe"', 'yes', 'no'] },
    { option: '--bind=localhost', what: ['--bind', '"localhost"', 'HOST:PORT'] },
    { option: '--bind=localhost:99999', what: ['--bind', '"localhost:99999"', 'HOST:PORT'] },
  ].map(({ option, what }) => ({
    name: option,
    args: [APP, option],
    status: 2,
    code: 'OPTION_INVALID',
    what,
    cure: option.slice(0, option.indexOf('=')),
  })),
  {
    name: 'a folder that is not there',
    args: [APP, '--chdir=gone'],
    status: 2,
    code: 'DIRECTORY_MISSING',
    what: ['FOLDER/gone'],
    cure: '--chdir',
  },
  {
    name: 'an interpreter that is not on the PATH',
    files: PYTHON_FILE,
    args: [APP, '--python=python-of-nobody'],
    status: 3,
    code: 'INTERPRETER_MISSING',
    what: ['there is no python-of-nobody on the PATH'],
    cure: '--python=',
  },
  {
    name: 'a path to an interpreter that is not there',
    files: PYTHON_FILE,
    args: [APP, '--python=./venv/bin/python'],
    status: 3,
    code: 'INTERPRETER_MISSING',
    what: ['FOLDER/venv/bin/python'],
    cure: '--python=',
  },
  {
    name: 'an interpreter that is a folder',
    files: { ...PYTHON_FILE, 'venv/bin/python': '' },
    args: [APP, '--python=./venv/bin'],
    status: 3,
    code: 'INTERPRETER_MISSING',
    what: ['FOLDER/venv/bin'],
    cure: '--python=',
  },
  {
    name: 'a host that cannot be resolved',
    files: PYTHON_FILE,
    args: [APP, '--bind=nobody.invalid:8000'],
    status: 4,
    code: 'ADDRESS_UNKNOWN',
    what: ['nobody.invalid', '--bind'],
    cure: 'localhost:8000',
    options: needs('python3'),
  },
  {
    name: 'an address that this machine does not have',
    files: PYTHON_FILE,
    args: [APP, '--bind=203.0.113.7:8000'],
    status: 4,
    code: 'ADDRESS_UNKNOWN',
    what: ['203.0.113.7:8000'],
    cure: 'an address that this machine has',
    options: needs('python3'),
  },
]);

test('a port in use is refused with the port, the cure and status 4', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  try {
    const { code, stderr } = await refused(['apps/hello-ts/web_app.ts', `--bind=127.0.0.1:${port}`]);
    assert.equal(code, 4);
    assert.ok(stderr.includes(`another program listens on 127.0.0.1:${port}`), stderr);
    assert.match(stderr, new RegExp(`cure: .*sport = :${port}.*--bind`));
    assert.match(stderr, /code: ADDRESS_IN_USE/);
  } finally {
    other.close();
  }
});
