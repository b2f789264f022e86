import type { StartFailure } from '../errors.ts';

/** How long an import may take before the log says where it is. */
const NOTICE_MS = 3000;
/** A Python worker whose main thread is in no module yet. */
const NOT_BEGUN = /^(?![\s\S]*, in <module>)[\s\S]*File "/;
/** How often the time begins anew while the import has not begun. */
const EXTENSIONS = 5;
/** How long the answer to STACKS is waited for: C code that holds the GIL gives none. */
const STACKS_MS = 1000;
const PYTHON_SERVES = /\b(serve_forever|run_simple|run_forever|app\.run|runserver)\b/;
/** What Node calls a socket that listens (process.getActiveResourcesInfo). */
const NODE_SERVES = /\bTCPServerWrap\b/;
const FRAME = /^\s*File "([^"]+)", line (\d+), in (\S+)$/m;

/** What a watch asks of the worker that it watches. */
export interface Watched {
  readonly target: string;
  askStacks(): void;
  /** Says that the import is slow. */
  notice(message: string): void;
  failed(failure: StartFailure): void;
}

/**
 * Watches one worker's import: after a few seconds the log says where it stands, after the boot time the worker has failed, with the file and the line.
 */
export class BootWatch {
  readonly #watched: Watched;
  readonly #bootTime: number;
  readonly #timers: NodeJS.Timeout[];
  #expired = false;
  #extensions = 0;

  /** @param bootTime milliseconds until the import has failed */
  constructor(watched: Watched, bootTime: number) {
    this.#watched = watched;
    this.#bootTime = bootTime;
    this.#timers = [setTimeout(() => this.#expire(), bootTime)];
    if (bootTime > NOTICE_MS) this.#timers.push(setTimeout(() => watched.askStacks(), NOTICE_MS));
  }

  /** The stacks of the worker's threads have come. */
  stacks(text: string): void {
    if (this.#expired)
      return NOT_BEGUN.test(text) && this.#extensions++ < EXTENSIONS ? this.#extend() : this.#fail(text);
    const where = lastFrame(text);
    this.#watched.notice(
      `${this.#watched.target} is still being imported${where === undefined ? '' : `; it is at ${where}`}`,
    );
  }

  /** The import has ended, one way or another. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The time is for the import, and on a busy machine an interpreter may take as long to get to it. */
  #extend(): void {
    this.stop();
    this.#expired = false;
    this.#timers.push(setTimeout(() => this.#expire(), this.#bootTime));
  }

  #expire(): void {
    this.#expired = true;
    this.#timers.push(setTimeout(() => this.#fail(''), STACKS_MS));
    this.#watched.askStacks();
  }

  #fail(stacks: string): void {
    this.stop();
    const where = lastFrame(stacks) ?? stacks.trim();
    const at = where === '' ? ', and did not say where it stands' : `; it stands at ${where}`;
    this.#watched.failed({
      code: 'APP_BOOT_TIMEOUT',
      message: `${this.#watched.target} was not imported within ${this.#bootTime / 1000} s${at}`,
      cure: cureFor(stacks),
      ...(FRAME.test(stacks) ? { traceback: stacks } : {}),
    });
  }
}

function cureFor(stacks: string): string {
  const serves = 'the module starts a server of its own when it is imported: put that under';
  if (PYTHON_SERVES.test(stacks)) return `${serves} if __name__ == '__main__':`;
  if (NODE_SERVES.test(stacks)) return `${serves} if (import.meta.main)`;
  return 'move what takes long out of the import, or raise --boot-timeout';
}

/** The innermost frame of the first stack: `FILE, line N, in NAME`. The library's own frames below the user's are left out by the worker's order. */
export function lastFrame(stacks: string): string | undefined {
  let last: string | undefined;
  for (const line of stacks.split('\n')) {
    const match = FRAME.exec(line);
    if (match !== null) {
      // The module's own line says more than the library's below it.
      if (last === undefined || match[3] === '<module>') last = `${match[1]}, line ${match[2]}`;
    }
    if (line === '' && last !== undefined) break;
  }
  return last;
}
