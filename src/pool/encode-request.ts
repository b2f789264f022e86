import { Buffer } from 'node:buffer';
import { BUFFERED_BODY, type BufferedBody, type Release } from '../wsgi/buffered-body.ts';
import { REPEATED, type Repeated } from '../wsgi/environs.ts';
import type { Environ } from '../wsgi/types.ts';
import { checkHead, encodeFrame, FLAG, TYPE } from './frames.ts';

/** The strings of an environ, as they stand in a frame. */
interface Strings {
  readonly head: string;
  readonly count: number;
}

/** Body bytes that are copied into the frame: a second buffer costs more. */
const COPIED = 8192;

/** A REQUEST frame, in one piece or with the body as a second one, which must not change before it is written. */
export interface RequestFrame {
  readonly frame: Buffer;
  readonly body?: { readonly bytes: Uint8Array; readonly hold: () => Release };
}

/**
 * A REQUEST frame: every string of the environ, and the body inline, by its path, or still to come.
 * @throws ProtocolError where a string holds a NUL, or a character that is no byte
 */
export function encodeRequest(id: number, environ: Environ): RequestFrame {
  const body = environ[BUFFERED_BODY] as BufferedBody | undefined;
  if (body?.kind !== 'memory' || body.bytes.length <= COPIED) return { frame: encodeWhole(id, environ, body) };
  const { head, count } = encodeStrings(environ);
  return { frame: encodeFrame(TYPE.REQUEST, id, { flags: FLAG.INLINE, count, head, more: body.bytes.length }), body };
}

function encodeWhole(id: number, environ: Environ, body: BufferedBody | undefined): Buffer {
  const { head, count } = encodeStrings(environ);
  if (body === undefined) return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.INLINE, count, head });
  if (body.kind === 'stream') return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.STREAM, count, head });
  if (body.kind === 'file')
    return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.PATH, count, head, body: Buffer.from(body.path, 'utf8') });
  return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.INLINE, count, head, body: body.bytes });
}

function encodeStrings(environ: Environ): Strings {
  const repeated = environ[REPEATED as never] as Repeated | undefined;
  return (repeated && encodeChanged(environ, repeated)) ?? encodeAll(environ);
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
