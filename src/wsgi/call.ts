import { AppError } from '../errors.ts';
import { isBody, type Steps, stepsOf } from './body.ts';
import { encodeChunk, joinChunks } from './chunk.ts';
import { FileWrapper } from './file-wrapper.ts';
import { describe } from './headers.ts';
import { isBodyless, StartedResponse } from './start-response.ts';
import type { Application, Body, Chunk, Environ, Head, Report, Sink, Write } from './types.ts';

const EMPTY = new Uint8Array(0);

/** Bodies given as an array up to this many bytes leave in one piece with their head. */
const ONE_PIECE = 65536;

/**
 * One call of an application, from environ to the last byte, by the rules of PEP 3333: the one place in TypeScript where they
 * are kept. The bytes go to a sink; whatever fails goes to `sink.fail`; `close()` of the body is called exactly once.
 */
export class Call {
  readonly #sink: Sink;
  readonly #report: Report;
  readonly #bodyless: boolean;
  readonly #started: StartedResponse;
  readonly #done = Promise.withResolvers<void>();
  #left = Number.POSITIVE_INFINITY;
  #dropBody = false;
  #body: Body | undefined;
  #steps: Steps | undefined;
  /** Whether the iterator was asked for a step that has not come yet. */
  #stepping = false;
  #closing: Promise<void> | undefined;
  #cancelled = false;
  /** The body has ended: nothing more can be written. */
  #over = false;
  /** A `write()` that failed, also where the application did not wait for it. */
  #fault: { readonly error: unknown } | undefined;
  /** A chunk that ran past Content-Length ends the response. */
  #full = false;

  constructor(environ: Environ, sink: Sink, report: Report) {
    this.#sink = sink;
    this.#report = report;
    this.#bodyless = environ.REQUEST_METHOD === 'HEAD';
    this.#started = new StartedResponse(report);
  }

  /** Runs the application to its end, its `close()` included; never rejects. */
  run(app: Application, environ: Environ): Promise<void> {
    void this.#respond(app, environ).then(() => this.#done.resolve());
    return this.#done.promise;
  }

  /** Nobody waits for the response any more: the body is asked for nothing more, and closed, even while a step of it is awaited. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    if (this.#body !== undefined) void this.#close(this.#body).then(() => this.#done.resolve());
  }

  async #respond(app: Application, environ: Environ): Promise<void> {
    try {
      const body: unknown = await app(environ, (status, headers, error) => {
        this.#started.store(status, headers, error);
        return this.#write;
      });
      if (typeof body === 'object' && body !== null) this.#body = body as Body;
      checkBody(body);
      this.#checkFault();
      if (Array.isArray(body) && !this.#started.sent) await this.#sendArray(body as Chunk[]);
      else await this.#sendSteps(body);
    } catch (error) {
      if (!this.#cancelled) this.#sink.fail(error);
    }
    this.#over = true;
    if (this.#body !== undefined) await this.#close(this.#body);
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
  }

  #checkFault(): void {
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  /** A body whose size is known before its head leaves (PEP 3333, "Handling the Content-Length Header"). */
  async #sendArray(body: readonly Chunk[]): Promise<void> {
    const chunks = body.map(encodeChunk);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const head = this.#takeHead(size);
    const declared = head.length ?? size;
    const short = size < declared && !this.#dropBody;
    if (this.#dropBody || short || size <= ONE_PIECE) {
      if (size > declared) this.#reportLong(declared);
      const whole = this.#dropBody || size === 0 ? EMPTY : joinChunks(chunks).subarray(0, declared);
      await this.#sink.start(head, whole, !short, !short && !('close' in body));
      if (short) throw tooShort(declared - size);
      return;
    }
    await this.#sink.start(head, EMPTY, false, false);
    this.#left = declared;
    for (const chunk of chunks) {
      if (chunk.length > 0) await this.#send(chunk);
      if (this.#cancelled || this.#full) break;
    }
    if (!this.#cancelled) this.#sink.end();
  }

  async #sendSteps(body: Body): Promise<void> {
    const steps = stepsOf(body);
    this.#steps = steps;
    if (body instanceof FileWrapper && this.#started.length !== undefined) body.limit(this.#started.length);
    while (!this.#cancelled) {
      const { done, value } = await this.#next(steps);
      if (this.#cancelled) return;
      this.#checkFault();
      if (done === true) return this.#finish();
      const chunk = encodeChunk(value);
      if (chunk.length > 0) await this.#send(chunk);
      // The iterable of a HEAD or a 304 need not be exhausted to be answered.
      if (this.#full || (this.#dropBody && this.#started.sent)) return this.#finish();
    }
  }

  /** The next step. An iterator that has ended or thrown is asked for nothing more, not even to return. */
  async #next(steps: Steps): Promise<IteratorResult<Chunk>> {
    this.#stepping = true;
    try {
      const step = await steps.next();
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
  async #send(chunk: Uint8Array): Promise<void> {
    if (this.#cancelled) return;
    const first = this.#started.sent ? undefined : this.#takeHead();
    let body = chunk;
    if (chunk.length > this.#left && !this.#dropBody) {
      if (!this.#full) this.#reportLong(this.#left);
      this.#full = true;
      body = chunk.subarray(0, this.#left);
    }
    this.#left -= body.length;
    if (first !== undefined) await this.#sink.start(first, this.#dropBody ? EMPTY : body, false, false);
    else if (!this.#dropBody && body.length > 0) await this.#sink.write(body);
  }

  async #finish(): Promise<void> {
    if (!this.#started.sent) {
      const head = this.#takeHead(0);
      const short = (head.length ?? 0) > 0 && !this.#dropBody;
      await this.#sink.start(head, EMPTY, !short, false);
      if (short) throw tooShort(head.length as number);
      return;
    }
    if (this.#left > 0 && Number.isFinite(this.#left) && !this.#dropBody) throw tooShort(this.#left);
    this.#sink.end();
  }

  #takeHead(size?: number): Head {
    const head = this.#started.take();
    this.#dropBody = this.#bodyless || isBodyless('', head.code);
    this.#left = head.length ?? Number.POSITIVE_INFINITY;
    if (size === undefined || head.length !== undefined || head.code === 204 || head.code === 304) return head;
    // An empty body that came by an iterator says nothing of what a GET would have had.
    if (this.#bodyless && size === 0) return head;
    return { ...head, length: size, headers: [...head.headers, ['Content-Length', String(size)]] };
  }

  #reportLong(declared: number): void {
    this.#report(
      new AppError(
        'APP_BODY_TOO_LONG',
        `the body is longer than its Content-Length; it was cut ${declared} bytes into its last piece`,
      ),
    );
  }

  /** Exactly once, whoever asks for it first. */
  #close(body: Body): Promise<void> {
    this.#closing ??= this.#closeBody(body);
    return this.#closing;
  }

  async #closeBody(body: Body): Promise<void> {
    const returned = this.#return();
    // A generator that waits for something returns once that has come, which may be never; else its `finally` comes before `close()`.
    if (!this.#stepping) await returned;
    try {
      await body.close?.();
    } catch (error) {
      this.#reportClose(error);
    }
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
