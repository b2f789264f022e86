import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FLAG, type Frame } from '../../pool/frames.ts';
import { Input } from '../../wsgi/input.ts';
import type { Environ } from '../../wsgi/types.ts';
import type { Environs } from './environs.ts';
import { RequestErrors } from './records.ts';
import type { RequestLife } from './request-life.ts';
import { StreamedBody } from './streamed-body.ts';

/** The descriptor of the file of request bodies (docs/worker-protocol.md, "Bodies"). */
const BODIES_FD = 6;
/** Bytes of a spooled body that are read at a time. */
const BLOCK = 262_144;

/** A request as it came from the front. */
export interface Request {
  readonly environ: Environ;
  /** Its body, where that is still to come. */
  readonly body: StreamedBody | undefined;
  /** Gives up what the request holds: its spool file. */
  close(): void | Promise<void>;
}

/** What one request has of its own. */
interface Own {
  readonly life: RequestLife;
  /** Bytes of a streamed body that may be on their way. */
  readonly window: number;
  /** Asks for so many bytes more of it. */
  readonly grant: (size: number) => void;
}

/**
 * The environ of a REQUEST frame, and its body.
 * @throws ProtocolError where the head does not hold what it announces
 */
export function readRequest(frame: Frame, environs: Environs, { life, window, grant }: Own): Request {
  const environ = environs.make(frame.head, frame.count, life);
  const streamed = (frame.flags & FLAG.STREAM) === 0 ? undefined : new StreamedBody(window, grant);
  const body =
    streamed === undefined
      ? bodyOf(frame, environ)
      : { input: new Input(() => streamed.pull()), close: () => undefined };
  environ['wsgi.input'] = body.input;
  environ['wsgi.errors'] = new RequestErrors(environ.HTTP_X_REQUEST_ID);
  return { environ, body: streamed, close: body.close };
}

interface RequestBody {
  readonly input: Input;
  close(): void | Promise<void>;
}

function bodyOf({ flags, body }: Frame, environ: Readonly<Record<string, unknown>>): RequestBody {
  if ((flags & FLAG.SHARED) !== 0) return memoryBody(readShared(body));
  if ((flags & FLAG.PATH) === 0) return memoryBody(body);
  return fileBody(body.toString('utf8'), Number(environ.CONTENT_LENGTH));
}

/** A body among others in the file that the front keeps them in. */
function readShared(place: Buffer): Buffer {
  const offset = place.readUInt32LE(0);
  const bytes = Buffer.allocUnsafe(place.readUInt32LE(4));
  if (readSync(BODIES_FD, bytes, 0, bytes.length, offset) < bytes.length)
    throw new Error('the request body is not where the front said it is');
  return bytes;
}

function memoryBody(bytes: Buffer): RequestBody {
  return { input: Input.of(bytes), close: () => undefined };
}

/** A spooled body, opened when it is first read. */
function fileBody(path: string, size: number): RequestBody {
  const block = Math.min(size, BLOCK);
  let file: Promise<FileHandle> | undefined;
  const input = new Input(async () => {
    file ??= open(path, 'r');
    const { bytesRead, buffer } = await (await file).read({ buffer: Buffer.allocUnsafe(block) });
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  });
  return { input, close: async () => void (await (await file?.catch(() => undefined))?.close()) };
}
