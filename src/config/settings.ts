/**
 * The one table of settings: their flags, kinds, defaults, bounds and help all come from here. Names are gunicorn's where the meaning is the same.
 */
export type Kind = 'text' | 'path' | 'count' | 'seconds' | 'bytes' | 'switch' | 'choice' | 'addresses';

export interface Setting {
  readonly flag: string;
  readonly short?: string;
  readonly kind: Kind;
  /** As it would be written on the command line; empty: none. */
  readonly default: string;
  readonly least?: number;
  /** Without it: what a timer takes, or what a number holds exactly. */
  readonly most?: number;
  readonly choices?: readonly string[];
  readonly help: string;
}

export const SETTINGS = {
  bind: {
    flag: 'bind',
    short: 'b',
    kind: 'addresses',
    default: '127.0.0.1:8000',
    help: 'HOST:PORT to listen on; may be given several times',
  },
  workers: { flag: 'workers', short: 'w', kind: 'count', default: '1', least: 1, help: 'worker processes' },
  threads: {
    flag: 'threads',
    kind: 'count',
    default: '0',
    least: 0,
    help: 'requests that one worker runs at a time; 0: 1 for Python, 64 for TypeScript, where they share one event loop',
  },
  python: {
    flag: 'python',
    kind: 'text',
    default: 'python3',
    help: 'the Python interpreter; a virtual environment’s for its packages',
  },
  chdir: { flag: 'chdir', kind: 'path', default: '.', help: 'the folder in which the application is found and run' },
  bootTimeout: {
    flag: 'boot-timeout',
    kind: 'seconds',
    default: '30',
    least: 0.1,
    help: 'for the import of the application',
  },
  queueTimeout: {
    flag: 'queue-timeout',
    kind: 'seconds',
    default: '30',
    least: 0.1,
    help: 'for a request to wait for a free worker; then 503',
  },
  gracefulTimeout: {
    flag: 'graceful-timeout',
    kind: 'seconds',
    default: '30',
    least: 0,
    help: 'for running requests to end when the server stops',
  },
  keepAlive: {
    flag: 'keep-alive',
    kind: 'seconds',
    default: '75',
    least: 0,
    help: 'for the next request on an idle connection',
  },
  headTimeout: {
    flag: 'head-timeout',
    kind: 'seconds',
    default: '15',
    least: 0.1,
    help: 'for the head of a request; then 408',
  },
  bodyTimeout: {
    flag: 'body-timeout',
    kind: 'seconds',
    default: '30',
    least: 0.1,
    help: 'between two reads of a request body; then 408',
  },
  writeTimeout: {
    flag: 'write-timeout',
    kind: 'seconds',
    default: '60',
    least: 0.1,
    help: 'for a client to take anything of its response; then it is cut',
  },
  limitRequestLine: {
    flag: 'limit-request-line',
    kind: 'bytes',
    default: '8190',
    least: 64,
    help: 'the request line; beyond: 414',
  },
  limitRequestFields: {
    flag: 'limit-request-fields',
    kind: 'count',
    default: '100',
    least: 1,
    most: 60_000,
    help: 'header fields; beyond: 431',
  },
  limitRequestHead: {
    flag: 'limit-request-head',
    kind: 'bytes',
    default: '64KiB',
    least: 256,
    most: 16 << 20,
    help: 'all header fields together; beyond: 431',
  },
  limitRequestBody: {
    flag: 'limit-request-body',
    kind: 'bytes',
    default: '1GiB',
    least: 0,
    help: 'the request body; beyond: 413',
  },
  bodyMemory: {
    flag: 'body-memory',
    kind: 'bytes',
    default: '64KiB',
    least: 0,
    most: 32 << 20,
    help: 'request bodies up to this stay in memory; larger ones are spooled',
  },
  responseBuffer: {
    flag: 'response-buffer',
    kind: 'bytes',
    default: '256KiB',
    least: 0,
    help: 'of a response that waits for a slow client, before the worker is held back',
  },
  dataDirectory: {
    flag: 'data-directory',
    kind: 'path',
    default: '',
    help: 'where bodies are spooled: a disk; /var/tmp/stillhouse-UID where it is not set',
  },
  accessLog: {
    flag: 'access-log',
    kind: 'switch',
    default: 'yes',
    help: 'a record for each request; --no-access-log leaves them out',
  },
  logLevel: {
    flag: 'log-level',
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error', 'silent'],
    help: 'the least level that is logged',
  },
  logFormat: {
    flag: 'log-format',
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'json', 'readable'],
    help: 'auto: readable on a terminal, else JSON lines',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** What a setting of a kind holds. Seconds and bytes are plain numbers. */
interface Values {
  text: string;
  path: string;
  count: number;
  seconds: number;
  bytes: number;
  switch: boolean;
  choice: string;
  addresses: readonly { readonly host: string; readonly port: number }[];
}

export type Settings = { readonly [Name in SettingName]: Values[(typeof SETTINGS)[Name]['kind']] };
