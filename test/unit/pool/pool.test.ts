/** The pool over links that only remember what they were given. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { ClientGone } from '../../../src/errors.ts';
import { ProtocolError } from '../../../src/pool/frames.ts';
import type { WorkerLink } from '../../../src/pool/worker-link.ts';
import { BUFFERED_BODY } from '../../../src/wsgi/buffered-body.ts';
import { ask, FakeLink, holdClock, holdTimers, setUp, setUpShared } from './fake-link.ts';

beforeEach(holdTimers);
afterEach(() => mock.timers.reset());

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
  while (link.givenCount > 0) link.free(pool);
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

test('a request whose client has gone is dropped from the queue', () => {
  const { pool, links, abandoned } = setUp(1);
  const [link] = links as [FakeLink];
  let gone = false;
  ask(pool, '/1');
  const left = ask(pool, '/2', { 'stillhouse.client_gone': () => gone });
  const returned = ask(pool, '/3');
  ask(pool, '/4');
  gone = true;
  returned.request.close();
  link.free(pool);
  assert(left.receiver.error instanceof ClientGone);
  assert.deepEqual([link.given, abandoned()], [['/1', '/4'], 2]);
  link.free(pool);
});

test('a request that no frame can carry fails alone', () => {
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  link.refusal = new ProtocolError('a NUL');
  const bad = ask(pool, '/1');
  assert.equal(bad.receiver.error, link.refusal);
  link.refusal = undefined;
  ask(pool, '/2');
  assert.deepEqual(link.given, ['/2']);
});

test('who waits too long gets 503 with Retry-After, and the others go on waiting', (t) => {
  const { pass } = holdClock(t);
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  ask(pool, '/running');
  const early = ask(pool, '/early');
  pass(750);
  const late = ask(pool, '/late');
  pass(250);
  assert.equal(early.heads[0]?.status, '503 Service Unavailable');
  assert(early.heads[0]?.headers.some(([name, value]) => name === 'Retry-After' && value === '1'));
  assert.match(early.receiver.events.join(), /no worker was free in time/);
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

test('a request whose body is still to come is not sent ahead of a free slot, and those behind it wait with it', (t) => {
  holdClock(t);
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  for (let quick = 0; quick < 32; quick++) {
    ask(pool, '/quick');
    link.free(pool);
  }
  ask(pool, '/1');
  ask(pool, '/2');
  assert.deepEqual(link.ahead, ['/2']);
  ask(pool, '/upload', { [BUFFERED_BODY]: { kind: 'stream' } });
  ask(pool, '/3');
  assert.deepEqual([link.ahead, pool.queued], [['/2'], 2]);
  link.free(pool);
  assert.equal(pool.queued, 2);
  link.free(pool);
  assert.deepEqual([link.given.slice(-2), link.ahead, pool.queued], [['/upload', '/3'], ['/3'], 0]);
});
