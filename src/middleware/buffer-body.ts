import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isBody } from '../wsgi/body.ts';
import { BUFFERED_BODY, type BufferedBody, type Release, STREAM } from '../wsgi/buffered-body.ts';
import { closeAfter } from '../wsgi/close-after.ts';
import { respondPage } from '../wsgi/error-page.ts';
import { Input } from '../wsgi/input.ts';
import type { Body, Environ, Middleware } from '../wsgi/types.ts';
import type { BodyMemory } from './body-memory.ts';
import { KeptBody } from './kept-body.ts';
import type { SharedBodies } from './shared-bodies.ts';
import { closeFor, openUnnamed, SpoolWriter } from './spool-file.ts';

export interface BufferSettings {
  /** Bodies up to so many bytes stay in memory, as far as `memory` has room. */
  readonly mostInMemory: number;
  /** For all bodies of the front. */
  readonly memory: BodyMemory;
  /** The file of those that are not small, for workers to read. Without it they are spooled. */
  readonly shared?: SharedBodies | undefined;
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
    const declared = environ.CONTENT_LENGTH === undefined ? undefined : Number(environ.CONTENT_LENGTH);
    return readBody(environ['wsgi.input'], declared, settings, spoolName).then((stored) => {
      if (stored instanceof Error) {
        settings.failed(new SpoolFailed(settings.directory, stored), environ);
        return respondPage(environ, startResponse, 507, 'the request body could not be stored');
      }
      const { body, input, release } = stored;
      setBody(environ, body, input);
      if (body.kind === 'file' && settings.byPath === false) environ[BUFFERED_BODY] = STREAM;
      return releaseAfter(() => app(environ, startResponse), release);
    });
  };
}

/** Calls an application, and `release` when its body has been closed or there is none. */
async function releaseAfter(call: () => Body | Promise<Body>, release: Release): Promise<Body> {
  try {
    const body = await call();
    if (isBody(body)) return closeAfter(body, release);
    await release();
    return body;
  } catch (error) {
    await release();
    throw error;
  }
}

/** A body that is here, and what is to be called when its response is over. */
interface Stored {
  readonly body: WholeBody;
  readonly input: Input;
  readonly release: Release;
}

/** @returns an error where it cannot be written */
async function readBody(
  input: Input,
  declared: number | undefined,
  { memory, shared, mostInMemory }: BufferSettings,
  spoolName: string,
): Promise<Stored | Error> {
  if (declared !== undefined && declared > mostInMemory) return spoolBody([], input, spoolName);
  const kept = new KeptBody(memory, shared, declared ?? 0);
  let rest: Uint8Array | undefined;
  const take = (piece: Uint8Array): boolean => {
    if (kept.size + piece.length <= mostInMemory && kept.add(piece)) return true;
    rest = Buffer.from(piece);
    return false;
  };
  try {
    if (await input.drain(take)) return keepBody(kept);
  } catch (error) {
    kept.close();
    throw error;
  }
  const start = kept.copy();
  kept.close();
  return spoolBody([start, rest as Uint8Array], input, spoolName);
}

function keepBody(kept: KeptBody): Stored {
  const hold = holder(() => kept.close());
  const body = kept.finish(hold);
  const input = body.kind === 'memory' ? Input.of(body.bytes) : Input.later(body.read);
  return { body, input, release: hold() };
}

/** @param start pieces that have come, which are given away */
async function spoolBody(start: readonly Uint8Array[], input: Input, spoolName: string): Promise<Stored | Error> {
  const file = await openUnnamed(spoolName).catch((error: Error) => error);
  if (file instanceof Error) return file;
  try {
    const spool = new SpoolWriter(file);
    const failure = await store(start, input, spool);
    if (failure !== undefined) return await closeFor(failure, file);
    const hold = holder(() => file.close());
    const body = { kind: 'file', path: `/proc/${process.pid}/fd/${file.fd}`, size: spool.size, hold } as const;
    return { body, input: fileInput(file), release: hold() };
  } catch (error) {
    throw await closeFor(error, file);
  }
}

/** @returns why it could not be written */
async function store(start: readonly Uint8Array[], rest: Input, spool: SpoolWriter): Promise<Error | undefined> {
  let failure: Error | undefined;
  for (const piece of start) if (piece.length > 0) failure ??= await spool.add(piece);
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

/** Ends something once all who hold it have let go: the response, and the worker that was given it. */
function holder(end: Release): () => Release {
  let holders = 0;
  return () => {
    let held = true;
    holders++;
    return () => {
      if (!held) return;
      held = false;
      if (--holders === 0) return end();
    };
  };
}
