import type { AppStatus, GenerationStatus, LastReload, WorkerStatus } from '../admin/status.ts';
import type { StartFailure } from '../errors.ts';
import type { AppLoad } from '../front/protocol.ts';
import type { FrontProcess } from './front-process.ts';
import type { Generation } from './generation.ts';
import type { AppPlan } from './plan.ts';
import type { WorkerProcess } from './worker-process.ts';

/** What an app knows of itself. */
export interface AppFacts {
  readonly plan: AppPlan;
  readonly current: Generation | undefined;
  /** All of them, oldest first. */
  readonly generations: readonly Generation[];
  readonly preparing: boolean;
  readonly stopping: boolean;
  readonly failure: StartFailure | undefined;
  readonly lastReload: LastReload | undefined;
  readonly restarts: Readonly<Record<string, number>>;
  readonly wasReady: boolean;
  /** One for each front. */
  readonly loads: readonly AppLoad[];
}

/** An app as the admin listener tells of it. */
export function statusOf(facts: AppFacts): AppStatus {
  const { plan, current, loads, lastReload } = facts;
  const failure = facts.failure ?? current?.failing;
  const generations = facts.generations.map(generationStatus);
  const scale = current?.runnable.scale;
  const { workers: fixed = 0, least = 0, most = 0 } = scale ?? {};
  const wanted = current?.scaling.wanted ?? fixed;
  const queued = loads.reduce((sum, load) => sum + load.queued, 0);
  const backingOff = current?.backingOff;
  return {
    name: plan.mount.name,
    path: plan.mount.path,
    host: plan.mount.host,
    required: plan.required,
    state: stateOf(facts),
    wasReady: facts.wasReady,
    generation: (current ?? facts.generations.at(-1))?.number ?? 0,
    generations,
    workers: generations.flatMap(({ workers }) => workers),
    scale: most === 0 ? { min: wanted, max: wanted, wanted } : { min: least, max: most, wanted },
    queued,
    inFlight: loads.reduce((sum, load) => sum + load.running, queued),
    restarts: { ...facts.restarts },
    ...(backingOff === undefined
      ? {}
      : { backingOff: { deaths: backingOff.deaths, retryAt: new Date(backingOff.retryAt).toISOString() } }),
    ...(lastReload === undefined ? {} : { lastReload }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function stateOf({ current, failure, preparing, stopping }: AppFacts): AppStatus['state'] {
  if (stopping) return 'draining';
  if (current === undefined) return failure !== undefined ? 'failed' : preparing ? 'preparing' : 'starting';
  return current.scaling.wanted === 0 && current.workers.length === 0 ? 'idle' : 'serving';
}

function generationStatus(generation: Generation): GenerationStatus {
  const { number, state, since, workers, failure } = generation;
  return {
    number,
    state,
    since,
    workers: workers.map(({ worker, front }) => workerStatus(worker, front, generation)),
    ...(failure === undefined ? {} : { failure }),
  };
}

function workerStatus(worker: WorkerProcess, front: FrontProcess, { number, state }: Generation): WorkerStatus {
  const { pid, ready, age, leaving, served: requests, memory } = worker;
  const draining = state === 'draining' || leaving !== undefined;
  return {
    pid,
    state: draining ? 'draining' : ready ? 'ready' : 'starting',
    age: Math.round(age / 1000),
    generation: number,
    front: front.pid,
    requests,
    memory,
  };
}
