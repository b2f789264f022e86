import { Buffer } from 'node:buffer';

/** Sizes of buffers are powers of two, from this one on. */
const LEAST_SIZE = 16_384;
/** Free buffers kept for the next bodies, in bytes: fresh memory costs page faults and waits for the collector. */
const MOST_FREE = 8 << 20;

/**
 * Memory for all request bodies of a front, within one bound. Bytes count once they have arrived, not when they are
 * announced: a client that announces a megabyte and sends nothing takes nothing from others.
 */
export class BodyMemory {
  readonly #most: number;
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;
  #used = 0;

  /** @param most bytes of all bodies together */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that bodies hold. */
  get used(): number {
    return this.#used;
  }

  /** An empty body. @param expected its size in bytes; 0 where it is unknown */
  open(expected: number): MemoryBody {
    return new MemoryBody(this, expected);
  }

  /** Counts `size` more bytes. False, and without effect, beyond the bound. */
  reserve(size: number): boolean {
    if (this.#used + size > this.#most) return false;
    this.#used += size;
    return true;
  }

  release(size: number): void {
    this.#used -= size;
  }

  /** A buffer of at least `size` bytes, whose content is left from others. */
  take(size: number): Buffer {
    const rounded = Math.max(LEAST_SIZE, 2 ** Math.ceil(Math.log2(size)));
    const buffer = this.#free.get(rounded)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(rounded);
    this.#freeBytes -= rounded;
    return buffer;
  }

  /** Makes a buffer free again; the caller has finished with it. */
  giveBack(buffer: Buffer): void {
    const { length } = buffer;
    if (this.#freeBytes + length > MOST_FREE) {
      // Now: the collector would let tens of MB of it gather.
      (buffer.buffer as ArrayBuffer).transfer(0);
      return;
    }
    this.#freeBytes += length;
    const free = this.#free.get(length);
    if (free === undefined) this.#free.set(length, [buffer]);
    else free.push(buffer);
  }
}

/** One request body in memory, in one piece. */
export class MemoryBody {
  readonly #memory: BodyMemory;
  #buffer: Buffer;
  /** Bytes received so far. */
  size = 0;

  constructor(memory: BodyMemory, expected: number) {
    this.#memory = memory;
    this.#buffer = memory.take(expected);
  }

  /** The bytes received so far; valid until `close()`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.size);
  }

  /** Copies a piece to the end. False where the bound of all bodies does not let it: nothing is taken then. */
  add(piece: Uint8Array): boolean {
    if (!this.#memory.reserve(piece.length)) return false;
    const size = this.size + piece.length;
    if (size > this.#buffer.length) this.#grow(size);
    this.#buffer.set(piece, this.size);
    this.size = size;
    return true;
  }

  /** Frees the memory. */
  close(): void {
    this.#memory.release(this.size);
    this.size = 0;
    this.#memory.giveBack(this.#buffer);
  }

  #grow(size: number): void {
    const larger = this.#memory.take(size);
    larger.set(this.bytes);
    this.#memory.giveBack(this.#buffer);
    this.#buffer = larger;
  }
}
