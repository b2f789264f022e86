/** A pool over links that only remember what they were given, and whose workers are played by the test. */
import { performance } from 'node:perf_hooks';
import { mock, type TestContext } from 'node:test';
import type { OverloadCode } from '../../../src/errors.ts';
import { Pace } from '../../../src/pool/pace.ts';
import { Pool, type PoolSettings } from '../../../src/pool/pool.ts';
import type { WorkerLink } from '../../../src/pool/worker-link.ts';
import type { WorkerRequest } from '../../../src/pool/worker-request.ts';
import { PUSH } from '../../../src/wsgi/pushed-body.ts';
import type { Environ, Header } from '../../../src/wsgi/types.ts';
import { environ } from '../wsgi/fake.ts';
import { MemoryReceiver } from '../wsgi/fake-push.ts';

/** Keeps the rules of `WorkerLink` over nothing: what was sent first has a slot first. */
export class FakeLink {
  /** The paths of all that it was given. */
  readonly given: string[] = [];
  readonly requests: WorkerRequest[] = [];
  readonly slots: number;
  /** How often it was asked for what was sent ahead. */
  asks = 0;
  refusal: Error | undefined;
  /** True while its event loop is. */
  held = false;
  readonly pace = new Pace();
  #asked = false;
  #movedAt = 0;

  constructor(slots: number) {
    this.slots = slots;
  }

  get freeSlots(): number {
    return this.slots - this.requests.length;
  }

  get givenCount(): number {
    return this.requests.length;
  }

  /** The paths of those that have no slot. */
  get ahead(): string[] {
    return this.requests.filter(({ slotSince }) => slotSince === 0).map(pathOf);
  }

  isPrompt(oldest: number): boolean {
    return !this.#asked && (this.requests.length === 0 || this.#movedAt > oldest);
  }

  isHeld(): boolean {
    return this.held;
  }

  send(request: WorkerRequest, now: number): boolean {
    if (this.refusal !== undefined) throw this.refusal;
    const hasSlot = this.freeSlots > 0;
    if (this.requests.length === 0) this.#movedAt = now;
    this.given.push(pathOf(request));
    this.requests.push(request);
    request.slotSince = hasSlot ? now : 0;
    return hasSlot;
  }

  giveSlot(now: number): WorkerRequest | undefined {
    this.#movedAt = now;
    const next = this.requests.find(({ slotSince }) => slotSince === 0);
    if (next !== undefined) next.slotSince = now;
    return next;
  }

  askBack(oldest: number): void {
    if (this.#asked || this.freeSlots >= 0 || this.isPrompt(oldest)) return;
    this.#asked = true;
    this.asks++;
  }

  expire(): number {
    return 0;
  }

  tellGone(): void {}

  expireAhead(oldest: number, refuse: (request: WorkerRequest) => void): void {
    for (const request of this.requests) if (request.slotSince === 0 && request.since <= oldest) refuse(request);
  }

  /** The request with this path, or the oldest, is done. */
  free(pool: Pool, { slow = false, path = '' } = {}): void {
    const at = path === '' ? 0 : this.requests.findIndex((request) => pathOf(request) === path);
    for (const request of this.requests.splice(at, 1)) request.answer(200, 'done');
    this.pace.note(slow);
    pool.freed(this as unknown as WorkerLink);
  }

  /** What has not been begun goes back, as many as the worker can reach. */
  giveBack(pool: Pool, reach = Number.POSITIVE_INFINITY): void {
    this.#asked = false;
    let left = reach;
    pool.takeBack(this.#take(({ slotSince }) => slotSince === 0 && left-- > 0));
  }

  /** The worker dies: what had been begun is answered 502, the rest goes back. */
  die(pool: Pool): void {
    pool.remove(this as unknown as WorkerLink);
    for (const request of this.#take(({ slotSince }) => slotSince !== 0)) request.answer(502, 'died');
    pool.takeBack(this.#take(() => true));
  }

  #take(which: (request: WorkerRequest) => boolean): WorkerRequest[] {
    const taken = this.requests.filter(which);
    const kept = this.requests.filter((request) => !taken.includes(request));
    this.requests.splice(0, this.requests.length, ...kept);
    return taken;
  }
}

function pathOf(request: WorkerRequest): string {
  return request.environ.PATH_INFO;
}

/** Requests that a test leaves running keep a pool looking at their deadlines. */
export function holdTimers(): void {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
}

/** A clock that stands until `pass`, the timers with it; milliseconds. `holdTimers` comes first. */
export function holdClock(t: TestContext): { pass(ms: number): void } {
  let now = 1000;
  // Not a mock, which would remember every call.
  const { now: real } = performance;
  performance.now = () => now;
  t.after(() => {
    performance.now = real;
  });
  return {
    pass: (ms) => {
      for (let left = ms; left > 0; left--) {
        now++;
        mock.timers.tick(1);
      }
    },
  };
}

export interface SetUp {
  readonly pool: Pool;
  readonly links: FakeLink[];
  /** How long each request waited until it was begun or given up. */
  readonly waits: number[];
  /** Why requests got 503. */
  readonly refusals: OverloadCode[];
  /** How many left while they waited. */
  readonly abandoned: () => number;
}

export function setUp(...slots: number[]): SetUp {
  return setUpPool(false, slots);
}

/** The slots of each worker share an event loop. */
export function setUpShared(...slots: number[]): SetUp {
  return setUpPool(true, slots);
}

function setUpPool(sharesLoop: boolean, slots: readonly number[]): SetUp {
  const waits: number[] = [];
  const refusals: OverloadCode[] = [];
  let abandoned = 0;
  const settings: PoolSettings = {
    window: 1000,
    queueTime: 1000,
    queueSize: 1000,
    refused: (code) => void refusals.push(code),
    timeout: 0,
    waited: (ms) => void waits.push(ms),
    grace: 5000,
    timedOut: () => undefined,
    abandoned: () => void abandoned++,
    sharesLoop,
    ahead: 3,
  };
  const pool = new Pool(settings);
  const links = slots.map((count) => new FakeLink(count));
  for (const link of links) pool.add(link as unknown as WorkerLink);
  return { pool, links, waits, refusals, abandoned: () => abandoned };
}

export interface Asked {
  readonly request: WorkerRequest;
  readonly receiver: MemoryReceiver;
  readonly heads: { status: string; headers: Header[] }[];
}

/** A request to the pool, whose body is taken as the server takes it. */
export function ask(pool: Pool, path: string, given: Partial<Environ> = {}): Asked {
  const heads: Asked['heads'] = [];
  const request = pool.application(Object.assign(environ({ path }), given), (status, headers) => {
    heads.push({ status, headers });
    return async () => undefined;
  }) as WorkerRequest;
  const receiver = new MemoryReceiver();
  request[PUSH](receiver);
  return { request, receiver, heads };
}
