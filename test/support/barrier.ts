import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { Folder } from './folder.ts';
import { until } from './until.ts';

/** A FIFO at which an application waits, and which knows that it does: whoever reads it to its end stands still until the barrier is opened. */
export class Barrier implements Disposable {
  readonly path: string;
  readonly #folder = new Folder();
  #writer: number | undefined;

  constructor() {
    this.path = join(this.#folder.path, 'barrier');
    execFileSync('mkfifo', [this.path]);
  }

  /** Resolves when an application has come and waits. */
  async reached(): Promise<void> {
    this.#writer = await until(() => this.#openForWriting(), 'an application at the barrier');
  }

  /** Lets all that wait go on. */
  open(): void {
    if (this.#writer !== undefined) closeSync(this.#writer);
    this.#writer = undefined;
  }

  [Symbol.dispose](): void {
    this.#writer ??= this.#openForWriting();
    this.open();
    this.#folder[Symbol.dispose]();
  }

  /** fifo(7): without blocking, a FIFO that nobody reads cannot be opened for writing. */
  #openForWriting(): number | undefined {
    try {
      return openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
  }
}
