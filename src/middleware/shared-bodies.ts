import { Buffer } from 'node:buffer';
import { closeSync, ftruncateSync, openSync, readSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BodyMemory } from './body-memory.ts';

/** Room is given in blocks of so many bytes. */
const BLOCK = 16_384;
/** A place in the file is a u32 (docs/worker-protocol.md, "Bodies"). */
const LARGEST_FILE = 2 ** 32 - BLOCK;
/** Of the file system that stays free: applications keep theirs there too, and so do other generations and fronts. */
const LEFT_FREE = 0.5;

/** Of a file system, in bytes. */
export interface Space {
  readonly free: number;
  readonly total: number;
}

function spaceOf(folder: string): Space {
  const { bsize, blocks, bavail } = statfsSync(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}

/** The room of a body in the file, in bytes. */
export interface Extent {
  readonly offset: number;
  /** A multiple of the block's. */
  readonly room: number;
}

/**
 * Request bodies in a file in memory, which the workers of one generation have open for reading: a body is written as it
 * arrives, and the worker reads it from there, whichever it is. Through the data link a body of 300 KB was copied twice
 * more, and a Unix socket holds 208 KB (DECISIONS.md).
 *
 * The length of the file counts against the memory of all bodies. It grows as it must, room is taken from its start, and
 * what its end was not needed for lately is cut off.
 */
export class SharedBodies {
  readonly #fd: number;
  readonly #memory: BodyMemory;
  readonly #space: () => Space;
  /** 1: in use. As many as the file has blocks. */
  #blocks = new Uint8Array(64);
  #length = 0;
  /** There is no free block before it. */
  #from = 0;
  /** Blocks that were needed since it was last trimmed. */
  #peak = 0;
  #used = 0;
  #closing = false;

  /**
   * Opens the file, which then has no name any more.
   * @param space what its file system has now
   * @throws Error of the file system
   */
  constructor(path: string, memory: BodyMemory, space = () => spaceOf(dirname(path))) {
    this.#fd = openSync(path, 'r+');
    unlinkSync(path);
    this.#space = space;
    this.#memory = memory;
  }

  /** Room for `size` bytes, more than none. Undefined where the bound of all bodies does not let it. */
  take(size: number): Extent | undefined {
    const wanted = Math.ceil(size / BLOCK);
    const at = this.#find(wanted);
    const end = at + wanted;
    if (end > this.#length && !this.#grow(end)) return undefined;
    this.#blocks.fill(1, at, end);
    this.#used += wanted;
    if (at === this.#from) this.#from = end;
    if (end > this.#peak) this.#peak = end;
    return { offset: at * BLOCK, room: wanted * BLOCK };
  }

  /** Makes it free for others. */
  giveBack({ offset, room }: Extent): void {
    const at = offset / BLOCK;
    const count = room / BLOCK;
    this.#blocks.fill(0, at, at + count);
    this.#used -= count;
    if (at < this.#from) this.#from = at;
    if (this.#closing) this.close();
  }

  /** False where the file system has no room. */
  write(bytes: Uint8Array, offset: number): boolean {
    try {
      return writeSync(this.#fd, bytes, 0, bytes.length, offset) === bytes.length;
    } catch {
      return false;
    }
  }

  /** @throws Error where the file has not so much */
  read(offset: number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    if (readSync(this.#fd, bytes, 0, size, offset) < size)
      throw new Error(`the file of request bodies ends before byte ${offset + size}`);
    return bytes;
  }

  /** Cuts off the end that was not needed since the last time. */
  trim(): void {
    const needed = this.#peak;
    this.#peak = this.#blocks.lastIndexOf(1) + 1;
    if (needed < this.#length) this.#cut(needed);
  }

  /** Closes it, once nothing of it is in use. */
  close(): void {
    this.#closing = true;
    if (this.#used > 0 || this.#length < 0) return;
    this.#memory.release(this.#length * BLOCK);
    this.#length = -1;
    closeSync(this.#fd);
  }

  /** The first free place for so many blocks; it may reach beyond the end, or begin there. */
  #find(wanted: number): number {
    const blocks = this.#blocks;
    let start = this.#from;
    for (let at = start; at < this.#length && at < start + wanted; at++) if (blocks[at] === 1) start = at + 1;
    return start;
  }

  #grow(length: number): boolean {
    const more = (length - this.#length) * BLOCK;
    if (this.#closing || length * BLOCK > LARGEST_FILE || !this.#hasPlace(more)) return false;
    if (!this.#memory.reserve(more)) return false;
    if (length > this.#blocks.length) {
      const blocks = new Uint8Array(2 * length);
      blocks.set(this.#blocks);
      this.#blocks = blocks;
    }
    this.#length = length;
    return true;
  }

  #hasPlace(size: number): boolean {
    const { free, total } = this.#space();
    // One without a bound of its own says 0 (tmpfs(5), size=0).
    return total === 0 || free - size >= LEFT_FREE * total;
  }

  #cut(length: number): void {
    ftruncateSync(this.#fd, length * BLOCK);
    this.#memory.release((this.#length - length) * BLOCK);
    this.#length = length;
  }
}
