import { BUFFERED_BODY, STREAM } from '../wsgi/buffered-body.ts';
import type { Middleware } from '../wsgi/types.ts';

/** Marks a request body as one that is handed on while it comes, in place of reading it first: for applications that want it so, and can wait for it. */
export const streamBody: Middleware = (app) => (environ, startResponse) => {
  if (environ.HTTP_TRANSFER_ENCODING !== undefined || Number(environ.CONTENT_LENGTH ?? 0) > 0) {
    environ[BUFFERED_BODY] = STREAM;
  }
  return app(environ, startResponse);
};
