/** What the admin listener tells, as data: a snapshot that the supervisor makes, and everything else is a pure function of. Times are ISO 8601. */
import type { StartFailure } from '../errors.ts';
import type { Family } from '../observe/metrics.ts';

export const WORKER_STATES = ['starting', 'ready', 'draining'] as const;

export interface WorkerStatus {
  readonly pid: number | undefined;
  readonly state: (typeof WORKER_STATES)[number];
  /** Seconds since its start. */
  readonly age: number;
  readonly generation: number;
  /** The process id of the front that it works for. */
  readonly front: number | undefined;
  /** How many it has answered. */
  readonly requests: number;
  /** Resident, in bytes. */
  readonly memory: number;
}

/** The life of a generation; its table is src/supervisor/generation-state.ts. */
export type GenerationState = 'declared' | 'starting' | 'warm' | 'serving' | 'draining' | 'stopped' | 'failed';

export interface GenerationStatus {
  readonly number: number;
  readonly state: GenerationState;
  /** When it came into this state. */
  readonly since: string;
  readonly workers: readonly WorkerStatus[];
  /** Why it could not start. */
  readonly failure?: StartFailure;
}

/** How many workers an app may have, and how many it is meant to have now; over all fronts. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly wanted: number;
}

/** A reload that is over. */
export interface LastReload {
  readonly at: string;
  readonly ok: boolean;
  /** Why the old generation serves on. */
  readonly failure?: StartFailure;
}

/** Workers that die again and again are started again only after a while. */
export interface BackingOff {
  /** In a row. */
  readonly deaths: number;
  readonly retryAt: string;
}

export interface AppStatus {
  readonly name: string;
  readonly path: string;
  readonly host: string;
  readonly required: boolean;
  /** `preparing`: its dependencies are installed; `idle`: it has no worker, and the first request starts one; `draining`: the server stops, or the app is removed. */
  readonly state: 'preparing' | 'starting' | 'serving' | 'idle' | 'draining' | 'failed';
  /** Whether it has been able to answer once. */
  readonly wasReady: boolean;
  /** The number of the generation that serves; of the newest where none does. */
  readonly generation: number;
  /** The one that serves, what starts or drains beside it, and the last that failed until another succeeds; oldest first. */
  readonly generations: readonly GenerationStatus[];
  /** Those of all its generations. */
  readonly workers: readonly WorkerStatus[];
  readonly scale: Scale;
  /** Requests that wait for a worker. */
  readonly queued: number;
  /** Requests that it is being asked for, the waiting ones included. */
  readonly inFlight: number;
  readonly restarts: Readonly<Record<string, number>>;
  readonly backingOff?: BackingOff;
  readonly lastReload?: LastReload;
  /** Why it is `failed`, or why its workers do not start any more. */
  readonly failure?: StartFailure;
}

export interface FrontStatus {
  readonly pid: number | undefined;
  readonly alive: boolean;
  readonly state: 'starting' | 'serving' | 'draining' | 'dead';
  /** Seconds since its start. */
  readonly age: number;
  /** How many have died in its place. */
  readonly deaths: number;
}

/** What the container, or the machine, lets the server have. */
export interface Limits {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** The files of control groups that say so; `machine`: none says less than that has. */
  readonly from: { readonly cpus: string; readonly memory: string };
}

export interface ServerStatus {
  readonly version: string;
  readonly node: string;
  readonly pid: number;
  readonly started: string;
  readonly state: 'starting' | 'serving' | 'stopping';
  readonly urls: readonly string[];
  readonly fronts: readonly FrontStatus[];
  readonly limits: Limits;
  readonly apps: readonly AppStatus[];
}

/** One second's picture. */
export interface Snapshot {
  readonly status: ServerStatus;
  /** The metrics of every process, the dead ones' counters included. */
  readonly families: readonly (readonly Family[])[];
}

/** The workers of the generation that serves, or of the newest where none does: what "2 of 3 ready" counts. */
export function currentWorkers({ generation, generations }: AppStatus): readonly WorkerStatus[] {
  return generations.find(({ number }) => number === generation)?.workers ?? [];
}

export function readyWorkers(app: AppStatus): number {
  return readyAmong(currentWorkers(app));
}

export function readyAmong(workers: readonly WorkerStatus[]): number {
  return workers.filter(({ state }) => state === 'ready').length;
}

/** Whether an app can answer a request now. */
export function canAnswer(app: AppStatus): boolean {
  return app.state === 'idle' || (app.state === 'serving' && readyWorkers(app) > 0);
}

/** Why the server is not ready to be sent requests; empty where it is. */
export function notReady({ state, apps }: ServerStatus): string[] {
  if (state === 'stopping') return ['the server is stopping'];
  const missing = apps.filter(({ required, wasReady }) => required && !wasReady);
  const reasons = missing.map((app) => [`${app.name} is ${app.state}`, ...whyDown(app)].join('; '));
  return state === 'starting' && reasons.length === 0 ? ['the server does not listen yet'] : reasons;
}

/** Why an app cannot answer now, without the words of a failure: they are for those who bear the token. */
export function appNotReady(app: AppStatus): string {
  const workers = `${readyWorkers(app)} of ${currentWorkers(app).length} workers ready`;
  return [`${app.name} is ${app.state}, with ${workers}`, ...whyDown(app)].join('; ');
}

/** Why there is no next worker at once; nothing where there is. */
export function whyDown({ backingOff }: AppStatus): string[] {
  if (backingOff === undefined) return [];
  const { deaths, retryAt } = backingOff;
  return [`${deaths} workers in a row have died, and the next is started at ${timeOf(retryAt)}`];
}

/** `2026-01-01 02:03:04 UTC`. */
export function timeOf(iso: string): string {
  return iso.replace('T', ' ').replace(/\.[0-9]+Z$/, ' UTC');
}
