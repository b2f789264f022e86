/** `makeServer`, the twin of `wsgiref.simple_server.make_server`, in a program of its user's. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Application, makeServer } from '../../src/index.ts';
import { ROOT } from '../support/server.ts';
import { freePort } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

/** A TypeScript program, run by node and killed when it is disposed of. */
class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  output = '';
  readonly #ended: Promise<unknown>;

  constructor(file: string, ...args: string[]) {
    this.child = spawn(process.execPath, [join(ROOT, 'test/fixtures/first-programs', file), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ended = once(this.child, 'close');
    this.child.stdout?.on('data', (bytes) => {
      this.output += bytes;
    });
  }

  /** Its exit code, once it has one. */
  async exitCode(): Promise<number> {
    await until(() => this.child.exitCode !== null, 'the end of the program');
    await this.#ended;
    return this.child.exitCode as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    using _ = await Wire.open(port);
    return true;
  } catch {
    return false;
  }
}

test('makeServer(host, port, application).serveForever() serves in a TypeScript program', async () => {
  const port = await freePort();
  await using _ = new Program('serve-forever.ts', String(port));
  await until(() => accepts(port), 'a program that listens');
  const index = await ask(port, get('/'));
  assert.equal(index.body.toString(), 'Index');
  assert.equal(header(index, 'content-length'), '5');
  assert.equal((await ask(port, get('/other'))).body.toString(), 'Hello');
});

test('close() ends serveForever(), and the program ends by itself', async () => {
  const port = await freePort();
  await using program = new Program('serve-until-told.ts', String(port));
  await until(() => accepts(port), 'a program that listens');
  assert.equal((await ask(port, get('/'))).status, 200);
  using idle = await Wire.open(port);
  assert.equal((await idle.polite().send(get('/')).answer()).status, 200);
  program.child.kill('SIGTERM');
  assert.equal(await program.exitCode(), 0, 'an idle keep-alive connection does not hold it');
  assert.equal(program.output, 'serveForever has ended\n');
});

test('close() lets a running request end, and frees the port', async () => {
  const running = Promise.withResolvers<void>();
  const mayEnd = Promise.withResolvers<void>();
  const slow: Application = async (_environ, startResponse) => {
    running.resolve();
    await mayEnd.promise;
    startResponse('200 OK', []);
    return ['whole'];
  };
  const port = await freePort();
  const httpd = makeServer('127.0.0.1', port, slow);
  const forever = httpd.serveForever();
  await until(() => httpd.serverPort === port, 'a server that listens');
  const answer = ask(port, get('/'));
  await running.promise;
  const closed = httpd.close();
  mayEnd.resolve();
  await Promise.all([closed, forever]);
  assert.equal((await answer).body.toString(), 'whole');

  const next = createServer().listen(port, '127.0.0.1');
  await once(next, 'listening');
  next.close();
});

test('handleRequest() serves exactly one request', async () => {
  let calls = 0;
  const counting: Application = (_environ, startResponse) => {
    startResponse('200 OK', []);
    return [String(++calls)];
  };
  const httpd = makeServer('127.0.0.1', 0, counting);
  const first = httpd.handleRequest();
  const port = await until(() => httpd.serverPort, 'a server that listens');
  using greedy = await Wire.open(port);
  greedy.polite().send(get('/1') + get('/2'));
  const answer = await greedy.answer();
  assert.equal(answer.body.toString(), '1');
  assert.equal(header(answer, 'connection'), 'close');
  assert.equal((await greedy.rest()).length, 0, 'the pipelined second request is not answered');
  await first;

  using waiting = await Wire.open(port);
  waiting.polite().send(get('/3'));
  assert.equal(calls, 1, 'nobody has asked for a second request to be handled');
  const second = httpd.handleRequest();
  assert.equal((await waiting.answer()).body.toString(), '2');
  await second;
  assert.equal(calls, 2);
  await httpd.close();
});

test('serveForever() rejects where the port is in use', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const httpd = makeServer('127.0.0.1', port, () => []);
  await assert.rejects(httpd.serveForever(), { code: 'EADDRINUSE' });
  taken.close();
});
