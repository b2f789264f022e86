import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isBody } from '../wsgi/body.ts';
import { BUFFERED_BODY, type BufferedBody } from '../wsgi/buffered-body.ts';
import { Input } from '../wsgi/input.ts';
import type { Body, Environ, Middleware } from '../wsgi/types.ts';

export interface BufferSettings {
  /** Bodies up to so many bytes stay in memory. */
  readonly memory: number;
  /** Where larger ones are spooled: a disk, never a tmpfs. */
  readonly directory: string;
}

const BLOCK = 65536;

/**
 * Reads the whole request body before the application is called, so that a slow upload holds no worker, and sets CONTENT_LENGTH for what came
 * chunked. The spool file is unlinked as soon as it is open, so nothing is left behind whatever dies; it is reached by its descriptor.
 */
export function bufferBody(settings: BufferSettings): Middleware {
  let count = 0;
  return (app) => (environ, startResponse) => {
    if (environ.CONTENT_LENGTH === undefined && environ.HTTP_TRANSFER_ENCODING === undefined)
      return app(environ, startResponse);
    const spoolName = join(settings.directory, `body-${process.pid}-${++count}`);
    return readBody(environ['wsgi.input'], settings.memory, spoolName).then(async (spooled) => {
      if (spooled.bytes !== undefined) {
        setBody(environ, { kind: 'memory', bytes: spooled.bytes }, Input.of(spooled.bytes));
        return app(environ, startResponse);
      }
      const { file, size } = spooled;
      const hold = holder(file);
      const release = hold();
      try {
        setBody(environ, { kind: 'file', path: `/proc/${process.pid}/fd/${file.fd}`, size, hold }, fileInput(file));
        const body = await app(environ, startResponse);
        if (isBody(body)) return closeAfter(body, release);
        await release();
        return body;
      } catch (error) {
        await release();
        throw error;
      }
    });
  };
}

type Spooled =
  | { readonly bytes: Uint8Array }
  | { readonly bytes?: never; readonly file: FileHandle; readonly size: number };

async function readBody(input: Input, memory: number, spoolName: string): Promise<Spooled> {
  const start = await input.read(memory + 1);
  if (start.length <= memory) return { bytes: start };
  const file = await open(spoolName, 'wx+', 0o600);
  try {
    await unlink(spoolName);
    let size = 0;
    for (let block = start; block.length > 0; block = await input.read(BLOCK)) {
      await file.writeFile(block);
      size += block.length;
    }
    return { file, size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function setBody(environ: Environ, body: BufferedBody, input: Input): void {
  environ['wsgi.input'] = input;
  environ[BUFFERED_BODY] = body;
  environ.CONTENT_LENGTH = String(body.kind === 'memory' ? body.bytes.length : body.size);
  // The body is no longer chunked: an application that sees both would have to choose (RFC 9112, 6.1).
  delete environ.HTTP_TRANSFER_ENCODING;
}

function fileInput(file: FileHandle): Input {
  let at = 0;
  return new Input(async () => {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(BLOCK), position: at });
    at += bytesRead;
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  });
}

/** Closes the file once all who hold it have let go: the response, and the worker that was given its path. */
function holder(file: FileHandle): () => () => Promise<void> {
  let holders = 0;
  return () => {
    let held = true;
    holders++;
    return async () => {
      if (!held) return;
      held = false;
      if (--holders === 0) await file.close();
    };
  };
}

/** The body with one more thing to close. An iterator's own `next` and `return` stay its own. */
function closeAfter(body: Body, release: () => Promise<void>): Body {
  const close = async () => {
    try {
      await body.close?.();
    } finally {
      await release();
    }
  };
  return Symbol.asyncIterator in body
    ? { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](), close }
    : { [Symbol.iterator]: () => body[Symbol.iterator](), close };
}
