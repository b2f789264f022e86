import { Buffer } from 'node:buffer';

/** Bytes of a body up to which it is kept in this process. */
export const SMALL = 8192;
/** Buffers that are kept for the next bodies. */
const MOST_FREE = 64;

/**
 * The bound on memory for all request bodies of a front, and the buffers of small ones. Bytes count once they are held,
 * not when they are announced: a client that announces a megabyte and sends nothing takes nothing from others.
 */
export class BodyMemory {
  readonly most: number;
  readonly #free: Buffer[] = [];
  #used = 0;

  /** @param most bytes of all bodies together */
  constructor(most: number) {
    this.most = most;
  }

  /** Bytes that bodies hold. */
  get used(): number {
    return this.#used;
  }

  /** Counts `size` more bytes. False, and without effect, beyond the bound. */
  reserve(size: number): boolean {
    if (this.#used + size > this.most) return false;
    this.#used += size;
    return true;
  }

  release(size: number): void {
    this.#used -= size;
  }

  /** A buffer of `SMALL` bytes, whose content is left from others. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SMALL);
  }

  /** Makes a buffer free again; the caller has finished with it. */
  giveBack(buffer: Buffer): void {
    if (this.#free.length < MOST_FREE) this.#free.push(buffer);
  }
}
