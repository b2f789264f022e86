/** What becomes of a request whose time has passed: it is explained, interrupted, and at last killed with its worker. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Barrier } from '../support/barrier.ts';
import { workerOf } from '../support/misbehaving.ts';
import { allGone } from '../support/processes.ts';
import { ROOT, type RunningServer, serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

type Server = RunningServer & { readonly port: number };

const python = needs('python3', 'mkfifo');
const SHORT = '--timeout=500ms';

function serveFile(file: string, ...args: string[]): Promise<Server> {
  return serve(join(ROOT, 'test/fixtures/timeouts', file), args);
}

/** Sends a request that takes too long; the stacks in the record of it. */
async function stacksOf({ port, record }: Server, path: string): Promise<string> {
  const id = `late-${path.slice(1)}`;
  const late = await ask(port, get(`${path}?a=b`, `X-Request-Id: ${id}`));
  assert.equal(late.status, 504);
  assert.equal(header(late, 'x-request-id'), id);
  const told = await record(({ code, request }) => code === 'REQUEST_TIMEOUT' && request === id);
  assert.deepEqual([told.level, told.method, told.path], ['error', 'GET', path]);
  return String(told.stacks);
}

const bound = (server: Server): Server => Object.assign(server, { record: server.record.bind(server) });

for (const [name, path, words] of [
  ['a loop', '/spin', /File ".*\/timeouts\/app\.py", line 7, in spin\n/],
  ['a sleep', '/nap', /File ".*\/timeouts\/app\.py", line 12, in nap\n/],
] as const) {
  test(`${name} in a Python worker of one slot is told, ended, and its worker goes on`, python, async () => {
    await using server = bound(await serveFile('app.py', SHORT));
    const worker = await workerOf(server.port);
    assert.match(await stacksOf(server, path), words);
    await server.line(`left ${path}`);
    assert.equal(await workerOf(server.port), worker);
  });
}

test('a loop in a Python worker of several threads is told, ended, and its worker goes on', python, async () => {
  await using server = bound(await serveFile('app.py', SHORT, '--threads=2'));
  const worker = await workerOf(server.port);
  using beside = await Wire.open(server.port);
  using barrier = new Barrier();
  beside.send(get(`/hold?${barrier.path}`, 'X-Request-Id: beside'));
  await barrier.reached();
  const stacks = await stacksOf(server, '/spin');
  assert.match(stacks, /Thread slot-\d \(most recent call last\):\n(.*\n)*? {2}File ".*app\.py", line 7, in spin\n/);
  assert.equal(stacks.match(/^Thread slot-/gm)?.length, 2);
  await server.line('left /spin');
  barrier.open();
  assert.equal(await workerOf(server.port), worker);
});

test('a loop in a TypeScript worker is told, and its worker replaced', async () => {
  await using server = bound(await serveFile('app.ts', SHORT, '--timeout-grace=500ms'));
  const worker = await workerOf(server.port);
  assert.match(await stacksOf(server, '/spin'), /File ".*\/timeouts\/app\.ts", line 6, in spin$/);
  await allGone([worker]);
  assert.notEqual(await workerOf(server.port), worker);
});

test('an await in a TypeScript worker is told, and ended by its signal', async () => {
  await using server = bound(await serveFile('app.ts', SHORT));
  const worker = await workerOf(server.port);
  assert.match(
    await stacksOf(server, '/careful'),
    /\(nothing of the application runs here: the event loop waits for .+\)/,
  );
  await server.line('aborted by RequestTimeout');
  assert.equal(await workerOf(server.port), worker);
});

test('an iterator of a TypeScript application is told to return', async () => {
  await using server = bound(await serveFile('app.ts', SHORT));
  const worker = await workerOf(server.port);
  await stacksOf(server, '/endless');
  await server.line('returned');
  assert.equal(await workerOf(server.port), worker);
});

for (const { language, file, args, path } of [
  { language: 'Python', file: 'app.py', args: ['--threads=2'], path: '/nap' },
  { language: 'TypeScript', file: 'app.ts', args: [], path: '/stubborn' },
]) {
  test(`a ${language} application that does not end is killed, and its sibling gets 502`, python, async () => {
    await using server = bound(await serveFile(file, '--timeout=3', '--timeout-grace=1', ...args));
    const worker = await workerOf(server.port);
    await stacksOf(server, path);
    using sibling = await Wire.open(server.port);
    using barrier = new Barrier();
    sibling.send(get(`/hold?${barrier.path}`, 'X-Request-Id: sibling'));
    await barrier.reached();
    const lost = await sibling.answer();
    assert.deepEqual([lost.status, header(lost, 'x-request-id')], [502, 'sibling']);
    const death = await server.record((record) => record.worker === worker && record.delayMs !== undefined);
    assert.match(String(death.reason), /timeout/);
    assert.equal(death.delayMs, 0, 'the next one is there at once');
    assert.notEqual(await workerOf(server.port), worker);
  });
}

test('a Python worker of one slot whose application holds on is killed', python, async () => {
  await using server = bound(await serveFile('app.py', SHORT, '--timeout-grace=500ms'));
  const worker = await workerOf(server.port);
  assert.match(await stacksOf(server, '/stubborn'), /in stubborn\n/);
  await allGone([worker]);
  assert.notEqual(await workerOf(server.port), worker);
});

for (const file of ['app.py', 'app.ts']) {
  test(`a worker of ${file} that is stopped gives 504, is told as silent, and is replaced`, python, async () => {
    await using server = bound(await serveFile(file, SHORT, '--timeout-grace=500ms'));
    const worker = await workerOf(server.port);
    process.kill(worker, 'SIGSTOP');
    assert.match(await stacksOf(server, '/'), /the worker did not say/);
    await allGone([worker]);
    assert.notEqual(await workerOf(server.port), worker);
  });
}
