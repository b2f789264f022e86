/** The pool over links that only remember what they were given. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { ClientGone } from '../../../src/errors.ts';
import { ProtocolError } from '../../../src/pool/frames.ts';
import { Pool } from '../../../src/pool/pool.ts';
import type { WorkerLink } from '../../../src/pool/worker-link.ts';
import type { WorkerRequest } from '../../../src/pool/worker-request.ts';
import type { Body, Environ } from '../../../src/wsgi/types.ts';
import { environ } from '../wsgi/fake.ts';

class FakeLink {
  readonly given: string[] = [];
  readonly running: WorkerRequest[] = [];
  readonly slots: number;
  refusal: Error | undefined;

  constructor(slots: number) {
    this.slots = slots;
  }

  get freeSlots(): number {
    return this.slots - this.running.length;
  }

  get runningCount(): number {
    return this.running.length;
  }

  send(request: WorkerRequest): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.given.push(request.environ.PATH_INFO);
    this.running.push(request);
  }

  /** The oldest request is done. */
  free(pool: Pool): void {
    this.running.shift()?.answer(200, 'done');
    pool.dispatch();
  }
}

// Requests that a test leaves running keep the pool looking at their deadlines.
beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }));
afterEach(() => mock.timers.reset());

function setUp(...slots: number[]): { pool: Pool; links: FakeLink[] } {
  return setUpShared(0, ...slots);
}

function setUpShared(patience: number, ...slots: number[]): { pool: Pool; links: FakeLink[] } {
  const pool = new Pool({
    window: 1000,
    queueTime: 1000,
    timeout: 0,
    waited: () => undefined,
    timedOut: () => undefined,
    patience,
  });
  const links = slots.map((count) => new FakeLink(count));
  for (const link of links) pool.add(link as unknown as WorkerLink);
  return { pool, links };
}

interface Asked {
  readonly body: AsyncIterableIterator<Uint8Array>;
  readonly heads: { status: string; headers: [string, string][] }[];
}

function ask(pool: Pool, path: string, given: Partial<Environ> = {}): Asked {
  const heads: Asked['heads'] = [];
  const body = pool.application(Object.assign(environ({ path }), given), (status, headers) => {
    heads.push({ status, headers });
    return async () => undefined;
  });
  return { body: body as Body as Asked['body'], heads };
}

test('a request goes to the link with most free slots', () => {
  const { pool, links } = setUp(1, 3, 2);
  for (const path of ['/1', '/2', '/3', '/4', '/5', '/6']) ask(pool, path);
  assert.deepEqual(
    links.map(({ given }) => given),
    [['/4'], ['/1', '/2', '/5'], ['/3', '/6']],
  );
});

test('no request is given to a link without a free slot, and none waits while one is free', () => {
  const { pool, links } = setUp(1, 1);
  for (const path of ['/1', '/2', '/3']) ask(pool, path);
  assert.deepEqual(
    links.map(({ given }) => given),
    [['/1'], ['/2']],
  );
  links[1]?.free(pool);
  assert.deepEqual(
    links.map(({ given }) => given),
    [['/1'], ['/2', '/3']],
  );
});

test('waiting requests keep their order', () => {
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  for (const path of ['/1', '/2', '/3', '/4']) ask(pool, path);
  while (link.runningCount > 0) link.free(pool);
  assert.deepEqual(link.given, ['/1', '/2', '/3', '/4']);
});

test('requests wait for the first worker, and none goes to one that was removed', () => {
  const { pool } = setUp();
  ask(pool, '/1');
  const link = new FakeLink(2);
  pool.add(link as unknown as WorkerLink);
  assert.deepEqual(link.given, ['/1']);
  pool.remove(link as unknown as WorkerLink);
  ask(pool, '/2');
  assert.deepEqual(link.given, ['/1']);
  pool.add(new FakeLink(1) as unknown as WorkerLink);
});

test('a request whose client has gone is dropped from the queue', async () => {
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  let gone = false;
  ask(pool, '/1');
  const left = ask(pool, '/2', { 'stillhouse.client_gone': () => gone });
  const returned = ask(pool, '/3');
  ask(pool, '/4');
  gone = true;
  await returned.body.return?.();
  link.free(pool);
  await assert.rejects(left.body.next(), ClientGone);
  assert.deepEqual(link.given, ['/1', '/4']);
  link.free(pool);
});

test('a request that no frame can carry fails alone', async () => {
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  link.refusal = new ProtocolError('a NUL');
  const bad = ask(pool, '/1');
  await assert.rejects(bad.body.next(), link.refusal);
  link.refusal = undefined;
  ask(pool, '/2');
  assert.deepEqual(link.given, ['/2']);
});

test('who waits too long gets 503 with Retry-After, and the others go on waiting', async (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  const pass = (time: number) => {
    now += time;
    mock.timers.tick(time);
  };
  ask(pool, '/running');
  const early = ask(pool, '/early');
  pass(750);
  const late = ask(pool, '/late');
  pass(250);
  assert.equal(early.heads[0]?.status, '503 Service Unavailable');
  assert(early.heads[0]?.headers.some(([name, value]) => name === 'Retry-After' && value === '1'));
  const { value } = await early.body.next();
  assert.match(Buffer.from(value).toString(), /no worker was free in time/);
  assert.deepEqual(late.heads, []);
  link.free(pool);
  assert.deepEqual(link.given, ['/running', '/late']);
  pass(5000);
  assert.deepEqual(late.heads, [], 'who runs is not waiting');
});

test('drained() resolves when nothing waits and nothing runs', async () => {
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  ask(pool, '/1');
  ask(pool, '/2');
  let isDrained = false;
  const drained = pool.drained().then(() => {
    isDrained = true;
  });
  link.free(pool);
  await new Promise(setImmediate);
  assert.equal(isDrained, false);
  link.free(pool);
  await drained;
  assert.equal(link.given.length, 2);
});

test('drained() of a pool that has nothing to do resolves at once', async () => {
  await setUp(2).pool.drained();
  await setUp().pool.drained();
});

test('where slots share an event loop, a request waits a moment for a worker that runs nothing', () => {
  const { pool, links } = setUpShared(60_000, 64, 64);
  for (const path of ['/1', '/2', '/3']) ask(pool, path);
  assert.deepEqual(
    links.map(({ given }) => given),
    [['/1'], ['/2']],
  );
  links[1]?.free(pool);
  assert.deepEqual(links[1]?.given, ['/2', '/3']);
});

test('where slots share an event loop, and no worker runs nothing, a request shares one in the end', async () => {
  const { pool, links } = setUpShared(1, 64);
  ask(pool, '/1');
  const { heads } = ask(pool, '/2');
  while (links[0]?.given.length === 1) {
    await new Promise(setImmediate);
    mock.timers.tick(1);
  }
  assert.deepEqual([links[0]?.given, heads], [['/1', '/2'], []]);
});
