import { performance } from 'node:perf_hooks';
import type { Controlled } from '../admin/control.ts';
import { StartError, type StartFailure, Unanswered } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { AdminListener } from './admin-listener.ts';
import { Backoff } from './backoff.ts';
import { ControlListener } from './control-listener.ts';
import { Crew } from './crew.ts';
import { closeSpool, openSpool } from './data-directory.ts';
import { type FrontView, Observer } from './observer.ts';
import type { ServePlan } from './plan.ts';
import { BoundSockets } from './sockets.ts';
import { deathSignalPrefix, describeEnding } from './spawn.ts';
import { SupervisedApp } from './supervised-app.ts';

/** How long a front may take to write its last records. */
const FRONT_EXIT_MS = 3000;

/** The supervisor: binds, starts and reaps all others, and touches no request. */
export class Supervisor {
  readonly #plan: ServePlan;
  readonly #log: Log;
  readonly #apps: readonly SupervisedApp[];
  readonly #observer: Observer;
  readonly #prefix = deathSignalPrefix();
  readonly #frontDeaths = new Backoff();
  readonly #listening = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #stopAsked = Promise.withResolvers<void>();
  #crew: Crew | undefined;
  #state: 'starting' | 'serving' | 'stopping' = 'starting';
  #restart: NodeJS.Timeout | undefined;

  constructor(plan: ServePlan, log: Log) {
    this.#plan = plan;
    this.#log = log;
    this.#apps = plan.apps.map((app) => new SupervisedApp(app));
    this.#observer = new Observer(
      plan.version,
      this.#apps,
      () => this.#frontView(),
      () => log.dropped(),
    );
    this.#failed.promise.catch(() => undefined);
  }

  /**
   * Serves until `stop()`.
   * @throws StartError where it cannot begin; nothing is left then
   */
  async run(): Promise<void> {
    await using resources = new AsyncDisposableStack();
    const sockets = await BoundSockets.bind(this.#plan.bind);
    resources.defer(() => sockets.close());
    this.#observer.urls = sockets.urls;
    const spool = await openSpool(this.#plan.dataDirectory);
    resources.defer(() => closeSpool(this.#plan.dataDirectory, spool));
    const control = await ControlListener.open(this.#plan.dataDirectory, this.#controlled(), this.#log.logger);
    resources.defer(() => control?.close());
    const admin = await AdminListener.open(this.#plan.adminBind, this.#plan.adminToken, this.#log.logger, () =>
      this.#observer.snapshot(this.#state),
    );
    resources.defer(() => admin.close());
    resources.defer(() => this.#end());
    this.#startCrew(sockets, spool);
    await Promise.race([this.#listening.promise, this.#failed.promise, this.#stopAsked.promise]);
    if (this.#state === 'starting') this.#announce(sockets.urls, admin.urls);
    await Promise.race([this.#stopAsked.promise, this.#failed.promise]);
    // A connection that came now would wait for nobody.
    sockets.close();
    await this.#drain();
  }

  /** Finishes what runs and ends `run()`. */
  stop(why: string): void {
    if (this.#state === 'stopping') return;
    this.#state = 'stopping';
    this.#log.logger.info({ why }, 'stopping: what runs is finished first');
    this.#stopAsked.resolve();
  }

  #startCrew(sockets: BoundSockets, spool: string): void {
    const { logger } = this.#log;
    const crew = new Crew(sockets, spool, this.#plan, this.#apps, this.#prefix, logger, {
      listening: () => this.#listening.resolve(),
      frontFailed: (failure) => this.#fail(failure),
      appFailed: (app, failure) => this.#appFailed(app, failure),
    });
    this.#crew = crew;
    void crew.ended.then((ending) => {
      if (this.#state === 'stopping') return;
      this.#observer.frontDied(crew.families);
      const how = describeEnding(ending);
      if (this.#state === 'starting') {
        const cure = 'see what it printed, above, and report it as a fault of Stillhouse';
        return this.#fail({ code: 'FRONT_FAILED', message: `the front ${how} before it served`, cure });
      }
      const delayMs = this.#frontDeaths.died(crew.front.age);
      logger.error(
        { front: crew.front.pid, deaths: this.#frontDeaths.deaths, delayMs },
        `the front ${how}; the next one is started`,
      );
      this.#restart = setTimeout(() => this.#startCrew(sockets, spool), delayMs);
    });
  }

  /** The only app of a command line takes the server with it; one of several does not. */
  #appFailed(app: SupervisedApp, failure: StartFailure): void {
    if (this.#plan.strict) return this.#fail(failure);
    const { code, message, cure, traceback } = failure;
    this.#log.logger.error({ kind: 'app-failed', app: app.name, code, cure, traceback }, message);
  }

  #fail(failure: StartFailure): void {
    this.#failed.reject(new StartError(failure));
  }

  #announce(urls: readonly string[], adminUrls: readonly string[]): void {
    this.#state = 'serving';
    const ms = Math.round(performance.now());
    const [only, ...others] = this.#apps;
    const one =
      only !== undefined && others.length === 0
        ? { app: only.name, workers: only.runnable?.workers, threads: only.runnable?.start.threads }
        : {};
    const apps = this.#apps.map(({ name, plan, state }) => ({
      name,
      host: plan.mount.host,
      path: plan.mount.path,
      state,
    }));
    const who = this.#apps.map(({ name }) => name).join(', ');
    this.#log.logger.info(
      { kind: 'ready', ...one, urls, adminUrls, apps, ms },
      `ready: ${who} at ${urls.join(' ')} after ${ms} ms`,
    );
  }

  async #drain(): Promise<void> {
    const { gracefulTime } = this.#plan;
    if (this.#crew === undefined || (await within(gracefulTime, this.#crew.drain()))) return;
    this.#log.logger.warn({ gracefulMs: gracefulTime }, 'not everything ended in time; the rest is killed');
  }

  /** Nothing is left behind, whatever went before. */
  async #end(): Promise<void> {
    this.#state = 'stopping';
    clearTimeout(this.#restart);
    this.#observer.close();
    await this.#crew?.end((done) => within(FRONT_EXIT_MS, done));
  }

  #controlled(): Controlled {
    return {
      status: () => this.#observer.snapshot(this.#state).status,
      stacks: async (app) => {
        if (this.#crew === undefined) throw new Unanswered('no front has started yet');
        return this.#crew.stacks(app);
      },
      reload: async () => {
        throw new Unanswered('this server cannot reload yet');
      },
      scale: async () => {
        throw new Unanswered('this server cannot scale yet');
      },
      stop: () => {
        this.stop('asked at the control socket');
        return { within: (this.#plan.gracefulTime + FRONT_EXIT_MS) / 1000 };
      },
    };
  }

  #frontView(): FrontView {
    const front = this.#crew?.front;
    return {
      pid: front?.pid,
      alive: front?.alive === true,
      age: front?.age ?? 0,
      families: this.#crew?.families ?? [],
    };
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
