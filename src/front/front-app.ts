import type { Logger } from 'pino';
import type { WorkerStacks } from '../admin/control.ts';
import { bufferBody, type SpoolFailed } from '../middleware/buffer-body.ts';
import { limitBody } from '../middleware/limit-body.ts';
import { streamBody } from '../middleware/stream-body.ts';
import type { AppTally } from '../observe/tally.ts';
import { Pool } from '../pool/pool.ts';
import { errorPage } from '../wsgi/error-page.ts';
import { statusText } from '../wsgi/status.ts';
import type { Application, Environ } from '../wsgi/types.ts';
import { FrontWorker, type WorkerEvents, type WorkerPipes } from './front-worker.ts';
import type { AppMount, FrontSettings, GenerationPlan } from './protocol.ts';

const SPOOL_CURE = 'make room on the disk of the data directory, or name another with data.directory';

interface Generation {
  readonly plan: GenerationPlan;
  readonly pool: Pool;
  readonly workers: Map<number, FrontWorker>;
}

/** One app in the front: its generations, of which one serves, as one `Application`. */
export class FrontApp {
  readonly name: string;
  /** Its own middleware around whatever generation serves now, folded once. */
  readonly application: Application;
  readonly #log: Logger;
  readonly #tally: AppTally;
  readonly #generations = new Map<number, Generation>();
  #current: Generation | undefined;

  constructor(mount: AppMount, settings: FrontSettings, log: Logger, tally: AppTally) {
    this.name = mount.name;
    this.#log = log;
    this.#tally = tally;
    const { bodyMemory, spoolDirectory } = settings;
    const spool = {
      memory: bodyMemory,
      directory: spoolDirectory,
      failed: ({ message }: SpoolFailed, { HTTP_X_REQUEST_ID: request }: Environ) =>
        log.error({ app: this.name, request, code: 'SPOOL_FAILED', cure: SPOOL_CURE }, message),
    };
    const handBody = mount.streaming ? streamBody : bufferBody(spool);
    const handed = handBody((environ, startResponse) => {
      if (this.#current === undefined) return this.#notReady(environ, startResponse);
      return this.#current.pool.application(environ, startResponse);
    });
    this.application = limitBody(mount.bodyLimit)(handed);
  }

  /** Requests that wait for a worker now, and all that are not answered yet. */
  get load(): { readonly queued: number; readonly inFlight: number } {
    const pools = [...this.#generations.values()].map(({ pool }) => pool);
    const queued = pools.reduce((sum, pool) => sum + pool.queued, 0);
    return { queued, inFlight: pools.reduce((sum, pool) => sum + pool.running, queued) };
  }

  prepare(plan: GenerationPlan): void {
    const pool = new Pool({
      window: plan.start.window,
      queueTime: plan.queueTime,
      patience: plan.patience,
      timeout: plan.timeout,
      waited: (ms) => this.#tally.queueTime.observe(ms / 1000),
      grace: plan.grace,
      timedOut: (count) => {
        this.#tally.timeouts += count;
      },
      abandoned: () => {
        this.#tally.abandoned++;
      },
    });
    this.#generations.set(plan.generation, { plan, pool, workers: new Map() });
  }

  /** Takes a worker into its generation; false where there is none. */
  adopt(worker: number, generation: number, pid: number, pipes: WorkerPipes, events: WorkerEvents): boolean {
    const into = this.#generations.get(generation);
    if (into === undefined) return false;
    const log = this.#log.child({ app: this.name, worker: pid });
    into.workers.set(worker, new FrontWorker(pipes, pid, into.plan, into.pool, log, events));
    return true;
  }

  /** Where each worker of every generation stands. */
  async stacks(): Promise<WorkerStacks[]> {
    const workers = [...this.#generations.values()].flatMap((generation) => [...generation.workers.values()]);
    return Promise.all(workers.map((worker) => worker.describe()));
  }

  /** Kills every worker and what it forked. */
  killWorkers(): void {
    for (const { workers } of this.#generations.values()) for (const worker of workers.values()) worker.kill();
  }

  /** A worker has died: resolves when all that it said has been heard. */
  async lose(worker: number, why: string): Promise<void> {
    for (const { workers } of this.#generations.values()) {
      const lost = workers.get(worker);
      workers.delete(worker);
      await lost?.gone(why);
    }
  }

  /** Lets a generation serve. */
  commit(generation: number): void {
    this.#current = this.#generations.get(generation) ?? this.#current;
  }

  /** Lets what runs in a generation end, and then its workers. */
  async retire(generation: number): Promise<void> {
    const old = this.#generations.get(generation);
    if (old === undefined) return;
    if (this.#current === old) this.#current = undefined;
    await this.#end(old);
    this.#generations.delete(generation);
  }

  /** Lets what runs in every generation end, and then all workers. */
  async drain(): Promise<void> {
    for (const generation of this.#generations.values()) await this.#end(generation);
  }

  async #end({ pool, workers }: Generation): Promise<void> {
    await pool.drained();
    for (const worker of workers.values()) worker.stop();
  }

  readonly #notReady: Application = (_, startResponse) => {
    const { headers, body } = errorPage(503, 'the application has not started; its log says why');
    startResponse(statusText(503), [...headers, ['Retry-After', '5']]);
    return [body];
  };
}
