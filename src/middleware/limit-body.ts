import { ClientError } from '../errors.ts';
import { Input } from '../wsgi/input.ts';
import type { Middleware } from '../wsgi/types.ts';

/**
 * Refuses request bodies over an app's limit with 413: by their Content-Length before a byte is read, else when the limit is passed.
 * @param limit bytes
 */
export function limitBody(limit: number): Middleware {
  return (app) => (environ, startResponse) => {
    if (Number(environ.CONTENT_LENGTH ?? 0) > limit) throw new ClientError('BODY_TOO_LARGE');
    if (environ.HTTP_TRANSFER_ENCODING !== undefined) {
      let size = 0;
      environ['wsgi.input'] = Input.counted(environ['wsgi.input'], (more) => {
        size += more;
        if (size > limit) throw new ClientError('BODY_TOO_LARGE');
      });
    }
    return app(environ, startResponse);
  };
}
