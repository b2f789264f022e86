/** wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific File Handling"). */
import { open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Application, Environ, FileLike } from 'stillhouse';
import { type Apps, plain, record, sized } from './common.ts';

const CONTENT = '0123456789'.repeat(20_000);

/** A file in memory, without a descriptor. */
class InMemory implements FileLike {
  readonly #content: Buffer;
  #at: number;

  constructor(content: string, at = 0) {
    this.#content = Buffer.from(content);
    this.#at = at;
  }

  read(size: number): Uint8Array {
    const block = this.#content.subarray(this.#at, this.#at + size);
    this.#at += block.length;
    return block;
  }
}

/** A file-like object whose close() is recorded. */
class Watched extends InMemory {
  readonly #environ: Environ;

  constructor(environ: Environ, at: number) {
    super(CONTENT, at);
    this.#environ = environ;
  }

  close(): void {
    record(this.#environ, 'close');
  }
}

let files = 0;

/** An open file of the file system, of which so many bytes have been read. */
async function stored(at = 0): Promise<FileLike> {
  const path = join(tmpdir(), `conformance-${process.pid}-${++files}`);
  await writeFile(path, CONTENT);
  const file = await open(path);
  await rm(path);
  if (at > 0) await file.read({ buffer: new Uint8Array(at) });
  return file as unknown as FileLike;
}

/** A file with a descriptor whose close() is recorded. */
async function storedWatched(environ: Environ, at: number): Promise<FileLike> {
  const file = await stored(at);
  const close = file.close?.bind(file);
  return Object.assign(file, {
    close: () => {
      record(environ, 'close');
      return close?.();
    },
  });
}

type Make = (environ: Environ) => FileLike | Promise<FileLike>;

function gives(make: Make, { length, blockSize }: { length?: number; blockSize?: number } = {}): Application {
  return async (environ, startResponse) => {
    if (length === undefined) plain(startResponse);
    else sized(startResponse, length);
    return environ['wsgi.file_wrapper'](await make(environ), blockSize);
  };
}

function readOnly(): FileLike {
  const blocks = ['two ', 'blocks'];
  return { read: () => blocks.shift() ?? '' };
}

export const FILES: Apps = {
  file: gives(() => stored()),
  'file-block-size': gives(() => stored(), { blockSize: 1000 }),
  'file-offset': gives(() => stored(100_003)),
  'file-at-end': gives(() => stored(CONTENT.length)),
  'file-length': gives(() => stored(3), { length: 100_005 }),
  'file-length-whole': gives(() => stored(), { length: CONTENT.length }),
  'file-short': gives(() => stored(), { length: CONTENT.length + 5 }),
  'file-bytes-io': gives(() => new InMemory(CONTENT)),
  'file-bytes-io-offset': gives(() => new InMemory(CONTENT, 100_003)),
  'file-bytes-io-length': gives(() => new InMemory(CONTENT), { length: 100_005 }),
  'file-watched': gives((environ) => new Watched(environ, 7)),
  'file-watched-length': gives((environ) => new Watched(environ, 7), { length: 10 }),
  'file-watched-descriptor': gives((environ) => storedWatched(environ, 7)),
  'file-read-only': gives(readOnly, { blockSize: 10 }),
  'file-empty': gives(() => new InMemory('')),
  'file-buffered': gives(() => stored(7)),
  'file-after-write': async (environ, startResponse) => {
    await plain(startResponse)('written,');
    return environ['wsgi.file_wrapper'](new InMemory('and a file'));
  },
  'file-iterated': async (environ, startResponse) => {
    const wrapper = environ['wsgi.file_wrapper'](new Watched(environ, 199_990), 4);
    const blocks: Uint8Array[] = [];
    for await (const block of wrapper) blocks.push(block as Uint8Array);
    await wrapper.close?.();
    plain(startResponse);
    return [Buffer.concat(blocks)];
  },
  'file-unused': (environ, startResponse) => {
    environ['wsgi.file_wrapper'](new InMemory('not to be sent'));
    plain(startResponse);
    return ['another body'];
  },
  'file-inside': (environ, startResponse) => {
    const wrapper = environ['wsgi.file_wrapper'](new Watched(environ, 199_990));
    plain(startResponse);
    return {
      async *[Symbol.asyncIterator]() {
        yield 'begin,';
        yield* wrapper;
      },
      close: () => wrapper.close?.(),
    };
  },
  'file-has-close': async (environ, startResponse) => {
    const wrapper = environ['wsgi.file_wrapper'](new Watched(environ, 0));
    plain(startResponse);
    await wrapper.close?.();
    return [wrapper.close === undefined ? 'no close' : 'close'];
  },
};
