import type { Logger } from 'pino';
import type { StartFailure } from '../errors.ts';
import type { FromFront } from '../front/protocol.ts';
import { Backoff } from './backoff.ts';
import type { FrontProcess } from './front-process.ts';
import { allows, type GenerationEvent, type GenerationState, nextState } from './generation.ts';
import type { ServePlan } from './plan.ts';
import { describeEnding, type Ending } from './spawn.ts';
import { WorkerProcess } from './worker-process.ts';

export interface GenerationEvents {
  /** It could not start. */
  failed(failure: StartFailure): void;
}

type WorkerMessage = Exclude<FromFront, { type: 'committed' | 'drained' | 'front-failed' }>;

/** One generation of an app: its workers, started, counted, replaced and ended. */
export class Generation {
  readonly number: number;
  readonly #plan: ServePlan;
  readonly #front: FrontProcess;
  readonly #prefix: readonly string[];
  readonly #log: Logger;
  readonly #events: GenerationEvents;
  readonly #workers = new Map<number, WorkerProcess>();
  readonly #endings = new Map<number, Ending>();
  readonly #deaths = new Backoff();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #state: GenerationState = 'declared';
  #lastWorker = 0;

  constructor(
    number: number,
    plan: ServePlan,
    front: FrontProcess,
    prefix: readonly string[],
    log: Logger,
    events: GenerationEvents,
  ) {
    this.number = number;
    this.#plan = plan;
    this.#front = front;
    this.#prefix = prefix;
    this.#log = log;
    this.#events = events;
  }

  get state(): GenerationState {
    return this.#state;
  }

  /** Prepares the front, and starts the workers beside it. */
  start(): void {
    this.#move('start');
    const { app, queueTime, patience, bootTime } = this.#plan;
    this.#front.send({
      type: 'prepare',
      plan: { generation: this.number, start: app.start, queueTime, patience, bootTime },
    });
    for (let count = 0; count < app.workers; count++) this.#startWorker();
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
    if (message.type === 'prepared') return;
    const worker = this.#workers.get(message.worker);
    switch (message.type) {
      case 'worker-ready':
        return this.#warm(worker);
      case 'worker-failed':
        worker?.kill(message.failure.message);
        return this.#failedToStart(message.failure);
      case 'worker-broken':
        return worker?.kill(message.why);
      case 'worker-lost':
        return this.#lost(message.worker);
    }
  }

  #startWorker(): void {
    const { command, cwd, env } = this.#plan.app;
    const worker = new WorkerProcess(++this.#lastWorker, this.number, { ...command, cwd, env }, this.#prefix);
    this.#workers.set(worker.id, worker);
    worker.handTo(this.#front);
    void worker.ended.then((ending) => this.#reap(worker, ending));
  }

  #warm(worker: WorkerProcess | undefined): void {
    if (worker === undefined) return;
    worker.ready = true;
    if (this.#state !== 'starting') return;
    for (const { ready } of this.#workers.values()) if (!ready) return;
    this.#move('warmed');
    this.#front.send({ type: 'commit', generation: this.number });
  }

  #reap(worker: WorkerProcess, ending: Ending): void {
    this.#workers.delete(worker.id);
    const how = describeEnding(ending);
    this.#front.send({ type: 'worker-gone', worker: worker.id, why: `the worker ${how}` });
    if (this.#state === 'starting' || this.#state === 'warm') {
      // What it said of its own failure may still be on its way through the front.
      this.#endings.set(worker.id, ending);
      if (ending.error !== undefined) this.#failedToStart(notStarted(this.#plan.app.command.file, ending.error));
      return;
    }
    if (this.#state !== 'serving') return;
    const delay = this.#deaths.died(worker.age);
    const { app } = this.#plan.app.start;
    this.#log.error(
      { app, worker: worker.pid, reason: worker.reason, deaths: this.#deaths.deaths, delayMs: delay },
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
      message: `the worker of ${this.#plan.app.start.app} ${describeEnding(ending)} before its application was imported`,
      cure: 'see what it printed, above; a module that ends the process (os._exit, a crash in C code) cannot be served',
    });
  }

  #failedToStart(failure: StartFailure): void {
    if (this.#state === 'serving') {
      const { code, message, cure, traceback } = failure;
      this.#log.error({ app: this.#plan.app.start.app, code, cure, traceback }, message);
      return;
    }
    if (!allows(this.#state, 'fail')) return;
    this.#move('fail');
    this.#events.failed(failure);
  }

  #move(event: GenerationEvent): void {
    this.#state = nextState(this.#state, event);
  }
}

function notStarted(file: string, error: NodeJS.ErrnoException): StartFailure {
  return {
    code: 'INTERPRETER_MISSING',
    message: `the interpreter ${file} cannot be run: ${error.code === 'ENOENT' ? 'there is no such program' : error.message}`,
    cure: 'install it, or name another with --python=/path/to/python3',
  };
}
