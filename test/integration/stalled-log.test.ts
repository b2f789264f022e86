/** A reader of stdout that stands still, or goes away, does not hold the server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { BIN, ROOT } from '../support/server.ts';
import { freePort } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';

const CONNECTIONS = 8;
const REQUESTS = 500;
/** Long paths, so that the records are more than the pipe and the backlog of a front (4 MiB) hold together. */
const PATH = `/${'long'.repeat(500)}`;

function start(port: number) {
  const args = [BIN, 'apps/hello-ts/web_app.ts', `--bind=127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  return { child, stdout: child.stdout, exited: once(child, 'exit') as Promise<[number | null, string | null]> };
}

async function isUp(port: number): Promise<boolean> {
  try {
    using _ = await Wire.open(port);
    return true;
  } catch {
    return false;
  }
}

async function askMany(port: number): Promise<number> {
  const counts = Array.from({ length: CONNECTIONS }, async () => {
    using wire = await Wire.open(port);
    let answered = 0;
    for (; answered < REQUESTS; answered++) assert.equal((await wire.send(get(PATH)).answer()).status, 200);
    return answered;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

test('a stalled reader of stdout does not hold requests; what is dropped is counted, and no line is torn', async () => {
  const port = await freePort();
  const { child, stdout, exited } = start(port);
  try {
    // Nobody reads: the pipe fills, and stays full.
    await until(() => isUp(port), 'a server that listens');
    assert.equal(await askMany(port), CONNECTIONS * REQUESTS);
    const log = text(stdout);
    const deadline = until(async () => (await askMany(port)) > 0, 'more answers');
    await deadline;
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    const records = (await log)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind?: string; dropped?: number });
    const logged = records.filter(({ kind }) => kind === 'access').length;
    const dropped = records.reduce((sum, record) => sum + (record.dropped ?? 0), 0);
    assert.ok(logged < 2 * CONNECTIONS * REQUESTS, 'some had to be dropped');
    assert.equal(logged + dropped, 2 * CONNECTIONS * REQUESTS);
  } finally {
    child.kill('SIGKILL');
  }
});

test('a stalled reader of stdout does not hold the stop', async () => {
  const port = await freePort();
  const { child, exited } = start(port);
  try {
    await until(() => isUp(port), 'a server that listens');
    await askMany(port);
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('a reader of stdout that went away does not end the server', async () => {
  const port = await freePort();
  const { child, stdout, exited } = start(port);
  try {
    await until(() => isUp(port), 'a server that listens');
    stdout.destroy();
    assert.equal(await askMany(port), CONNECTIONS * REQUESTS);
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
