import type { Body } from './types.ts';

/** Whether an application's answer is an iterable of chunks, and not a chunk itself. */
export function isBody(body: unknown): body is Body {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return false;
  return Symbol.iterator in body || Symbol.asyncIterator in body;
}
