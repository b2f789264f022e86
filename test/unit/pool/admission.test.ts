/** What may wait, by a pace that was measured: in virtual time, without a pool. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Admission } from '../../../src/pool/admission.ts';

const DEADLINE = 10_000;
const MOST = 1000;
const WARM_UP = 30_000;

interface Load {
  readonly slots: number;
  /** Milliseconds that a request takes. */
  readonly cost: () => number;
  /** Milliseconds between two requests. */
  readonly gap: () => number;
  readonly seconds: number;
  /** From when to when nothing ends. */
  readonly wedged?: readonly [from: number, to: number];
}

interface Outcome {
  /** Requests that were begun after the warm-up. */
  begun: number;
  refused: number;
  /** Requests that waited to the deadline, after the warm-up. */
  late: number;
  /** The longest wait, and the longest queue, after the warm-up. */
  longestWait: number;
  longest: number;
  /** Milliseconds in which a slot was free after the warm-up. */
  idle: number;
}

/** One queue over some slots, a millisecond at a time. */
function run({ slots, cost, gap, seconds, wedged = [0, 0] }: Load): Outcome {
  const admission = new Admission({ most: MOST, deadline: DEADLINE });
  const outcome: Outcome = { begun: 0, refused: 0, late: 0, longestWait: 0, longest: 0, idle: 0 };
  const queue: number[] = [];
  const ends: number[] = [];
  let next = 0;
  for (let now = 0; now < seconds * 1000; now++) {
    const counts = now >= WARM_UP;
    if (now < wedged[0] || now >= wedged[1])
      for (let at = 0; at < slots; at++) if ((ends[at] ?? 0) <= now) ends[at] = 0;
    for (let at = 0; at < slots && queue.length > 0; at++) {
      if (ends[at] !== 0) continue;
      const since = queue.shift() as number;
      admission.left(now, slots);
      ends[at] = now + cost();
      if (!counts) continue;
      outcome.begun++;
      outcome.longestWait = Math.max(outcome.longestWait, now - since);
    }
    for (; next <= now; next += gap()) {
      const free = queue.length === 0 ? ends.indexOf(0) : -1;
      if (free >= 0) {
        admission.free(now);
        ends[free] = now + cost();
        if (counts) outcome.begun++;
      } else if (queue.length > 0 && queue.length >= admission.room(now, slots)) {
        outcome.refused++;
      } else {
        queue.push(now);
      }
    }
    while (queue.length > 0 && now - (queue[0] as number) >= DEADLINE) {
      queue.shift();
      if (counts) outcome.late++;
    }
    if (!counts) continue;
    outcome.longest = Math.max(outcome.longest, queue.length);
    outcome.idle += ends.filter((end) => end === 0).length;
  }
  return outcome;
}

/** A generator of numbers from 0 to 1 that repeats (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('whatever an app costs, at three times what it can do its slots are never idle, and who is admitted is served soon', () => {
  const holds = fc.property(
    fc.integer({ min: 1, max: 64 }),
    fc.integer({ min: 5, max: DEADLINE / 10 }),
    fc.constantFrom('even', 'random'),
    fc.nat(),
    (slots, mean, kind, seed) => {
      const chance = random(seed);
      const around = (value: number) => (kind === 'even' ? value : -Math.log(1 - chance()) * value);
      // So many that chance is small beside the law.
      const seconds = WARM_UP / 1000 + Math.ceil((1000 * mean) / slots / 1000);
      const cost = () => Math.max(1, Math.round(around(mean)));
      const outcome = run({ slots, cost, gap: () => around(mean / slots / 3), seconds });
      const all = slots * (seconds * 1000 - WARM_UP);
      assert(outcome.idle <= all * 0.05, `idle for ${outcome.idle} of ${all} slot milliseconds`);
      // As many as there are slots may always wait.
      const expected = DEADLINE / 10 + mean;
      if (kind === 'even') assert(outcome.longestWait <= 2 * expected, `${outcome.longestWait} ms of ${expected}`);
      assert(
        outcome.late <= (kind === 'even' ? 0 : outcome.begun * 0.02),
        `${outcome.late} of ${outcome.begun} waited in vain`,
      );
    },
  );
  // Statistics: the same courses each time, so that chance does not decide whether the test passes.
  fc.assert(holds, { numRuns: 40, seed: 1 });
});

test('a burst that can be served is admitted whole', () => {
  let given = 0;
  const outcome = run({ slots: 1, cost: () => 200, gap: () => (++given % 20 === 0 ? 20_000 : 0), seconds: 60 });
  assert.deepEqual([outcome.refused, outcome.late], [0, 0]);
});

test('a burst before the first answer of an app that is slow to load is admitted whole', () => {
  let given = 0;
  let asked = 0;
  const cost = () => (++given === 1 ? 3000 : 10);
  const gap = () => (++asked < 60 ? 20 : 60_000);
  const { refused, late } = run({ slots: 1, cost, gap, seconds: 35 });
  assert.deepEqual([refused, late], [0, 0]);
});

test('a load that the app can do is never refused', () => {
  const chance = random(1);
  const around = (value: number) => -Math.log(1 - chance()) * value;
  const outcome = run({ slots: 2, cost: () => 20, gap: () => around(12), seconds: 60 });
  assert.deepEqual([outcome.refused, outcome.late], [0, 0]);
});

test('when all workers hang, no more wait than in a burst, and after a while hardly any', () => {
  const load = { slots: 2, cost: () => 20, gap: () => 12 };
  const { longest, late } = run({ ...load, wedged: [31_000, 91_000], seconds: 90 });
  assert(longest <= 500, `${longest} waited`);
  assert(late > 0 && late <= 500 + 6 * 3, `${late} waited in vain`);
  const after = run({ ...load, wedged: [1000, 20_000], seconds: 60 });
  assert.deepEqual([after.late, after.refused > 0], [0, true]);
  assert(after.longestWait < DEADLINE / 10, 'and all is well when they go on');
});

test('Retry-After is the time of the queue, and grows while nothing moves', () => {
  const admission = new Admission({ most: MOST, deadline: DEADLINE });
  assert.equal(admission.retryAfter(0, 2, 0), 1);
  admission.free(0);
  for (let now = 100; now <= 20_000; now += 100) admission.left(now, 2);
  assert.equal(admission.retryAfter(20_000, 2, 1), 1);
  assert.equal(admission.retryAfter(20_000, 2, 55), 6);
  assert.equal(admission.retryAfter(33_000, 2, 2), 13);
  assert.equal(admission.retryAfter(200_000, 2, 2), 60);
});
