import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isBody } from '../wsgi/body.ts';
import { BUFFERED_BODY, type BufferedBody, STREAM } from '../wsgi/buffered-body.ts';
import { joinChunks } from '../wsgi/chunk.ts';
import { closeAfter } from '../wsgi/close-after.ts';
import { respondPage } from '../wsgi/error-page.ts';
import { Input } from '../wsgi/input.ts';
import type { Environ, Middleware } from '../wsgi/types.ts';
import { closeFor, free, openUnnamed, SpoolWriter } from './spool-file.ts';

export interface BufferSettings {
  /** Bodies up to so many bytes stay in memory. */
  readonly memory: number;
  /** Where larger ones are spooled: a disk, never a tmpfs. */
  readonly directory: string;
  /** Whether the application can open the spool's files; else what is in one is given to it as it reads. */
  readonly byPath?: boolean;
  /** A body could not be spooled, and its request got 507. */
  readonly failed: (error: SpoolFailed, environ: Environ) => void;
}

/** The spool could not be written: the disk is full, or the directory is gone. */
export class SpoolFailed extends Error {
  override readonly name = 'SpoolFailed';
  constructor(directory: string, cause: Error) {
    super(`a request body could not be spooled to ${directory}: ${cause.message}`, { cause });
  }
}

const BLOCK = 65536;

type WholeBody = Exclude<BufferedBody, { kind: 'stream' }>;

/**
 * Reads the whole request body before the application is called, so that a slow upload holds no worker, and sets CONTENT_LENGTH for what came
 * chunked. The spool file is unlinked before a byte is in it, so nothing is left behind whatever dies; it is reached by its descriptor.
 */
export function bufferBody(settings: BufferSettings): Middleware {
  let count = 0;
  return (app) => (environ, startResponse) => {
    if (environ.CONTENT_LENGTH === undefined && environ.HTTP_TRANSFER_ENCODING === undefined)
      return app(environ, startResponse);
    const spoolName = join(settings.directory, `body-${process.pid}-${++count}`);
    return readBody(environ['wsgi.input'], settings.memory, spoolName).then(async (spooled) => {
      if (spooled instanceof Error) {
        settings.failed(new SpoolFailed(settings.directory, spooled), environ);
        return respondPage(environ, startResponse, 507, 'the request body could not be stored');
      }
      if (spooled.bytes !== undefined) {
        setBody(environ, { kind: 'memory', bytes: spooled.bytes }, Input.of(spooled.bytes));
        return app(environ, startResponse);
      }
      const { file, size } = spooled;
      const hold = holder(file);
      const release = hold();
      try {
        const whole: WholeBody = { kind: 'file', path: `/proc/${process.pid}/fd/${file.fd}`, size, hold };
        setBody(environ, whole, fileInput(file));
        if (settings.byPath === false) environ[BUFFERED_BODY] = STREAM;
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

/** Bytes or a file; an error where there is no writing it. */
type Spooled =
  | Error
  | { readonly bytes: Uint8Array }
  | { readonly bytes?: never; readonly file: FileHandle; readonly size: number };

async function readBody(input: Input, memory: number, spoolName: string): Promise<Spooled> {
  const start = await input.pieces(memory);
  if (start.reduce((sum, { length }) => sum + length, 0) <= memory) return { bytes: joined(start) };
  const file = await openUnnamed(spoolName).catch((error: Error) => error);
  if (file instanceof Error) return file;
  try {
    const spool = new SpoolWriter(file);
    const failure = await store(start, input, spool);
    return failure === undefined ? { file, size: spool.size } : await closeFor(failure, file);
  } catch (error) {
    throw await closeFor(error, file);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = joinChunks(pieces);
  if (pieces.length > 1) for (const piece of pieces) free(piece);
  return bytes;
}

/** @returns why it could not be written */
async function store(start: readonly Uint8Array[], rest: Input, spool: SpoolWriter): Promise<Error | undefined> {
  let failure: Error | undefined;
  for (const piece of start) failure ??= await spool.add(piece);
  while (failure === undefined) {
    const piece = await rest.piece(BLOCK);
    if (piece === undefined) return spool.flush();
    failure = await spool.add(piece);
  }
  return failure;
}

function setBody(environ: Environ, body: WholeBody, input: Input): void {
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
