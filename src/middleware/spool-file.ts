import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Pieces } from '../wsgi/pieces.ts';

/** Bytes that are gathered for one write to the spool; as many again may be on their way to the disk meanwhile. */
const BATCH = 262_144;

/** open(2): a file that never had a name. Node's constants have only the other half of it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Writes what comes in batches, one of which may be on its way while the next is gathered. The pieces are its own, and their memory is freed. */
export class SpoolWriter {
  size = 0;
  readonly #file: FileHandle;
  #batch = new Pieces();
  #gathered = 0;
  #writing: Promise<Error | undefined> = Promise.resolve(undefined);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @returns why an earlier batch could not be written */
  add(piece: Uint8Array): Promise<Error | undefined> | undefined {
    this.size += piece.length;
    this.#gathered += piece.length;
    this.#batch.add(piece);
    return this.#gathered < BATCH ? undefined : this.#begin();
  }

  /** Resolves when all is written, with why it could not be. */
  async flush(): Promise<Error | undefined> {
    return (await this.#begin()) ?? (await this.#writing);
  }

  /** Begins a batch when the one before it is written. */
  async #begin(): Promise<Error | undefined> {
    const failure = await this.#writing;
    if (failure !== undefined) return failure;
    const { list } = this.#batch;
    this.#batch = new Pieces();
    this.#gathered = 0;
    this.#writing = writeAll(this.#file, list).catch((error: Error) => error);
    return undefined;
  }
}

async function writeAll(file: FileHandle, batch: readonly Uint8Array[]): Promise<undefined> {
  for (let rest = batch; rest.length > 0; ) {
    const { bytesWritten } = await file.writev(rest);
    rest = without(rest, bytesWritten);
  }
  for (const piece of batch) free(piece);
  return undefined;
}

/** Frees the memory of a piece that is all of it, now: the collector lets tens of MB of it gather. */
export function free({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && length === buffer.byteLength && length > 0) buffer.transfer(0);
}

/** What is left of pieces whose first `size` bytes are gone. */
function without(pieces: readonly Uint8Array[], size: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let gone = size;
  for (const piece of pieces) {
    if (gone < piece.length) rest.push(gone > 0 ? piece.subarray(gone) : piece);
    gone = Math.max(0, gone - piece.length);
  }
  return rest;
}

/**
 * A new file that has no name, so that nothing is left of it whatever dies.
 * @param name where it has one for a moment, on a file system that needs that
 */
export async function openUnnamed(name: string): Promise<FileHandle> {
  if (process.platform === 'linux') {
    try {
      return await open(dirname(name), constants.O_RDWR | O_TMPFILE, 0o600);
    } catch {
      // The file system has no such files; or what is wrong is said again.
    }
  }
  const file = await open(name, 'wx+', 0o600);
  try {
    await unlink(name);
    return file;
  } catch (error) {
    throw await closeFor(error, file);
  }
}

/** The error for which the file is closed, whatever the close says. */
export async function closeFor<T>(error: T, file: FileHandle): Promise<T> {
  await file.close().catch(() => undefined);
  return error;
}
