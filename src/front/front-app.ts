import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { WorkerStacks } from '../admin/control.ts';
import type { OverloadCode } from '../errors.ts';
import { admit } from '../middleware/admit.ts';
import type { BodyMemory } from '../middleware/body-memory.ts';
import { type BufferSettings, bufferBody } from '../middleware/buffer-body.ts';
import { limitBody } from '../middleware/limit-body.ts';
import { SharedBodies } from '../middleware/shared-bodies.ts';
import { streamBody } from '../middleware/stream-body.ts';
import type { AppTally } from '../observe/tally.ts';
import { Pool } from '../pool/pool.ts';
import { isPromise } from '../wsgi/body.ts';
import { errorPage } from '../wsgi/error-page.ts';
import { statusText } from '../wsgi/status.ts';
import type { Application } from '../wsgi/types.ts';
import { FrontWorker, type WorkerEvents, type WorkerHome, type WorkerPipes } from './front-worker.ts';
import { HAS_RIGHTS } from './own-rights.ts';
import type { AdoptedWorker, AppLoad, FrontSettings, GenerationPlan } from './protocol.ts';

const SPOOL_CURE = 'make room on the disk of the data directory, or name another with data.directory';

interface Generation extends WorkerHome {
  readonly bodies: SharedBodies | undefined;
  readonly workers: Map<number, FrontWorker>;
  /** What its own settings put around whatever serves when a request's body is here. */
  readonly application: Application;
}

/** One app in the front: its generations, of which one serves, as one `Application`. */
export class FrontApp {
  readonly name: string;
  readonly #log: Logger;
  readonly #tally: AppTally;
  readonly #starved: () => void;
  readonly #buffering: BufferSettings;
  readonly #generations = new Map<number, Generation>();
  /** Those of every generation, also of one that has gone, until they are dead. */
  readonly #workers = new Map<number, FrontWorker>();
  #current: Generation | undefined;
  /** Requests that are open, of whatever generation. */
  readonly #inside = { count: 0 };
  /** Requests whose bodies are still being received, and who waits for the last of them. */
  #arriving = 0;
  #arrived: PromiseWithResolvers<void> | undefined;

  /**
   * @param memory for the request bodies of all apps
   * @param starved a request waits, and no worker is there to wait for
   */
  constructor(
    name: string,
    settings: FrontSettings,
    memory: BodyMemory,
    log: Logger,
    tally: AppTally,
    starved: () => void,
  ) {
    this.name = name;
    this.#log = log;
    this.#tally = tally;
    this.#starved = starved;
    this.#buffering = {
      mostInMemory: settings.bodyMemory,
      memory,
      directory: settings.spoolDirectory,
      failed: ({ message }, { HTTP_X_REQUEST_ID: request }) =>
        log.error({ app: name, request, code: 'SPOOL_FAILED', cure: SPOOL_CURE }, message),
    };
  }

  readonly application: Application = (environ, startResponse) => {
    if (this.#current === undefined) return notReady(environ, startResponse);
    const body = this.#current.application(environ, startResponse);
    if (!isPromise(body)) return body;
    this.#arriving++;
    return body.finally(() => {
      if (--this.#arriving === 0) this.#arrived?.resolve();
    });
  };

  /** Requests that wait for a worker now, and all that are not answered yet. */
  get load(): AppLoad & { readonly inFlight: number } {
    const pools = [...this.#generations.values()].map(({ pool }) => pool);
    const now = performance.now();
    const queued = pools.reduce((sum, pool) => sum + pool.queued, 0);
    const running = pools.reduce((sum, pool) => sum + pool.running, 0);
    const oldestWait = Math.max(0, ...pools.map((pool) => pool.oldestWait(now)));
    return { app: this.name, queued, running, oldestWait, inFlight: queued + running };
  }

  /** How many requests each worker has ended. */
  get served(): { readonly worker: number; readonly requests: number }[] {
    return [...this.#generations.values()].flatMap(({ workers }) =>
      [...workers].map(([worker, { served: requests }]) => ({ worker, requests })),
    );
  }

  /** Whether nothing of it is left. */
  get isOver(): boolean {
    return this.#generations.size === 0;
  }

  prepare(asked: GenerationPlan): void {
    const foreign = asked.foreign || HAS_RIGHTS;
    // A body that was spooled comes to another user's worker as a streamed one does.
    const plan = { ...asked, start: { ...asked.start, streaming: asked.start.streaming || foreign } };
    const pool = new Pool({
      window: plan.start.window,
      queueTime: plan.queueTime,
      queueSize: plan.queueSize,
      refused: (code) => this.#tally.shed(code),
      sharesLoop: plan.sharesLoop,
      timeout: plan.timeout,
      waited: (ms) => this.#tally.queueTime.observe(ms / 1000),
      grace: plan.grace,
      timedOut: (count) => {
        this.#tally.timeouts += count;
      },
      abandoned: () => {
        this.#tally.abandoned++;
      },
      starved: this.#starved,
    });
    const bodies = asked.start.streaming ? undefined : this.#openBodies(asked.bodies);
    const handBody = asked.start.streaming
      ? streamBody
      : bufferBody({ ...this.#buffering, shared: bodies, byPath: !foreign });
    const room = {
      most: plan.concurrency,
      isFull: () => pool.isFull,
      retryAfter: () => pool.retryAfter,
      refused: (code: OverloadCode) => this.#tally.shed(code),
    };
    const application = admit(room, this.#inside)(limitBody(plan.bodyLimit)(handBody(this.#handed)));
    this.#generations.set(plan.generation, { plan, pool, bodies, workers: new Map(), application });
  }

  /** Takes a worker into its generation; false where there is none. */
  adopt(worker: AdoptedWorker, pipes: WorkerPipes, events: WorkerEvents): boolean {
    const { id, generation } = worker;
    const into = this.#generations.get(generation);
    if (into === undefined) return false;
    const log = this.#log.child({ app: this.name, worker: worker.pid });
    try {
      const adopted = new FrontWorker(worker, pipes, into, log, events);
      into.workers.set(id, adopted);
      this.#workers.set(id, adopted);
    } catch (error) {
      log.error({ code: 'FRONT_FAILED' }, `the progress file of a worker cannot be read: ${(error as Error).message}`);
      return false;
    }
    return true;
  }

  /** Where each worker of every generation stands. */
  async stacks(): Promise<WorkerStacks[]> {
    const workers = [...this.#generations.values()].flatMap((generation) => [...generation.workers.values()]);
    return Promise.all(workers.map((worker) => worker.describe()));
  }

  /** Kills every worker and what it forked. */
  killWorkers(): void {
    for (const worker of this.#workers.values()) worker.kill();
  }

  /** Lets a worker end what it has, and then end. */
  release(worker: number): void {
    for (const { workers } of this.#generations.values()) void workers.get(worker)?.release();
  }

  /** A worker has died: resolves when all that it said has been heard. */
  async lose(worker: number, why: string): Promise<void> {
    for (const { workers } of this.#generations.values()) workers.delete(worker);
    const lost = this.#workers.get(worker);
    this.#workers.delete(worker);
    await lost?.gone(why);
  }

  /** Lets a generation serve. What waits in the one before goes over to it. */
  commit(generation: number): void {
    const before = this.#current;
    const next = this.#generations.get(generation);
    if (next === undefined || next === before) return;
    this.#current = next;
    before?.pool.handOver(next.pool);
  }

  /** Lets what runs in a generation end, and then its workers. */
  async retire(generation: number): Promise<void> {
    const old = this.#generations.get(generation);
    if (old === undefined) return;
    if (this.#current === old) {
      await this.#allArrived();
      this.#current = undefined;
    }
    await this.#end(old);
    this.#generations.delete(generation);
    old.bodies?.close();
  }

  /** Lets what runs in every generation end, and then all workers. */
  async drain(): Promise<void> {
    for (const generation of this.#generations.values()) await this.#end(generation);
  }

  /** Called once a second: gives back memory that was not needed lately. */
  trim(): void {
    for (const { bodies } of this.#generations.values()) bodies?.trim();
  }

  #openBodies(path: string | undefined): SharedBodies | undefined {
    if (path === undefined) return undefined;
    try {
      return new SharedBodies(path, this.#buffering.memory);
    } catch (error) {
      const message = `the file for request bodies cannot be opened, so they are spooled: ${(error as Error).message}`;
      this.#log.warn({ app: this.name, code: 'FRONT_FAILED' }, message);
      return undefined;
    }
  }

  async #end({ pool, workers }: Generation): Promise<void> {
    await pool.drained();
    for (const worker of workers.values()) worker.stop();
  }

  async #allArrived(): Promise<void> {
    if (this.#arriving === 0) return;
    this.#arrived ??= Promise.withResolvers();
    await this.#arrived.promise;
  }

  /** A request whose body is here, or comes as it is asked for: to whatever generation serves by then. */
  readonly #handed: Application = (environ, startResponse) =>
    (this.#current?.pool.application ?? notReady)(environ, startResponse);
}

const notReady: Application = (_, startResponse) => {
  const { headers, body } = errorPage(503, 'the application has not started; its log says why');
  startResponse(statusText(503), [...headers, ['Retry-After', '5']]);
  return [body];
};
