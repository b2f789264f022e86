import { encodeChunk } from './chunk.ts';
import type { Body, FileLike } from './types.ts';

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

class FileWrapper implements AsyncIterable<Uint8Array> {
  readonly #file: FileLike;
  readonly #blockSize: number;
  #closed = false;

  constructor(file: FileLike, blockSize: number) {
    this.#file = file;
    this.#blockSize = blockSize;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let block = await this.#read(); block.length > 0; block = await this.#read()) yield block;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close?.();
  }

  async #read(): Promise<Uint8Array> {
    const file = this.#file as FileLike | HandleLike;
    if (!isHandle(file)) return encodeChunk(await file.read(this.#blockSize));
    const buffer = new Uint8Array(this.#blockSize);
    const { bytesRead } = await file.read({ buffer });
    return buffer.subarray(0, bytesRead);
  }
}

function isHandle(file: FileLike | HandleLike): file is HandleLike {
  return 'fd' in file && typeof file.fd === 'number' && 'readableWebStream' in file;
}
