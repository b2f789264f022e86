/** One application, many servers: the same file, byte for byte, gives the same answers under each. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { application } from '../../apps/hello-ts/web_app.ts';
import { makeServer } from '../../src/index.ts';
import { ROOT, serve } from '../support/server.ts';
import { freePort, needs } from '../support/tools.ts';
import { until } from '../support/until.ts';

const PYTHON = join(ROOT, 'apps/hello');
const TYPESCRIPT = join(ROOT, 'apps/hello-ts');
/** `python3 web_app.py`, but for its port. */
const AS_MAIN = `
import runpy, sys, wsgiref.simple_server as simple_server
make_server = simple_server.make_server
simple_server.make_server = lambda host, port, app: make_server(host, int(sys.argv[1]), app)
runpy.run_path('web_app.py', run_name='__main__')
`;
const EXPECTED = ['/', '/hello', '/a//b?query'].map((path) => ({
  path,
  status: '200 OK',
  type: 'text/plain',
  length: '5',
  body: path === '/' ? 'Index' : 'Hello',
}));

async function answers(port: number): Promise<typeof EXPECTED> {
  const found: typeof EXPECTED = [];
  for (const { path } of EXPECTED) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    found.push({
      path,
      status: `${response.status} ${response.statusText}`,
      type: response.headers.get('content-type') ?? '',
      length: response.headers.get('content-length') ?? '',
      body: await response.text(),
    });
  }
  return found;
}

/** The answers of another server, a program that is run in the folder of the Python file. */
async function answersOf(file: string, args: readonly string[], port: number): Promise<typeof EXPECTED> {
  const child = spawn(file, args, { cwd: PYTHON, stdio: 'ignore' });
  const ended = once(child, 'exit').then(() => true);
  try {
    const isUp = () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ ok }) => ok,
        () => child.exitCode !== null,
      );
    await until(isUp, `${file} that answers`);
    return await answers(port);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

test('the Python file runs under wsgiref', needs('python3'), async () => {
  const port = await freePort();
  assert.deepEqual(await answersOf('python3', ['-c', AS_MAIN, String(port)], port), EXPECTED);
});

test('the Python file runs under gunicorn', needs('gunicorn'), async () => {
  const port = await freePort();
  const args = ['web_app:application', `--bind=127.0.0.1:${port}`, '--worker-tmp-dir=/dev/shm'];
  assert.deepEqual(await answersOf('gunicorn', args, port), EXPECTED);
});

test('the Python file runs under stillhouse', needs('python3'), async () => {
  await using server = await serve('web_app:application', [], { cwd: PYTHON });
  assert.deepEqual(await answers(server.port), EXPECTED);
});

test('the TypeScript application runs under makeServer', async () => {
  const httpd = makeServer('127.0.0.1', 0, application);
  const forever = httpd.serveForever();
  assert.deepEqual(await answers(await until(() => httpd.serverPort, 'a server that listens')), EXPECTED);
  await Promise.all([httpd.close(), forever]);
});

test('the TypeScript application runs under stillhouse', async () => {
  await using server = await serve('web_app:application', [], { cwd: TYPESCRIPT });
  assert.deepEqual(await answers(server.port), EXPECTED);
});
