import type { Logger } from 'pino';
import type { StartFailure } from '../errors.ts';
import type { FromFront } from '../front/protocol.ts';
import type { RestartCause } from '../observe/metrics.ts';
import { Backoff } from './backoff.ts';
import type { FrontProcess } from './front-process.ts';
import { allows, type GenerationEvent, type GenerationState, nextState } from './generation.ts';
import type { OutOfMemory } from './out-of-memory.ts';
import type { Runnable } from './plan.ts';
import { describeEnding, type Ending } from './spawn.ts';
import { WorkerProcess } from './worker-process.ts';

export interface GenerationEvents {
  /** It could not start. */
  failed(failure: StartFailure): void;
  /** A worker is to be replaced. */
  died(cause: RestartCause): void;
}

/** What a generation shares with the others that have the same front. */
export interface Surroundings {
  readonly front: FrontProcess;
  readonly prefix: readonly string[];
  readonly log: Logger;
  readonly outOfMemory: OutOfMemory;
  /** Numbers that no other worker of the front has. */
  readonly nextWorker: () => number;
}

export type WorkerMessage = Extract<FromFront, { worker: number }>;

/** One generation of an app: its workers, started, counted, replaced and ended. */
export class Generation {
  readonly number: number;
  readonly #app: string;
  readonly #runnable: Runnable;
  readonly #around: Surroundings;
  readonly #events: GenerationEvents;
  readonly #workers = new Map<number, WorkerProcess>();
  readonly #endings = new Map<number, Ending>();
  readonly #deaths = new Backoff();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #state: GenerationState = 'declared';
  #since = new Date();

  constructor(number: number, app: string, runnable: Runnable, around: Surroundings, events: GenerationEvents) {
    this.number = number;
    this.#app = app;
    this.#runnable = runnable;
    this.#around = around;
    this.#events = events;
  }

  get state(): GenerationState {
    return this.#state;
  }

  /** When it came into its state. */
  get since(): string {
    return this.#since.toISOString();
  }

  get workers(): readonly WorkerProcess[] {
    return [...this.#workers.values()];
  }

  /** Whether a worker is this generation's. */
  has(worker: number): boolean {
    return this.#workers.has(worker) || this.#endings.has(worker);
  }

  /** Prepares the front, and starts the workers beside it. */
  start(): void {
    this.#move('start');
    const { start, workers, timeout, grace, queueTime, patience, bootTime } = this.#runnable;
    const plan = { app: this.#app, generation: this.number, start, timeout, grace, queueTime, patience, bootTime };
    this.#around.front.send({ type: 'prepare', plan });
    for (let count = 0; count < workers; count++) this.#startWorker();
  }

  /** Every front serves it now. */
  committed(): void {
    this.#move('committed');
  }

  /** It takes no more requests, and its workers are not replaced. */
  retire(): void {
    if (allows(this.#state, 'retire')) this.#move('retire');
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const worker of this.#workers.values()) if (!worker.ready) worker.kill('it was still starting');
  }

  /** Resolves when every worker has ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.ended));
    if (allows(this.#state, 'drained')) this.#move('drained');
  }

  /** Kills what is left of it. */
  async abandon(why: string): Promise<void> {
    this.retire();
    for (const worker of this.#workers.values()) worker.kill(why);
    await this.ended();
  }

  receive(message: WorkerMessage): void {
    const worker = this.#workers.get(message.worker);
    switch (message.type) {
      case 'worker-ready':
        return this.#warm(worker);
      case 'worker-failed':
        worker?.kill(message.failure.message);
        return this.#failedToStart(message.failure);
      case 'worker-broken':
        return worker?.killSoon(message.why);
      case 'worker-lost':
        return this.#lost(message.worker);
    }
  }

  #startWorker(): void {
    const { command, cwd, env } = this.#runnable;
    const { front, prefix, nextWorker } = this.#around;
    const worker = new WorkerProcess(
      nextWorker(),
      { app: this.#app, generation: this.number },
      { ...command, cwd, env },
      prefix,
    );
    this.#workers.set(worker.id, worker);
    worker.handTo(front);
    void worker.ended.then((ending) => {
      const unexplained = ending.signal === 'SIGKILL' && worker.reason === undefined;
      this.#reap(worker, { ...ending, outOfMemory: unexplained && this.#around.outOfMemory.happened() });
    });
  }

  #warm(worker: WorkerProcess | undefined): void {
    if (worker === undefined) return;
    worker.ready = true;
    if (this.#state !== 'starting') return;
    for (const { ready } of this.#workers.values()) if (!ready) return;
    this.#move('warmed');
    this.#around.front.send({ type: 'commit', app: this.#app, generation: this.number });
  }

  #reap(worker: WorkerProcess, ending: Ending): void {
    this.#workers.delete(worker.id);
    const how = describeEnding(ending);
    this.#around.front.send({ type: 'worker-gone', worker: worker.id, why: `the worker ${how}` });
    if (this.#state === 'starting' || this.#state === 'warm') {
      // What it said of its own failure may still be on its way through the front.
      this.#endings.set(worker.id, ending);
      if (ending.error !== undefined) this.#failedToStart(notStarted(this.#runnable.command.file, ending.error));
      return;
    }
    if (this.#state !== 'serving') return;
    // It has seen the front's end before this process did; the next front has workers of its own.
    if (!this.#around.front.alive) return this.#events.died('front');
    const cause = causeOf(worker, ending);
    // A request that would not end says nothing of the next start.
    const delay = cause === 'timeout' ? 0 : this.#deaths.died(worker.age);
    this.#events.died(cause);
    this.#around.log.error(
      { app: this.#app, worker: worker.pid, reason: worker.reason, deaths: this.#deaths.deaths, delayMs: delay },
      `a worker ${how}; the next one is started`,
    );
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#startWorker();
    }, delay);
    this.#restarts.add(timer);
  }

  /** The front has heard all that a dead worker said. */
  #lost(id: number): void {
    const ending = this.#endings.get(id);
    this.#endings.delete(id);
    if (ending === undefined || (this.#state !== 'starting' && this.#state !== 'warm')) return;
    this.#failedToStart({
      code: 'APP_BOOT_DIED',
      message: `the worker of ${this.#app} ${describeEnding(ending)} before its application was imported`,
      cure: 'see what it printed, above; a module that ends the process (os._exit, a crash in C code) cannot be served',
    });
  }

  #failedToStart(failure: StartFailure): void {
    if (this.#state === 'serving') {
      const { code, message, cure, traceback } = failure;
      this.#around.log.error({ app: this.#app, code, cure, traceback }, message);
      return;
    }
    if (!allows(this.#state, 'fail')) return;
    this.#move('fail');
    this.#events.failed(failure);
  }

  #move(event: GenerationEvent): void {
    this.#state = nextState(this.#state, event);
    this.#since = new Date();
  }
}

function causeOf(worker: WorkerProcess, ending: Ending): RestartCause {
  if (worker.reason?.includes('timeout')) return 'timeout';
  if (worker.reason?.includes('protocol')) return 'protocol';
  if (!worker.ready) return 'start';
  return ending.signal === null ? 'exit' : 'signal';
}

function notStarted(file: string, error: NodeJS.ErrnoException): StartFailure {
  return {
    code: 'INTERPRETER_MISSING',
    message: `the interpreter ${file} cannot be run: ${error.code === 'ENOENT' ? 'there is no such program' : error.message}`,
    cure: 'install it, or name another with --python=/path/to/python3',
  };
}
