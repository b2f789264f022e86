import { AppFailed, ClientGone } from '../errors.ts';
import { BUFFERED_BODY, type BufferedBody } from '../wsgi/buffered-body.ts';
import { joinChunks } from '../wsgi/chunk.ts';
import { errorPage } from '../wsgi/error-page.ts';
import { isRequestId } from '../wsgi/request-id.ts';
import { statusText } from '../wsgi/status.ts';
import type { Environ, Header, StartResponse } from '../wsgi/types.ts';
import { FLAG, type Frame, ProtocolError, splitHead, TYPE } from './frames.ts';

/** What a request asks of the link that carries it. */
export interface Carrier {
  /** More body bytes may come. */
  grant(request: WorkerRequest, size: number): void;
  /** Nobody waits for this request any more. */
  cancel(request: WorkerRequest): void;
}

/**
 * One request on its way through a pool, seen from the front: the body that the pool returns. `startResponse` is called when the worker's head is here,
 * which is before the first `next()` resolves (PEP 3333, "The start_response() Callable").
 */
export class WorkerRequest implements AsyncIterableIterator<Uint8Array> {
  readonly environ: Environ;
  /** The number of the request on its link. */
  id = 0;
  carrier: Carrier | undefined;
  /** When it came to the pool, in the pool's milliseconds. */
  readonly since: number;
  /** Whether its client had closed its side already when it came: so that this does not tell that the client has gone since. */
  readonly halfClosed: boolean;
  /** When a worker was given it. */
  began = 0;
  /** Whether it was answered 504. */
  expired = false;
  readonly #startResponse: StartResponse;
  readonly #window: number;
  #chunks: Uint8Array[] = [];
  #waiter: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #letGo: (() => Promise<void>) | undefined;
  #started = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  /** Bytes that were passed on and not yet granted anew. */
  #passed = 0;
  /** Bytes that the worker may still send. */
  #credit: number;

  constructor(environ: Environ, startResponse: StartResponse, window: number, since: number) {
    this.environ = environ;
    this.#startResponse = startResponse;
    this.#window = window;
    this.#credit = window;
    this.since = since;
    this.halfClosed = environ['stillhouse.client_gone']();
  }

  /** Whether the response needs nothing more of the worker. */
  get over(): boolean {
    return this.#ended || this.#failure !== undefined;
  }

  get requestId(): string | undefined {
    const id = this.environ.HTTP_X_REQUEST_ID;
    return isRequestId(id) ? id : undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#chunks.length > 0) {
      // What has waited leaves in one piece: a worker may send a window of single bytes.
      const chunk = joinChunks(this.#chunks);
      this.#chunks = [];
      this.#pass(chunk.length);
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }

  /**
   * A link gives it to its worker. A spooled body stays open until `left()`: a worker that reads it after the client has gone would find
   * another request's body under the same descriptor.
   */
  entrust(carrier: Carrier): void {
    this.carrier = carrier;
    const body = this.environ[BUFFERED_BODY] as BufferedBody | undefined;
    if (body?.kind === 'file') this.#letGo = body.hold();
  }

  /** The worker has freed its slot, or is dead. */
  left(): void {
    // The body was read already: there is nothing that a failing close could spoil.
    this.#letGo?.().catch(() => undefined);
  }

  /** The client is gone, or wants no more. */
  return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.over) {
      this.fail(new ClientGone());
      this.carrier?.cancel(this);
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  /**
   * Takes a RESPONSE, DATA or ABORT of the worker.
   * @throws ProtocolError where the frame is not allowed now: the worker lies
   */
  receive(frame: Frame): void {
    if (this.over) {
      // What crossed with the CANCEL of a timeout is no lie.
      if (this.#ended && !this.expired) throw new ProtocolError('a frame for a response that has ended');
      return;
    }
    if (frame.type === TYPE.ABORT) return this.fail(new AppFailed());
    this.#credit -= frame.body.length;
    if (this.#credit < 0) throw new ProtocolError('more body bytes than were granted');
    const end = (frame.flags & FLAG.END) !== 0;
    if (frame.type === TYPE.RESPONSE) this.#start(frame, end);
    else if (!this.#started) throw new ProtocolError('DATA before RESPONSE');
    if (this.#failure !== undefined) return;
    if (frame.body.length > 0) this.#push(frame.body);
    if (end) this.#end();
  }

  /** Ends the response with an error: the caller's, where its head has not gone out, can still become a page. */
  fail(error: unknown): void {
    if (this.over) return;
    this.#failure = { error };
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }

  /** The time for an answer has passed: 504, and the worker is told. False where the answer has begun or is over. */
  expire(): boolean {
    if (this.over || this.#started) return false;
    this.expired = true;
    this.answer(504, 'the application did not answer in time');
    this.carrier?.cancel(this);
    return true;
  }

  /** Answers in place of the worker, where no head has come; where one has, the response is cut. */
  answer(code: number, why: string, extra: Header[] = []): void {
    if (this.over) return;
    if (this.#started) return this.fail(new Error(why));
    const { headers, body } = errorPage(code, why, this.requestId);
    this.#started = true;
    this.#startResponse(statusText(code), [...headers, ...extra]);
    this.#push(body);
    this.#end();
  }

  #start(frame: Frame, complete: boolean): void {
    if (this.#started) throw new ProtocolError('a second RESPONSE');
    const [status = '', ...strings] = splitHead(frame.head, 1 + 2 * frame.count);
    const headers: Header[] = [];
    for (let at = 0; at < strings.length; at += 2) headers.push([strings[at] as string, strings[at + 1] as string]);
    // The whole body is here, so that its length is known (PEP 3333, "Handling the Content-Length Header").
    if (complete && frame.body.length > 0 && !headers.some(([name]) => /^content-length$/i.test(name))) {
      headers.push(['Content-Length', String(frame.body.length)]);
    }
    this.#started = true;
    try {
      this.#startResponse(status, headers);
    } catch (error) {
      this.fail(error);
      this.carrier?.cancel(this);
    }
  }

  #push(chunk: Uint8Array): void {
    if (this.#waiter === undefined) {
      this.#chunks.push(chunk);
      return;
    }
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.#pass(chunk.length);
    waiter.resolve({ done: false, value: chunk });
  }

  #end(): void {
    this.#ended = true;
    this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = undefined;
  }

  /** Grants anew what was passed on, in halves of the window, so that a fast client costs few frames. */
  #pass(size: number): void {
    this.#passed += size;
    if (this.over || this.#passed * 2 < this.#window) return;
    this.#credit += this.#passed;
    this.carrier?.grant(this, this.#passed);
    this.#passed = 0;
  }
}
