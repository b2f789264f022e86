import { performance } from 'node:perf_hooks';
import { ClientGone } from '../errors.ts';
import type { Application } from '../wsgi/types.ts';
import type { WorkerLink } from './worker-link.ts';
import { WorkerRequest } from './worker-request.ts';

export interface PoolSettings {
  /** Body bytes of one response that may be on their way from a worker. */
  readonly window: number;
  /** How long a request may wait for a free slot before it gets 503, in milliseconds. */
  readonly queueTime: number;
  /** How long a worker may take to begin its answer before the client gets 504, in milliseconds; 0: without end. */
  readonly timeout: number;
  /** A request was given to a worker, or gave up, after so many milliseconds. */
  readonly waited: (ms: number) => void;
  /** A request got 504. */
  readonly timedOut: (request: string | undefined) => void;
  /** How long a request waits for a worker that runs nothing before it shares one, in milliseconds: for workers whose slots share one event loop. */
  readonly patience: number;
}

const CHECK_MS = 250;
/** How long a worker may go on with a request after its timeout before it is killed. */
const STUCK_MS = 5000;

/**
 * An app's workers as one `Application`: one queue, and each request to the worker with most free slots. A request is given to a worker only when a slot
 * of it is free, so none waits behind a busy worker while another is free; and where slots share an event loop, which one request can hold, to a worker
 * that runs nothing, as long as one turns up soon.
 */
export class Pool {
  readonly #settings: PoolSettings;
  readonly #links = new Set<WorkerLink>();
  readonly #queue: WorkerRequest[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sharing: NodeJS.Timeout | undefined;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  readonly application: Application = (environ, startResponse) => {
    const request = new WorkerRequest(environ, startResponse, this.#settings.window, performance.now());
    const free = this.#queue.length === 0 ? this.#freest(request) : undefined;
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS);
    if (free !== undefined) {
      this.#give(request, free);
      return request;
    }
    this.#queue.push(request);
    this.#shareLater();
    return request;
  };

  /** Requests that wait for a worker. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Requests that workers have. */
  get running(): number {
    let running = 0;
    for (const link of this.#links) running += link.runningCount;
    return running;
  }

  /** A worker is ready for requests. */
  add(link: WorkerLink): void {
    this.#links.add(link);
    this.dispatch();
  }

  remove(link: WorkerLink): void {
    this.#links.delete(link);
    this.#settle();
  }

  /** Gives waiting requests to free slots. */
  dispatch(): void {
    while (this.#queue.length > 0) {
      const request = this.#queue[0] as WorkerRequest;
      const link = this.#freest(request);
      if (link === undefined) return this.#shareLater();
      this.#queue.shift();
      if (request.over) continue;
      if (!request.halfClosed && request.environ['stillhouse.client_gone']()) {
        request.fail(new ClientGone());
        continue;
      }
      this.#give(request, link);
    }
    this.#settle();
  }

  /** Resolves when no request waits or runs. */
  drained(): Promise<void> {
    this.#emptied ??= Promise.withResolvers();
    this.#settle();
    return this.#emptied.promise;
  }

  #give(request: WorkerRequest, link: WorkerLink): void {
    request.began = performance.now();
    this.#settings.waited(request.began - request.since);
    try {
      link.send(request);
    } catch (error) {
      request.fail(error);
    }
  }

  /** The worker with most free slots; where slots are shared and the request can wait, only one that runs nothing. */
  #freest({ since }: WorkerRequest): WorkerLink | undefined {
    let best: WorkerLink | undefined;
    for (const link of this.#links) if (link.freeSlots > (best?.freeSlots ?? 0)) best = link;
    const { patience } = this.#settings;
    const mayWait = patience > 0 && performance.now() - since < patience;
    return mayWait && best !== undefined && best.runningCount > 0 ? undefined : best;
  }

  /** Looks again when the first in the queue has waited enough. */
  #shareLater(): void {
    if (this.#settings.patience === 0 || this.#sharing !== undefined) return;
    this.#sharing = setTimeout(() => {
      this.#sharing = undefined;
      this.dispatch();
    }, this.#settings.patience);
  }

  /** Looks at deadlines while there is anything to look at. */
  #check(): void {
    const now = performance.now();
    this.#expireQueue(now - this.#settings.queueTime);
    if (this.#settings.timeout > 0) this.#expireRunning(now - this.#settings.timeout);
    this.#settle();
    if (!this.#isEmpty()) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #expireQueue(oldest: number): void {
    while (this.#queue.length > 0) {
      const request = this.#queue[0] as WorkerRequest;
      if (!request.over && request.since > oldest) return;
      this.#queue.shift();
      if (!request.over) this.#settings.waited(performance.now() - request.since);
      request.answer(503, 'no worker was free in time', [['Retry-After', '1']]);
    }
  }

  #expireRunning(oldest: number): void {
    for (const link of this.#links) {
      for (const request of link.expire(oldest, oldest - STUCK_MS)) this.#settings.timedOut(request.requestId);
    }
  }

  #isEmpty(): boolean {
    return this.#queue.length === 0 && this.running === 0;
  }

  #settle(): void {
    if (this.#isEmpty()) this.#emptied?.resolve();
  }
}
