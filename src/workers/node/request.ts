import { type FileHandle, open } from 'node:fs/promises';
import { FLAG, type Frame, splitHead } from '../../pool/frames.ts';
import type { Start } from '../../pool/start.ts';
import { fileWrapper } from '../../wsgi/file-wrapper.ts';
import { Input } from '../../wsgi/input.ts';
import type { Environ } from '../../wsgi/types.ts';
import { RequestErrors } from './records.ts';
import type { RequestLife } from './request-life.ts';
import { StreamedBody } from './streamed-body.ts';

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

/**
 * The environ of a REQUEST frame.
 * @param grant asks for so many bytes more of a streamed body
 * @throws ProtocolError where the head does not hold what it announces
 */
export function readRequest(frame: Frame, start: Start, grant: (size: number) => void, life: RequestLife): Request {
  const strings = splitHead(frame.head, 2 * frame.count);
  const environ: Record<string, unknown> = {
    get 'stillhouse.signal'() {
      return life.signal;
    },
  };
  for (let at = 0; at < strings.length; at += 2) environ[strings[at] as string] = strings[at + 1];
  const streamed = (frame.flags & FLAG.STREAM) === 0 ? undefined : new StreamedBody(start.window, grant);
  const body =
    streamed === undefined
      ? bodyOf(frame, environ)
      : { input: new Input(() => streamed.pull()), close: () => undefined };
  Object.assign(environ, {
    'wsgi.version': [1, 0],
    'wsgi.input': body.input,
    'wsgi.errors': new RequestErrors(environ.HTTP_X_REQUEST_ID),
    'wsgi.multithread': start.threads > 1,
    'wsgi.multiprocess': start.multiprocess,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    'wsgi.file_wrapper': fileWrapper,
    'stillhouse.client_gone': () => life.gone,
  });
  return { environ: environ as Environ, body: streamed, close: body.close };
}

interface RequestBody {
  readonly input: Input;
  close(): void | Promise<void>;
}

function bodyOf({ flags, body }: Frame, environ: Readonly<Record<string, unknown>>): RequestBody {
  if ((flags & FLAG.PATH) === 0) return memoryBody(body);
  return fileBody(body.toString('utf8'), Number(environ.CONTENT_LENGTH));
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
