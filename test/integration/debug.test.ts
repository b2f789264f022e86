/** `--debug`: the traceback of an application that failed, for its developer alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { refused, serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get, header } from '../support/wire.ts';

const PYTHON = `def secret_step(value):
    raise ValueError('no <such> value: %s' % value)

def application(environ, start_response):
    if environ['PATH_INFO'] == '/text':
        start_response('200 OK', [])
        return ['text']
    if environ['PATH_INFO'] == '/late':
        start_response('200 OK', [])
        return late()
    if environ['PATH_INFO'] == '/long':
        secret_step('x' * 2_000_000)
    secret_step('wörd')

def late():
    yield b'begun'
    secret_step('late')
`;
const TYPESCRIPT = `function secretStep(value: string): never {
  throw new TypeError('no <such> value: ' + value);
}

export function application(environ, startResponse) {
  if (environ.PATH_INFO === '/text') {
    startResponse('200 OK', []);
    return [7];
  }
  if (environ.PATH_INFO === '/late') {
    startResponse('200 OK', []);
    return late();
  }
  if (environ.PATH_INFO === '/long') secretStep('x'.repeat(2_000_000));
  secretStep('wörd');
}

async function* late() {
  yield 'begun';
  secretStep('late');
}
`;
const LANGUAGES = [
  {
    language: 'Python',
    file: 'web_app.py',
    source: PYTHON,
    needed: needs('python3'),
    shown:
      /\nTraceback \(most recent call last\):\n(?: {2}.*\n)*? {2}File ".*\/web_app\.py", line 2, in secret_step\n(?:.*\n)*?ValueError: no <such> value: wörd\n/,
    breach: /APP_CHUNK_INVALID|yielded str 'text'/,
  },
  {
    language: 'TypeScript',
    file: 'web_app.mts',
    source: TYPESCRIPT,
    needed: {},
    shown: /\nTypeError: no <such> value: wörd\n {4}at secretStep \(.*\/web_app\.mts:2:9\)\n/,
    breach: /APP_CHUNK_INVALID/,
  },
] as const;

for (const { language, file, source, needed, shown, breach } of LANGUAGES) {
  test(`with --debug a client of a ${language} application is shown the traceback`, needed, async () => {
    using folder = new Folder({ [file]: source });
    await using server = await serve(`${file}:application`, ['--debug'], { cwd: folder.path });
    const answer = await ask(server.port, get('/', 'X-Request-Id: the-failed-one'));
    assert.deepEqual(
      [answer.status, header(answer, 'content-type'), header(answer, 'x-request-id')],
      [500, 'text/plain; charset=utf-8', 'the-failed-one'],
    );
    const text = answer.body.toString();
    assert.match(text, shown);
    assert.match(text, /request id: the-failed-one\n$/);
    assert.doesNotMatch(text, /stillhouse_worker|node:internal|src\/workers/);
    assert.match((await ask(server.port, get('/text'))).body.toString(), breach);
    const long = await ask(server.port, get('/long'));
    assert.deepEqual([long.status, long.complete], [500, true]);
    const late = await ask(server.port, get('/late'));
    assert.deepEqual([late.status, late.complete, late.body.toString()], [200, false, 'begun']);
    // Two processes write to one log: a record of more than 4 KB can be torn by what the other says of its stop (docs/logs.md). Behind the long one
    // comes the last one's, or the word that it was left out.
    const isBehind = (code: unknown, msg = '') =>
      code === 'APP_OUTPUT_DROPPED' || (code === 'APP_EXCEPTION' && msg.endsWith('late'));
    await server.record(({ code, msg }) => isBehind(code, msg), 'the last record');
  });

  test(`without it a client of a ${language} application is shown nothing of the inside`, needed, async () => {
    using folder = new Folder({ [file]: source });
    await using server = await serve(`${file}:application`, [], { cwd: folder.path });
    for (const path of ['/', '/text']) {
      const answer = await ask(server.port, get(path, 'X-Request-Id: the-failed-one'));
      assert.deepEqual(
        [answer.status, answer.body.toString()],
        [500, '500 Internal Server Error\nrequest id: the-failed-one\n'],
      );
    }
    const record = await server.record(({ code }) => code === 'APP_EXCEPTION');
    assert.match(String(record.traceback), /web_app/);
    assert.equal(record.request, 'the-failed-one');
    assert.equal(server.records.filter(({ code }) => code === 'APP_EXCEPTION').length, 1, 'one record');
  });
}

for (const [name, bind] of [
  ['every address', '0.0.0.0:0'],
  ['every address of IPv6', '[::]:0'],
  ['one of several that is open to others', '127.0.0.1:0,0.0.0.0:0'],
] as const) {
  test(`--debug on ${name} is refused`, async () => {
    using folder = new Folder({ 'web_app.py': PYTHON });
    const { code, stderr } = await refused(['web_app:application', '--debug', `--bind=${bind}`], { cwd: folder.path });
    assert.equal(code, 2, stderr);
    const address = bind.split(',').at(-1);
    const what = `debug shows the tracebacks of web_app to its clients, and ${address} is open to others`;
    assert.ok(stderr.startsWith(`stillhouse: ${what}\n`), stderr);
    assert.match(stderr, /cure: bind to .*\n {2}code: OPTION_INVALID\n$/);
  });
}

test('debug of one app among several is refused where an address is open', needs('python3'), async () => {
  using folder = new Folder({
    'apps/shop/app.py': PYTHON,
    'apps/blog/app.py': PYTHON,
    'apps/blog/app.yaml': 'debug: yes\n',
  });
  const { code, stderr } = await refused(['serve', '--bind=0.0.0.0:0', '--data-directory=data'], { cwd: folder.path });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /^stillhouse: debug shows the tracebacks of blog to its clients, and 0\.0\.0\.0:0 is open/);
});

test('debug of one app shows nothing of the others', needs('python3'), async () => {
  using folder = new Folder({
    'apps/shop/app.py': PYTHON,
    'apps/blog/app.py': PYTHON,
    'apps/blog/app.yaml': 'debug: yes\n',
  });
  await using server = await serve('serve', ['--data-directory=data', '--admin-bind=127.0.0.1:0'], {
    cwd: folder.path,
  });
  assert.match((await ask(server.port, get('/blog/'))).body.toString(), /in secret_step\n/);
  assert.doesNotMatch((await ask(server.port, get('/shop/'))).body.toString(), /secret_step/);
});
