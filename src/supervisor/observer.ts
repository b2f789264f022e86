import { performance } from 'node:perf_hooks';
import type { AppStatus, ServerStatus, Snapshot } from '../admin/status.ts';
import { canAnswer, WORKER_STATES } from '../admin/status.ts';
import { limitFamilies, type MachineLimits } from '../machine/machine-limits.ts';
import { ProcessFigures } from '../machine/process-figures.ts';
import { type Family, family, type MetricName, RESTART_CAUSES } from '../observe/metrics.ts';
import { DeadCounters } from '../observe/snapshots.ts';
import { Tally } from '../observe/tally.ts';
import type { Deployment } from './deployment.ts';
import type { Fronts } from './fronts.ts';
import type { Reloads } from './reloads.ts';

const LOOK_MS = 1000;

/** What the admin listener tells: looked at once a second, so that no scrape waits on anyone. */
export class Observer {
  readonly #version: string;
  readonly #urls: readonly string[];
  readonly #fronts: Fronts;
  readonly #deployment: Deployment;
  readonly #reloads: Reloads;
  readonly #logDropped: () => number;
  readonly #limits: MachineLimits;
  readonly #figures = new ProcessFigures();
  readonly #dead = new DeadCounters();
  readonly #started = new Date();
  readonly #timer: NodeJS.Timeout;
  /** What a front would tell that has served nobody: every series is there from the start. */
  readonly #zeros = new Tally();
  #processes: readonly Family[] = [];
  #buried = new WeakSet<readonly Family[]>();
  #frontDeaths = 0;

  constructor(
    version: string,
    urls: readonly string[],
    fronts: Fronts,
    deployment: Deployment,
    reloads: Reloads,
    logDropped: () => number,
    limits: MachineLimits,
  ) {
    this.#version = version;
    this.#urls = urls;
    this.#fronts = fronts;
    this.#deployment = deployment;
    this.#reloads = reloads;
    this.#logDropped = logDropped;
    this.#limits = limits;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** @param last its last snapshot: its counters go on counting */
  frontDied(last: readonly Family[]): void {
    this.#frontDeaths++;
    this.#dead.bury(last);
    this.#buried.add(last);
  }

  snapshot(state: ServerStatus['state']): Snapshot {
    if (this.#processes.length === 0) this.#look();
    const status: ServerStatus = {
      version: this.#version,
      node: process.versions.node,
      pid: process.pid,
      started: this.#started.toISOString(),
      state,
      urls: this.#urls,
      fronts: this.#fronts.status(state),
      limits: this.#limits,
      apps: this.#deployment.apps.map((app) => app.status),
    };
    const told = this.#fronts.all.map(({ families }) => families).filter((families) => !this.#buried.has(families));
    for (const { name } of status.apps) this.#zeros.app(name);
    const zeros = this.#zeros.snapshot(() => ({ queued: 0, inFlight: 0 }));
    return { status, families: [zeros, ...told, this.#dead.families, this.#processes, this.#own(status)] };
  }

  #look(): void {
    const pids = this.#fronts.all.flatMap(({ pid }) => pid ?? []);
    this.#processes = this.#figures.look([
      { process: 'supervisor', app: '', pids: [process.pid] },
      { process: 'front', app: '', pids },
      ...this.#deployment.apps.map(({ name, pids }) => ({ process: 'worker' as const, app: name, pids })),
    ]);
  }

  /** What the supervisor itself knows. */
  #own({ apps, version, node }: ServerStatus): Family[] {
    const single = (name: MetricName, value: number) => family(name, [{ labels: {}, value }]);
    const perApp = (name: MetricName, value: (app: AppStatus) => number) =>
      family(
        name,
        apps.map((app) => ({ labels: { app: app.name }, value: value(app) })),
      );
    const { done, failed } = this.#reloads.counts;
    const now = performance.now();
    const silence = Math.max(0, ...this.#fronts.all.map(({ heard }) => now - heard));
    return [
      family('workers', apps.flatMap(workersByState)),
      perApp('workersWanted', ({ scale }) => scale.wanted),
      family('restarts', apps.flatMap(restartsByCause)),
      single('frontRestarts', this.#frontDeaths),
      single('frontSilence', silence / 1000),
      perApp('ready', (app) => Number(canAnswer(app))),
      perApp('failed', ({ state }) => Number(state === 'failed')),
      perApp('generation', ({ generation }) => generation),
      perApp('crashLoop', ({ backingOff }) => backingOff?.deaths ?? 0),
      family('reloads', [
        { labels: { outcome: 'done' }, value: done },
        { labels: { outcome: 'failed' }, value: failed },
      ]),
      family('logDropped', [{ labels: { process: 'supervisor' }, value: this.#logDropped() }]),
      ...limitFamilies(this.#limits),
      single('startTime', this.#started.getTime() / 1000),
      family('build', [{ labels: { version, node }, value: 1 }]),
    ];
  }
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
