import { encodeChunk } from './chunk.ts';
import type { Body, FileLike } from './types.ts';

const EMPTY = new Uint8Array(0);

/** What Node's `fs.promises.FileHandle` looks like, as far as it is needed to read from its current offset. */
interface HandleLike {
  readonly fd: number;
  read(options: { buffer: Uint8Array }): Promise<{ bytesRead: number }>;
}

/**
 * `wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling"): streams a file from its current offset, and closes it once.
 * @param file anything with `read(size)`, or a `FileHandle`
 * @param blockSize bytes per chunk
 */
export function fileWrapper(file: FileLike, blockSize = 65536): Body {
  return new FileWrapper(file, blockSize);
}

/** The body that `fileWrapper` makes, which a server may recognise. */
export class FileWrapper implements AsyncIterable<Uint8Array> {
  readonly #file: FileLike;
  readonly #blockSize: number;
  #left = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(file: FileLike, blockSize: number) {
    this.#file = file;
    this.#blockSize = blockSize;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let block = await this.#read(); block.length > 0; block = await this.#read()) yield block;
  }

  /** Reads no further than so many bytes. */
  limit(size: number): void {
    this.#left = size;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close?.();
  }

  async #read(): Promise<Uint8Array> {
    const size = Math.min(this.#blockSize, this.#left);
    const block = size === 0 ? EMPTY : await readBlock(this.#file, size);
    this.#left -= block.length;
    return block;
  }
}

async function readBlock(file: FileLike | HandleLike, size: number): Promise<Uint8Array> {
  if (!isHandle(file)) return encodeChunk(await file.read(size));
  const buffer = new Uint8Array(size);
  const { bytesRead } = await file.read({ buffer });
  return buffer.subarray(0, bytesRead);
}

function isHandle(file: FileLike | HandleLike): file is HandleLike {
  return 'fd' in file && typeof file.fd === 'number' && 'readableWebStream' in file;
}
