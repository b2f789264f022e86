import type { AppStatus, LastReload } from '../admin/status.ts';
import { StartError, type StartFailure } from '../errors.ts';
import type { AppLoad, Route } from '../front/protocol.ts';
import { residentMemory } from '../machine/process-figures.ts';
import type { RestartCause } from '../observe/metrics.ts';
import { statusOf } from './app-status.ts';
import type { FrontProcess } from './front-process.ts';
import { Generation } from './generation.ts';
import type { AppPlan } from './plan.ts';
import type { Surroundings } from './squad.ts';

/** What an app tells the server that it belongs to. */
export interface AppEvents {
  /** A front can let its generation serve, which serves elsewhere already. */
  warmIn(front: FrontProcess): void;
  /** It is known whether its workers start in a front. */
  settledIn(front: FrontProcess): void;
}

/** One app over the life of the server: the generation that serves, the next one beside it, and those that end. */
export class SupervisedApp {
  readonly name: string;
  readonly #around: Surroundings;
  readonly #fronts: number;
  readonly #events: AppEvents;
  readonly #restarts: Partial<Record<RestartCause, number>> = {};
  readonly #old = new Set<Generation>();
  readonly #loads = new Map<FrontProcess, AppLoad>();
  #plan: AppPlan;
  /** What it will be, once its next generation serves. */
  #nextPlan: AppPlan;
  #current: Generation | undefined;
  #next: Generation | undefined;
  /** The last one that could not start, until another serves. */
  #failed: Generation | undefined;
  #generations = 0;
  #failure: StartFailure | undefined;
  #lastReload: LastReload | undefined;
  #wasReady = false;
  #preparing = false;
  #stopping = false;
  /** How many workers somebody has asked for, and what the configuration said then. */
  #byHand: { readonly workers: number; readonly configured: number } | undefined;

  constructor(plan: AppPlan, fronts: number, around: Surroundings, events: AppEvents) {
    this.name = plan.mount.name;
    this.#plan = plan;
    this.#nextPlan = plan;
    this.#fronts = fronts;
    this.#around = around;
    this.#events = events;
  }

  get plan(): AppPlan {
    return this.#plan;
  }

  /** The generation that serves. */
  get current(): Generation | undefined {
    return this.#current;
  }

  get generations(): readonly Generation[] {
    const all = [...this.#old, this.#current, this.#failed, this.#next].filter((each) => each !== undefined);
    return all.sort((one, other) => one.number - other.number);
  }

  /** Whether it serves, or it is known that it will not. */
  isSettledIn(front: FrontProcess): boolean {
    return this.#failure !== undefined || this.#current?.isSettledIn(front) === true;
  }

  /** The pids of its workers. */
  get pids(): number[] {
    return this.generations.flatMap(({ workers }) => workers.flatMap(({ worker: { pid } }) => pid ?? []));
  }

  get status(): AppStatus {
    return statusOf({
      plan: this.#plan,
      current: this.#current,
      generations: this.generations,
      preparing: this.#preparing,
      stopping: this.#stopping,
      failure: this.#failure,
      lastReload: this.#lastReload,
      restarts: this.#restarts,
      wasReady: this.#wasReady,
      loads: [...this.#loads.values()],
    });
  }

  /**
   * Starts the next generation beside the one that serves; resolves when it is warm in every front.
   * @throws StartError where it cannot start; nothing of it is left then
   */
  async stage(plan: AppPlan, fronts: () => readonly FrontProcess[], signal: AbortSignal): Promise<void> {
    this.#nextPlan = plan;
    try {
      if (plan.failure !== undefined) throw new StartError(plan.failure);
      const runnable = await this.#prepare(plan, signal);
      signal.throwIfAborted();
      const number = ++this.#generations;
      const wanted = this.#wantedOf(runnable.scale.workers);
      const generation = new Generation(number, this.name, runnable, wanted, this.#fronts, this.#around, {
        warmIn: (front) => this.#events.warmIn(front),
        replaced: (cause) => this.count(cause),
        failingIn: (front) => this.#events.settledIn(front),
      });
      this.#next = generation;
      await Promise.race([generation.start(fronts()), whenAborted(signal)]);
    } catch (error) {
      this.#failed = this.#next;
      this.#next = undefined;
      if (!(error instanceof StartError)) throw error;
      this.#note(false, error.failure);
      if (this.#current === undefined) this.#failure = error.failure;
      throw error;
    }
  }

  /** Gives up the next generation: another app's could not start. */
  async unstage(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    this.#nextPlan = this.#plan;
    await next?.abandon('the reload was given up');
  }

  /** The next generation is the one that serves, from the next table on. @returns the one that served until now */
  promote(): Generation | undefined {
    this.#plan = this.#nextPlan;
    if (this.#next === undefined) return undefined;
    const before = this.#current;
    this.#current = this.#next;
    this.#next = undefined;
    this.#failed = undefined;
    this.#failure = undefined;
    if (before !== undefined) {
      this.#old.add(before);
      this.#note(true);
    }
    this.#current.committed();
    this.#wasReady = true;
    return before;
  }

  /** Ends a generation that serves no more. */
  async end(generation: Generation, patience: number): Promise<void> {
    this.#old.add(generation);
    if (this.#current === generation) this.#current = undefined;
    await generation.retire(patience);
    this.#old.delete(generation);
  }

  /** Where it stands in a front's table. */
  routeIn(front: FrontProcess): Route {
    const { mount } = this.#plan;
    return this.#current?.isWarmIn(front) === true ? { mount, generation: this.#current.number } : { mount };
  }

  frontJoined(front: FrontProcess): void {
    for (const generation of [this.#current, this.#next]) generation?.join(front);
  }

  frontLeft(front: FrontProcess): void {
    this.#loads.delete(front);
    for (const generation of this.generations) {
      for (let count = generation.leave(front); count > 0; count--) this.count('front');
    }
  }

  /** What waits and runs in a front. */
  hear(front: FrontProcess, load: AppLoad, now: number): void {
    this.#loads.set(front, load);
    const { current } = this;
    if (current === undefined) return;
    const loads = [...this.#loads.values()];
    const need = {
      queued: loads.reduce((sum, { queued }) => sum + queued, 0),
      running: loads.reduce((sum, { running }) => sum + running, 0),
      oldestWait: Math.max(...loads.map(({ oldestWait }) => oldestWait)),
    };
    const before = current.scaling.wanted;
    if (current.scaling.look(need, current.starting, now) !== before) current.rescale();
  }

  /** As many workers as somebody says. @returns how many it is to have */
  scale(workers: number): number {
    const { current } = this;
    if (current === undefined) return 0;
    current.scaling.set(Math.max(0, workers));
    this.#byHand = { workers: current.scaling.wanted, configured: current.runnable.scale.workers };
    current.rescale();
    return current.scaling.wanted;
  }

  /** Looks at what its workers hold, and replaces those that hold too much. */
  look(): void {
    for (const { workers } of this.generations) {
      for (const { worker } of workers) worker.memory = worker.pid === undefined ? 0 : residentMemory(worker.pid);
    }
    this.#current?.recycleLarge();
  }

  count(cause: RestartCause): void {
    this.#restarts[cause] = (this.#restarts[cause] ?? 0) + 1;
  }

  /** Nobody of it is replaced any more. */
  drain(): void {
    this.#stopping = true;
    for (const generation of this.generations) generation.drain();
  }

  async ended(): Promise<void> {
    await Promise.all(this.generations.map((generation) => generation.ended()));
  }

  async abandon(why: string): Promise<void> {
    await Promise.all(this.generations.map((generation) => generation.abandon(why)));
  }

  async #prepare(plan: AppPlan, signal: AbortSignal) {
    this.#preparing = true;
    try {
      return await plan.prepare((message) => this.#around.log.info({ app: this.name }, message), signal);
    } finally {
      this.#preparing = false;
    }
  }

  /** What somebody has asked for holds until the configuration says something else. */
  #wantedOf(configured: number): number {
    if (this.#byHand?.configured === configured) return Math.max(1, this.#byHand.workers);
    this.#byHand = undefined;
    return configured;
  }

  #note(ok: boolean, failure?: StartFailure): void {
    this.#lastReload = { at: new Date().toISOString(), ok, ...(failure === undefined ? {} : { failure }) };
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}
