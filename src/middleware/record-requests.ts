import { ClientError, ClientGone } from '../errors.ts';
import { isBody, type Steps, stepsOf } from '../wsgi/body.ts';
import { fromNative } from '../wsgi/environ.ts';
import { Input } from '../wsgi/input.ts';
import type { Body, Chunk, Environ, Middleware } from '../wsgi/types.ts';

/** One request as the log and the metrics have it. No query string, cookie or header value but the id. */
export interface RequestRecord {
  /** The app that it was dispatched to; empty where there is none. */
  readonly app: string;
  readonly request: string;
  readonly remote: string;
  readonly method: string;
  readonly path: string;
  readonly protocol: string;
  /** 499 where the client left before there was a status. */
  readonly status: number;
  /** Body bytes that the application gave. */
  readonly bytes: number;
  /** Bytes of the request body that came. */
  readonly received: number;
  /** From the end of the request's body, which the client's pace decides, to the close of the response's, in milliseconds. */
  readonly ms: number;
  /** Whether the body came to its end. */
  readonly complete: boolean;
}

/** The environ key under which the dispatcher notes the name of the app. */
export const APP_NAME = 'stillhouse.app';

/** Tells of each request once, when the body of its response is closed: for the access log, and for metrics. */
export function recordRequests(log: (record: RequestRecord) => void, now: () => number): Middleware {
  return (app) => async (environ, startResponse) => {
    const entry = new Entry(environ, log, now);
    if (environ.CONTENT_LENGTH !== undefined || environ.HTTP_TRANSFER_ENCODING !== undefined) {
      environ['wsgi.input'] = entry.counted(environ['wsgi.input']);
    }
    try {
      const body = await app(environ, (status, headers, error) => {
        const write = startResponse(status, headers, error);
        entry.status = Number(status.slice(0, 3));
        return async (chunk) => {
          entry.count(chunk);
          return write(chunk);
        };
      });
      if (isBody(body)) return new CountedBody(body, entry);
      entry.status = 500;
      entry.close();
      return body;
    } catch (error) {
      entry.fail(error);
      entry.close();
      throw error;
    }
  };
}

class Entry {
  status = 0;
  complete = false;
  #bytes = 0;
  #received = 0;
  #closed = false;
  readonly #environ: Environ;
  readonly #log: (record: RequestRecord) => void;
  readonly #now: () => number;
  #began: number;

  constructor(environ: Environ, log: (record: RequestRecord) => void, now: () => number) {
    this.#environ = environ;
    this.#log = log;
    this.#now = now;
    this.#began = now();
  }

  count(chunk: Chunk): void {
    this.#bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
  }

  /** The request's body, counted; time is counted from its end. */
  counted(input: Input): Input {
    return new Input(async () => {
      const piece = await input.piece();
      if (piece === undefined) this.#began = this.#now();
      else this.#received += piece.length;
      return piece;
    });
  }

  fail(error: unknown): void {
    // A head that was stored and not sent is replaced by that of an error page.
    if (this.status !== 0 && this.#bytes > 0) return;
    this.status = error instanceof ClientError ? error.status : error instanceof ClientGone ? 499 : 500;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const environ = this.#environ;
    this.#log({
      app: String(environ[APP_NAME] ?? ''),
      request: String(environ.HTTP_X_REQUEST_ID ?? ''),
      remote: environ.REMOTE_ADDR ?? '',
      method: environ.REQUEST_METHOD,
      path: fromNative(environ.SCRIPT_NAME + environ.PATH_INFO),
      protocol: environ.SERVER_PROTOCOL,
      status: this.status === 0 ? 499 : this.status,
      bytes: this.#bytes,
      received: this.#received,
      ms: Math.round((this.#now() - this.#began) * 1000) / 1000,
      complete: this.complete,
    });
  }
}

/** The same body, counted. Not a generator, so that `return()` reaches a body that pends. */
class CountedBody implements AsyncIterableIterator<Chunk> {
  readonly #body: Body;
  readonly #entry: Entry;
  #steps: Steps | undefined;

  constructor(body: Body, entry: Entry) {
    this.#body = body;
    this.#entry = entry;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Chunk>> {
    try {
      const step = await this.#iterator().next();
      if (step.done === true) this.#entry.complete = true;
      else this.#entry.count(step.value);
      return step;
    } catch (error) {
      this.#entry.fail(error);
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Chunk>> {
    await this.#iterator().return?.();
    return { done: true, value: undefined };
  }

  async close(): Promise<void> {
    try {
      await this.#body.close?.();
    } finally {
      this.#entry.close();
    }
  }

  #iterator(): Steps {
    this.#steps ??= stepsOf(this.#body);
    return this.#steps;
  }
}
