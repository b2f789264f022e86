/** Pieces up to it are joined while they wait: each costs 200 bytes beside its own, and how small they are is the client's choice. */
const SMALL = 1024;
/** Small pieces are joined in blocks, each twice as large as the one before, up to this. */
const LARGEST = 16_384;

/** Pieces of a body that wait, in their order: none of them empty, and small ones joined. */
export class Pieces {
  /** Whoever takes from its head shortens it. */
  readonly list: Uint8Array[] = [];
  #block: Uint8Array | undefined;
  /** Bytes of the block that are in use. */
  #used = 0;
  #nextSize = SMALL;

  /** @param lent whether the piece is in memory that is used again, and has to be copied */
  add(piece: Uint8Array, lent = false): void {
    const last = this.list.at(-1);
    const block = this.#block;
    const fits = block !== undefined && block.buffer === last?.buffer && this.#used + piece.length <= block.length;
    if (fits) this.#join(block, last.byteOffset, piece);
    else if (last === undefined || piece.length > SMALL || last.length > SMALL)
      this.list.push(lent ? new Uint8Array(piece) : piece);
    else this.#join(this.#open(last, piece.length), 0, piece);
  }

  /** A block that begins with what came last. */
  #open(last: Uint8Array, more: number): Uint8Array {
    const block = new Uint8Array(Math.max(this.#nextSize, last.length + more));
    this.#nextSize = Math.min(2 * this.#nextSize, LARGEST);
    block.set(last);
    this.#block = block;
    this.#used = last.length;
    return block;
  }

  #join(block: Uint8Array, start: number, piece: Uint8Array): void {
    block.set(piece, this.#used);
    this.#used += piece.length;
    this.list[this.list.length - 1] = block.subarray(start, this.#used);
  }
}
