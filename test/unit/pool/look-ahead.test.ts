/** When requests are sent ahead to a worker without a free slot, and when they are asked back (DESIGN.md, section 5). */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Pace } from '../../../src/pool/pace.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import type { WorkerLink } from '../../../src/pool/worker-link.ts';
import { BUFFERED_BODY } from '../../../src/wsgi/buffered-body.ts';
import { ask, FakeLink, holdClock, holdTimers, type SetUp, setUp, setUpShared } from './fake-link.ts';

beforeEach(holdTimers);
afterEach(() => mock.timers.reset());

/** Each worker has ended so many quick requests. */
function warmUp({ links }: SetUp, count = 32): void {
  for (const link of links) for (let run = 0; run < count; run++) link.pace.note(false);
}

function askAll(pool: Pool, ...paths: string[]) {
  return paths.map((path) => ask(pool, path));
}

function given(links: readonly FakeLink[]): string[][] {
  return links.map((link) => link.given);
}

test('nothing is sent ahead to a worker of which nothing is known, and more with each quick request', (t) => {
  holdClock(t);
  const made = setUp(1);
  const [link] = made.links as [FakeLink];
  askAll(made.pool, '/1', '/2', '/3', '/4', '/5', '/6', '/7');
  assert.deepEqual([link.ahead, made.pool.queued], [[], 6]);
  warmUp(made, 11);
  made.pool.dispatch();
  assert.deepEqual([link.ahead, made.pool.queued], [['/2', '/3'], 4]);
  warmUp(made, 10);
  made.pool.dispatch();
  assert.deepEqual([link.ahead, made.pool.queued], [['/2', '/3', '/4'], 3]);
});

test('one slow request in ten ends nothing, and one in two does', () => {
  const pace = new Pace();
  for (let run = 0; run < 100; run++) pace.note(run % 10 === 9);
  assert.deepEqual([pace.ahead(15) >= 6, pace.ahead(3)], [true, 3]);
  for (let run = 0; run < 100; run++) pace.note(run % 2 === 1);
  assert.equal(pace.ahead(15), 0);
});

test('what was sent ahead when the worker was quick stays, and no more follows', (t) => {
  holdClock(t);
  const made = setUp(1);
  const [link] = made.links as [FakeLink];
  warmUp(made);
  askAll(made.pool, '/1', '/2', '/3', '/4', '/5');
  for (let run = 0; run < 20; run++) link.pace.note(true);
  link.free(made.pool);
  assert.deepEqual([link.ahead, made.pool.queued], [['/3', '/4'], 1]);
});

test('three at most wait in a worker, however many slots it has', (t) => {
  holdClock(t);
  const made = setUp(1, 2);
  warmUp(made);
  askAll(made.pool, ...Array.from({ length: 20 }, (_, at) => `/${at}`));
  assert.deepEqual(
    made.links.map((link) => [link.givenCount, link.ahead.length]),
    [
      [4, 3],
      [5, 3],
    ],
  );
  assert.equal(made.pool.queued, 11);
});

test('a free slot anywhere comes first', (t) => {
  holdClock(t);
  const made = setUp(1, 2, 1);
  const { pool, links } = made;
  warmUp(made);
  askAll(pool, '/1', '/2', '/3', '/4', '/5', '/6', '/7');
  assert.deepEqual(given(links), [
    ['/2', '/5'],
    ['/1', '/3', '/6'],
    ['/4', '/7'],
  ]);
  links[2]?.free(pool);
  links[2]?.free(pool);
  ask(pool, '/8');
  assert.deepEqual(links[2]?.given, ['/4', '/7', '/8']);
  assert.deepEqual(links[2]?.ahead, []);
});

test('who is sent ahead has begun when a slot is free, and has waited until then', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1);
  const [link] = made.links as [FakeLink];
  warmUp(made);
  made.waits.length = 0;
  const [, second] = askAll(made.pool, '/1', '/2', '/3');
  pass(3);
  assert.deepEqual([made.waits, second?.request.slotSince], [[0], 0]);
  link.free(made.pool);
  assert.deepEqual([made.waits, link.ahead], [[0, 3], ['/3']]);
  assert.notEqual(second?.request.slotSince, 0);
});

test('nothing is sent behind a request that has run for 5 ms', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1, 1);
  const { pool, links } = made;
  warmUp(made);
  ask(pool, '/slow');
  pass(5);
  askAll(pool, '/1', '/2', '/3', '/4', '/5');
  assert.deepEqual(given(links), [['/slow'], ['/1', '/2', '/3', '/4']]);
  assert.equal(pool.queued, 1);
});

test('what is behind a request that turns out slow is asked back once, and runs elsewhere before what came later', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1, 1);
  const { pool, links } = made;
  const [slow, quick] = links as [FakeLink, FakeLink];
  warmUp(made);
  askAll(pool, '/slow', '/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8');
  assert.deepEqual(given(links), [
    ['/slow', '/2', '/4', '/6'],
    ['/1', '/3', '/5', '/7'],
  ]);
  for (let freed = 0; freed < 2; freed++) {
    pass(2);
    quick.free(pool);
  }
  assert.equal(slow.asks, 0);
  pass(1);
  assert.equal(slow.asks, 1);
  quick.free(pool);
  pass(20);
  ask(pool, '/9');
  assert.deepEqual([slow.asks, slow.given.length], [1, 4], 'it was asked, and gets nothing more');
  slow.giveBack(pool);
  const before = quick.given.length;
  while (quick.requests.length > 0) quick.free(pool);
  assert.deepEqual(quick.given.slice(before).slice(0, 3), ['/2', '/4', '/6']);
  assert.deepEqual([slow.requests.length, pool.queued], [1, 0]);
});

test('what could not be given back is asked for again', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1, 1);
  const [link, other] = made.links as [FakeLink, FakeLink];
  warmUp(made);
  askAll(made.pool, '/slow', '/1', '/2');
  other.free(made.pool);
  pass(5);
  assert.equal(link.asks, 1);
  link.giveBack(made.pool, 0);
  pass(5);
  assert.deepEqual([link.asks, link.ahead], [2, ['/2']]);
});

test('where no other worker would take it, what was sent ahead is asked back later', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1, 1);
  const [link, other] = made.links as [FakeLink, FakeLink];
  warmUp(made);
  askAll(made.pool, '/slow', '/slow-too', '/1', '/2');
  pass(49);
  assert.deepEqual([link.asks, other.asks], [0, 0]);
  pass(6);
  assert.deepEqual([link.asks, other.asks], [1, 1]);
});

test('a request whose body is still to come waits in no worker', (t) => {
  holdClock(t);
  const { pool, links } = setUp(1);
  const [link] = links as [FakeLink];
  warmUp({ links } as SetUp);
  const size = 300_000;
  const shared = {
    kind: 'shared',
    file: {},
    offset: 0,
    size,
    read: () => Buffer.alloc(size),
    hold: () => () => undefined,
  };
  askAll(pool, '/1');
  ask(pool, '/large', { [BUFFERED_BODY]: shared });
  assert.deepEqual([link.ahead, pool.queued], [['/large'], 0], 'one that is here does');
  ask(pool, '/streamed', { [BUFFERED_BODY]: { kind: 'stream' } });
  ask(pool, '/2');
  assert.deepEqual([link.ahead, pool.queued], [['/large'], 2]);
});

test('a quick worker is not asked back, nor is one that has nothing ahead', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1, 1);
  const { pool, links } = made;
  const [one, other] = links as [FakeLink, FakeLink];
  warmUp(made);
  askAll(pool, '/1', '/2', '/3');
  for (let round = 0; round < 10; round++) {
    pass(3);
    one.free(pool);
    ask(pool, '/more');
    if (round % 2 === 0) other.free(pool);
  }
  while (other.requests.length > 0) other.free(pool);
  ask(pool, '/slow');
  pass(50);
  assert.equal(other.asks, 0);
});

test('those that a dead worker had not begun run elsewhere, before those that came later', (t) => {
  holdClock(t);
  const made = setUp(1, 1);
  const { pool, links } = made;
  const [dead, other] = links as [FakeLink, FakeLink];
  warmUp(made);
  const asked = askAll(pool, '/a', '/b', '/c', '/d', '/e', '/f', '/g', '/h', '/i');
  assert.deepEqual(dead.given, ['/a', '/c', '/e', '/g']);
  dead.die(pool);
  while (other.requests.length > 0) other.free(pool);
  assert.deepEqual(other.given, ['/b', '/d', '/f', '/h', '/c', '/e', '/g', '/i']);
  assert.deepEqual(
    asked.map(({ heads }) => heads.map(({ status }) => status.slice(0, 3))),
    asked.map((_, at) => [at === 0 ? '502' : '200']),
  );
});

test('where no worker is left, what was not begun waits, and gets 503 in the end', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1);
  const [link] = made.links as [FakeLink];
  warmUp(made);
  const [, second] = askAll(made.pool, '/1', '/2');
  link.die(made.pool);
  assert.equal(made.pool.queued, 1);
  pass(1250);
  assert.deepEqual(
    second?.heads.map(({ status }) => status),
    ['503 Service Unavailable'],
  );
});

test('who waits too long in a worker that cannot give it back gets 503 too', (t) => {
  const { pass } = holdClock(t);
  const made = setUp(1);
  const [link] = made.links as [FakeLink];
  warmUp(made);
  const [running, waiting] = askAll(made.pool, '/1', '/2');
  pass(1250);
  assert.deepEqual([running?.heads, waiting?.heads[0]?.status], [[], '503 Service Unavailable']);
  assert(waiting?.heads[0]?.headers.some(([name]) => name === 'Retry-After'));
  link.giveBack(made.pool);
  assert.equal(made.pool.queued, 0, 'it is answered, and does not run');
  assert.equal(made.abandoned(), 0, 'who was answered did not leave');
});

test('one whose client has gone while it waited ahead is not begun elsewhere', (t) => {
  holdClock(t);
  const made = setUp(1, 1);
  const { pool, links } = made;
  const [dead, other] = links as [FakeLink, FakeLink];
  warmUp(made);
  const [, , gone] = askAll(pool, '/1', '/2', '/3');
  assert.deepEqual(dead.given, ['/1', '/3']);
  gone?.request.close();
  dead.die(pool);
  assert.deepEqual([other.given, pool.queued, made.abandoned()], [['/2'], 0, 1]);
});

test('drained() waits for what was sent ahead', async (t) => {
  holdClock(t);
  const made = setUp(1);
  const [link] = made.links as [FakeLink];
  warmUp(made);
  askAll(made.pool, '/1', '/2');
  let isDrained = false;
  const drained = made.pool.drained().then(() => {
    isDrained = true;
  });
  link.free(made.pool);
  await new Promise(setImmediate);
  assert.equal(isDrained, false);
  link.free(made.pool);
  await drained;
});

test('where slots share an event loop, an idle worker comes before one that is sent ahead to', (t) => {
  holdClock(t);
  const made = setUpShared(64, 64);
  const { pool, links } = made;
  warmUp(made);
  askAll(pool, '/1', '/2', '/3');
  links[1]?.free(pool, { path: '/2' });
  ask(pool, '/4');
  assert.deepEqual(given(links), [
    ['/1', '/3'],
    ['/2', '/4'],
  ]);
});

test('a worker that comes takes what waits, and not what was sent ahead', (t) => {
  holdClock(t);
  const made = setUp(1);
  const [link] = made.links as [FakeLink];
  warmUp(made);
  askAll(made.pool, '/1', '/2', '/3', '/4', '/5');
  const another = new FakeLink(1);
  made.pool.add(another as unknown as WorkerLink);
  assert.deepEqual([link.given.length, another.given], [4, ['/5']]);
});
