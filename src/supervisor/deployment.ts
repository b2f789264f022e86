import { performance } from 'node:perf_hooks';
import type { ReloadAnswer } from '../admin/control.ts';
import { ReloadFailed, StartError, type StartFailure } from '../errors.ts';
import type { AppLoad, RouteTable } from '../front/protocol.ts';
import type { FrontProcess } from './front-process.ts';
import type { Fronts } from './fronts.ts';
import type { Generation } from './generation.ts';
import type { AppPlan, ServePlan } from './plan.ts';
import { failureOf, needsRestart } from './reload-plan.ts';
import { RouteCommits } from './route-commits.ts';
import type { Surroundings } from './squad.ts';
import { SupervisedApp } from './supervised-app.ts';

/** How long a front waits for apps that are still starting before it listens; after it their paths answer 503. */
const PATIENCE_MS = 10_000;

export interface DeploymentEvents {
  /** At the start of the server, or of one that was down since. */
  appFailed(app: SupervisedApp, failure: StartFailure): void;
}

/** What is deployed: the apps, the generation of each that serves, and how all of it changes together. */
export class Deployment {
  readonly #fronts: Fronts;
  readonly #around: Surroundings;
  readonly #events: DeploymentEvents;
  readonly #commits = new RouteCommits();
  readonly #over = new AbortController();
  readonly #patience = new Map<FrontProcess, NodeJS.Timeout>();
  readonly #ending = new Set<Promise<void>>();
  #plan: ServePlan;
  #apps: readonly SupervisedApp[];

  constructor(plan: ServePlan, fronts: Fronts, around: Surroundings, events: DeploymentEvents) {
    this.#plan = plan;
    this.#fronts = fronts;
    this.#around = around;
    this.#events = events;
    this.#apps = plan.apps.map((app) => this.#make(app));
  }

  get apps(): readonly SupervisedApp[] {
    return this.#apps;
  }

  get plan(): ServePlan {
    return this.#plan;
  }

  /** Starts every app by itself: a slow or broken one holds up no other. Never rejects. */
  async boot(): Promise<void> {
    await Promise.all(this.#apps.map((app) => this.#startFirst(app)));
  }

  /**
   * Starts the next generation of every app, or of one, and lets all of them serve at the same moment; or leaves all as it was.
   * @param fresh what is to be
   * @param only the name of the one app that changes
   * @throws ReloadFailed
   */
  async change(fresh: ServePlan, only?: string): Promise<ReloadAnswer> {
    const plans = fresh.apps.filter(({ mount }) => only === undefined || mount.name === only);
    if (only !== undefined && plans.length === 0) throw new ReloadFailed([appGone(only)]);
    const apps = plans.map((plan) => this.#apps.find(({ name }) => name === plan.mount.name) ?? this.#make(plan));
    await this.#stage(apps, plans);
    const removed = only === undefined ? this.#apps.filter((app) => !apps.includes(app)) : [];
    const old = apps.map((app) => [app, app.promote()] as const);
    this.#apps = only === undefined ? apps : this.#apps.map((app) => apps.find(({ name }) => name === app.name) ?? app);
    const restart = only === undefined ? needsRestart(this.#plan, fresh) : [];
    this.#plan = only === undefined ? { ...fresh, ...keptOf(this.#plan) } : withBodyLimit(this.#plan, fresh);
    await this.#commit();
    const ends = [...old, ...removed.map((app) => [app, app.current] as const)];
    for (const [app, generation] of ends) if (generation !== undefined) this.#end(app, generation);
    for (const front of this.#fronts.alive) this.#listenWhenSettled(front);
    return { changes: describeChange(apps, removed), needsRestart: restart };
  }

  /** A new front is told what there is to serve, and given its workers. */
  frontJoined(front: FrontProcess): void {
    void this.#commits.commit([front], () => this.#table(front));
    for (const app of this.#apps) app.frontJoined(front);
    this.#patience.set(
      front,
      setTimeout(() => this.#listen(front), PATIENCE_MS),
    );
    this.#listenWhenSettled(front);
  }

  frontLeft(front: FrontProcess): void {
    clearTimeout(this.#patience.get(front));
    this.#patience.delete(front);
    this.#commits.left(front);
    for (const app of this.#apps) app.frontLeft(front);
  }

  /** A front serves by the table of this number. */
  committed(front: FrontProcess, number: number): void {
    this.#commits.taken(front, number);
  }

  hear(front: FrontProcess, loads: readonly AppLoad[]): void {
    const now = performance.now();
    for (const load of loads) this.#apps.find(({ name }) => name === load.app)?.hear(front, load, now);
  }

  /** Looks at every worker: once a second. */
  look(): void {
    for (const app of this.#apps) app.look();
  }

  /** The server stops: nothing is started any more. */
  drain(): void {
    this.#over.abort(new Error('the server stops'));
    for (const timer of this.#patience.values()) clearTimeout(timer);
    for (const app of this.#apps) app.drain();
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#apps.map((app) => app.ended()), ...this.#ending]);
  }

  async abandon(why: string): Promise<void> {
    this.drain();
    await Promise.all(this.#apps.map((app) => app.abandon(why)));
  }

  #make(plan: AppPlan): SupervisedApp {
    return new SupervisedApp(plan, this.#plan.fronts, this.#around, {
      settledIn: (front) => this.#listenWhenSettled(front),
      warmIn: (front) => void this.#commit([front]).then(() => this.#listenWhenSettled(front)),
    });
  }

  async #startFirst(app: SupervisedApp): Promise<void> {
    try {
      await app.stage(app.plan, () => this.#fronts.alive, this.#over.signal);
      app.promote();
      await this.#commit();
    } catch (error) {
      if (this.#over.signal.aborted) return;
      if (!(error instanceof StartError)) throw error;
      this.#events.appFailed(app, error.failure);
    }
    for (const front of this.#fronts.alive) this.#listenWhenSettled(front);
  }

  /** One that was down before and still is does not keep the others from changing, and is not told as if it did. */
  async #stage(apps: readonly SupervisedApp[], plans: readonly AppPlan[]): Promise<void> {
    const down = apps.map((app) => this.#apps.includes(app) && app.current === undefined);
    const results = await Promise.allSettled(
      apps.map((app, index) => app.stage(plans[index] as AppPlan, () => this.#fronts.alive, this.#over.signal)),
    );
    const refusing = results.filter((_, index) => plans.length === 1 || down[index] !== true);
    const failures = refusing.flatMap((result) => (result.status === 'rejected' ? [failureOf(result.reason)] : []));
    if (failures.length === 0) return;
    await Promise.all(apps.map((app) => app.unstage()));
    throw new ReloadFailed(failures);
  }

  async #commit(fronts: readonly FrontProcess[] = this.#fronts.alive): Promise<void> {
    await this.#commits.commit(fronts, (front) => this.#table(front));
  }

  #table(front: FrontProcess): Omit<RouteTable, 'number'> {
    const { limits, accessLog } = this.#plan;
    return { routes: this.#apps.map((app) => app.routeIn(front)), limits, accessLog };
  }

  #end(app: SupervisedApp, generation: Generation): void {
    const ended = app.end(generation, this.#plan.gracefulTime);
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
  }

  #listenWhenSettled(front: FrontProcess): void {
    if (this.#apps.every((app) => app.isSettledIn(front))) this.#listen(front);
  }

  #listen(front: FrontProcess): void {
    if (!this.#patience.has(front) || this.#over.signal.aborted) return;
    clearTimeout(this.#patience.get(front));
    this.#patience.delete(front);
    front.send({ type: 'listen' });
  }
}

/** What the running processes were made with. */
function keptOf({ bind, adminBind, adminToken, fronts, front, frontTime, dataDirectory, strict, version }: ServePlan) {
  return { bind, adminBind, adminToken, fronts, front, frontTime, dataDirectory, strict, version };
}

/** One app's body limit may have grown beyond what the connections take. */
function withBodyLimit(plan: ServePlan, { limits }: ServePlan): ServePlan {
  return { ...plan, limits: { ...plan.limits, body: Math.max(plan.limits.body, limits.body) } };
}

function appGone(name: string): StartFailure {
  const message = `the configuration has no app ${name} any more`;
  return { code: 'APP_UNKNOWN', message, cure: 'stillhouse reload, without a name, removes it' };
}

function describeChange(apps: readonly SupervisedApp[], removed: readonly SupervisedApp[]): string[] {
  const serve = apps.map(({ name, current, status }) =>
    current === undefined ? `${name} is ${status.state} still` : `${name}: generation ${current.number} serves`,
  );
  return [...serve, ...removed.map(({ name }) => `${name}: removed`)];
}
