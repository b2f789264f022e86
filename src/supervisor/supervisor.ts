import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { StartError, type StartFailure } from '../errors.ts';
import type { FromFront } from '../front/protocol.ts';
import { Backoff } from './backoff.ts';
import { closeSpool, openSpool } from './data-directory.ts';
import { FrontProcess } from './front-process.ts';
import { Generation } from './generation-workers.ts';
import type { ServePlan } from './plan.ts';
import { BoundSockets } from './sockets.ts';
import { deathSignalPrefix, describeEnding } from './spawn.ts';

/** How long a front may take to write its last records. */
const FRONT_EXIT_MS = 3000;

/** A front and the generation that it serves: they live and die together, for a worker belongs to one front. */
interface Crew {
  readonly front: FrontProcess;
  readonly generation: Generation;
  readonly drained: PromiseWithResolvers<void>;
}

/** The supervisor: binds, starts and reaps all others, and touches no request. */
export class Supervisor {
  readonly #plan: ServePlan;
  readonly #log: Logger;
  readonly #prefix = deathSignalPrefix();
  readonly #frontDeaths = new Backoff();
  readonly #served = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #stopAsked = Promise.withResolvers<void>();
  #crew: Crew | undefined;
  #generations = 0;
  #stopping = false;
  #hasServed = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(plan: ServePlan, log: Logger) {
    this.#plan = plan;
    this.#log = log;
  }

  /**
   * Serves until `stop()`.
   * @throws StartError where it cannot begin; nothing is left then
   */
  async run(): Promise<void> {
    const sockets = await BoundSockets.bind(this.#plan.bind);
    const spool = await openSpool(this.#plan.dataDirectory).catch((error: unknown) => {
      sockets.close();
      throw error;
    });
    try {
      this.#failed.promise.catch(() => undefined);
      this.#startCrew(sockets, spool);
      await Promise.race([this.#served.promise, this.#failed.promise, this.#stopAsked.promise]);
      if (!this.#stopping) this.#announce(sockets);
      await Promise.race([this.#stopAsked.promise, this.#failed.promise]);
      // A connection that came now would wait for nobody.
      sockets.close();
      await this.#drain();
    } finally {
      this.#stopping = true;
      clearTimeout(this.#restart);
      await this.#end();
      sockets.close();
      await closeSpool(this.#plan.dataDirectory, spool);
    }
  }

  /** Finishes what runs and ends `run()`. */
  stop(why: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.info({ why }, 'stopping: what runs is finished first');
    this.#stopAsked.resolve();
  }

  #startCrew(sockets: BoundSockets, spool: string): void {
    const front = new FrontProcess(sockets.addresses, { ...this.#plan.front, spoolDirectory: spool }, (message) =>
      this.#receive(crew, message),
    );
    const generation = new Generation(++this.#generations, this.#plan, front, this.#prefix, this.#log, {
      failed: (failure) => this.#failed.reject(new StartError(failure)),
    });
    const crew: Crew = { front, generation, drained: Promise.withResolvers() };
    this.#crew = crew;
    generation.start();
    void front.ended.then((ending) => {
      crew.drained.resolve();
      void generation.abandon('its front died');
      if (this.#stopping) return;
      if (!this.#hasServed) {
        const message = `the front ${describeEnding(ending)} before it served`;
        return this.#fail({
          code: 'FRONT_FAILED',
          message,
          cure: 'see what it printed, above, and report it as a fault of Stillhouse',
        });
      }
      const delayMs = this.#frontDeaths.died(front.age);
      this.#log.error(
        { front: front.pid, deaths: this.#frontDeaths.deaths, delayMs },
        `the front ${describeEnding(ending)}; the next one is started`,
      );
      this.#restart = setTimeout(() => this.#startCrew(sockets, spool), delayMs);
    });
  }

  #receive(crew: Crew, message: FromFront): void {
    switch (message.type) {
      case 'committed':
        crew.generation.committed();
        this.#hasServed = true;
        this.#served.resolve();
        return;
      case 'drained':
        return crew.drained.resolve();
      case 'front-failed':
        return this.#fail(message.failure);
      default:
        crew.generation.receive(message);
    }
  }

  #fail(failure: StartFailure): void {
    this.#failed.reject(new StartError(failure));
  }

  #announce(sockets: BoundSockets): void {
    const { start, workers } = this.#plan.app;
    const urls = [
      ...new Set(
        sockets.addresses.map(({ host, port }) => `http://${host.includes(':') ? `[${host}]` : host}:${port}/`),
      ),
    ];
    this.#log.info(
      { kind: 'ready', app: start.app, urls, workers, threads: start.threads, ms: Math.round(performance.now()) },
      `ready: ${start.app} at ${urls.join(' ')} after ${Math.round(performance.now())} ms`,
    );
  }

  /** The front takes no more connections, answers what it has, and asks its workers to end. */
  async #drain(): Promise<void> {
    const crew = this.#crew;
    if (crew === undefined) return;
    crew.generation.retire();
    crew.front.send({ type: 'drain' });
    const finished = crew.drained.promise.then(() => crew.generation.ended());
    if (!(await within(this.#plan.gracefulTime, finished))) {
      this.#log.warn({ gracefulMs: this.#plan.gracefulTime }, 'not everything ended in time; the rest is killed');
    }
  }

  /** Nothing is left behind, whatever went before. */
  async #end(): Promise<void> {
    const crew = this.#crew;
    if (crew === undefined) return;
    await crew.generation.abandon('the server stops');
    crew.front.disconnect();
    if (!(await within(FRONT_EXIT_MS, crew.front.ended))) crew.front.kill();
    await crew.front.ended;
  }
}

/** Whether a promise is fulfilled in time. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: expired, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const done = await Promise.race([promise.then(() => true), expired]);
  clearTimeout(timer);
  return done;
}
