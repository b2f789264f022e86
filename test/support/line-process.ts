import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 30_000;

/** A program that is run for its lines. Dispose of it, and it is killed. */
export class LineProcess implements AsyncDisposable {
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #watchers = new Set<() => void>();
  #over = false;

  constructor(command: string, args: readonly string[], options: { cwd?: string } = {}) {
    this.#child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const name of ['stdout', 'stderr'] as const) {
      createInterface({ input: this.#child[name] as NodeJS.ReadableStream }).on('line', (line) => {
        this[name].push(line);
        for (const look of this.#watchers) look();
      });
    }
    this.#ended = once(this.#child, 'close').then(() => {
      this.#over = true;
      for (const look of this.#watchers) look();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The first line of stdout that fits, now or later. @throws where the program ends first, or none comes in time */
  line(fits: RegExp | ((line: string) => boolean)): Promise<string> {
    return this.#find(this.stdout, typeof fits === 'function' ? fits : (line) => fits.test(line));
  }

  /** The same on stderr. */
  errorLine(fits: (line: string) => boolean): Promise<string> {
    return this.#find(this.stderr, fits);
  }

  #find(lines: readonly string[], fits: (line: string) => boolean): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const fail = (why: string) => reject(new Error(`${why}\n${[...this.stdout, ...this.stderr].join('\n')}`));
    const look = () => {
      const found = lines.find(fits);
      if (found !== undefined) resolve(found);
      else if (this.#over) fail('the program ended before its line came');
    };
    const timer = setTimeout(() => fail('the line did not come in time'), PATIENCE_MS);
    this.#watchers.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watchers.delete(look);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
