import type { Body, Chunk } from './types.ts';

/** The chunks of a body, one step at a time. */
export type Steps = Iterator<Chunk> | AsyncIterator<Chunk>;

/** Whether an application's answer is an iterable of chunks, and not a chunk itself. */
export function isBody(body: unknown): body is Body {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return false;
  return Symbol.iterator in body || Symbol.asyncIterator in body;
}

/** Begins a body; one that can be waited for is. */
export function stepsOf(body: Body): Steps {
  return Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
}

/** Whether an application's answer is still to come. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
