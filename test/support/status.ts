/** A server's status, made up. */
import type { AppStatus, GenerationStatus, ServerStatus, WorkerStatus } from '../../src/admin/status.ts';

export function workerStatus(change: Partial<WorkerStatus> = {}): WorkerStatus {
  return { pid: 101, state: 'ready', age: 60, generation: 1, front: 2, requests: 0, memory: 20_971_520, ...change };
}

export function generationStatus(change: Partial<GenerationStatus> = {}): GenerationStatus {
  return { number: 1, state: 'serving', since: '2026-01-01T00:00:01.000Z', workers: [workerStatus()], ...change };
}

/** An app that serves, with one generation of one worker. */
export function appStatus(change: Partial<AppStatus> = {}): AppStatus {
  const generations = change.generations ?? [generationStatus()];
  return {
    name: 'blog',
    path: '/blog',
    host: '',
    required: true,
    state: 'serving',
    wasReady: true,
    generation: 1,
    generations,
    workers: generations.flatMap(({ workers }) => workers),
    scale: { min: 1, max: 1, wanted: 1 },
    queued: 0,
    inFlight: 0,
    restarts: {},
    ...change,
  };
}

export function serverStatus(apps: readonly AppStatus[], change: Partial<ServerStatus> = {}): ServerStatus {
  return {
    version: '1',
    node: '24',
    pid: 1,
    started: '2026-01-01T00:00:00.000Z',
    state: 'serving',
    urls: ['http://127.0.0.1:8000/'],
    fronts: [{ pid: 2, alive: true, state: 'serving', age: 60, deaths: 0 }],
    limits: { cpus: 2, memory: 1_073_741_824, from: { cpus: 'machine', memory: 'machine' } },
    apps,
    ...change,
  };
}
