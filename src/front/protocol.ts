/**
 * What the supervisor and a front say to each other over IPC (docs/supervisor-protocol.md). Each is plain JSON; the handles of a worker come with
 * their own messages.
 */
import type { WorkerStacks } from '../admin/control.ts';
import type { StartFailure } from '../errors.ts';
import type { Limits } from '../http/limits.ts';
import type { LogSettings } from '../observe/log.ts';
import type { Family } from '../observe/metrics.ts';
import type { Ready, Start } from '../pool/start.ts';

/** An address that the supervisor has bound, and the descriptor under which the front inherited it. */
export interface BoundAddress {
  readonly fd: number;
  readonly host: string;
  readonly port: number;
}

/** An app as the front knows it before any worker of it is there. */
export interface AppMount {
  readonly name: string;
  readonly path: string;
  readonly host: string;
  /** Bytes of a request body. */
  readonly bodyLimit: number;
  /** Whether its workers are given request bodies as they come. */
  readonly streaming: boolean;
}

/** How a front works, whatever it serves. */
export interface FrontSettings {
  readonly log: LogSettings;
  readonly addresses: readonly BoundAddress[];
  readonly apps: readonly AppMount[];
  readonly limits: Limits;
  readonly accessLog: boolean;
  /** Request bodies up to so many bytes stay in memory. */
  readonly bodyMemory: number;
  readonly spoolDirectory: string;
}

/** The pipes of a worker, in the order in which they are sent. */
export const WORKER_PIPES = ['stdout', 'stderr', 'data', 'control'] as const;
export type WorkerPipe = (typeof WORKER_PIPES)[number];

/** How a generation of an app is run. Times in milliseconds; a timeout of 0 is none. */
export interface GenerationPlan {
  readonly app: string;
  readonly generation: number;
  readonly start: Start;
  readonly timeout: number;
  /** How long a request may run on after its timeout before its worker is killed. */
  readonly grace: number;
  readonly queueTime: number;
  /** How long a request waits for a worker that runs nothing before it shares one. */
  readonly patience: number;
  readonly bootTime: number;
}

export type ToFront =
  | { readonly type: 'configure'; readonly settings: FrontSettings }
  | { readonly type: 'prepare'; readonly plan: GenerationPlan }
  | { readonly type: 'pipe'; readonly worker: number; readonly pipe: WorkerPipe }
  | {
      readonly type: 'worker';
      readonly worker: number;
      readonly app: string;
      readonly generation: number;
      readonly pid: number;
    }
  | { readonly type: 'worker-gone'; readonly worker: number; readonly why: string }
  | { readonly type: 'commit'; readonly app: string; readonly generation: number }
  | { readonly type: 'retire'; readonly app: string; readonly generation: number }
  | { readonly type: 'stacks'; readonly app: string; readonly question: number }
  | { readonly type: 'listen' }
  | { readonly type: 'drain' };

export type FromFront =
  | { readonly type: 'worker-ready'; readonly worker: number; readonly ready: Ready }
  | { readonly type: 'worker-failed'; readonly worker: number; readonly failure: StartFailure }
  | { readonly type: 'worker-broken'; readonly worker: number; readonly why: string }
  | { readonly type: 'worker-lost'; readonly worker: number }
  | { readonly type: 'prepared' | 'committed'; readonly app: string; readonly generation: number }
  | { readonly type: 'listening' }
  | { readonly type: 'front-failed'; readonly failure: StartFailure }
  | { readonly type: 'snapshot'; readonly families: readonly Family[] }
  | { readonly type: 'stacks'; readonly question: number; readonly workers: readonly WorkerStacks[] }
  | { readonly type: 'drained' };
