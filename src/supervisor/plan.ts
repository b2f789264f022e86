import type { Account } from '../apps/account.ts';
import type { StartFailure } from '../errors.ts';
import type { AppMount, FrontSettings, GenerationPlan } from '../front/protocol.ts';
import type { Limits } from '../http/limits.ts';
import type { MachineLimits } from '../machine/machine-limits.ts';
import type { ListenAddress } from './sockets.ts';

/** How many workers an app has. Times in milliseconds. */
export interface ScalePlan {
  /** As many as it begins with; and always has, where `most` is 0. */
  readonly workers: number;
  /** Between these it follows what waits; `most` 0: it does not. */
  readonly least: number;
  readonly most: number;
  /** How long a request may wait before another worker is started. */
  readonly wait: number;
  /** How long a worker must not have been needed before it is ended, and the last one of an app whose least is 0. */
  readonly idle: number;
}

/** When a worker that serves is replaced. Zero: never. */
export interface LifePlan {
  readonly requests: number;
  /** Up to so many requests more, at random, so that workers do not end together. */
  readonly jitter: number;
  /** Bytes of resident memory. */
  readonly memory: number;
}

/** The program of a worker: the interpreter with its arguments, up to the worker's own script, and what it runs in and as. */
export interface WorkerProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Undefined: this process's own user. */
  readonly account: Account | undefined;
  /** The mode bits that its files do not get; undefined: this process's own. */
  readonly umask: number | undefined;
}

/** An app that can be run. */
export interface Runnable {
  /** What the fronts know of it. */
  readonly service: Omit<GenerationPlan, 'app' | 'generation'>;
  readonly program: WorkerProgram;
  readonly scale: ScalePlan;
  readonly life: LifePlan;
}

/** One app: where it is mounted, and how it is run, which may take a while to find out. */
export interface AppPlan {
  readonly mount: AppMount;
  /** Whether the server is not ready before it is. */
  readonly required: boolean;
  /** What a change of its code changes. */
  readonly folder: string;
  /**
   * Makes it runnable: installs what it needs.
   * @param say tells of progress
   * @throws StartError where it cannot be run
   */
  readonly prepare: (say: (message: string) => void, signal: AbortSignal) => Promise<Runnable> | Runnable;
  /** Why it cannot be run, where that is known already. */
  readonly failure?: StartFailure;
}

/** Absolute paths of what is watched in development. */
export interface WatchPlan {
  /** Those of the configuration: a change of one changes everything. */
  readonly files: readonly string[];
  /** That holds the apps, or is the only one. */
  readonly folder: string;
}

/** Everything that a supervisor needs. Times in milliseconds. */
export interface ServePlan {
  readonly apps: readonly AppPlan[];
  /** Whether an app that cannot start ends the server: the only app of a command line does. */
  readonly strict: boolean;
  readonly bind: readonly ListenAddress[];
  /** Where the admin listener stands; none: nowhere. */
  readonly adminBind: readonly ListenAddress[];
  readonly adminToken: string;
  readonly fronts: number;
  /** What the machine and its control groups allow. */
  readonly machine: MachineLimits;
  readonly front: Omit<FrontSettings, 'addresses' | 'spoolDirectory'>;
  /** Both are changed by a reload. */
  readonly limits: Limits;
  readonly accessLog: boolean;
  /** How long a front may tell nothing before it is replaced; 0: without end. */
  readonly frontTime: number;
  /** Whom the fronts run as; undefined: this process's own user. */
  readonly account: Account | undefined;
  /** Whether a front has to kill what another user's workers have forked. */
  readonly mixed: boolean;
  readonly dataDirectory: string;
  /** How long connections are still taken after the server is known not to be ready any more. */
  readonly shutdownDelay: number;
  readonly gracefulTime: number;
  /** What reloads what it belongs to when it changes; undefined: nothing is watched. */
  readonly watch: WatchPlan | undefined;
  readonly version: string;
}
