import { Buffer } from 'node:buffer';
import { BUFFERED_BODY, type BufferedBody } from '../wsgi/buffered-body.ts';
import { REPEATED, type Repeated } from '../wsgi/environs.ts';
import type { Environ } from '../wsgi/types.ts';
import { checkHead, encodeFrame, FLAG, TYPE } from './frames.ts';

/** The strings of an environ, as they stand in a frame. */
interface Strings {
  readonly head: string;
  readonly count: number;
}

/**
 * A REQUEST frame: every string of the environ, and the body inline, by its path, or still to come.
 * @throws ProtocolError where a string holds a NUL, or a character that is no byte
 */
export function encodeRequest(id: number, environ: Environ): Buffer {
  const repeated = environ[REPEATED as never] as Repeated | undefined;
  const { head, count } = (repeated && encodeChanged(environ, repeated)) ?? encodeAll(environ);
  const body = environ[BUFFERED_BODY] as BufferedBody | undefined;
  if (body === undefined) return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.INLINE, count, head });
  if (body.kind === 'stream') return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.STREAM, count, head });
  if (body.kind === 'file')
    return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.PATH, count, head, body: Buffer.from(body.path, 'utf8') });
  return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.INLINE, count, head, body: body.bytes });
}

function encodeAll(environ: Environ): Strings {
  let head = '';
  let count = 0;
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== 'string') continue;
    head += `${key}\0${value}\0`;
    count++;
  }
  checkHead(head, 2 * count);
  return { head, count };
}

/** The same in another order: what repeats the requests before stands last, and was encoded then. Undefined where any of that was changed. */
function encodeChanged(environ: Environ, repeated: Repeated): Strings | undefined {
  const { keys, values } = repeated;
  let head = '';
  let count = 0;
  let same = 0;
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== 'string') continue;
    if (key === keys[same] && value === values[same]) {
      same++;
      continue;
    }
    head += `${key}\0${value}\0`;
    count++;
  }
  if (same < keys.length) return undefined;
  checkHead(head, 2 * count);
  repeated.encoded ??= encodePairs(repeated);
  return { head: head + repeated.encoded, count: count + same };
}

function encodePairs({ keys, values }: Repeated): string {
  const head = keys.map((key, at) => `${key}\0${values[at]}\0`).join('');
  checkHead(head, 2 * keys.length);
  return head;
}
