import { performance } from 'node:perf_hooks';
import type { AppStatus, ServerStatus, Snapshot } from '../admin/status.ts';
import { canAnswer, WORKER_STATES } from '../admin/status.ts';
import { type Family, family, METRICS, type MetricName, RESTART_CAUSES } from '../observe/metrics.ts';
import { DeadCounters } from '../observe/snapshots.ts';
import { Tally } from '../observe/tally.ts';
import { ProcessFigures } from './process-figures.ts';
import type { SupervisedApp } from './supervised-app.ts';

const LOOK_MS = 1000;

/** The front that serves now, and what it told last. */
export interface FrontView {
  readonly pid: number | undefined;
  readonly alive: boolean;
  /** Milliseconds. */
  readonly age: number;
  readonly families: readonly Family[];
}

/** What the admin listener tells: looked at once a second, so that no scrape waits on anyone. */
export class Observer {
  readonly #version: string;
  readonly #apps: readonly SupervisedApp[];
  readonly #front: () => FrontView;
  readonly #logDropped: () => number;
  readonly #figures = new ProcessFigures();
  readonly #dead = new DeadCounters();
  readonly #started = new Date();
  readonly #timer: NodeJS.Timeout;
  /** What a front would tell that has served nobody: every series is there from the start. */
  readonly #zeros: readonly Family[];
  #processes: readonly Family[] = [];
  #last: readonly Family[] = [];
  #heard = performance.now();
  /** The last words of the last front that died: they are among the dead already. */
  #buried: readonly Family[] | undefined;
  #frontDeaths = 0;
  urls: readonly string[] = [];

  constructor(version: string, apps: readonly SupervisedApp[], front: () => FrontView, logDropped: () => number) {
    this.#version = version;
    this.#apps = apps;
    this.#front = front;
    this.#logDropped = logDropped;
    const tally = new Tally();
    for (const { name } of apps) tally.app(name);
    this.#zeros = tally.snapshot(() => ({ queued: 0, inFlight: 0 }));
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** @param last its last snapshot: its counters go on counting */
  frontDied(last: readonly Family[]): void {
    this.#frontDeaths++;
    this.#dead.bury(last);
    this.#buried = last;
  }

  snapshot(state: ServerStatus['state']): Snapshot {
    const { pid, alive, age, families } = this.#front();
    this.#hear(families);
    if (this.#processes.length === 0) this.#look();
    const status: ServerStatus = {
      version: this.#version,
      node: process.versions.node,
      started: this.#started.toISOString(),
      state,
      urls: this.urls,
      pid: process.pid,
      fronts: [
        {
          pid,
          alive,
          state: !alive ? 'dead' : state === 'stopping' ? 'draining' : state,
          age: Math.round(age / 1000),
          deaths: this.#frontDeaths,
        },
      ],
      apps: this.#apps.map((app) =>
        app.status(pid, {
          queued: toldOf(families, 'queued', app.name),
          inFlight: toldOf(families, 'inFlight', app.name),
        }),
      ),
    };
    const ofFront = families === this.#buried ? [] : families;
    return { status, families: [this.#zeros, ofFront, this.#dead.families, this.#processes, this.#own(status)] };
  }

  #look(): void {
    const { pid, families } = this.#front();
    this.#hear(families);
    this.#processes = this.#figures.look([
      { process: 'supervisor', app: '', pids: [process.pid] },
      { process: 'front', app: '', pids: pid === undefined ? [] : [pid] },
      ...this.#apps.map(({ name, pids }) => ({ process: 'worker' as const, app: name, pids })),
    ]);
  }

  #hear(families: readonly Family[]): void {
    if (families === this.#last) return;
    this.#last = families;
    this.#heard = performance.now();
  }

  /** What the supervisor itself knows. */
  #own({ apps, version, node }: ServerStatus): Family[] {
    const single = (name: MetricName, value: number) => family(name, [{ labels: {}, value }]);
    return [
      family('workers', apps.flatMap(workersByState)),
      family('restarts', apps.flatMap(restartsByCause)),
      single('frontRestarts', this.#frontDeaths),
      single('frontSilence', (performance.now() - this.#heard) / 1000),
      family(
        'ready',
        apps.map((app) => ({ labels: { app: app.name }, value: Number(canAnswer(app)) })),
      ),
      family(
        'failed',
        apps.map(({ name, state }) => ({ labels: { app: name }, value: Number(state === 'failed') })),
      ),
      family('logDropped', [{ labels: { process: 'supervisor' }, value: this.#logDropped() }]),
      single('startTime', this.#started.getTime() / 1000),
      family('build', [{ labels: { version, node }, value: 1 }]),
    ];
  }
}

/** What a front told of an app. */
function toldOf(families: readonly Family[], metric: MetricName, app: string): number {
  const { values = [] } = families.find(({ name }) => name === METRICS[metric].name) ?? {};
  return values.find(({ labels }) => labels.app === app)?.value ?? 0;
}

function workersByState({ name, workers }: AppStatus) {
  return WORKER_STATES.map((state) => ({
    labels: { app: name, state },
    value: workers.filter((worker) => worker.state === state).length,
  }));
}

function restartsByCause({ name, restarts }: AppStatus) {
  return RESTART_CAUSES.map((cause) => ({ labels: { app: name, cause }, value: restarts[cause] ?? 0 }));
}
