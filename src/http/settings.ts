import type { Flags, Peer } from '../wsgi/environ.ts';
import type { Application, Environ, Report } from '../wsgi/types.ts';
import type { Limits } from './limits.ts';

/** What a server serves, and how. */
export interface ServerSettings {
  readonly app: Application;
  readonly limits: Limits;
  readonly flags: Flags;
  /** SERVER_NAME and SERVER_PORT; the connection's own address without them. */
  readonly serverName?: string;
  readonly serverPort?: number;
  /** An application's mistake that did not fail its response. */
  readonly report: (problem: Parameters<Report>[0], environ: Environ) => void;
  /** A refused request (ClientError) or a failed application (anything else). */
  readonly onError: (error: unknown, peer: Peer, environ: Environ | undefined) => void;
  /** A connection has nothing more to do for now. */
  readonly onIdle?: () => void;
}
