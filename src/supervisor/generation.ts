import { StartError, type StartFailure } from '../errors.ts';
import type { RestartCause } from '../observe/metrics.ts';
import type { FrontProcess } from './front-process.ts';
import { allows, type GenerationEvent, type GenerationState, nextState } from './generation-state.ts';
import type { Runnable } from './plan.ts';
import { Scaling, shareOf } from './scaling.ts';
import { type BackingOff, Squad, type Surroundings } from './squad.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface GenerationEvents {
  /** It has begun to be able to serve in a front. */
  warmIn(front: FrontProcess): void;
  replaced(cause: RestartCause): void;
  /** A worker of one that serves could not start in a front. */
  failingIn(front: FrontProcess): void;
}

/** One generation of an app: the same code and settings in every front, from its start to its last worker's end. */
export class Generation {
  readonly number: number;
  readonly runnable: Runnable;
  /** When it came into its state, ISO 8601. */
  since: string = new Date().toISOString();
  readonly scaling: Scaling;
  readonly #app: string;
  readonly #fronts: number;
  readonly #around: Surroundings;
  readonly #events: GenerationEvents;
  readonly #squads = new Map<FrontProcess, Squad>();
  readonly #warm = Promise.withResolvers<void>();
  #state: GenerationState = 'declared';
  /** Why it could not start. */
  failure: StartFailure | undefined;

  /** @param wanted workers to begin with */
  constructor(
    number: number,
    app: string,
    runnable: Runnable,
    wanted: number,
    fronts: number,
    around: Surroundings,
    events: GenerationEvents,
  ) {
    this.number = number;
    this.runnable = runnable;
    this.scaling = new Scaling(runnable.scale, runnable.service.start.threads, wanted);
    this.#app = app;
    this.#fronts = fronts;
    this.#around = around;
    this.#events = events;
    this.#warm.promise.catch(() => undefined);
  }

  get state(): GenerationState {
    return this.#state;
  }

  /** Every worker, and the front that it belongs to. */
  get workers(): readonly { readonly worker: WorkerProcess; readonly front: FrontProcess }[] {
    return [...this.#squads].flatMap(([front, { workers }]) => workers.map((worker) => ({ worker, front })));
  }

  get backingOff(): BackingOff | undefined {
    for (const { backingOff } of this.#squads.values()) if (backingOff !== undefined) return backingOff;
    return undefined;
  }

  /** Why its workers do not start, where they did once. */
  get failing(): StartFailure | undefined {
    for (const { failing } of this.#squads.values()) if (failing !== undefined) return failing;
    return undefined;
  }

  get starting(): number {
    return [...this.#squads.values()].reduce((sum, { starting }) => sum + starting, 0);
  }

  /** Whether a front can let it serve. */
  isWarmIn(front: FrontProcess): boolean {
    return this.#squads.get(front)?.warm === true;
  }

  /** Whether it is known there whether its workers start. */
  isSettledIn(front: FrontProcess): boolean {
    const squad = this.#squads.get(front);
    return squad?.warm === true || squad?.failing !== undefined;
  }

  /** Starts its workers in these fronts; resolves when it is warm in all. @throws StartError where it cannot start: nothing of it is left then */
  start(fronts: readonly FrontProcess[]): Promise<void> {
    this.#move('start');
    for (const front of fronts) this.join(front);
    return this.#warm.promise;
  }

  /** Gives a front its workers. */
  join(front: FrontProcess): void {
    const of = { app: this.#app, generation: this.number };
    const options = { wanted: this.#shareOf(front), proven: this.#state !== 'starting' };
    const squad = new Squad(front, of, this.runnable, this.#around, options, {
      warm: () => this.#warmIn(front),
      failed: (failure) => this.#failed(failure),
      replaced: (cause) => this.#events.replaced(cause),
      failing: () => this.#events.failingIn(front),
    });
    this.#squads.set(front, squad);
    squad.start();
  }

  /** A front has died, and its workers with it. @returns how many there were */
  leave(front: FrontProcess): number {
    const squad = this.#squads.get(front);
    this.#squads.delete(front);
    const count = squad?.workers.length ?? 0;
    void squad?.abandon('its front died');
    this.#look();
    return count;
  }

  /** Every front serves it now. */
  committed(): void {
    if (this.#state === 'serving') return;
    this.#move('committed');
    for (const squad of this.#squads.values()) squad.prove();
  }

  /** As many workers as its scaling says. */
  rescale(): void {
    for (const [front, squad] of this.#squads) squad.scale(this.#shareOf(front));
  }

  /** Replaces the workers that have grown larger than they may. */
  recycleLarge(): void {
    const { memory } = this.runnable.life;
    if (memory === 0) return;
    for (const squad of this.#squads.values())
      for (const worker of squad.workers) if (worker.memory > memory) squad.recycle(worker, 'memory');
  }

  /** Takes no more requests, and ends what runs; what has not ended after a while is killed. @param patience milliseconds */
  async retire(patience: number): Promise<void> {
    if (allows(this.#state, 'retire')) this.#move('retire');
    const timer = setTimeout(() => {
      const { log } = this.#around;
      const left = { app: this.#app, generation: this.number, gracefulMs: patience };
      log.warn(left, `generation ${this.number} did not end in time; what it still ran is cut`);
      for (const { worker } of this.workers) worker.kill('its generation is over');
    }, patience);
    await Promise.all([...this.#squads.values()].map((squad) => squad.retire()));
    clearTimeout(timer);
    this.#stopped();
  }

  /** The server stops: nobody is replaced any more. */
  drain(): void {
    if (allows(this.#state, 'retire')) this.#move('retire');
    for (const squad of this.#squads.values()) squad.drain();
  }

  /** Resolves when every worker has ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#squads.values()].map((squad) => squad.ended()));
    this.#stopped();
  }

  /** Kills what is left of it. */
  async abandon(why: string): Promise<void> {
    if (allows(this.#state, 'retire')) this.#move('retire');
    await Promise.all([...this.#squads.values()].map((squad) => squad.abandon(why)));
    this.#stopped();
  }

  #warmIn(front: FrontProcess): void {
    if (this.#state === 'starting') this.#look();
    else this.#events.warmIn(front);
  }

  #look(): void {
    if (this.#state !== 'starting' || this.#squads.size === 0) return;
    for (const squad of this.#squads.values()) if (!squad.warm) return;
    this.#move('warmed');
    this.#warm.resolve();
  }

  #failed(failure: StartFailure): void {
    if (!allows(this.#state, 'fail') || this.#state === 'serving') return;
    this.failure = failure;
    this.#move('fail');
    void this.abandon('its generation could not start').then(() => this.#warm.reject(new StartError(failure)));
  }

  #shareOf(front: FrontProcess): number {
    return shareOf(this.scaling.wanted, front.place, this.#fronts);
  }

  #stopped(): void {
    if (allows(this.#state, 'drained')) this.#move('drained');
  }

  #move(event: GenerationEvent): void {
    this.#state = nextState(this.#state, event);
    this.since = new Date().toISOString();
  }
}
