import { randomBytes } from 'node:crypto';
import { isRequestId } from '../wsgi/request-id.ts';
import type { Header, Middleware } from '../wsgi/types.ts';

const NAME = 'x-request-id';

/** Makes ids that differ between processes and never repeat in one: a random prefix and a count. */
export function requestIds(): () => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return () => `${prefix}-${(++count).toString(36)}`;
}

/**
 * Gives each request an id: the client's own `X-Request-Id` where it is safe to repeat, else a new one. The application finds it in
 * `HTTP_X_REQUEST_ID`, the client in `X-Request-Id`.
 */
export function requestId(nextId: () => string): Middleware {
  /** Headers without an id, which a pool gives again and again. */
  let without: Header[] | undefined;
  const withId = (headers: Header[], id: string): Header[] => {
    if (headers !== without) {
      if (!Array.isArray(headers) || headers.some(isRequestIdHeader)) return headers;
      if (Object.isFrozen(headers)) without = headers;
    }
    return [...headers, ['X-Request-Id', id]];
  };
  return (app) => (environ, startResponse) => {
    const given = environ.HTTP_X_REQUEST_ID;
    const id = isRequestId(given) ? given : nextId();
    environ.HTTP_X_REQUEST_ID = id;
    return app(environ, (status, headers, error) => startResponse(status, withId(headers, id), error));
  };
}

function isRequestIdHeader([name]: Header): boolean {
  return name.length === NAME.length && name.toLowerCase() === NAME;
}
