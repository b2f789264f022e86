/** The pool with real links and any course of events: every request is answered once, and none is begun twice. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import fc from 'fast-check';
import { Pool } from '../../../src/pool/pool.ts';
import { type Asked, ask, holdClock, holdTimers } from './fake-link.ts';
import { type Language, ModelWorker, type Seen } from './model-worker.ts';

beforeEach(holdTimers);
afterEach(() => mock.timers.reset());

/** Milliseconds after which a request gets 504: some do in most courses. */
const TIMEOUT = 400;

type Act =
  | { ask: number }
  | { finish: number; slot: number; slow: boolean; holds: boolean }
  | { [step in Step]?: number }
  | { pass: number }
  | { die: number }
  | { recycle: number }
  | { leave: number };
/** What a worker, its threads or its links do next. */
const STEPS = ['readData', 'readControl', 'begin', 'flush', 'deliverData', 'deliverControl'] as const;
type Step = (typeof STEPS)[number];

const worker = fc.nat(2);
const step = fc.record({
  act: fc.oneof(
    { weight: 6, arbitrary: fc.record({ ask: fc.integer({ min: 1, max: 6 }) }) },
    {
      weight: 8,
      arbitrary: fc.record({ finish: worker, slot: fc.nat(3), slow: fc.constant(false), holds: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ finish: worker, slot: fc.nat(3), slow: fc.constant(true), holds: fc.boolean() }),
    },
    ...STEPS.map((name) => ({ weight: 5, arbitrary: fc.record({ [name]: worker }) })),
    { weight: 4, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 1, arbitrary: fc.record({ pass: fc.constant(260) }) },
    { weight: 1, arbitrary: fc.record({ die: worker }) },
    { weight: 1, arbitrary: fc.record({ recycle: worker }) },
    { weight: 2, arbitrary: fc.record({ leave: fc.nat(200) }) },
  ) as fc.Arbitrary<Act>,
  settles: fc.boolean(),
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

/** A pool, its workers and its clients. */
class Course {
  readonly seen: Seen = { sent: [], begun: [], ended: [], returned: [], cut: [], broken: [] };
  readonly asked: Asked[] = [];
  readonly left = new Set<Asked>();
  /** Those that were refused because the queue was full. */
  readonly refused = new Set<Asked>();
  readonly #slots: readonly number[];
  readonly #queueSize: number;
  readonly #language: Language;
  readonly #workers: ModelWorker[];
  readonly #recycled: ModelWorker[] = [];
  readonly #pass: (ms: number) => void;
  readonly #pool: Pool;

  constructor(slots: readonly number[], language: Language, queueSize: number, pass: (ms: number) => void) {
    this.#slots = slots;
    this.#queueSize = queueSize;
    this.#pass = pass;
    this.#pool = new Pool({
      window: 1000,
      queueTime: Number.MAX_SAFE_INTEGER,
      queueSize,
      refused: (code) => assert.equal(code, 'QUEUE_FULL'),
      timeout: TIMEOUT,
      waited: () => undefined,
      grace: Number.MAX_SAFE_INTEGER,
      timedOut: () => undefined,
      abandoned: () => undefined,
      sharesLoop: language === 'node',
      ahead: 3,
    });
    this.#language = language;
    this.#workers = slots.map((count) => this.#start(count));
  }

  /** Each worker has ended so many quick requests that more are sent ahead. */
  warmUp(): void {
    for (const each of this.#workers) for (let run = 0; run < 32; run++) each.link.pace.note(false);
  }

  async take(act: Act): Promise<void> {
    if ('ask' in act) this.#ask(act.ask);
    else if ('finish' in act) this.#worker(act.finish).finish(act.slot, act.slow, act.holds);
    else if ('pass' in act) this.#pass(act.pass);
    else if ('die' in act) await this.#kill(act.die % this.#workers.length);
    else if ('recycle' in act) this.#recycle(act.recycle % this.#workers.length);
    else if ('leave' in act) this.#leave(act.leave);
    else for (const name of STEPS) if (act[name] !== undefined) stepOf(this.#worker(act[name]), name);
  }

  /** Lets everything end. */
  async end(): Promise<void> {
    for (let round = 0; round < 300 && !this.isDrained; round++) {
      await settle();
      for (const each of [...this.#workers, ...this.#recycled]) {
        for (const name of STEPS) stepOf(each, name);
        while (each.begin() || each.running.length > 0) each.finish(0, false, false);
      }
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
      const wasFull = this.#pool.queued >= this.#queueSize;
      const one = ask(this.#pool, `/${this.asked.length}`);
      this.asked.push(one);
      // A shared event loop may have been let go meanwhile, and those in the queue are about to leave it.
      const isFull = wasFull && (this.#language === 'python' || one.heads.length > 0);
      assert.deepEqual(
        one.heads.map(({ status }) => status),
        isFull ? ['503 Service Unavailable'] : [],
        'who finds the queue full is refused at once, and nobody else',
      );
      if (isFull) this.refused.add(one);
    }
  }

  async #kill(which: number): Promise<void> {
    await this.#workers[which]?.die();
    this.#workers[which] = this.#start(this.#slots[which] as number);
  }

  /** Another takes its place, and it ends what it has. */
  #recycle(which: number): void {
    const old = this.#workers[which] as ModelWorker;
    this.#workers[which] = this.#start(this.#slots[which] as number);
    this.#recycled.push(old);
    void this.#pool.release(old.link).then(() => this.#pool.remove(old.link));
  }

  #start(slots: number): ModelWorker {
    return new ModelWorker(this.#pool, slots, this.#language, this.seen);
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

function stepOf(one: ModelWorker, name: Step): void {
  if (name === 'deliverData') one.deliver('data');
  else if (name === 'deliverControl') one.deliver('control');
  else one[name]();
}

function check({ seen, asked, left, refused, isDrained }: Course): void {
  assert.deepEqual(seen.broken, []);
  assert(isDrained, 'everything has come to its end');
  assert.equal(new Set(seen.begun).size, seen.begun.length, 'none was begun twice');
  const [begun, ended, cut] = [new Set(seen.begun), new Set(seen.ended), new Set(seen.cut)];
  for (const [at, one] of asked.entries()) {
    if (left.has(one)) continue;
    const path = `/${at}`;
    const [head, ...more] = one.heads.map(({ status }) => status.slice(0, 3));
    assert.deepEqual([more, one.receiver.events.length], [[], 1], `request ${at} is answered once`);
    if (refused.has(one)) {
      assert.deepEqual([head, seen.sent.includes(path)], ['503', false], `request ${at} was refused, and never sent`);
    } else if (head === '502') {
      const tries = seen.sent.filter((each) => each === path).length;
      assert(cut.has(path) || tries >= 2, `request ${at} ran when its worker died, or another had died with it before`);
    } else if (head === '504') {
      assert(seen.sent.includes(path), `request ${at} was a worker's when its time had passed`);
    } else {
      assert.equal(head, '200', `request ${at}`);
      assert(begun.has(path) && ended.has(path), `request ${at} ran to its end`);
    }
  }
  const counts = Map.groupBy(seen.sent, (path) => path);
  const once = seen.sent.filter((path) => counts.get(path)?.length === 1);
  const inOrder = [...once].sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  assert.deepEqual(once, inOrder, 'what was not given back was given to workers as it came');
}

for (const language of ['python', 'node'] as const) {
  test(`whatever happens between a front and ${language} workers, in whatever order, each request is answered once and begun at most once`, async (t) => {
    const { pass } = holdClock(t);
    const counts = { ahead: 0, returned: 0, refused: 0, cut: 0, late: 0 };
    const holds = fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 24 }),
      fc.array(step, { minLength: 40, maxLength: 120 }),
      async (slots, queueSize, steps) => {
        const course = new Course(slots, language, queueSize, pass);
        course.warmUp();
        for (const { act, settles } of steps) {
          await course.take(act);
          if (settles) await settle();
          counts.ahead += course.waiting;
        }
        counts.returned += course.seen.returned.length;
        counts.refused += course.refused.size;
        counts.cut += course.seen.cut.length;
        counts.late += course.asked.filter(({ heads }) => heads[0]?.status.startsWith('504')).length;
        await course.end();
        check(course);
      },
    );
    await fc.assert(holds, { numRuns: 300 });
    for (const [what, count] of Object.entries(counts)) assert(count > 0, `${what}: it was tested`);
  });
}
