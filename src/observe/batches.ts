import { Buffer } from 'node:buffer';

/** Lines wait no longer than so many milliseconds for others to be written with. */
const WAIT_MS = 100;

/** Gathers lines, so that they are written together: a write costs a turn of a thread. */
export class Batches {
  readonly #write: (batch: string, lines: number) => void;
  readonly #size: number;
  #batch = '';
  #gathered = 0;
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param size bytes that a batch may have; a longer line is one of its own */
  constructor(size: number, write: (batch: string, lines: number) => void) {
    this.#size = size;
    this.#write = write;
  }

  add(line: string): void {
    const size = Buffer.byteLength(line);
    if (this.#gathered + size > this.#size) this.flush();
    this.#batch += line;
    this.#gathered += size;
    this.#lines++;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, WAIT_MS).unref();
  }

  flush(): void {
    if (this.#lines === 0) return;
    const batch = this.#batch;
    const lines = this.#lines;
    this.#batch = '';
    this.#gathered = 0;
    this.#lines = 0;
    this.#write(batch, lines);
  }
}
