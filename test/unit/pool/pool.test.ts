/** The pool over links that only remember what they were given. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { ClientGone, REFUSED_FOR } from '../../../src/errors.ts';
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
  pass(400);
  const late = ask(pool, '/late');
  pass(599);
  assert.equal(early.heads.length, 0);
  pass(1);
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

test('where slots share an event loop, requests are given at once, and none to a worker whose loop is held', () => {
  const { pool, links } = setUpShared(64, 64);
  const [held, free] = links as [FakeLink, FakeLink];
  for (const path of ['/1', '/2', '/3']) ask(pool, path);
  assert.deepEqual([held.given, free.given], [['/1', '/3'], ['/2']]);
  held.held = true;
  for (const path of ['/4', '/5', '/6']) ask(pool, path);
  assert.deepEqual(
    [held.given, free.given],
    [
      ['/1', '/3'],
      ['/2', '/4', '/5', '/6'],
    ],
  );
});

test('where every event loop is held, requests wait, and go to the first that is let go', () => {
  const { pool, links } = setUpShared(64, 64);
  const [one, other] = links as [FakeLink, FakeLink];
  for (const link of links) link.held = true;
  ask(pool, '/1');
  ask(pool, '/2');
  assert.equal(pool.queued, 2);
  other.held = false;
  mock.timers.tick(2);
  assert.deepEqual([one.given, other.given, pool.queued], [[], ['/1', '/2'], 0]);
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

test('who finds the queue full is refused at once, and is not sent when a slot is free', (t) => {
  holdClock(t);
  const { pool, links, refusals, waits } = setUp(1);
  const [link] = links as [FakeLink];
  const asked = Array.from({ length: 1003 }, (_, at) => ask(pool, `/${at}`));
  const refused = asked.filter(({ heads }) => heads.length > 0);
  assert.deepEqual(
    refused.map(({ request, heads }) => [request.environ.PATH_INFO, heads[0]?.status]),
    [
      ['/1001', '503 Service Unavailable'],
      ['/1002', '503 Service Unavailable'],
    ],
  );
  assert(refused[0]?.heads[0]?.headers.some(([name]) => name === 'Retry-After'));
  assert.match(refused[0]?.receiver.events.join() ?? '', /more requests wait/);
  assert.equal(refused[0]?.request.environ[REFUSED_FOR], 'QUEUE_FULL');
  assert.deepEqual(refusals, ['QUEUE_FULL', 'QUEUE_FULL']);
  assert.deepEqual([pool.queued, pool.isFull, waits.length], [1000, true, 1], 'who is refused has not waited');
  while (link.givenCount > 0) link.free(pool);
  assert.deepEqual([link.given.length, pool.isFull], [1001, false]);
});

test('a slot of a worker whose event loop is held is not free: what comes beyond the queue is refused', () => {
  const { pool, links, refusals } = setUpShared(64);
  for (const link of links) link.held = true;
  for (let at = 0; at < 1001; at++) ask(pool, `/${at}`);
  assert.deepEqual([pool.queued, pool.isFull, refusals], [1000, true, ['QUEUE_FULL']]);
});

test('an app that has no worker yet lets requests wait for one, however long it has rested', (t) => {
  const { pass } = holdClock(t);
  const { pool, links, refusals } = setUp(1);
  ask(pool, '/1');
  links[0]?.free(pool);
  pool.remove(links[0] as unknown as WorkerLink);
  pass(30_000);
  for (let at = 0; at < 50; at++) ask(pool, `/${at}`);
  assert.deepEqual([pool.queued, refusals], [50, []]);
});

test('whose client has gone leaves its place to who comes', (t) => {
  const { pass } = holdClock(t);
  const { pool, abandoned } = setUp(1);
  let gone = false;
  ask(pool, '/running');
  for (let at = 0; at < 1000; at++) ask(pool, `/${at}`, { 'stillhouse.client_gone': () => gone && at > 0 });
  assert.equal(pool.isFull, true);
  gone = true;
  pass(250);
  assert.deepEqual([pool.queued, pool.isFull, abandoned()], [1, false, 999]);
});

test('each is refused when its own time has come, to the millisecond', (t) => {
  const { pass } = holdClock(t);
  const { pool, refusals, waits } = setUp(1);
  for (const path of ['/running', '/1', '/2', '/3']) {
    ask(pool, path);
    pass(7);
  }
  assert.equal(pool.oldestWait(performance.now()), 21);
  const counts = [];
  for (let ms = 28; ms <= 1028; ms++) {
    if (refusals.length > counts.length) counts.push(ms);
    pass(1);
  }
  assert.deepEqual(counts, [1007, 1014, 1021]);
  assert.deepEqual(waits.slice(1), [1000, 1000, 1000]);
  assert.deepEqual([pool.queued, pool.oldestWait(performance.now())], [0, 0]);
});
