import type { AppStatus, WorkerStatus } from '../admin/status.ts';
import { StartError, type StartFailure } from '../errors.ts';
import type { RestartCause } from '../observe/metrics.ts';
import { Generation, type Surroundings, type WorkerMessage } from './generation-workers.ts';
import type { AppPlan, Runnable } from './plan.ts';
import { residentMemory } from './process-figures.ts';

/** What an app tells the crew that it works in. */
export interface AppEvents {
  /** It serves, or it is known that it will not. */
  settled(): void;
  failed(failure: StartFailure): void;
}

/** One app over the life of the server: made runnable once, then a generation after the other. */
export class SupervisedApp {
  readonly plan: AppPlan;
  readonly #restarts: Partial<Record<RestartCause, number>> = {};
  #runnable: Runnable | undefined;
  #failure: StartFailure | undefined;
  #generation: Generation | undefined;
  #generations = 0;
  #wasReady = false;
  #preparing = false;
  #retired = false;

  constructor(plan: AppPlan) {
    this.plan = plan;
    this.#failure = plan.failure;
  }

  get name(): string {
    return this.plan.mount.name;
  }

  get runnable(): Runnable | undefined {
    return this.#runnable;
  }

  /** The pids of its workers. */
  get pids(): number[] {
    return this.#generation?.workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid])) ?? [];
  }

  /** @param front the process id of the one that it works for, and what that has told of its requests */
  status(front: number | undefined, requests: Pick<AppStatus, 'queued' | 'inFlight'>): AppStatus {
    const { mount, required } = this.plan;
    const generation = this.#generation;
    const workers = (generation?.workers ?? []).map(
      ({ pid, ready, age }): WorkerStatus => ({
        pid,
        state: generation?.state === 'draining' ? 'draining' : ready ? 'ready' : 'starting',
        age: Math.round(age / 1000),
        generation: this.#generations,
        front,
        requests: 0,
        memory: pid === undefined ? 0 : residentMemory(pid),
      }),
    );
    const count = this.#runnable?.workers ?? 0;
    return {
      name: this.name,
      path: mount.path,
      host: mount.host,
      required,
      state: this.state,
      wasReady: this.#wasReady,
      generation: this.#generations,
      generations:
        generation === undefined
          ? []
          : [{ number: generation.number, state: generation.state, since: generation.since, workers }],
      workers,
      scale: { min: count, max: count, wanted: count },
      ...requests,
      restarts: { ...this.#restarts },
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  get state(): AppStatus['state'] {
    if (this.#failure !== undefined) return 'failed';
    if (this.#retired) return 'draining';
    if (this.#preparing) return 'preparing';
    return this.#generation?.state === 'serving' ? 'serving' : 'starting';
  }

  /** Starts a generation for a front, once the app is runnable. Never rejects. */
  async startIn(around: Surroundings, signal: AbortSignal, events: AppEvents): Promise<void> {
    const failed = (failure: StartFailure) => {
      this.#failure = failure;
      events.failed(failure);
      events.settled();
    };
    if (this.#failure !== undefined) return failed(this.#failure);
    try {
      this.#runnable ??= await this.#prepare(around, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StartError)) throw error;
      return failed(error.failure);
    }
    if (signal.aborted) return;
    const generation = new Generation(++this.#generations, this.name, this.#runnable, around, {
      failed: (failure) => {
        void generation.abandon('its generation could not start');
        failed(failure);
      },
      died: (cause) => this.#count(cause),
    });
    this.#generation = generation;
    generation.start();
  }

  /** The front serves its generation now. */
  committed(events: AppEvents): void {
    this.#generation?.committed();
    this.#wasReady = true;
    events.settled();
  }

  /** Hears of one of its workers; false where the worker is another app's. */
  receive(message: WorkerMessage): boolean {
    if (this.#generation?.has(message.worker) !== true) return false;
    this.#generation.receive(message);
    return true;
  }

  /** Its front has died. */
  frontDied(): void {
    for (const _ of this.pids) this.#count('front');
    void this.abandon('its front died');
  }

  retire(): void {
    this.#retired = true;
    this.#generation?.retire();
  }

  async ended(): Promise<void> {
    await this.#generation?.ended();
  }

  async abandon(why: string): Promise<void> {
    await this.#generation?.abandon(why);
  }

  async #prepare(around: Surroundings, signal: AbortSignal): Promise<Runnable> {
    this.#preparing = true;
    try {
      return await this.plan.prepare((message) => around.log.info({ app: this.name }, message), signal);
    } finally {
      this.#preparing = false;
    }
  }

  #count(cause: RestartCause): void {
    this.#restarts[cause] = (this.#restarts[cause] ?? 0) + 1;
  }
}
