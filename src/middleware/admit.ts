import { OVERLOAD_ERRORS, type OverloadCode, REFUSED_FOR } from '../errors.ts';
import { isBody, isPromise } from '../wsgi/body.ts';
import { closeAfter } from '../wsgi/close-after.ts';
import { respondPage } from '../wsgi/error-page.ts';
import type { Body, Environ, Middleware, StartResponse } from '../wsgi/types.ts';

/** What an app has room for. */
export interface Room {
  /** Requests that may be in its front, from their head to the end of their response; 0: any number. */
  readonly most: number;
  /** Whether a request that comes now could not even wait. */
  readonly isFull: () => boolean;
  /** When to come again, in seconds. */
  readonly retryAfter: () => number;
  readonly refused: (code: OverloadCode) => void;
}

/**
 * Refuses what an app has no room for with 503, before its body is read: bodies take memory and disk while they come, and one app's must not take all of it.
 * Requests without a body find out in the queue itself.
 * @param inside those that are open now, shared by the app's generations
 */
export function admit(room: Room, inside: { count: number }): Middleware {
  const { most } = room;
  return (app) => (environ, startResponse) => {
    if (most > 0 && inside.count >= most) return refuse(room, 'CONCURRENCY_LIMIT', environ, startResponse);
    if (hasBody(environ) && room.isFull()) return refuse(room, 'QUEUE_FULL', environ, startResponse);
    if (most === 0) return app(environ, startResponse);
    inside.count++;
    let isInside = true;
    const leave = (): void => {
      if (isInside) inside.count--;
      isInside = false;
    };
    const fail = (error: unknown): never => {
      leave();
      throw error;
    };
    const watch = (body: Body): Body => {
      if (isBody(body)) return closeAfter(body, leave);
      leave();
      return body;
    };
    try {
      const body = app(environ, startResponse);
      return isPromise(body) ? body.then(watch, fail) : watch(body);
    } catch (error) {
      return fail(error);
    }
  };
}

function hasBody({ CONTENT_LENGTH, HTTP_TRANSFER_ENCODING }: Environ): boolean {
  return HTTP_TRANSFER_ENCODING !== undefined || (CONTENT_LENGTH !== undefined && CONTENT_LENGTH !== '0');
}

function refuse(
  { refused, retryAfter }: Room,
  code: OverloadCode,
  environ: Environ,
  startResponse: StartResponse,
): Body {
  environ[REFUSED_FOR] = code;
  refused(code);
  return respondPage(environ, startResponse, 503, OVERLOAD_ERRORS[code], [['Retry-After', String(retryAfter())]]);
}
