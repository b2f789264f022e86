/** A reader of stdout that stands still, or goes away, does not hold the server. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { ProcessTree } from '../support/processes.ts';
import { BIN, ROOT } from '../support/server.ts';
import { freePort } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';

const CONNECTIONS = 8;
const REQUESTS = 500;
/** Long paths, so that the records are more than the pipe and the backlog of a front (4 MiB) hold together. */
const PATH = `/${'long'.repeat(500)}`;

/** The command, with nobody reading its stdout. Killed when it is disposed of. */
class Unread implements Disposable {
  readonly child: ChildProcessByStdio<null, Readable, null>;

  constructor(port: number) {
    const args = [BIN, 'apps/hello-ts/web_app.ts', `--bind=127.0.0.1:${port}`];
    this.child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** Stops it as an operator would. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await until(() => this.child.exitCode !== null || this.child.signalCode !== null, 'the end of the server');
    assert.equal(this.child.exitCode, 0);
  }

  [Symbol.dispose](): void {
    for (const { pid } of ProcessTree.of(this.child.pid as number).all) process.kill(pid, 'SIGKILL');
    this.child.stdout.destroy();
  }
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
  using server = new Unread(port);
  await until(() => isUp(port), 'a server that listens');
  // Longer than it takes to report a drop, so that the report itself finds no room.
  const began = Date.now();
  let asked = 0;
  while (Date.now() - began < 2500) asked += await askMany(port);
  const records: { kind?: string; dropped?: number }[] = [];
  createInterface({ input: server.child.stdout }).on('line', (line) => records.push(JSON.parse(line)));
  await until(() => {
    const dropped = records.reduce((sum, record) => sum + (record.dropped ?? 0), 0);
    return dropped > 0 && dropped + records.filter(({ kind }) => kind === 'access').length === asked;
  }, 'a record, or the count of what was dropped, for every request');
  await server.stop();
});

test('a stalled reader of stdout does not hold the stop', async () => {
  const port = await freePort();
  using server = new Unread(port);
  await until(() => isUp(port), 'a server that listens');
  await askMany(port);
  await server.stop();
});

test('a reader of stdout that went away does not end the server', async () => {
  const port = await freePort();
  using server = new Unread(port);
  await until(() => isUp(port), 'a server that listens');
  server.child.stdout.destroy();
  assert.equal(await askMany(port), CONNECTIONS * REQUESTS);
  await server.stop();
});
