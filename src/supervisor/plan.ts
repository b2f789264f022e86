import type { StartFailure } from '../errors.ts';
import type { AppMount, FrontSettings } from '../front/protocol.ts';
import type { Start } from '../pool/start.ts';
import type { ListenAddress } from './sockets.ts';

/** How the workers of an app are started. Times in milliseconds. */
export interface Runnable {
  /** What each worker is told. */
  readonly start: Start;
  readonly workers: number;
  /** The interpreter and its arguments, up to the worker's own script. */
  readonly command: { readonly file: string; readonly args: readonly string[] };
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeout: number;
  /** How long a request may run on after its timeout before its worker is killed. */
  readonly grace: number;
  readonly queueTime: number;
  /** How long a request waits for a worker that runs nothing before it shares one. */
  readonly patience: number;
  readonly bootTime: number;
}

/** One app: where it is mounted, and how it is run, which may take a while to find out. */
export interface AppPlan {
  readonly mount: AppMount;
  /** Whether the server is not ready before it is. */
  readonly required: boolean;
  /**
   * Makes it runnable: installs what it needs.
   * @param say tells of progress
   * @throws StartError where it cannot be run
   */
  readonly prepare: (say: (message: string) => void, signal: AbortSignal) => Promise<Runnable> | Runnable;
  /** Why it cannot be run, where that is known already. */
  readonly failure?: StartFailure;
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
  readonly front: Omit<FrontSettings, 'addresses' | 'spoolDirectory' | 'apps'>;
  readonly dataDirectory: string;
  readonly gracefulTime: number;
  readonly version: string;
}
