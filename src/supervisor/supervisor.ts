import { performance } from 'node:perf_hooks';
import type { Controlled } from '../admin/control.ts';
import { StartError, type StartFailure, Unanswered } from '../errors.ts';
import type { FromFront } from '../front/protocol.ts';
import { OutOfMemory } from '../machine/out-of-memory.ts';
import type { Log } from '../observe/log.ts';
import { AdminListener } from './admin-listener.ts';
import { ControlListener } from './control-listener.ts';
import { closeSpool, openSpool } from './data-directory.ts';
import { Deployment } from './deployment.ts';
import { FrontProcess } from './front-process.ts';
import { Fronts } from './fronts.ts';
import { Observer } from './observer.ts';
import { shareStdout, warnOfRoot } from './own-user.ts';
import type { ServePlan } from './plan.ts';
import { Reloads } from './reloads.ts';
import { sweepSharedFiles } from './shared-files.ts';
import { BoundSockets } from './sockets.ts';
import { describeEnding, type Ending, hasDeathSignal } from './spawn.ts';
import type { Surroundings } from './squad.ts';
import type { SupervisedApp } from './supervised-app.ts';
import { watchApps } from './watch-apps.ts';

/** How long a front may take to write its last records. */
const FRONT_EXIT_MS = 3000;
const LOOK_MS = 1000;

/** What there is once the sockets are bound. */
interface Running {
  readonly fronts: Fronts;
  readonly deployment: Deployment;
  readonly reloads: Reloads;
}

/** The supervisor: binds, starts and reaps all others, and touches no request. */
export class Supervisor {
  readonly #plan: ServePlan;
  readonly #log: Log;
  readonly #around: Surroundings;
  readonly #read: () => ServePlan;
  readonly #listening = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #stopAsked = Promise.withResolvers<void>();
  readonly #quitAsked = Promise.withResolvers<void>();
  #running: Running | undefined;
  #observer: Observer | undefined;
  #state: 'starting' | 'serving' | 'stopping' = 'starting';

  /** @param read reads the configuration anew, for a reload */
  constructor(plan: ServePlan, log: Log, read: () => ServePlan) {
    this.#plan = plan;
    this.#log = log;
    this.#read = read;
    let lastWorker = 0;
    this.#around = {
      deathSignal: hasDeathSignal(),
      log: log.logger,
      outOfMemory: new OutOfMemory(),
      workers: new Map(),
      nextWorker: () => ++lastWorker,
      spoolDirectory: '',
    };
    this.#failed.promise.catch(() => undefined);
  }

  /**
   * Serves until `stop()`.
   * @throws StartError where it cannot begin; nothing is left then
   */
  async run(): Promise<void> {
    await using resources = new AsyncDisposableStack();
    warnOfRoot(this.#plan, this.#log.logger);
    shareStdout(this.#plan.account);
    sweepSharedFiles();
    const sockets = await BoundSockets.bind(this.#plan.bind);
    resources.defer(() => sockets.close());
    const spool = await openSpool(this.#plan.dataDirectory, this.#plan.account);
    resources.defer(() => closeSpool(this.#plan.dataDirectory, spool));
    this.#around.spoolDirectory = spool;
    const fronts = this.#makeFronts(sockets, spool);
    const deployment = new Deployment(this.#plan, fronts, this.#around, {
      appFailed: (app, failure) => this.#appFailed(app, failure),
    });
    const reloads = new Reloads(this.#read, deployment, this.#log.logger);
    this.#running = { fronts, deployment, reloads };
    const observer = new Observer(
      this.#plan.version,
      sockets.urls,
      fronts,
      deployment,
      reloads,
      () => this.#log.dropped(),
      this.#plan.machine,
    );
    this.#observer = observer;
    resources.defer(() => observer.close());
    const snapshot = () => observer.snapshot(this.#state);
    const control = await ControlListener.open(this.#plan.dataDirectory, this.#controlled(), this.#log.logger);
    resources.defer(() => control?.close());
    const { adminBind, adminToken } = this.#plan;
    const admin = await AdminListener.open(adminBind, adminToken, this.#log.logger, snapshot);
    resources.defer(() => admin.close());
    resources.defer(() => this.#end(fronts, deployment));
    const looks = setInterval(() => deployment.look(), LOOK_MS);
    resources.defer(() => clearInterval(looks));
    fronts.start();
    void deployment.boot();
    await Promise.race([this.#listening.promise, this.#failed.promise, this.#stopAsked.promise]);
    if (this.#state === 'starting') this.#announce(sockets.urls, admin.urls, deployment.apps);
    const watch = watchApps(deployment, reloads, this.#log.logger);
    resources.defer(() => watch?.close());
    await Promise.race([this.#stopAsked.promise, this.#failed.promise]);
    await this.#finish(sockets, fronts, deployment);
  }

  /** Finishes what runs and ends `run()`. */
  stop(why: string): void {
    if (this.#state === 'stopping') return;
    this.#state = 'stopping';
    this.#log.logger.info({ why }, 'stopping: what runs is finished first');
    this.#stopAsked.resolve();
  }

  /** Ends `run()` now, whatever runs. */
  quit(why: string): void {
    this.#log.logger.warn({ why }, 'stopping at once: what runs is cut');
    this.#state = 'stopping';
    this.#stopAsked.resolve();
    this.#quitAsked.resolve();
  }

  /** Reads the configuration anew and starts every app's next generation; the log says what came of it. */
  reload(why: string): void {
    if (this.#state !== 'serving') {
      this.#log.logger.warn({ why }, `no reload while the server is ${this.#state}`);
      return;
    }
    this.#running?.reloads.reload(why).catch(() => undefined);
  }

  /** Gives every app so many workers more, or less. */
  rescale(by: number, why: string): void {
    for (const app of this.#running?.deployment.apps ?? []) {
      const before = app.current?.scaling.wanted;
      if (before === undefined) continue;
      const workers = app.scale(Math.max(1, before + by));
      this.#log.logger.info({ app: app.name, why, workers }, `${app.name} has ${workers} workers from now on`);
    }
  }

  #makeFronts(sockets: BoundSockets, spool: string): Fronts {
    const { deathSignal } = this.#around;
    const settings = { ...this.#plan.front, spoolDirectory: spool };
    const make = (place: number, receive: (message: FromFront) => void) =>
      new FrontProcess(place, sockets.addresses, settings, receive, { ...this.#plan, deathSignal });
    return new Fronts(this.#plan.fronts, this.#plan.frontTime, make, {
      joined: (front) => this.#running?.deployment.frontJoined(front),
      left: (front, ending, delay) => this.#frontLeft(front, ending, delay),
      message: (front, message) => this.#receive(front, message),
    });
  }

  #receive(front: FrontProcess, message: FromFront): void {
    const { deployment } = this.#running as Running;
    switch (message.type) {
      case 'committed':
        return deployment.committed(front, message.number);
      case 'listening':
        return this.#listening.resolve();
      case 'load':
        return deployment.hear(front, message.loads);
      case 'snapshot':
        for (const { worker, requests } of message.served) this.#around.workers.get(worker)?.served(requests);
        return;
      case 'front-failed':
        return this.#fail(message.failure);
      case 'stacks':
      case 'drained':
        return;
      default:
        this.#around.workers.get(message.worker)?.receive(message);
    }
  }

  #frontLeft(front: FrontProcess, ending: Ending, delayMs: number): void {
    const { fronts, deployment } = this.#running as Running;
    deployment.frontLeft(front);
    if (this.#state === 'stopping') return;
    this.#observer?.frontDied(front.families);
    const how = describeEnding(ending);
    if (this.#state === 'starting') {
      const cure = 'see what it printed, above, and report it as a fault of Stillhouse';
      return this.#fail({ code: 'FRONT_FAILED', message: `the front ${how} before it served`, cure });
    }
    const { deaths } = fronts.status(this.#state)[front.place] ?? {};
    this.#log.logger.error(
      { front: front.pid, reason: front.reason, deaths, delayMs },
      `the front ${how}; the next one is started`,
    );
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

  #announce(urls: readonly string[], adminUrls: readonly string[], all: readonly SupervisedApp[]): void {
    this.#state = 'serving';
    const ms = Math.round(performance.now());
    const [only, ...others] = all;
    const runnable = only?.current?.runnable;
    const one =
      only !== undefined && others.length === 0
        ? { app: only.name, workers: runnable?.scale.workers, threads: runnable?.service.start.threads }
        : {};
    const apps = all.map(({ name, plan, status }) => ({
      name,
      host: plan.mount.host,
      path: plan.mount.path,
      state: status.state,
    }));
    const who = apps.map(({ name, state }) => (state === 'failed' ? `${name} (failed)` : name)).join(', ');
    this.#log.logger.info(
      { kind: 'ready', ...one, urls, adminUrls, apps, limits: this.#plan.machine, ms },
      `ready: ${who} at ${urls.join(' ')} after ${ms} ms`,
    );
  }

  /** Connections are taken for as long as balancers may take to see that the server is not ready any more; then what runs is finished. */
  async #finish(sockets: BoundSockets, fronts: Fronts, deployment: Deployment): Promise<void> {
    const quit = this.#quitAsked.promise;
    const { shutdownDelay, gracefulTime } = deployment.plan;
    if (shutdownDelay > 0) await within(shutdownDelay, quit);
    // A connection that came now would wait for nobody.
    sockets.close();
    deployment.drain();
    const drained = fronts.drain().then(() => deployment.ended());
    const isInTime = await within(gracefulTime, Promise.race([drained, quit]));
    if (!isInTime) {
      this.#log.logger.warn({ gracefulMs: gracefulTime }, 'not everything ended in time; the rest is killed');
    }
  }

  /** Nothing is left behind, whatever went before. */
  async #end(fronts: Fronts, deployment: Deployment): Promise<void> {
    this.#state = 'stopping';
    await deployment.abandon('the server stops');
    await fronts.end((done) => within(FRONT_EXIT_MS, done));
  }

  #controlled(): Controlled {
    const running = () => {
      if (this.#running === undefined || this.#state !== 'serving')
        throw new Unanswered(`the server is ${this.#state}`);
      return this.#running;
    };
    return {
      status: () => (this.#observer as Observer).snapshot(this.#state).status,
      stacks: async (app) => {
        const fronts = this.#running?.fronts.alive ?? [];
        if (fronts.length === 0) throw new Unanswered('no front has started yet');
        return (await Promise.all(fronts.map((front) => front.stacks(app)))).flat();
      },
      reload: async (app) => running().reloads.reload('asked at the control socket', app),
      scale: async (name, workers) => {
        const app = running().deployment.apps.find((each) => each.name === name);
        if (app?.current === undefined) throw new Unanswered(`${name} does not serve`);
        const now = app.scale(workers);
        this.#log.logger.info({ app: name, workers: now }, `${name} has ${now} workers from now on`);
        const { min, max } = app.status.scale;
        return { min, max };
      },
      stop: () => {
        const { shutdownDelay, gracefulTime } = this.#running?.deployment.plan ?? this.#plan;
        this.stop('asked at the control socket');
        return { within: (shutdownDelay + gracefulTime + FRONT_EXIT_MS) / 1000 };
      },
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
