/** The pool with real links and any course of events: every request is answered once, and none is begun twice. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import fc from 'fast-check';
import { Pool } from '../../../src/pool/pool.ts';
import { type Asked, ask, holdClock, holdTimers } from './fake-link.ts';
import { ModelWorker, type Seen } from './model-worker.ts';

beforeEach(holdTimers);
afterEach(() => mock.timers.reset());

const worker = fc.nat(2);
const step = fc.record({
  act: fc.oneof(
    { weight: 6, arbitrary: fc.record({ ask: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 8, arbitrary: fc.record({ finish: worker, slot: fc.nat(2), slow: fc.constant(false) }) },
    { weight: 1, arbitrary: fc.record({ finish: worker, slot: fc.nat(2), slow: fc.constant(true) }) },
    { weight: 4, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 4, arbitrary: fc.record({ giveBack: worker }) },
    { weight: 1, arbitrary: fc.record({ die: worker }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(200) }) },
  ),
  settles: fc.boolean(),
});
type Act =
  | { ask: number }
  | { finish: number; slot: number; slow: boolean }
  | { pass: number }
  | { giveBack: number }
  | { die: number }
  | { leave: number };

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

/** A pool, its workers and its clients. */
class Course {
  readonly seen: Seen = { sent: [], begun: [], returned: [], broken: [] };
  readonly asked: Asked[] = [];
  readonly left = new Set<Asked>();
  /** Those that were refused because the queue was full. */
  readonly refused = new Set<Asked>();
  deaths = 0;
  readonly #slots: readonly number[];
  readonly #queueSize: number;
  readonly #workers: ModelWorker[];
  readonly #pass: (ms: number) => void;
  readonly #pool: Pool;

  constructor(slots: readonly number[], queueSize: number, pass: (ms: number) => void) {
    this.#slots = slots;
    this.#queueSize = queueSize;
    this.#pass = pass;
    this.#pool = new Pool({
      window: 1000,
      queueTime: Number.MAX_SAFE_INTEGER,
      queueSize,
      refused: (code) => assert.equal(code, 'QUEUE_FULL'),
      timeout: 0,
      waited: () => undefined,
      grace: 5000,
      timedOut: () => undefined,
      abandoned: () => undefined,
      sharesLoop: false,
      ahead: 3,
    });
    this.#workers = slots.map((count) => new ModelWorker(this.#pool, count, this.seen));
  }

  /** As many quick requests as it takes for more to be sent ahead. */
  async warmUp(): Promise<void> {
    while (this.asked.length < 32) {
      this.#ask(8);
      await settle();
      this.#finishAll();
      await settle();
    }
  }

  async take(act: Act): Promise<void> {
    if ('ask' in act) this.#ask(act.ask);
    else if ('finish' in act) this.#worker(act.finish).finish(act.slot, act.slow);
    else if ('pass' in act) this.#pass(act.pass);
    else if ('giveBack' in act) this.#worker(act.giveBack).giveBack();
    else if ('die' in act) await this.#kill(act.die % this.#workers.length);
    else this.#leave(act.leave);
  }

  /** Lets everything end. */
  async end(): Promise<void> {
    for (let round = 0; round < 300 && !this.isDrained; round++) {
      await settle();
      for (const each of this.#workers) each.giveBack();
      this.#finishAll();
      this.#pass(1);
    }
    await settle();
  }

  /** Whether the pool has nothing left. */
  get isDrained(): boolean {
    return this.#pool.queued === 0 && this.#pool.running === 0;
  }

  /** Requests that wait in workers. */
  get waiting(): number {
    return this.#workers.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  #worker(which: number): ModelWorker {
    return this.#workers[which % this.#workers.length] as ModelWorker;
  }

  #ask(count: number): void {
    for (let given = 0; given < count; given++) {
      const isFull = this.#pool.queued >= this.#queueSize;
      const one = ask(this.#pool, `/${this.asked.length}`);
      this.asked.push(one);
      assert.deepEqual(
        one.heads.map(({ status }) => status),
        isFull ? ['503 Service Unavailable'] : [],
        'who finds the queue full is refused at once, and nobody else',
      );
      if (isFull) this.refused.add(one);
    }
  }

  #finishAll(): void {
    for (const each of this.#workers) while (each.running.length > 0) each.finish(0, false);
  }

  async #kill(which: number): Promise<void> {
    this.deaths++;
    await this.#workers[which]?.die();
    this.#workers[which] = new ModelWorker(this.#pool, this.#slots[which] as number, this.seen);
  }

  #leave(which: number): void {
    const one = this.asked[which % Math.max(1, this.asked.length)];
    if (one === undefined || isOver(one)) return;
    one.request.close();
    this.left.add(one);
  }
}

function isOver({ request }: Asked): boolean {
  return request.over;
}

function check(course: Course, slots: readonly number[]): void {
  const { seen, asked, left, refused, deaths } = course;
  assert.deepEqual(seen.broken, []);
  assert(course.isDrained, 'everything has come to its end');
  assert.equal(new Set(seen.begun).size, seen.begun.length, 'none was begun twice');
  const begun = new Set(seen.begun);
  let lost = 0;
  for (const [at, one] of asked.entries()) {
    if (left.has(one)) continue;
    const [head, ...more] = one.heads.map(({ status }) => status.slice(0, 3));
    assert.deepEqual([more, one.receiver.events.length], [[], 1], `request ${at} is answered once`);
    if (refused.has(one)) {
      assert.deepEqual(
        [head, seen.sent.includes(`/${at}`)],
        ['503', false],
        `request ${at} was refused, and never sent`,
      );
      continue;
    }
    assert(head === '200' || head === '502', `request ${at} got ${head}`);
    if (head === '502') lost++;
    else assert(begun.has(`/${at}`), `request ${at} was begun`);
  }
  assert(lost <= deaths * Math.max(...slots), `${deaths} deaths cost ${lost} requests`);
  const counts = Map.groupBy(seen.sent, (path) => path);
  const once = seen.sent.filter((path) => counts.get(path)?.length === 1);
  const inOrder = [...once].sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  assert.deepEqual(once, inOrder, 'what was not given back was given to workers as it came');
}

test('whatever happens, each request is answered once and begun at most once', async (t) => {
  const { pass } = holdClock(t);
  let ahead = 0;
  let returned = 0;
  let refused = 0;
  const holds = fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 24 }),
    fc.array(step, { minLength: 20, maxLength: 60 }),
    async (slots, queueSize, steps) => {
      const course = new Course(slots, queueSize, pass);
      await course.warmUp();
      for (const { act, settles } of steps) {
        await course.take(act);
        if (settles) await settle();
        ahead += course.waiting;
      }
      returned += course.seen.returned.length;
      refused += course.refused.size;
      await course.end();
      check(course, slots);
    },
  );
  await fc.assert(holds, { numRuns: 300 });
  const count = `${ahead} were seen ahead, ${returned} were given back, ${refused} were refused`;
  assert(ahead > 0 && returned > 0 && refused > 0, `${count}: it was tested`);
});
