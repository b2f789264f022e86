/** Pieces up to it are joined while they wait: each costs 200 bytes beside its own, and how small they are is the client's choice. */
const SMALL = 1024;
const BLOCK = 16_384;

/** Pieces of a body that wait, in their order: none of them empty, and small ones joined. */
export class Pieces {
  /** What is taken from its head is its taker's to shorten. */
  readonly list: Uint8Array[] = [];
  /** Where small pieces are joined, and how much of it is in use. */
  #block: Uint8Array | undefined;
  #used = 0;

  add(piece: Uint8Array): void {
    const last = this.list.at(-1);
    let block = this.#block;
    const fits = block !== undefined && block.buffer === last?.buffer && this.#used + piece.length <= BLOCK;
    if (last === undefined || piece.length > SMALL || (!fits && last.length > SMALL)) {
      this.list.push(piece);
      return;
    }
    let start = last.byteOffset;
    if (!fits || block === undefined) {
      block = new Uint8Array(BLOCK);
      block.set(last);
      this.#block = block;
      this.#used = last.length;
      start = 0;
    }
    block.set(piece, this.#used);
    this.#used += piece.length;
    this.list[this.list.length - 1] = block.subarray(start, this.#used);
  }
}
