/** Python's frameworks, as Debian packages them, and their apps unmodified. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Barrier } from '../support/barrier.ts';
import { Folder } from '../support/folder.ts';
import { digestOf, readAll, send } from '../support/http-app.ts';
import { PYTHON, ROOT, type RunningServer, serve } from '../support/server.ts';
import { ask, get } from '../support/wire.ts';

const FOLDER = join(ROOT, 'test/fixtures/frameworks');
const MIB = 2 ** 20;

/** Runs Debian's Python; why it failed, or nothing. */
function failure(...args: string[]): string | undefined {
  if (!existsSync(PYTHON)) return `there is no ${PYTHON}`;
  const { status, stderr } = spawnSync(PYTHON, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (stderr.trim().split('\n').at(-1) ?? `exit status ${status}`);
}

function missing(framework: string): { skip: string | false } {
  const why = failure('-c', `import ${framework}`);
  return { skip: why === undefined ? false : `${PYTHON} has no ${framework}: ${why}` };
}

function serveFramework(framework: string, python = PYTHON): Promise<RunningServer & { port: number }> {
  return serve(join(FOLDER, `${framework}_app.py:application`), [`--python=${python}`]);
}

async function answersForm(port: number): Promise<void> {
  const body = Buffer.from(new URLSearchParams({ name: 'Zoë & Co', age: '41' }).toString());
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length };
  const answer = await send(port, { path: '/form', headers, body: [body] });
  assert.deepEqual([answer.statusCode, (await readAll(answer)).toString()], [200, 'Zoë & Co is 41']);
}

async function takesUpload(port: number, headers: Record<string, string | number>): Promise<void> {
  const body = Array.from({ length: 80 }, (_, number) => Buffer.alloc(65536, `piece ${number} `));
  const type = { 'Content-Type': 'application/octet-stream' };
  const answer = await send(port, { path: '/upload', headers: { ...type, ...headers }, body });
  assert.equal(answer.statusCode, 200);
  assert.equal((await readAll(answer)).toString(), await digestOf(body));
}

async function streams(port: number): Promise<void> {
  using barrier = new Barrier();
  const answer = await send(port, { path: `/stream?barrier=${encodeURIComponent(barrier.path)}` });
  const pieces = answer[Symbol.asyncIterator]();
  assert.equal(String((await pieces.next()).value), 'first,');
  await barrier.reached();
  barrier.open();
  assert.equal(String((await pieces.next()).value), 'second');
  assert.equal((await pieces.next()).done, true);
}

async function reportsError(server: RunningServer & { port: number }): Promise<void> {
  const answer = await ask(server.port, get('/error'));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body.toString(), /it broke|Traceback/);
  const says = (text: string) => (record: object) => JSON.stringify(record).includes(text);
  await server.record(says('Traceback (most recent call last)'), 'the traceback');
  await server.record(says('ValueError: it broke'), 'the exception');
}

for (const framework of ['flask', 'django', 'bottle', 'falcon']) {
  describe(`a ${framework} app`, missing(framework), () => {
    let server: RunningServer & { port: number };
    before(async () => {
      server = await serveFramework(framework);
    });
    after(() => server?.[Symbol.asyncDispose]());

    it('reads a form', () => answersForm(server.port));
    it('reads an upload of 5 MiB with a Content-Length', () => takesUpload(server.port, { 'Content-Length': 5 * MIB }));
    it('reads an upload of 5 MiB that comes chunked', () =>
      takesUpload(server.port, { 'Transfer-Encoding': 'chunked' }));
    it('streams: the first piece arrives before the second is made', () => streams(server.port));
    it('answers 500 to what it does not catch, with a traceback in the log', () => reportsError(server));
  });
}

it('a Flask app runs under the interpreter of a virtual environment', missing('flask'), async (test) => {
  using folder = new Folder();
  const environment = join(folder.path, 'venv');
  const why = failure('-m', 'venv', '--system-site-packages', '--without-pip', environment);
  if (why !== undefined) return test.skip(`${PYTHON} makes no virtual environment: ${why}`);
  await using server = await serveFramework('flask', join(environment, 'bin/python'));
  const answer = await ask(server.port, get('/prefix'));
  assert.equal(realpathSync(answer.body.toString()), realpathSync(environment));
  await answersForm(server.port);
  await streams(server.port);
});
