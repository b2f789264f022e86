/** A server that is treated badly, and what has to hold of it at the end of every run. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Folder } from '../../support/folder.ts';
import { isAlive } from '../../support/processes.ts';
import { type LogRecord, ROOT, RunningServer, type RunOptions } from '../../support/server.ts';
import { needs } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import type { Account } from './account.ts';
import { filesBelow, isListening, kindsOfDescriptors, MARK, marked, moreThan } from './leftovers.ts';
import { Load } from './load.ts';

/** The application of test/fixtures/chaos in both languages. */
export const LANGUAGES = [
  { language: 'Python', file: 'app.py', needed: needs('python3') },
  { language: 'TypeScript', file: 'app.ts', needed: { skip: false } },
] as const;

/** The text of an application of test/fixtures/chaos. */
export function fixture(file: string): string {
  const text = readFileSync(join(ROOT, 'test/fixtures/chaos', file), 'utf8');
  return text.replaceAll("'../../../src/", `'${ROOT}src/`);
}

/** Requests that have been answered before descriptors are counted: what is opened once is open then. */
const WARM = 20;

export class ChaosServer implements AsyncDisposable {
  /** Where the application lies, with folders for the server's data and its temporary files. */
  readonly folder: Folder;
  server: RunningServer & { readonly port: number };
  readonly #mark: string;
  readonly #start: (port: number) => Promise<RunningServer & { readonly port: number }>;
  #before = new Map<number, ReadonlyMap<string, number>>();

  private constructor(
    folder: Folder,
    mark: string,
    server: RunningServer & { readonly port: number },
    start: (port: number) => Promise<RunningServer & { readonly port: number }>,
  ) {
    this.folder = folder;
    this.#mark = mark;
    this.server = server;
    this.#start = start;
  }

  /** Serves the file of a folder with these files, and waits until it has answered and rests. */
  static async start(
    file: string,
    files: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<ChaosServer> {
    const folder = new Folder(files);
    const mark = randomUUID();
    for (const name of ['data', 'tmp']) mkdirSync(join(folder.path, name), { mode: 0o700 });
    const start = async (port: number) => {
      const own = [`--bind=127.0.0.1:${port}`, `--data-directory=${join(folder.path, 'data')}`, '--no-access-log'];
      const env = { [MARK]: mark, TMPDIR: join(folder.path, 'tmp'), PYTHONDONTWRITEBYTECODE: '1', ...options.env };
      const run = { cwd: folder.path, ...options, env };
      const server = new RunningServer([join(folder.path, file), ...own, ...args], run);
      return Object.assign(server, { port: await server.ready() });
    };
    try {
      const chaos = new ChaosServer(folder, mark, await start(0), start);
      await chaos.#warmUp();
      return chaos;
    } catch (error) {
      killMarked(mark);
      folder[Symbol.dispose]();
      throw error;
    }
  }

  /** Serves the application of test/fixtures/chaos. */
  static of(file: string, args: readonly string[] = [], options: RunOptions = {}): Promise<ChaosServer> {
    return ChaosServer.start(file, { [file]: fixture(file) }, args, options);
  }

  get port(): number {
    return this.server.port;
  }

  get data(): string {
    return join(this.folder.path, 'data');
  }

  /** The records of its log with this code. */
  recordsOf(code: string): LogRecord[] {
    return this.server.records.filter((record) => record.code === code);
  }

  /** That the requests that failed are those which the records of dead workers name; to be asked when the server has ended, and its log with it. */
  assertLostWithWorkers({ lost, losses }: Account): void {
    const named = this.recordsOf('WORKER_DIED').flatMap(({ requests }) => requests as string[]);
    const what = JSON.stringify(losses);
    assert.deepEqual(lost.map(({ id }) => id).sort(), named.sort(), `accounted for by the log: ${what}`);
    // In mid-body there is nothing but the connection that could be cut.
    const otherwise = Object.keys(losses).filter((kind) => kind !== '502' && kind !== 'cut');
    assert.deepEqual(otherwise, [], what);
  }

  /** Starts it anew on the same port and data directory. */
  async restart(): Promise<void> {
    this.server = await this.#start(this.port);
  }

  /** Resolves when it has so many workers that live, and no others. */
  async workers(count: number): Promise<number[]> {
    const alive = () =>
      this.server
        .processes()
        .workers.map(({ pid }) => pid)
        .filter(isAlive);
    return until(() => {
      const pids = alive();
      return pids.length === count ? pids : undefined;
    }, `${count} workers`);
  }

  /** Resolves when supervisor and front have no more descriptors open than before, of any kind. Processes that came since are not asked. */
  async rests(): Promise<void> {
    for (const [pid, before] of this.#before) {
      if (!isAlive(pid)) continue;
      let more: string[] = [];
      const settled = until(() => {
        more = moreThan(before, kindsOfDescriptors(pid));
        return more.length === 0;
      }, `the descriptors of ${pid} to be closed`);
      await settled.catch(({ message }: Error) => assert.deepEqual(more, [], message));
    }
  }

  /** Stops it as an operator would, and looks that nothing is left: no process, no file, no socket, no descriptor. */
  async end(): Promise<void> {
    await this.rests();
    const { code, signal, stderr } = await this.server.stop();
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    await this.nothingIsLeft();
  }

  /** That nothing is left of a server that has ended. */
  async nothingIsLeft(): Promise<void> {
    const gone = until(() => marked(this.#mark).size === 0, 'the end of all that came of the server');
    await gone.catch(() => assert.deepEqual([...marked(this.#mark).values()], [], 'processes are left over'));
    assert.equal(isListening(this.port), false, 'its port is free');
    assert.deepEqual(filesBelow(this.data), [], 'files in the data directory');
    assert.deepEqual(filesBelow(join(this.folder.path, 'tmp')), [], 'temporary files');
  }

  async #warmUp(): Promise<void> {
    {
      await using load = new Load(this.port, { connections: 1, pause: 0, name: 'warm' });
      await load.answered(WARM);
    }
    const { all, fronts } = this.server.processes();
    const connected = () => fronts.reduce((sum, { pid }) => sum + (kindsOfDescriptors(pid).get('socket') ?? 0), 0);
    // The connection of the warm-up is closed by now, or will be in a moment.
    await until(async () => {
      const before = connected();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return connected() === before;
    }, 'the fronts to rest');
    const own = all.filter(({ pid }) => pid === this.server.pid || fronts.some((front) => front.pid === pid));
    this.#before = new Map(own.map(({ pid }) => [pid, kindsOfDescriptors(pid)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killMarked(this.#mark);
    await this.server.ended;
    this.folder[Symbol.dispose]();
  }
}

function killMarked(mark: string): void {
  for (const pid of marked(mark).keys()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
