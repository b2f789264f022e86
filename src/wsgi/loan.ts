import { Buffer } from 'node:buffer';

/** Bytes of a buffer that is lent. */
const SIZE = 524_288;
/** Buffers that are kept for the next loan. */
const KEPT = 8;
/** Bytes that are lent without a copy at the least: fewer would hold a whole buffer. */
export const LEAST_LENT = 4096;

const loans = new WeakMap<ArrayBufferLike, Loan>();
const free: Loan[] = [];

/**
 * A buffer that is read into, whose bytes are passed on without a copy, and that is used again when all of them have come back: memory that the collector
 * finds costs a quarter of the throughput of a large body, and 50 MB. Whoever has written them out or copied them gives them back; a buffer of which
 * some never come back is the collector's.
 */
export class Loan {
  readonly bytes = Buffer.allocUnsafeSlow(SIZE);
  /** Bytes that are lent; one more while it is read into. */
  #out = 1;

  private constructor() {
    loans.set(this.bytes.buffer, this);
  }

  /** A buffer to read into, of which nothing is lent. */
  static open(): Loan {
    const loan = free.pop();
    if (loan === undefined) return new Loan();
    loan.#out = 1;
    return loan;
  }

  /** The loan that these bytes are part of. */
  static of(bytes: Uint8Array): Loan | undefined {
    return bytes.length < LEAST_LENT ? undefined : loans.get(bytes.buffer);
  }

  lend(size: number): void {
    this.#out += size;
  }

  giveBack(size: number): void {
    this.#out -= size;
    if (this.#out === 0 && free.length < KEPT) free.push(this);
  }

  /** Nothing more is read into it, and no more of it lent. */
  close(): void {
    this.giveBack(1);
  }
}
