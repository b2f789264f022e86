import { Buffer } from 'node:buffer';
import { AppError } from '../errors.ts';
import { describe } from './headers.ts';
import { LEAST_LENT } from './loan.ts';
import type { Chunk } from './types.ts';

/**
 * The bytes of a chunk.
 * @throws AppError where it is neither a string nor bytes
 */
export function encodeChunk(chunk: Chunk): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, 'utf8');
  if (chunk instanceof Uint8Array) return chunk;
  throw new AppError('APP_CHUNK_INVALID', `the application gave ${describe(chunk)} as a chunk of its body`);
}

/** One byte array of several; the only one itself. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

/** The same bytes in pieces that are worth a write each: small neighbours are joined. */
export function gatherChunks(chunks: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (chunk.length < LEAST_LENT) {
      small.push(chunk);
      continue;
    }
    if (small.length > 0) pieces.push(joinChunks(small));
    small = [];
    pieces.push(chunk);
  }
  if (small.length > 0) pieces.push(joinChunks(small));
  return pieces;
}
