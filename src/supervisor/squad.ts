import type { Logger } from 'pino';
import type { StartFailure } from '../errors.ts';
import type { FromFront } from '../front/protocol.ts';
import type { OutOfMemory } from '../machine/out-of-memory.ts';
import type { RestartCause } from '../observe/metrics.ts';
import { Backoff } from './backoff.ts';
import type { FrontProcess } from './front-process.ts';
import type { Runnable } from './plan.ts';
import { makeBodiesFile, makeProgressFile } from './shared-files.ts';
import { describeEnding, type Ending, workerPrefix } from './spawn.ts';
import { WorkerProcess } from './worker-process.ts';

/** What all workers of a server share. */
export interface Surroundings {
  readonly deathSignal: boolean;
  readonly log: Logger;
  readonly outOfMemory: OutOfMemory;
  /** Who hears what the fronts say of each worker, by its number, which no other worker has. */
  readonly workers: Map<number, WorkerListener>;
  readonly nextWorker: () => number;
  /** A folder of the fronts' user. */
  spoolDirectory: string;
}

export interface WorkerListener {
  receive(message: WorkerMessage): void;
  /** It has ended so many requests. */
  served(requests: number): void;
}

export interface SquadEvents {
  /** All of its workers are ready, for the first time. */
  warm(): void;
  /** It cannot start. */
  failed(failure: StartFailure): void;
  /** A worker of an app that has served could not start; it is tried again. */
  failing(): void;
  /** A worker that served is replaced. */
  replaced(cause: RestartCause): void;
}

export type WorkerMessage = Extract<FromFront, { worker: number }>;

/** When the next attempt of a worker that keeps dying comes. */
export interface BackingOff {
  readonly deaths: number;
  /** In milliseconds of `Date.now()`. */
  readonly retryAt: number;
}

/**
 * The workers of one generation in one front: started, counted, replaced and ended. Whatever is replaced while it serves goes on serving until the next one
 * is ready.
 */
export class Squad {
  readonly front: FrontProcess;
  readonly #of: { readonly app: string; readonly generation: number };
  readonly #runnable: Runnable;
  readonly #around: Surroundings;
  readonly #events: SquadEvents;
  readonly #workers = new Map<number, WorkerProcess>();
  /** Of workers that died before they were ready, and may have said why. */
  readonly #unheard = new Map<number, Ending>();
  readonly #deaths = new Backoff();
  /** In a row: one that succeeds ends it, whatever becomes of that worker. */
  #failedStarts = new Backoff();
  readonly #retries = new Set<NodeJS.Timeout>();
  #backingOff: BackingOff | undefined;
  /** Why its workers do not start, where they did once. */
  #failing: StartFailure | undefined;
  #wanted: number;
  /** Whether what the app is has been shown to start: a worker that does not is tried again. */
  #proven: boolean;
  #warm = false;
  #over = false;
  /** Where its front keeps request bodies for its workers. */
  #bodies: ReturnType<typeof makeBodiesFile> | undefined;

  constructor(
    front: FrontProcess,
    of: { readonly app: string; readonly generation: number },
    runnable: Runnable,
    around: Surroundings,
    options: { readonly wanted: number; readonly proven: boolean },
    events: SquadEvents,
  ) {
    this.front = front;
    this.#of = of;
    this.#runnable = runnable;
    this.#around = around;
    this.#wanted = options.wanted;
    this.#proven = options.proven;
    this.#events = events;
  }

  /** Whether all of its workers have been ready once. */
  get warm(): boolean {
    return this.#warm;
  }

  get failing(): StartFailure | undefined {
    return this.#failing;
  }

  get workers(): readonly WorkerProcess[] {
    return [...this.#workers.values()];
  }

  /** Workers that are on their way. */
  get starting(): number {
    return this.workers.filter(({ ready, leaving }) => !ready && leaving === undefined).length + this.#retries.size;
  }

  /** Undefined where nothing is waited for. */
  get backingOff(): BackingOff | undefined {
    return this.#retries.size > 0 && (this.#backingOff?.deaths ?? 0) > 1 ? this.#backingOff : undefined;
  }

  /** Prepares the front, and starts the workers beside it. */
  start(): void {
    const { app, generation } = this.#of;
    this.#bodies = makeBodiesFile(this.#around.spoolDirectory);
    const bodies = this.#bodies.path;
    this.front.send({ type: 'prepare', plan: { ...this.#runnable.service, app, generation, bodies } });
    this.#fill();
    this.#look();
  }

  /** Its generation serves: what does not start from now on is tried again. */
  prove(): void {
    this.#proven = true;
  }

  scale(wanted: number): void {
    if (this.#over) return;
    this.#wanted = wanted;
    this.#fill();
    this.#look();
  }

  /** Replaces a worker that serves: the next one is ready before it ends. */
  recycle(worker: WorkerProcess, cause: RestartCause): void {
    if (this.#over || !worker.ready || worker.leaving !== undefined) return;
    worker.leaving = cause;
    this.#events.replaced(cause);
    this.#fill();
  }

  /** It takes no more requests, and its workers are not replaced; resolves when they have ended. */
  async retire(): Promise<void> {
    this.#finish();
    const { app, generation } = this.#of;
    this.front.send({ type: 'retire', app, generation });
    await this.ended();
  }

  /** Nobody of it is replaced any more: its front lets everything end. */
  drain(): void {
    this.#finish();
  }

  /** Resolves when every worker has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.ended));
  }

  /** Kills what is left of it. The front is told before, so that it takes no death for an accident. */
  async abandon(why: string): Promise<void> {
    const retired = this.retire();
    for (const worker of this.workers) worker.kill(why);
    await retired;
  }

  #finish(): void {
    this.#over = true;
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
    for (const worker of this.workers) if (!worker.ready) worker.kill('it was still starting');
    this.#bodies?.close();
    this.#bodies?.[Symbol.dispose]();
    this.#bodies = undefined;
  }

  /** Starts what is missing, and lets go of what is too much. */
  #fill(): void {
    const staying = this.workers.filter(({ leaving }) => leaving === undefined);
    const missing = this.#wanted - staying.length - this.#retries.size;
    for (let count = 0; count < missing; count++) this.#startWorker();
    // Those that are still starting first, then the youngest.
    const surplus = staying.sort((one, other) => Number(one.ready) - Number(other.ready) || other.id - one.id);
    for (const worker of surplus.slice(0, Math.max(0, -missing))) this.#release(worker);
  }

  #release(worker: WorkerProcess): void {
    worker.leaving ??= 'scale';
    worker.released = true;
    if (worker.ready) this.front.send({ type: 'release', worker: worker.id });
    else worker.kill('it is not needed any more');
  }

  #startWorker(): void {
    const bodies = this.#bodies;
    if (bodies === undefined) return;
    const { program, life } = this.#runnable;
    const { deathSignal, nextWorker, spoolDirectory } = this.#around;
    const prefix = workerPrefix(deathSignal, program.account);
    const files = { progress: makeProgressFile(spoolDirectory), bodies };
    const worker = new WorkerProcess(nextWorker(), this.#of, program, prefix, files);
    this.#workers.set(worker.id, worker);
    this.#around.workers.set(worker.id, {
      receive: (message) => this.#receive(worker, message),
      served: (requests) => {
        worker.served = requests;
      },
    });
    const requests = life.requests === 0 ? 0 : life.requests + Math.floor(Math.random() * (life.jitter + 1));
    worker.handTo(this.front, requests);
    void worker.ended.then((ending) => {
      const unexplained = ending.signal === 'SIGKILL' && worker.reason === undefined;
      this.#reap(worker, { ...ending, outOfMemory: unexplained && this.#around.outOfMemory.happened() });
    });
  }

  #receive(worker: WorkerProcess, message: WorkerMessage): void {
    switch (message.type) {
      case 'worker-ready':
        worker.ready = true;
        this.#failing = undefined;
        this.#failedStarts = new Backoff();
        return this.#look();
      case 'worker-failed':
        worker.failure = message.failure;
        worker.kill(message.failure.message, 'start');
        return this.#failedToStart(message.failure);
      case 'worker-broken':
        return worker.killSoon(message.why);
      case 'worker-hung':
        return worker.kill(message.why, 'hung');
      case 'worker-spent':
        return this.recycle(worker, 'requests');
      case 'worker-lost':
        this.#around.workers.delete(message.worker);
        return this.#lost(worker);
    }
  }

  /** Somebody is ready, or fewer are wanted: lets go of whoever has been replaced, and says so when all are there. */
  #look(): void {
    const ready = this.workers.filter((worker) => worker.ready);
    const staying = ready.filter(({ leaving }) => leaving === undefined).length;
    const replaced = ready.filter(({ leaving, released }) => leaving !== undefined && !released);
    const spare = staying + replaced.length - this.#wanted;
    for (const worker of replaced.slice(0, Math.max(0, spare))) this.#release(worker);
    if (this.#warm || staying < this.#wanted || this.#over) return;
    this.#warm = true;
    this.#events.warm();
  }

  #reap(worker: WorkerProcess, ending: Ending): void {
    this.#workers.delete(worker.id);
    const how = describeEnding(ending);
    this.front.send({ type: 'worker-gone', worker: worker.id, why: `the worker ${how}` });
    if (!this.front.alive) this.#around.workers.delete(worker.id);
    if (this.#over || worker.released) return;
    // It has seen the front's end before this process did; the next front has workers of its own.
    if (!this.front.alive) return this.#events.replaced('front');
    // What it said of its own failure may still be on its way through the front.
    if (!worker.ready) this.#unheard.set(worker.id, ending);
    else this.#replace(worker, ending);
  }

  #replace(worker: WorkerProcess, ending: Ending): void {
    const cause = causeOf(worker, ending);
    // A request that would not end, or whoever stopped or killed a worker that did nothing wrong, says nothing of the next start.
    const isInnocent = cause === 'timeout' || cause === 'hung' || isForeignKill(worker, ending);
    const row = worker.ready ? this.#deaths : this.#failedStarts;
    const delay = isInnocent ? 0 : row.died(worker.age);
    if (worker.leaving === undefined) this.#events.replaced(cause);
    const { deaths } = row;
    this.#around.log.error(
      { app: this.#of.app, worker: worker.pid, reason: worker.reason, deaths, delayMs: delay },
      `a worker ${describeEnding(ending)}; the next one is started`,
    );
    this.#backingOff = { deaths, retryAt: Date.now() + delay };
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.#fill();
    }, delay);
    this.#retries.add(timer);
  }

  /** The front has heard all that a dead worker said. */
  #lost(worker: WorkerProcess): void {
    const ending = this.#unheard.get(worker.id);
    this.#unheard.delete(worker.id);
    if (ending === undefined || this.#over) return;
    if (worker.failure === undefined) this.#failedToStart(this.#explain(ending));
    if (this.#proven && !this.#over) this.#replace(worker, ending);
  }

  /** Why a worker that said nothing has ended before it was ready. */
  #explain(ending: Ending): StartFailure {
    if (ending.error !== undefined) return notStarted(this.#runnable.program.file, ending.error);
    return {
      code: 'APP_BOOT_DIED',
      message: `the worker of ${this.#of.app} ${describeEnding(ending)} before its application was imported`,
      cure: 'see what it printed, above; a module that ends the process (os._exit, a crash in C code) cannot be served',
    };
  }

  #failedToStart(failure: StartFailure): void {
    if (this.#over) return;
    if (!this.#proven) return this.#events.failed(failure);
    const { code, message, cure, traceback } = failure;
    this.#around.log.error({ app: this.#of.app, code, cure, traceback }, message);
    this.#failing = failure;
    this.#events.failing();
  }
}

/** Neither the supervisor nor the kernel has killed it. One that does not come to serve may be killing itself. */
function isForeignKill({ ready, reason }: WorkerProcess, { signal, outOfMemory }: Ending): boolean {
  return ready && signal === 'SIGKILL' && reason === undefined && outOfMemory !== true;
}

function causeOf(worker: WorkerProcess, ending: Ending): RestartCause {
  if (worker.kind !== undefined) return worker.kind;
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
