import { performance } from 'node:perf_hooks';
import { ClientGone, OVERLOAD_ERRORS, type OverloadCode, REFUSED_FOR } from '../errors.ts';
import type { Application, Header } from '../wsgi/types.ts';
import { Admission } from './admission.ts';
import { DEPTH, LookAhead } from './look-ahead.ts';
import type { WorkerLink } from './worker-link.ts';
import { WorkerRequest } from './worker-request.ts';

export interface PoolSettings {
  /** Body bytes of one response that may be on their way from a worker. */
  readonly window: number;
  /** How long a request may wait for a free slot before it gets 503, in milliseconds. One that is to wait longer than that gets it at once. */
  readonly queueTime: number;
  /** How many requests may wait at the most. */
  readonly queueSize: number;
  /** How long a worker may take to begin its answer before the client gets 504, in milliseconds; 0: without end. */
  readonly timeout: number;
  /** A request got 503. */
  readonly refused: (code: OverloadCode) => void;
  /** A worker began a request, or it gave up, after so many milliseconds. */
  readonly waited: (ms: number) => void;
  /** How long a request may run on after that before its worker is to be killed, in milliseconds. */
  readonly grace: number;
  /** So many requests got 504. */
  readonly timedOut: (count: number) => void;
  /** A request's client has gone before a worker was found: it never runs. */
  readonly abandoned: () => void;
  /** True where the slots of a worker share one event loop: while that is held, its free slots are no use. */
  readonly sharesLoop: boolean;
  /** How many requests may wait in a worker behind its slots while the app is quick. */
  readonly ahead?: number;
  /** A request waits, and there is no worker that it could wait for. */
  readonly starved?: () => void;
}

const CHECK_MS = 250;
/** Milliseconds between two looks at workers with held event loops, while requests wait for them. */
const HELD_CHECK_MS = 2;
/** Node's timers hold no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * An app's workers as one `Application`: one queue, as long as `Admission` allows, and each request to the worker with most free slots. Where none is free and the app is quick, a few are
 * sent ahead, and taken back from a worker that turns out not to be (DESIGN.md, section 5). A worker whose slots share an event loop gets none while that is
 * held.
 */
export class Pool {
  readonly #settings: PoolSettings;
  readonly #links = new Set<WorkerLink>();
  #queue: WorkerRequest[] = [];
  readonly #ahead: LookAhead;
  /** Workers that are given nothing more, and who waits for their last request to end. */
  readonly #leaving = new Map<WorkerLink, () => void>();
  /** Where requests go from here once another pool has taken over. */
  #successor: Pool | undefined;
  readonly #admission: Admission;
  /** When the first in the queue is to be looked at. */
  #expiry: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #heldCheck: NodeJS.Timeout | undefined;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#ahead = new LookAhead(this.#links, settings.ahead ?? DEPTH);
    this.#admission = new Admission({ most: settings.queueSize, deadline: settings.queueTime });
  }

  readonly application: Application = (environ, startResponse) => {
    const now = performance.now();
    const request = new WorkerRequest(environ, startResponse, this.#settings.window, now);
    const link = this.#queue.length === 0 ? this.#choose(request, now) : undefined;
    this.#watch();
    if (link !== undefined) {
      this.#admission.free(now);
      this.#give(request, link, now);
    } else if (this.#isFullAt(now)) {
      request.answer(503, OVERLOAD_ERRORS.QUEUE_FULL, this.#noteRefusal(request, 'QUEUE_FULL', now));
    } else {
      this.#noteRest(now);
      this.#queue.push(request);
      this.#checkHeldLater();
      this.#expireLater(now);
      if (this.#links.size === this.#leaving.size) this.#settings.starved?.();
    }
    return request;
  };

  /** Requests that wait for a worker. */
  get queued(): number {
    return this.#queue.length;
  }

  /** How long the first of them has waited, in milliseconds; 0 where none waits. @param now of the same clock as `performance.now()` */
  oldestWait(now: number): number {
    const first = this.#queue[0];
    return first === undefined ? 0 : now - first.since;
  }

  /** Whether a request that came now would be refused. */
  get isFull(): boolean {
    return this.#isFullAt(performance.now());
  }

  /** When to come again, in seconds. */
  get retryAfter(): number {
    return this.#admission.retryAfter(performance.now(), this.#slots, this.#queue.length);
  }

  /** Requests that workers have. */
  get running(): number {
    let running = 0;
    for (const link of this.#links) running += link.givenCount;
    return running;
  }

  /** A worker is ready for requests. */
  add(link: WorkerLink): void {
    this.#links.add(link);
    this.dispatch();
  }

  remove(link: WorkerLink): void {
    this.#links.delete(link);
    this.#leave(link);
    this.#settle();
  }

  /** Gives a worker nothing more; resolves when what it was given has ended, or it is removed. */
  release(link: WorkerLink): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (!this.#links.has(link) || link.givenCount === 0) resolve();
    if (this.#links.has(link)) this.#leaving.set(link, resolve);
    return promise;
  }

  /** Another pool takes what waits here, now and later: what a worker gives back, say. */
  handOver(successor: Pool): void {
    this.#successor = successor;
    successor.takeBack(this.#queue.splice(0));
    this.#settle();
  }

  /** A worker has freed a slot. */
  freed(link: WorkerLink): void {
    const now = performance.now();
    const next = link.giveSlot(now);
    if (next !== undefined) this.#settings.waited(now - next.since);
    if (link.givenCount === 0) this.#leave(link);
    this.dispatch();
  }

  /** Requests that no worker has begun wait again, before those that came after them. */
  takeBack(requests: readonly WorkerRequest[]): void {
    if (this.#successor !== undefined) {
      this.#successor.takeBack(requests);
      return this.#settle();
    }
    const now = performance.now();
    const waiting = requests.filter((request) => !this.#dropAbandoned(request));
    this.#noteRest(now);
    this.#queue.unshift(...waiting);
    this.#watch();
    this.dispatch();
    this.#expireLater(now);
    if (this.#queue.length > 0 && this.#links.size === this.#leaving.size) this.#settings.starved?.();
  }

  /** Gives waiting requests to free slots. */
  dispatch(): void {
    while (this.#queue.length > 0) {
      const request = this.#queue[0] as WorkerRequest;
      const now = performance.now();
      const link = this.#choose(request, now);
      if (link === undefined) return this.#checkHeldLater();
      this.#queue.shift();
      if (this.#dropAbandoned(request)) continue;
      this.#admission.left(now, this.#slots);
      this.#give(request, link, now);
    }
    this.#settle();
  }

  /** Resolves when no request waits or runs. */
  drained(): Promise<void> {
    this.#emptied ??= Promise.withResolvers();
    this.#settle();
    return this.#emptied.promise;
  }

  /** Of the workers that are given requests. */
  get #slots(): number {
    let slots = 0;
    for (const link of this.#links) if (!this.#leaving.has(link)) slots += link.slots;
    return slots;
  }

  #hasFreeSlot(now: number): boolean {
    for (const link of this.#links) {
      if (link.freeSlots > 0 && !this.#leaving.has(link) && !this.#isHeld(link, now)) return true;
    }
    return false;
  }

  #isHeld(link: WorkerLink, now: number): boolean {
    return this.#settings.sharesLoop && link.isHeld(now);
  }

  #isFullAt(now: number): boolean {
    const waiting = this.#queue.length;
    return waiting > 0 && waiting >= this.#admission.room(now, this.#slots) && !this.#hasFreeSlot(now);
  }

  /** Requests are about to wait: for how long workers have taken none does not count where none was asked. */
  #noteRest(now: number): void {
    if (this.#queue.length > 0) return;
    if (this.#links.size === this.#leaving.size || this.#hasFreeSlot(now)) this.#admission.free(now);
  }

  /** Whether nobody waits any more for a request that has waited here: it never runs. */
  #dropAbandoned(request: WorkerRequest): boolean {
    if (!isAbandoned(request)) return false;
    // Without effect where it is over.
    request.fail(new ClientGone());
    if (!request.expired) this.#settings.abandoned();
    return true;
  }

  #give(request: WorkerRequest, link: WorkerLink, now: number): void {
    try {
      if (link.send(request, now)) this.#settings.waited(now - request.since);
      else this.#ahead.watch();
    } catch (error) {
      request.fail(error);
    }
  }

  /** The worker with most free slots; with fewer requests ahead, where none has any. */
  #choose({ mayGoAhead }: WorkerRequest, now: number): WorkerLink | undefined {
    let best: WorkerLink | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const link of this.#links) {
      if (this.#leaving.size > 0 && this.#leaving.has(link)) continue;
      const free = link.freeSlots;
      if (free <= most) continue;
      if (free <= 0 && (!mayGoAhead || !this.#ahead.mayWait(link, now))) continue;
      if (this.#isHeld(link, now)) continue;
      best = link;
      most = free;
    }
    return best;
  }

  #checkHeldLater(): void {
    if (!this.#settings.sharesLoop || this.#heldCheck !== undefined) return;
    this.#heldCheck = setTimeout(() => {
      this.#heldCheck = undefined;
      this.dispatch();
    }, HELD_CHECK_MS);
  }

  #watch(): void {
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS);
  }

  /** Looks at the queue when the time of its first has come. */
  #expireLater(now: number): void {
    const first = this.#queue[0];
    if (first === undefined || this.#expiry !== undefined) return;
    this.#expiry = setTimeout(
      () => {
        this.#expiry = undefined;
        const then = performance.now();
        this.#expireQueue(then);
        this.#expireLater(then);
      },
      Math.min(LONGEST_TIMER_MS, Math.max(1, first.since + this.#settings.queueTime - now)),
    );
  }

  /** Looks at deadlines while there is anything to look at, and for clients that have gone. */
  #check(): void {
    const now = performance.now();
    for (const link of this.#links) link.tellGone();
    this.#dropAllAbandoned();
    this.#expireQueue(now);
    if (this.#settings.timeout > 0) this.#expireRunning(now - this.#settings.timeout);
    this.#settle();
    if (!this.#isEmpty()) return;
    clearInterval(this.#timer);
    clearTimeout(this.#expiry);
    this.#timer = undefined;
    this.#expiry = undefined;
  }

  /** Their places are for those who come. */
  #dropAllAbandoned(): void {
    const gone = new Set(this.#queue.filter(isAbandoned));
    if (gone.size === 0) return;
    this.#queue = this.#queue.filter((request) => !gone.has(request));
    for (const request of gone) this.#dropAbandoned(request);
  }

  #expireQueue(now: number): void {
    const oldest = now - this.#settings.queueTime;
    while (this.#queue.length > 0) {
      const request = this.#queue[0] as WorkerRequest;
      if (!request.over && request.since > oldest) return;
      this.#queue.shift();
      if (!this.#dropAbandoned(request)) this.#refuse(request, now);
    }
    for (const link of this.#links) link.expireAhead(oldest, (request) => this.#refuse(request, now));
    this.#settle();
  }

  #refuse(request: WorkerRequest, now: number): void {
    if (request.over) return;
    this.#settings.waited(now - request.since);
    request.expire(503, OVERLOAD_ERRORS.QUEUE_TIMEOUT, this.#noteRefusal(request, 'QUEUE_TIMEOUT', now));
  }

  /** @returns the headers of its answer */
  #noteRefusal({ environ }: WorkerRequest, code: OverloadCode, now: number): Header[] {
    environ[REFUSED_FOR] = code;
    this.#settings.refused(code);
    return [['Retry-After', String(this.#admission.retryAfter(now, this.#slots, this.#queue.length))]];
  }

  #expireRunning(oldest: number): void {
    for (const link of this.#links) {
      const count = link.expire(oldest, oldest - this.#settings.grace);
      if (count > 0) this.#settings.timedOut(count);
    }
  }

  /** One that leaves has nothing more to end. It stays out of what is chosen from until it is removed. */
  #leave(link: WorkerLink): void {
    this.#leaving.get(link)?.();
    if (!this.#links.has(link)) this.#leaving.delete(link);
  }

  #isEmpty(): boolean {
    return this.#queue.length === 0 && this.running === 0;
  }

  #settle(): void {
    if (this.#emptied !== undefined && this.#isEmpty()) this.#emptied.resolve();
  }
}

function isAbandoned(request: WorkerRequest): boolean {
  return request.over || (!request.halfClosed && request.environ['stillhouse.client_gone']());
}
