/** What the admin listener tells, as data: a snapshot that the supervisor makes, and everything else is a pure function of. */
import type { StartFailure } from '../errors.ts';
import type { Family } from '../observe/metrics.ts';

export const WORKER_STATES = ['starting', 'ready', 'draining'] as const;

export interface WorkerStatus {
  readonly pid: number | undefined;
  readonly state: (typeof WORKER_STATES)[number];
  /** Seconds since its start. */
  readonly age: number;
}

export interface AppStatus {
  readonly name: string;
  readonly path: string;
  readonly host: string;
  readonly required: boolean;
  /** `preparing`: its dependencies are installed; `draining`: the server stops. */
  readonly state: 'preparing' | 'starting' | 'serving' | 'draining' | 'failed';
  /** Whether it has been able to answer once. */
  readonly wasReady: boolean;
  readonly generation: number;
  readonly workers: readonly WorkerStatus[];
  readonly restarts: Readonly<Record<string, number>>;
  readonly failure?: StartFailure;
}

export interface ServerStatus {
  readonly version: string;
  readonly node: string;
  /** ISO 8601. */
  readonly started: string;
  readonly state: 'starting' | 'serving' | 'stopping';
  readonly urls: readonly string[];
  readonly front: { readonly pid: number | undefined; readonly alive: boolean; readonly deaths: number };
  readonly apps: readonly AppStatus[];
}

/** One second's picture. */
export interface Snapshot {
  readonly status: ServerStatus;
  /** The metrics of every process, the dead ones' counters included. */
  readonly families: readonly (readonly Family[])[];
}

/** Why the server is not ready to be sent requests; empty where it is. */
export function notReady({ state, apps }: ServerStatus): string[] {
  if (state === 'stopping') return ['the server is stopping'];
  const missing = apps.filter(({ required, wasReady }) => required && !wasReady);
  const reasons = missing.map((app) => `${app.name} is ${app.state}`);
  return state === 'starting' && reasons.length === 0 ? ['the server does not listen yet'] : reasons;
}
