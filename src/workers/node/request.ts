import { type FileHandle, open } from 'node:fs/promises';
import { FLAG, type Frame, splitHead } from '../../pool/frames.ts';
import type { Start } from '../../pool/start.ts';
import { fileWrapper } from '../../wsgi/file-wrapper.ts';
import { Input } from '../../wsgi/input.ts';
import type { Environ } from '../../wsgi/types.ts';
import { RequestErrors } from './records.ts';

const BLOCK = 65536;

/** A request as it came from the front. */
export interface Request {
  readonly environ: Environ;
  /** Gives up what the request holds: its spool file. */
  close(): Promise<void>;
}

/**
 * The environ of a REQUEST frame.
 * @throws ProtocolError where the head does not hold what it announces
 */
export function readRequest(frame: Frame, start: Start, gone: () => boolean): Request {
  const strings = splitHead(frame.head, 2 * frame.count);
  const environ: Record<string, unknown> = {};
  for (let at = 0; at < strings.length; at += 2) environ[strings[at] as string] = strings[at + 1];
  const body = (frame.flags & FLAG.PATH) === 0 ? memoryBody(frame.body) : fileBody(frame.body.toString('utf8'));
  Object.assign(environ, {
    'wsgi.version': [1, 0],
    'wsgi.input': body.input,
    'wsgi.errors': new RequestErrors(environ.HTTP_X_REQUEST_ID),
    'wsgi.multithread': start.threads > 1,
    'wsgi.multiprocess': start.multiprocess,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    'wsgi.file_wrapper': fileWrapper,
    'stillhouse.client_gone': gone,
  });
  return { environ: environ as Environ, close: body.close };
}

interface RequestBody {
  readonly input: Input;
  close(): Promise<void>;
}

function memoryBody(bytes: Buffer): RequestBody {
  return { input: Input.of(bytes), close: async () => undefined };
}

/** A spooled body, opened when it is first read. */
function fileBody(path: string): RequestBody {
  let file: Promise<FileHandle> | undefined;
  const input = new Input(async () => {
    file ??= open(path, 'r');
    const { bytesRead, buffer } = await (await file).read({ buffer: Buffer.allocUnsafe(BLOCK) });
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  });
  return { input, close: async () => void (await (await file?.catch(() => undefined))?.close()) };
}
