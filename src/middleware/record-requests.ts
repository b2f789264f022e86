import { ClientError, ClientGone, REFUSED_FOR } from '../errors.ts';
import { isBody, isPromise, type Steps, stepsOf } from '../wsgi/body.ts';
import { fromNative } from '../wsgi/environ.ts';
import { Input } from '../wsgi/input.ts';
import { isPushed, PUSH, PulledBody, type PushedBody, type Receiver } from '../wsgi/pushed-body.ts';
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
  /** Why it was refused, where the app had too many (docs/errors.md, "An overload"). */
  readonly code?: string;
}

/** The environ key under which the dispatcher notes the name of the app. */
export const APP_NAME = 'stillhouse.app';

/** Tells of each request once, when the body of its response is closed: for the access log, and for metrics. */
export function recordRequests(log: (record: RequestRecord) => void, now: () => number): Middleware {
  return (app) => (environ, startResponse) => {
    const entry = new Entry(environ, log, now);
    if (environ.CONTENT_LENGTH !== undefined || environ.HTTP_TRANSFER_ENCODING !== undefined) {
      environ['wsgi.input'] = entry.counted(environ['wsgi.input']);
    }
    try {
      const body = app(environ, (status, headers, error) => {
        const write = startResponse(status, headers, error);
        entry.status = Number(status.slice(0, 3));
        return (chunk) => {
          entry.count(chunk);
          return write(chunk);
        };
      });
      return isPromise(body) ? body.then(entry.countBody, entry.failed) : entry.countBody(body);
    } catch (error) {
      return entry.failed(error);
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
    return Input.counted(input, (size) => {
      if (size === 0) this.#began = this.#now();
      this.#received += size;
    });
  }

  /** The same body, which ends the entry when it is closed. */
  readonly countBody = (body: Body): Body => {
    if (!isBody(body)) {
      this.status = 500;
      this.close();
      return body;
    }
    return isPushed(body) ? new CountedPush(body, this) : new CountedBody(body, this);
  };

  /** The application failed before it returned a body. */
  readonly failed = (error: unknown): never => {
    this.fail(error);
    this.close();
    throw error;
  };

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
      ...(environ[REFUSED_FOR] === undefined ? undefined : { code: String(environ[REFUSED_FOR]) }),
    });
  }
}

/** What is common to both forms of a counted body. */
class Closing {
  readonly body: Body;
  readonly entry: Entry;

  constructor(body: Body, entry: Entry) {
    this.body = body;
    this.entry = entry;
  }

  close(): void | Promise<void> {
    try {
      const closing = this.body.close?.();
      if (closing !== undefined) return closing.finally(() => this.entry.close());
    } catch (error) {
      this.entry.close();
      throw error;
    }
    this.entry.close();
  }
}

/** The same body, counted. Not a generator, so that `return()` reaches a body that pends. */
class CountedBody extends Closing implements AsyncIterableIterator<Chunk> {
  #steps: Steps | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Chunk>> {
    try {
      const step = await this.#iterator().next();
      if (step.done === true) this.entry.complete = true;
      else this.entry.count(step.value);
      return step;
    } catch (error) {
      this.entry.fail(error);
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Chunk>> {
    await this.#iterator().return?.();
    return { done: true, value: undefined };
  }

  #iterator(): Steps {
    this.#steps ??= stepsOf(this.body);
    return this.#steps;
  }
}

/** The same pushed body, counted. */
class CountedPush extends Closing implements PushedBody, Receiver {
  declare readonly body: PushedBody;
  #receiver: Receiver | undefined;

  [PUSH](receiver: Receiver): void {
    this.#receiver = receiver;
    this.body[PUSH](this);
  }

  [Symbol.asyncIterator](): PulledBody {
    return new PulledBody(this);
  }

  receive(chunk: Uint8Array, last: boolean): void | Promise<void> {
    this.entry.count(chunk);
    this.entry.complete = last;
    return this.#receiver?.receive(chunk, last);
  }

  fail(error: unknown): void {
    this.entry.fail(error);
    this.#receiver?.fail(error);
  }
}
