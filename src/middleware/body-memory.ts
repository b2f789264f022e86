import { Buffer } from 'node:buffer';

/** Sizes of buffers are powers of two, from this one on. */
const LEAST_SIZE = 16_384;
/** Bytes of free buffers that are kept for the next bodies: memory that is new each time costs page faults, and waits for the collector. */
const MOST_FREE = 8 << 20;

/**
 * Memory for the request bodies of a whole front, within one bound. Bytes count when they have come, not when they are announced: a client that
 * announces much and sends nothing takes nothing from others.
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

  /** A body, of which nothing is here yet. @param expected its bytes, where they are known */
  open(expected: number): MemoryBody {
    return new MemoryBody(this, expected);
  }

  /** True where so many bytes more are allowed; they count from now on. */
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

  /** Nobody reads or writes it any more. */
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
  /** Bytes that have come. */
  size = 0;

  constructor(memory: BodyMemory, expected: number) {
    this.#memory = memory;
    this.#buffer = memory.take(expected);
  }

  /** What has come, until `close()`. */
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

  /** Its memory is for others. */
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
