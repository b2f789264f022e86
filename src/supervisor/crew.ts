import type { Logger } from 'pino';
import type { WorkerStacks } from '../admin/control.ts';
import type { StartFailure } from '../errors.ts';
import type { FromFront } from '../front/protocol.ts';
import type { Family } from '../observe/metrics.ts';
import { Questions } from '../pool/questions.ts';
import { FrontProcess } from './front-process.ts';
import { OutOfMemory } from './out-of-memory.ts';
import type { ServePlan } from './plan.ts';
import type { BoundSockets } from './sockets.ts';
import type { Ending } from './spawn.ts';
import type { SupervisedApp } from './supervised-app.ts';

/** How long the listening waits for apps that are still starting; after it their paths answer 503. */
const PATIENCE_MS = 10_000;
/** How long a front may take to say where its workers stand; it waits less for a worker that does not answer. */
const STACKS_MS = 5000;

export interface CrewEvents {
  /** The front listens. */
  listening(): void;
  appFailed(app: SupervisedApp, failure: StartFailure): void;
  frontFailed(failure: StartFailure): void;
}

/** A front and the generations that it serves: they live and die together, for a worker belongs to one front. */
export class Crew {
  readonly front: FrontProcess;
  readonly #apps: readonly SupervisedApp[];
  readonly #events: CrewEvents;
  readonly #drained = Promise.withResolvers<void>();
  readonly #unsettled: Set<SupervisedApp>;
  readonly #over = new AbortController();
  readonly #stacks = new Questions<readonly WorkerStacks[]>(STACKS_MS);
  readonly #patience: NodeJS.Timeout;
  /** The last figures of the front. */
  families: readonly Family[] = [];
  #lastWorker = 0;
  #told = false;

  constructor(
    sockets: BoundSockets,
    spool: string,
    plan: ServePlan,
    apps: readonly SupervisedApp[],
    prefix: readonly string[],
    log: Logger,
    events: CrewEvents,
  ) {
    this.#apps = apps;
    this.#events = events;
    this.#unsettled = new Set(apps);
    const settings = { ...plan.front, apps: plan.apps.map(({ mount }) => mount), spoolDirectory: spool };
    this.front = new FrontProcess(sockets.addresses, settings, (message) => this.#receive(message));
    const around = {
      front: this.front,
      prefix,
      log,
      outOfMemory: new OutOfMemory(),
      nextWorker: () => ++this.#lastWorker,
    };
    this.#patience = setTimeout(() => this.#listen(), PATIENCE_MS);
    for (const app of apps) {
      void app.startIn(around, this.#over.signal, {
        settled: () => this.#settle(app),
        failed: (failure) => events.appFailed(app, failure),
      });
    }
    void this.front.ended.then(() => {
      clearTimeout(this.#patience);
      this.#over.abort();
      this.#drained.resolve();
      this.#stacks.end('the front has died');
      for (const app of apps) app.frontDied();
    });
  }

  /** How the front ended. */
  get ended(): Promise<Ending> {
    return this.front.ended;
  }

  /** Where each worker of an app stands. @throws Unanswered */
  stacks(app: string): Promise<readonly WorkerStacks[]> {
    return this.#stacks.ask((question) => this.front.send({ type: 'stacks', app, question }));
  }

  /** The front takes no more connections, answers what it has, and asks its workers to end. */
  async drain(): Promise<void> {
    clearTimeout(this.#patience);
    this.#over.abort();
    for (const app of this.#apps) app.retire();
    this.front.send({ type: 'drain' });
    await this.#drained.promise;
    await Promise.all(this.#apps.map((app) => app.ended()));
  }

  /** Kills what is left of the workers, and lets the front end. */
  async end(patience: (done: Promise<unknown>) => Promise<boolean>): Promise<void> {
    clearTimeout(this.#patience);
    this.#over.abort();
    await Promise.all(this.#apps.map((app) => app.abandon('the server stops')));
    this.front.disconnect();
    if (!(await patience(this.front.ended))) this.front.kill();
    await this.front.ended;
  }

  #receive(message: FromFront): void {
    switch (message.type) {
      case 'prepared':
        return;
      case 'committed': {
        const app = this.#apps.find(({ name }) => name === message.app);
        return app?.committed({ settled: () => this.#settle(app), failed: () => undefined });
      }
      case 'listening':
        return this.#events.listening();
      case 'snapshot':
        // What comes after its death is too late: its counters are among those of the dead.
        if (this.front.alive) this.families = message.families;
        return;
      case 'stacks':
        return this.#stacks.answer(message.question, message.workers);
      case 'drained':
        return this.#drained.resolve();
      case 'front-failed':
        return this.#events.frontFailed(message.failure);
      default:
        for (const app of this.#apps) if (app.receive(message)) return;
    }
  }

  #settle(app: SupervisedApp): void {
    this.#unsettled.delete(app);
    if (this.#unsettled.size === 0) this.#listen();
  }

  #listen(): void {
    clearTimeout(this.#patience);
    if (this.#told || this.#over.signal.aborted) return;
    this.#told = true;
    this.front.send({ type: 'listen' });
  }
}
