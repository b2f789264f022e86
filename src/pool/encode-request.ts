import { Buffer } from 'node:buffer';
import { BUFFERED_BODY, type BufferedBody } from '../wsgi/buffered-body.ts';
import type { Environ } from '../wsgi/types.ts';
import { checkHead, encodeFrame, FLAG, TYPE } from './frames.ts';

/**
 * A REQUEST frame: every string of the environ, and the body inline, by its path, or still to come.
 * @throws ProtocolError where a string holds a NUL, or a character that is no byte
 */
export function encodeRequest(id: number, environ: Environ): Buffer {
  let head = '';
  let count = 0;
  for (const key in environ) {
    const value = environ[key];
    if (typeof value !== 'string') continue;
    head += `${key}\0${value}\0`;
    count++;
  }
  checkHead(head, 2 * count);
  const body = environ[BUFFERED_BODY] as BufferedBody | undefined;
  if (body?.kind === 'stream') return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.STREAM, count, head });
  if (body?.kind === 'file')
    return encodeFrame(TYPE.REQUEST, id, { flags: FLAG.PATH, count, head, body: Buffer.from(body.path, 'utf8') });
  return encodeFrame(TYPE.REQUEST, id, {
    flags: FLAG.INLINE,
    count,
    head,
    ...(body === undefined ? {} : { body: body.bytes }),
  });
}
