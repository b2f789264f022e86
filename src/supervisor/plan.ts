import type { FrontSettings } from '../front/protocol.ts';
import type { Start } from '../pool/start.ts';
import type { ListenAddress } from './sockets.ts';

/** How the workers of an app are started. */
export interface AppPlan {
  /** What each worker is told. */
  readonly start: Start;
  readonly workers: number;
  /** The interpreter and its arguments, up to the worker's own script. */
  readonly command: { readonly file: string; readonly args: readonly string[] };
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Everything that a supervisor needs. Times in milliseconds. */
export interface ServePlan {
  readonly app: AppPlan;
  readonly bind: readonly ListenAddress[];
  readonly front: Omit<FrontSettings, 'addresses' | 'spoolDirectory'>;
  readonly dataDirectory: string;
  readonly queueTime: number;
  readonly patience: number;
  readonly bootTime: number;
  readonly gracefulTime: number;
}
