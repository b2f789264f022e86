/** The bytes that the client sends and expects, and what the TypeScript applications make of them; apps/traffic_pattern.py is the twin. */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const COPIES = 8;
const TURN_BYTES = 4093;
export const PIECE_BYTES = 1024;
/** A stream begins at one of this many pieces, so two streams that are swapped differ in every piece. */
const FIRST_PIECES = 256;

/** SHA-512 of 0, 1, 2, …: 256 KiB. */
const BASE = Buffer.concat(Array.from({ length: 4096 }, (_, block) => hash('sha512', String(block), 'buffer')));

/** Copies of the base, each rotated further than the last: no block repeats at a distance that a lost buffer has. */
export const PATTERN: Buffer = Buffer.concat(
  Array.from({ length: COPIES }, (_, copy) => copy * TURN_BYTES).flatMap((turn) => [
    BASE.subarray(turn),
    BASE.subarray(0, turn),
  ]),
);

/** Compares an upload, chunk by chunk, with `PATTERN` from an offset on. */
export class UploadJudge {
  readonly #offset: number;
  #at: number;
  #crc = 0;
  #right = true;

  constructor(offset: number) {
    this.#offset = offset;
    this.#at = offset;
  }

  add(chunk: Uint8Array): void {
    const end = this.#at + chunk.length;
    // A comparison costs a quarter of a checksum; the checksum only describes what is wrong.
    if (end > PATTERN.length || PATTERN.compare(chunk, 0, chunk.length, this.#at, end) !== 0) {
      this.#right = false;
      this.#crc = crc32(chunk, this.#crc);
    }
    this.#at = end;
  }

  /** The body of the answer: the request's id, the upload's length, and the verdict. */
  answer(id: string): string {
    const verdict = this.#right ? 'right' : `wrong ${this.#crc.toString(16).padStart(8, '0')}`;
    return `${id} ${this.#at - this.#offset} ${verdict}\n`;
  }
}

/** The pieces of a stream; the first carries the request's id. */
export function* piecesOf(id: string, count: number): Generator<Uint8Array> {
  yield firstPiece(id);
  const begin = beginOf(id);
  for (let piece = 1; piece < count; piece++) {
    yield PATTERN.subarray(begin + piece * PIECE_BYTES, begin + (piece + 1) * PIECE_BYTES);
  }
}

/** The two parts of a stream's bytes: the piece with the request's id, and the rest as a view of `PATTERN`. */
export function partsOf(id: string, bytes: number): [first: Buffer, rest: Buffer] {
  const begin = beginOf(id);
  return [firstPiece(id), PATTERN.subarray(begin + PIECE_BYTES, begin + bytes)];
}

function firstPiece(id: string): Buffer {
  return Buffer.from(`${id.padEnd(PIECE_BYTES - 1)}\n`, 'latin1');
}

function beginOf(id: string): number {
  return (Number(id) % FIRST_PIECES) * PIECE_BYTES;
}
