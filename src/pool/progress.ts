import { Buffer } from 'node:buffer';
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';

/** u32 in the machine's byte order: begun, position, held, unused. */
const WORDS = 4;
const [BEGUN, POSITION, HELD] = [0, 1, 2];
const HEAD_SIZE = 4 * WORDS;
/** Bytes of output that may be held. */
const CAPACITY = 16_384;

/** Bytes of a progress file. */
export const PROGRESS_SIZE = HEAD_SIZE + CAPACITY;

/** The front's view of a worker's progress, readable whatever becomes of the process (docs/worker-protocol.md, "Progress"). */
export interface Progress {
  /** The highest id of a request that the worker has begun, now. */
  begun(): number;
  /**
   * Output that a worker which is dead had not sent.
   * @param received bytes that have come on the data link (mod 2**32)
   */
  unsent(received: number): Buffer;
  close(): void;
}

/** The progress file of one worker, which the worker has mapped into its memory. */
export class ProgressFile implements Progress {
  readonly #fd: number;
  readonly #words = new Uint32Array(WORDS);
  #closed = false;

  /**
   * Opens the file, which then has no name any more.
   * @throws Error of the file system
   */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    unlinkSync(path);
  }

  begun(): number {
    this.#read();
    return this.#words[BEGUN] as number;
  }

  unsent(received: number): Buffer {
    this.#read();
    const held = this.#words[HELD] as number;
    const sent = (received - (this.#words[POSITION] as number)) >>> 0;
    if (this.#closed || held > CAPACITY || sent >= held) return Buffer.alloc(0);
    const bytes = Buffer.alloc(held - sent);
    readSync(this.#fd, bytes, 0, bytes.length, HEAD_SIZE + sent);
    return bytes;
  }

  close(): void {
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }

  /** Keeps the last words once closed. */
  #read(): void {
    if (this.#closed) return;
    readSync(this.#fd, this.#words, 0, HEAD_SIZE, 0);
  }
}
