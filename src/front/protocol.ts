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

/** The same, with further descriptors of the same socket. */
export interface FrontAddress extends BoundAddress {
  readonly spareFds: readonly number[];
}

/** Where an app stands among the others. */
export interface AppMount {
  readonly name: string;
  readonly path: string;
  readonly host: string;
}

/** How a front works, whatever it serves. */
export interface FrontSettings {
  readonly log: LogSettings;
  readonly addresses: readonly FrontAddress[];
  /** Request bodies up to so many bytes stay in memory. */
  readonly bodyMemory: number;
  /** Bytes of request bodies in memory at the most, of all together. */
  readonly bodyMemoryTotal: number;
  readonly spoolDirectory: string;
}

/** The pipes of a worker, in the order in which they are sent. */
export const WORKER_PIPES = ['stdout', 'stderr', 'data', 'control'] as const;
export type WorkerPipe = (typeof WORKER_PIPES)[number];

/** How a generation of an app is run. Times in milliseconds; a time of 0 is none. */
export interface GenerationPlan {
  readonly app: string;
  readonly generation: number;
  readonly start: Start;
  /** Bytes of a request body. */
  readonly bodyLimit: number;
  /** Requests that may be open in a front; 0: any number. */
  readonly concurrency: number;
  /** Whether its workers run as another user than the front, whose files they cannot open. */
  readonly foreign: boolean;
  readonly timeout: number;
  /** How long a request may run on after its timeout before its worker is killed. */
  readonly grace: number;
  readonly queueTime: number;
  readonly queueSize: number;
  /** True where the slots of a worker share one event loop. */
  readonly sharesLoop: boolean;
  readonly bootTime: number;
  /** How long a worker may take to answer a PING before it is taken for hung. */
  readonly pingTime: number;
  /** The path of the file of request bodies, which the front opens and unlinks; undefined: there is none. */
  readonly bodies?: string | undefined;
  /** The path that each worker is asked for before it counts as ready; empty: none. */
  readonly warmUp: string;
}

/** Where an app stands, and which of its generations answers there. */
export interface Route {
  readonly mount: AppMount;
  /** Undefined: none has started yet. */
  readonly generation?: number | undefined;
}

/** What a front serves from one moment on: all of it changes together. */
export interface RouteTable {
  /** Counts up; the front answers with it. */
  readonly number: number;
  readonly routes: readonly Route[];
  readonly limits: Limits;
  readonly accessLog: boolean;
}

/** What an app has to do in a front: what scaling looks at. */
export interface AppLoad {
  readonly app: string;
  readonly queued: number;
  /** Requests that workers have. */
  readonly running: number;
  /** How long the first in the queue has waited, in milliseconds. */
  readonly oldestWait: number;
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
      /** Requests after which it asks to be replaced; 0: never. */
      readonly requests: number;
      /** The path of its progress file, which the front opens and unlinks. */
      readonly progress: string;
    }
  | { readonly type: 'worker-gone'; readonly worker: number; readonly why: string }
  | { readonly type: 'release'; readonly worker: number }
  | { readonly type: 'commit'; readonly table: RouteTable }
  | { readonly type: 'retire'; readonly app: string; readonly generation: number }
  | { readonly type: 'stacks'; readonly app: string; readonly question: number }
  | { readonly type: 'listen' }
  | { readonly type: 'drain' };

/** A worker that the supervisor has started for a generation, by its number. */
export type AdoptedWorker = Omit<Extract<ToFront, { type: 'worker' }>, 'type' | 'worker' | 'app'> & {
  readonly id: number;
};

export type FromFront =
  | { readonly type: 'worker-ready'; readonly worker: number; readonly ready: Ready }
  | { readonly type: 'worker-failed'; readonly worker: number; readonly failure: StartFailure }
  | { readonly type: 'worker-broken'; readonly worker: number; readonly why: string }
  | { readonly type: 'worker-hung'; readonly worker: number; readonly why: string }
  | { readonly type: 'worker-spent'; readonly worker: number }
  | { readonly type: 'worker-lost'; readonly worker: number }
  | { readonly type: 'committed'; readonly number: number }
  | { readonly type: 'listening' }
  | { readonly type: 'front-failed'; readonly failure: StartFailure }
  | { readonly type: 'snapshot'; readonly families: readonly Family[]; readonly served: readonly WorkerServed[] }
  | { readonly type: 'load'; readonly loads: readonly AppLoad[] }
  | { readonly type: 'stacks'; readonly question: number; readonly workers: readonly WorkerStacks[] }
  | { readonly type: 'drained' };

/** How many requests a worker has ended. */
export interface WorkerServed {
  readonly worker: number;
  readonly requests: number;
}
