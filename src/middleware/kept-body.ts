import { Buffer } from 'node:buffer';
import type { BufferedBody, Release } from '../wsgi/buffered-body.ts';
import { type BodyMemory, SMALL } from './body-memory.ts';
import type { Extent, SharedBodies } from './shared-bodies.ts';

/** Room for an announced body, as a multiple of what has come of it. */
const AHEAD = 8;

/** A request body in memory, from its first piece on: a small one in this process, a larger one where workers read it. */
export class KeptBody {
  readonly #memory: BodyMemory;
  readonly #shared: SharedBodies | undefined;
  readonly #expected: number;
  #buffer: Buffer | undefined;
  #extent: Extent | undefined;
  /** Bytes received so far. */
  size = 0;

  /** @param expected its size in bytes; 0 where it is unknown */
  constructor(memory: BodyMemory, shared: SharedBodies | undefined, expected: number) {
    this.#memory = memory;
    this.#shared = shared;
    this.#expected = expected;
  }

  /** Copies a piece to the end. False where there is no room for it: nothing is taken then. */
  add(piece: Uint8Array): boolean {
    const size = this.size + piece.length;
    const taken = size <= SMALL ? this.#addSmall(piece) : this.#addShared(piece, size);
    if (taken) this.size = size;
    return taken;
  }

  /** A copy of what has come so far. */
  copy(): Uint8Array {
    if (this.#extent !== undefined) return (this.#shared as SharedBodies).read(this.#extent.offset, this.size);
    return Buffer.from(this.#small);
  }

  /** It is complete. @param hold keeps it */
  finish(hold: () => Release): Exclude<BufferedBody, { kind: 'stream' | 'file' }> {
    const { size } = this;
    if (this.#extent === undefined) return { kind: 'memory', bytes: this.#small, hold };
    const file = this.#shared as SharedBodies;
    const { offset } = this.#extent;
    return { kind: 'shared', file, offset, size, read: () => file.read(offset, size), hold };
  }

  /** Frees the memory. */
  close(): void {
    if (this.#extent !== undefined) this.#shared?.giveBack(this.#extent);
    this.#extent = undefined;
    this.#leaveSmall();
    this.size = 0;
  }

  get #small(): Uint8Array {
    return this.#buffer?.subarray(0, this.size) ?? new Uint8Array(0);
  }

  #addSmall(piece: Uint8Array): boolean {
    if (!this.#memory.reserve(piece.length)) return false;
    this.#buffer ??= this.#memory.take();
    this.#buffer.set(piece, this.size);
    return true;
  }

  /**
   * Takes room for what was announced, up to eight times what has come: most bodies do not move then, and who announces
   * much and sends little takes little.
   */
  #addShared(piece: Uint8Array, size: number): boolean {
    const shared = this.#shared;
    if (shared === undefined) return false;
    const before = this.#extent;
    if (before !== undefined && size <= before.room) return shared.write(piece, before.offset + this.size);
    const next = shared.take(Math.max(size, Math.min(this.#expected, AHEAD * size), 2 * this.size));
    if (next === undefined) return false;
    const moved = this.size === 0 || shared.write(this.copy(), next.offset);
    if (!moved || !shared.write(piece, next.offset + this.size)) {
      shared.giveBack(next);
      return false;
    }
    if (before === undefined) this.#leaveSmall();
    else shared.giveBack(before);
    this.#extent = next;
    return true;
  }

  #leaveSmall(): void {
    if (this.#buffer === undefined) return;
    this.#memory.release(this.size);
    this.#memory.giveBack(this.#buffer);
    this.#buffer = undefined;
  }
}
