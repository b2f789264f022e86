/** What START, READY and FAILED carry (docs/worker-protocol.md, "Start"). */
export const PROTOCOL_VERSION = 1;

/** What a worker is told before anything else. */
export interface Start {
  readonly version: typeof PROTOCOL_VERSION;
  /** The app's name in the log. */
  readonly app: string;
  /** First on the path of imports. */
  readonly directory: string;
  readonly module: string | null;
  readonly file: string | null;
  /** Null: the conventional names. */
  readonly callable: string | null;
  /** Requests at a time. */
  readonly threads: number;
  readonly multiprocess: boolean;
  /** Body bytes of one response, and of one streamed request, that may be on their way. */
  readonly window: number;
  /** Whether request bodies may come as DATA frames. */
  readonly streaming: boolean;
  /** Whether the traceback of a failure goes to the front, for the client to see. */
  readonly debug: boolean;
  /** Whether the application is wrapped in a validator. */
  readonly lint: boolean;
  /** A folder whose `node_modules` holds the app's packages; null: they are found as always. */
  readonly packages: string | null;
}

/** What a worker says once its application is imported. */
export interface Ready {
  readonly language: 'python' | 'node';
  readonly runtime: string;
  readonly callable: string;
}
