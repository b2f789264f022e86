import { ClientError, ClientGone } from '../errors.ts';
import { isBody } from '../wsgi/body.ts';
import type { Body, Chunk, Environ, Middleware } from '../wsgi/types.ts';

/** One request as the log has it. No query string, cookie or header value but the id. */
export interface AccessRecord {
  readonly request: string;
  readonly remote: string;
  readonly method: string;
  readonly path: string;
  readonly protocol: string;
  /** 499 where the client left before there was a status. */
  readonly status: number;
  /** Body bytes that the application gave. */
  readonly bytes: number;
  /** From the call of the application to the close of its body, in milliseconds. */
  readonly ms: number;
  /** Whether the body came to its end. */
  readonly complete: boolean;
}

/** Tells of each request once, when its body is closed. */
export function accessLog(log: (record: AccessRecord) => void, now: () => number): Middleware {
  return (app) => async (environ, startResponse) => {
    const entry = new Entry(environ, log, now);
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
  #closed = false;
  readonly #environ: Environ;
  readonly #log: (record: AccessRecord) => void;
  readonly #now: () => number;
  readonly #began: number;

  constructor(environ: Environ, log: (record: AccessRecord) => void, now: () => number) {
    this.#environ = environ;
    this.#log = log;
    this.#now = now;
    this.#began = now();
  }

  count(chunk: Chunk): void {
    this.#bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
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
      request: String(environ.HTTP_X_REQUEST_ID ?? ''),
      remote: environ.REMOTE_ADDR ?? '',
      method: environ.REQUEST_METHOD,
      path: environ.SCRIPT_NAME + environ.PATH_INFO,
      protocol: environ.SERVER_PROTOCOL,
      status: this.status === 0 ? 499 : this.status,
      bytes: this.#bytes,
      ms: Math.round((this.#now() - this.#began) * 1000) / 1000,
      complete: this.complete,
    });
  }
}

/** The same body, counted. Not a generator, so that `return()` reaches a body that pends. */
class CountedBody implements AsyncIterableIterator<Chunk> {
  readonly #body: Body;
  readonly #entry: Entry;
  #steps: Iterator<Chunk> | AsyncIterator<Chunk> | undefined;

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

  #iterator(): Iterator<Chunk> | AsyncIterator<Chunk> {
    this.#steps ??=
      Symbol.asyncIterator in this.#body ? this.#body[Symbol.asyncIterator]() : this.#body[Symbol.iterator]();
    return this.#steps;
  }
}
