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

const NONE = new Uint8Array(0);

/**
 * A REQUEST frame: every string of the environ, and the body inline, by its place or path, or still to come.
 * @param shared the file of bodies that the worker has open
 * @throws ProtocolError where a string holds a NUL, or a character that is no byte
 */
export function encodeRequest(id: number, environ: Environ, shared: object | undefined): Buffer {
  const { head, count } = encodeStrings(environ);
  const { flags, body } = encodeBody(environ[BUFFERED_BODY] as BufferedBody | undefined, shared);
  return encodeFrame(TYPE.REQUEST, id, { flags, count, head, body });
}

function encodeBody(body: BufferedBody | undefined, shared: object | undefined): { flags: number; body: Uint8Array } {
  switch (body?.kind) {
    case undefined:
      return { flags: FLAG.INLINE, body: NONE };
    case 'stream':
      return { flags: FLAG.STREAM, body: NONE };
    case 'file':
      return { flags: FLAG.PATH, body: Buffer.from(body.path, 'utf8') };
    case 'memory':
      return { flags: FLAG.INLINE, body: body.bytes };
    case 'shared':
      // One that came for another generation, whose file this one's workers do not have.
      if (body.file !== shared) return { flags: FLAG.INLINE, body: body.read() };
      return { flags: FLAG.SHARED, body: encodePlace(body) };
  }
}

function encodePlace({ offset, size }: { readonly offset: number; readonly size: number }): Buffer {
  const place = Buffer.allocUnsafe(8);
  place.writeUInt32LE(offset, 0);
  place.writeUInt32LE(size, 4);
  return place;
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
