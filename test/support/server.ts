/** Stillhouse as its users run it: a process of its own, its log read line by line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ProcessTree } from './processes.ts';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
export const BIN: string = fileURLToPath(new URL('../../bin/stillhouse.mjs', import.meta.url));
/** Debian's Python, for which the frameworks are installed. */
export const PYTHON = '/usr/bin/python3';

export interface LogRecord {
  readonly level: string;
  readonly msg?: string;
  readonly kind?: string;
  readonly code?: string;
  readonly request?: string;
  readonly [key: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** How a run differs from `stillhouse ARGS` in the repository's root. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What is run in place of this Node and the executable. */
  readonly command?: readonly [file: string, ...args: string[]];
}

const PATIENCE_MS = 30_000;

/** One run of the command. Dispose of it (`await using`), and it is stopped and nothing of it is left. */
export class RunningServer implements AsyncDisposable {
  /** The lines of stdout. */
  readonly lines: string[] = [];
  /** Those that are JSON. */
  readonly records: LogRecord[] = [];
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #stderr = '';
  #over = false;

  constructor(args: readonly string[], options: RunOptions = {}) {
    const { INIT_CWD: _, ...env } = { ...process.env, ...options.env };
    const [file, ...first] = options.command ?? [process.execPath, BIN];
    this.#child = spawn(file, [...first, ...args], {
      cwd: options.cwd ?? ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.lines.push(line);
      if (line.startsWith('{')) this.records.push(JSON.parse(line) as LogRecord);
      for (const look of this.#watchers) look();
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr += bytes.toString();
    });
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      this.#over = true;
      for (const look of this.#watchers) look();
      return { code, signal, stderr: this.#stderr } as Ended;
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The processes of this run, as they are now. */
  processes(): ProcessTree {
    return ProcessTree.of(this.pid);
  }

  /** The first record that fits, now or later. @throws where the server ends first, or none comes in time */
  record(fits: (record: LogRecord) => boolean, what = 'the record'): Promise<LogRecord> {
    return this.#find(this.records, fits, what);
  }

  /** The first line of stdout that has these words, now or later. */
  line(words: string): Promise<string> {
    return this.#find(this.lines, (line) => line.includes(words), `a line with ${JSON.stringify(words)}`);
  }

  #find<T>(among: readonly T[], fits: (each: T) => boolean, what: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = () => {
      const found = among.find(fits);
      if (found !== undefined) resolve(found);
      else if (this.#over) reject(new Error(`the server ended before ${what} came\n${this.#describe()}`));
    };
    const timer = setTimeout(() => reject(new Error(`${what} did not come in time\n${this.#describe()}`)), PATIENCE_MS);
    this.#watchers.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watchers.delete(look);
    });
  }

  /** Resolves with the port once it answers. */
  async ready(): Promise<number> {
    const { urls } = await this.record(({ kind }) => kind === 'ready', 'the ready record');
    return Number(new URL((urls as string[])[0] as string).port);
  }

  /** What it has warned of, but for being run as root: whoever tests may be. */
  get complaints(): LogRecord[] {
    return this.records.filter(({ level, code }) => (level === 'warn' || level === 'error') && code !== 'RUNS_AS_ROOT');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops it as an operator would. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.signal(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.signal('SIGTERM');
    const timer = setTimeout(() => {
      for (const { pid } of this.processes().all) process.kill(pid, 'SIGKILL');
    }, 15_000);
    await this.ended;
    clearTimeout(timer);
  }

  #describe(): string {
    return `${this.lines.join('\n')}\n${this.#stderr}`;
  }
}

/** Starts `stillhouse ARGS` on a free port of loopback, and waits until it answers. */
export async function serve(
  target: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunningServer & { port: number }> {
  const server = new RunningServer([target, '--bind=127.0.0.1:0', ...args], options);
  try {
    return Object.assign(server, { port: await server.ready() });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs `stillhouse ARGS` that is to be refused. @throws where it serves */
export async function refused(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  await using server = new RunningServer(args, options);
  const served = server.ready().then(
    (port) => {
      throw new Error(`it serves on port ${port}, and was to be refused`);
    },
    () => server.ended,
  );
  return await Promise.race([server.ended, served]);
}
