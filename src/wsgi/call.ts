import { AppError } from '../errors.ts';
import { isBody, isPromise, type Steps, stepsOf } from './body.ts';
import { encodeChunk, joinChunks } from './chunk.ts';
import { FileWrapper } from './file-wrapper.ts';
import { describe } from './headers.ts';
import { isPushed, PUSH, type Receiver } from './pushed-body.ts';
import { isBodyless, StartedResponse } from './start-response.ts';
import type { Application, Body, Chunk, Environ, Head, Header, Report, Sink, StartResponse, Write } from './types.ts';

const EMPTY = new Uint8Array(0);

/** Bodies given as an array up to this many bytes leave in one piece with their head. */
const ONE_PIECE = 65536;

/**
 * One call of an application, from environ to the last byte, by the rules of PEP 3333: the one place in TypeScript where they
 * are kept. The bytes go to a sink; whatever fails goes to `sink.fail`; `close()` of the body is called exactly once.
 */
export class Call implements Receiver {
  readonly #sink: Sink;
  readonly #report: Report;
  readonly #done: () => void;
  readonly #bodyless: boolean;
  readonly #started: StartedResponse;
  #left = Number.POSITIVE_INFINITY;
  #dropBody = false;
  #body: Body | undefined;
  #steps: Steps | undefined;
  /** Whether the iterator was asked for a step that has not come yet. */
  #stepping = false;
  #closing: void | Promise<void> = undefined;
  #closed = false;
  #cancelled = false;
  /** The body has ended: nothing more can be written. */
  #over = false;
  #told = false;
  /** A `write()` that failed, also where the application did not wait for it. */
  #fault: { readonly error: unknown } | undefined;
  /** A chunk that ran past Content-Length ends the response. */
  #full = false;

  /** @param done called once, when the application has ended, its `close()` included, maybe before `run` returns */
  constructor(environ: Environ, sink: Sink, report: Report, done: () => void) {
    this.#sink = sink;
    this.#report = report;
    this.#done = done;
    this.#bodyless = environ.REQUEST_METHOD === 'HEAD';
    this.#started = new StartedResponse(report);
  }

  /** Runs the application to its end; never throws. */
  run(app: Application, environ: Environ): void {
    try {
      const body: unknown = app(environ, this.#startResponse);
      if (isPromise(body))
        body.then(
          (given) => this.#take(given),
          (error) => this.#fail(error),
        );
      else this.#take(body);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nobody waits for the response any more: the body is asked for nothing more, and closed, even while a step of it is awaited. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    if (this.#body !== undefined) this.#end();
  }

  /** The next chunk of a pushed body. */
  receive(chunk: Uint8Array, last: boolean): void | Promise<void> {
    if (this.#cancelled || this.#over) return;
    try {
      this.#checkFault();
      if (last && !this.#started.sent) return this.#sendWhole(chunk);
      const room = chunk.length > 0 ? this.#send(chunk) : undefined;
      // What a HEAD, a 304 or Content-Length leaves out need not be waited for.
      if (!last && !this.#full && !(this.#dropBody && this.#started.sent)) return room;
      if (room === undefined) return this.#finish();
      void room.then(() => this.#finish()).catch((error) => this.#fail(error));
      return room;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A pushed body failed. */
  fail(error: unknown): void {
    this.#fail(error);
  }

  readonly #startResponse: StartResponse = (status, headers, error) => {
    this.#started.store(status, headers, error);
    return this.#write;
  };

  /** What the application returned. */
  #take(body: unknown): void {
    try {
      if (typeof body === 'object' && body !== null) this.#body = body as Body;
      checkBody(body);
      this.#checkFault();
      if (isPushed(body)) {
        if (this.#cancelled) this.#end();
        else body[PUSH](this);
      } else if (Array.isArray(body) && !this.#started.sent) this.#sendArray(body as Chunk[]);
      else void this.#sendSteps(body);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    // A body that has reached its Content-Length is whole, whatever its application did then.
    if (this.#full) this.#sink.end();
    else if (!this.#cancelled) this.#sink.fail(error);
    this.#end();
  }

  /** The response is over: the body is closed, and then all is done. */
  #end(): void {
    this.#over = true;
    const closing = this.#body === undefined ? undefined : this.#close(this.#body);
    if (closing === undefined) this.#tell();
    else void closing.then(() => this.#tell());
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.#done();
  }

  /** Its failure is the response's, also where nobody waits for it. */
  readonly #write: Write = (chunk) => {
    const sent = this.#writeChunk(chunk);
    sent.catch(() => undefined);
    return sent;
  };

  async #writeChunk(chunk: Chunk): Promise<void> {
    if (this.#over) {
      const late = new AppError('APP_WRITE_AFTER_END', 'write() was called after the response had ended');
      this.#report(late);
      throw late;
    }
    try {
      const bytes = encodeChunk(chunk);
      if (bytes.length > 0) await this.#send(bytes);
    } catch (error) {
      this.#fault ??= { error };
      throw error;
    }
    // PEP 3333, "Handling the Content-Length Header": what fits has been sent, and the rest is an error.
    if (this.#full) throw tooLong();
  }

  #checkFault(): void {
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  /** A body whose size is known before its head leaves (PEP 3333, "Handling the Content-Length Header"). */
  #sendArray(body: readonly Chunk[]): void {
    if (this.#cancelled) return this.#end();
    const chunks = body.length === 1 ? [encodeChunk(body[0] as Chunk)] : body.map(encodeChunk);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (size > ONE_PIECE) void this.#sendLarge(chunks, size);
    else void this.#sendWhole(size === 0 ? EMPTY : joinChunks(chunks), !('close' in body));
  }

  /** Head and body at once. @param last whether nothing of the application runs after it */
  #sendWhole(body: Uint8Array, last = false): void | Promise<void> {
    const size = body.length;
    const head = this.#takeHead(size);
    const declared = head.length ?? size;
    const short = size < declared && !this.#dropBody;
    if (size > declared && !this.#dropBody) this.#reportLong(declared);
    const whole = this.#dropBody ? EMPTY : size > declared ? body.subarray(0, declared) : body;
    const room = this.#sink.start(head, whole, !short, !short && last);
    if (short) this.#fail(tooShort(declared - size));
    else if (room === undefined) this.#end();
    else void room.then(() => this.#end());
    return room;
  }

  async #sendLarge(chunks: readonly Uint8Array[], size: number): Promise<void> {
    try {
      const head = this.#takeHead(size);
      this.#left = head.length ?? size;
      const short = size < this.#left && !this.#dropBody;
      await this.#sink.start(head, EMPTY, this.#dropBody, false);
      for (const chunk of this.#dropBody ? [] : chunks) {
        if (chunk.length > 0) await this.#send(chunk);
        if (this.#cancelled || this.#full) break;
      }
      if (this.#cancelled) return;
      if (short) throw tooShort(this.#left);
      if (!this.#dropBody) this.#sink.end();
      this.#end();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #sendSteps(body: Body): Promise<void> {
    try {
      const steps = stepsOf(body);
      this.#steps = steps;
      if (this.#cancelled) return this.#end();
      if (body instanceof FileWrapper && this.#started.length !== undefined) body.limit(this.#started.length);
      while (!this.#cancelled) {
        const step = this.#next(steps);
        // Nothing is awaited that is there: a promise for each chunk costs more than the chunk.
        const { done, value } = isPromise(step) ? await step : step;
        if (this.#cancelled) return;
        this.#checkFault();
        if (done === true) return this.#finish();
        const chunk = encodeChunk(value);
        const room = chunk.length > 0 ? this.#send(chunk) : undefined;
        if (room !== undefined) await room;
        // The iterable of a HEAD or a 304 need not be exhausted to be answered.
        if (this.#full || (this.#dropBody && this.#started.sent)) return this.#finish();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The next step. An iterator that has ended or thrown is asked for nothing more, not even to return. */
  #next(steps: Steps): IteratorResult<Chunk> | Promise<IteratorResult<Chunk>> {
    this.#stepping = true;
    try {
      const step = steps.next();
      if (isPromise(step)) return this.#awaited(step);
      this.#stepping = false;
      if (step.done === true) this.#steps = undefined;
      return step;
    } catch (error) {
      this.#stepping = false;
      this.#steps = undefined;
      throw error;
    }
  }

  async #awaited(next: Promise<IteratorResult<Chunk>>): Promise<IteratorResult<Chunk>> {
    try {
      const step = await next;
      if (step.done === true) this.#steps = undefined;
      return step;
    } catch (error) {
      this.#steps = undefined;
      throw error;
    } finally {
      this.#stepping = false;
    }
  }

  /** One non-empty chunk, the first of which sends the head. */
  #send(chunk: Uint8Array): void | Promise<void> {
    if (this.#cancelled) return;
    const first = this.#started.sent ? undefined : this.#takeHead();
    let body = chunk;
    if (chunk.length > this.#left && !this.#dropBody) {
      if (!this.#full) this.#reportLong(this.#left);
      this.#full = true;
      body = chunk.subarray(0, this.#left);
    }
    this.#left -= body.length;
    if (first !== undefined) return this.#sink.start(first, this.#dropBody ? EMPTY : body, false, false);
    if (!this.#dropBody && body.length > 0) return this.#sink.write(body);
  }

  /** The body has come to its end. */
  #finish(): void {
    if (this.#over) return;
    if (!this.#started.sent) return void this.#sendWhole(EMPTY);
    if (this.#left > 0 && Number.isFinite(this.#left) && !this.#dropBody) throw tooShort(this.#left);
    this.#sink.end();
    this.#end();
  }

  #takeHead(size?: number): Head {
    const head = this.#started.take();
    this.#dropBody = this.#bodyless || isBodyless('', head.code);
    this.#left = head.length ?? Number.POSITIVE_INFINITY;
    if (size === undefined || head.length !== undefined || head.code === 204 || head.code === 304) return head;
    // An empty body that came by an iterator says nothing of what a GET would have had.
    if (this.#bodyless && size === 0) return head;
    const headers: Header[] = [...head.headers, ['Content-Length', String(size)]];
    return { status: head.status, code: head.code, headers, length: size };
  }

  #reportLong(declared: number): void {
    this.#report(tooLong(`; it was cut ${declared} bytes into its last piece`));
  }

  /** Exactly once, whoever asks for it first. Undefined where nothing is to be waited for. */
  #close(body: Body): void | Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#closing = this.#steps === undefined ? this.#closeBody(body) : this.#returnAndClose(body);
    }
    return this.#closing;
  }

  #closeBody(body: Body): void | Promise<void> {
    if (body.close === undefined) return;
    try {
      const closing = body.close();
      if (isPromise(closing)) return closing.then(undefined, (error) => this.#reportClose(error));
    } catch (error) {
      this.#reportClose(error);
    }
  }

  async #returnAndClose(body: Body): Promise<void> {
    const returned = this.#return();
    // A generator that waits for something returns once that has come, which may be never; else its `finally` comes before `close()`.
    if (!this.#stepping) await returned;
    await this.#closeBody(body);
  }

  /** Lets a generator run its `finally`; an iterator that pends is woken by it. */
  async #return(): Promise<void> {
    const steps = this.#steps;
    this.#steps = undefined;
    try {
      await steps?.return?.();
    } catch (error) {
      this.#reportClose(error);
    }
  }

  #reportClose(cause: unknown): void {
    this.#report(new AppError('APP_CLOSE_FAILED', 'close() of the body failed', { cause }));
  }
}

function tooLong(where = ''): AppError {
  return new AppError('APP_BODY_TOO_LONG', `the body is longer than its Content-Length${where}`);
}

function tooShort(missing: number): AppError {
  return new AppError(
    'APP_BODY_TOO_SHORT',
    `the body ended ${missing} bytes short of its Content-Length; the connection was cut`,
  );
}

function checkBody(body: unknown): asserts body is Body {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    throw new AppError(
      'APP_BODY_IS_CHUNK',
      `the application returned ${typeof body === 'string' ? 'a string' : 'bytes'}, not an iterable of chunks`,
    );
  }
  if (!isBody(body)) {
    throw new AppError(
      'APP_BODY_NOT_ITERABLE',
      `the application returned ${describe(body)}, which is not an iterable of chunks`,
    );
  }
}
