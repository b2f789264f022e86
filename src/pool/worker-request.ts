import { performance } from 'node:perf_hooks';
import { AppFailed, ClientGone } from '../errors.ts';
import { BUFFERED_BODY, type BufferedBody, type Release } from '../wsgi/buffered-body.ts';
import { gatherChunks } from '../wsgi/chunk.ts';
import { errorPage } from '../wsgi/error-page.ts';
import { PUSH, PulledBody, type PushedBody, type Receiver } from '../wsgi/pushed-body.ts';
import { isRequestId } from '../wsgi/request-id.ts';
import { statusText } from '../wsgi/status.ts';
import type { Environ, Header, StartResponse } from '../wsgi/types.ts';
import { BodyFeed } from './body-feed.ts';
import { FLAG, type Frame, ProtocolError, TYPE } from './frames.ts';
import { ResponseHeads } from './response-heads.ts';

/** What a request asks of the link that carries it. */
export interface Carrier {
  /** More body bytes may come. */
  grant(request: WorkerRequest, size: number): void;
  /** Nobody waits for this request any more. @param flags of the CANCEL */
  cancel(request: WorkerRequest, flags?: number): void;
  /** A frame of its body. A promise where the worker does not take what it was sent. */
  feed(frame: Buffer): void | Promise<void>;
}

const EMPTY = new Uint8Array(0);
const heads = new ResponseHeads();

/**
 * One request on its way through a pool, seen from the front: the body that the pool returns. `startResponse` is called when the worker's head is here,
 * which is before the first chunk is given (PEP 3333, "The start_response() Callable").
 */
export class WorkerRequest implements PushedBody {
  readonly environ: Environ;
  /** The number of the request on its link. */
  id = 0;
  carrier: Carrier | undefined;
  /** When it came to the pool, in the pool's milliseconds. */
  readonly since: number;
  /** Whether its client had closed its side already when it came: so that this does not tell that the client has gone since. */
  readonly halfClosed: boolean;
  /**
   * The time from which a worker had a slot for it, in the pool's milliseconds; 0: it waits behind others. Its timeout
   * counts from here. The progress file alone tells whether the application was called.
   */
  slotSince = 0;
  /** Since when nobody waits for what its application still does, in the pool's milliseconds; 0: somebody does. */
  #givenUp = 0;
  #insisted = false;
  /** Workers that died while they had it. */
  deaths = 0;
  /** True once the worker has sent a frame of its response. */
  heard = false;
  /** Whether it was answered in place of a worker that may still answer. */
  expired = false;
  readonly #startResponse: StartResponse;
  readonly #window: number;
  #receiver: Receiver | undefined;
  /** Chunks for which there is no room yet. */
  #chunks: Uint8Array[] = [];
  #blocked = false;
  #letGo: Release | undefined;
  /** Its body, where a worker is given that as it comes. */
  #feed: BodyFeed | undefined;
  #gone = false;
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

  /** Whether the client has closed its side since it was last asked: true once. */
  hasGone(): boolean {
    if (this.#gone || this.halfClosed || this.over || !this.environ['stillhouse.client_gone']()) return false;
    this.#gone = true;
    return true;
  }

  /** Whether the response needs nothing more of the worker. */
  get over(): boolean {
    return this.#ended || this.#failure !== undefined;
  }

  /** Whether its head is here. */
  get started(): boolean {
    return this.#started;
  }

  /** True where it may wait in a worker behind its slots: one whose body is still on its way could only wait there. */
  get mayGoAhead(): boolean {
    return (this.environ[BUFFERED_BODY] as BufferedBody | undefined)?.kind !== 'stream';
  }

  /** Since when its application could have answered, in the pool's milliseconds: the time in which its client was waited for does not count. */
  get busySince(): number {
    return this.slotSince + (this.#feed?.waited ?? 0);
  }

  get requestId(): string | undefined {
    const id = this.environ.HTTP_X_REQUEST_ID;
    return isRequestId(id) ? id : undefined;
  }

  [PUSH](receiver: Receiver): void {
    this.#receiver = receiver;
    this.#flush();
  }

  [Symbol.asyncIterator](): PulledBody {
    return new PulledBody(this);
  }

  /**
   * A link gives it to its worker. A spooled body stays open until `left()`: a worker that reads it after the client has gone would find
   * another request's body under the same descriptor. One in memory stays as it is: the worker may give the request back, and another is sent it.
   */
  entrust(carrier: Carrier): void {
    this.carrier = carrier;
    const body = this.environ[BUFFERED_BODY] as BufferedBody | undefined;
    if (body?.kind !== 'stream') this.#letGo = body?.hold();
    else {
      const send = (frame: Buffer) => carrier.feed(frame);
      this.#feed = new BodyFeed(this.id, this.environ['wsgi.input'], this.#window, send);
    }
  }

  /**
   * The worker takes more of a streamed body.
   * @throws ProtocolError where it has none, or was granted too much
   */
  want(size: number): void {
    if (this.#feed === undefined) throw new ProtocolError('credit for a request body that is not streamed');
    this.#feed.grant(size);
  }

  /** Interrupts an application that goes on, though it was told that nobody has waited for it since before `oldest`. */
  insist(oldest: number): void {
    if (this.#insisted || !this.#isVain(oldest)) return;
    this.#insisted = true;
    this.carrier?.cancel(this, FLAG.INTERRUPT);
  }

  /** Whether it runs on after its interruption, which was due before `stuck`. */
  isStuck(stuck: number): boolean {
    return (this.slotSince !== 0 && this.expired && this.busySince <= stuck) || this.#isVain(stuck);
  }

  /** Whether it has run for nobody since then. */
  #isVain(since: number): boolean {
    return this.slotSince !== 0 && this.#givenUp !== 0 && Math.max(this.#givenUp, this.slotSince) <= since;
  }

  /** The worker has freed its slot or given it back, or is dead. */
  left(): void {
    this.slotSince = 0;
    this.carrier = undefined;
    // The body was read already: there is nothing that a failing close could spoil.
    this.#letGo?.()?.catch(() => undefined);
    this.#letGo = undefined;
    this.#feed?.forget();
  }

  /** The client is gone, or wants no more. */
  close(): void {
    this.#receiver = undefined;
    this.#chunks = [];
    if (this.over) return;
    this.#failure = { error: new ClientGone() };
    this.#cancel('CLIENT_GONE: the client closed the connection');
  }

  /**
   * Takes a RESPONSE, DATA or ABORT of the worker.
   * @throws ProtocolError where the frame is not allowed now: the worker lies
   */
  receive(frame: Frame): void {
    this.heard = true;
    if (this.over) {
      // What crossed with the CANCEL of a timeout is no lie.
      if (this.#ended && !this.expired) throw new ProtocolError('a frame for a response that has ended');
      return;
    }
    if (frame.type === TYPE.ABORT)
      return this.fail(this.#feed?.failure?.error ?? new AppFailed(frame.body.toString('utf8')));
    this.#credit -= frame.body.length;
    // They would cost no credit, without end.
    if (frame.type === TYPE.DATA && frame.body.length === 0 && (frame.flags & FLAG.END) === 0)
      throw new ProtocolError('an empty DATA');
    if (this.#credit < 0) throw new ProtocolError('more body bytes than were granted');
    if (frame.type === TYPE.RESPONSE) this.#start(frame);
    else if (!this.#started) throw new ProtocolError('DATA before RESPONSE');
    if (this.#failure !== undefined) return;
    this.#ended = (frame.flags & FLAG.END) !== 0;
    // What the application has not read is the connection's now, which throws it away.
    if (this.#ended && (frame.flags & FLAG.FREE) === 0)
      this.#feed?.stop('RESPONSE_ENDED: the response ended before this request body');
    if (frame.body.length > 0 || this.#ended) this.#give(frame.body);
  }

  /** Ends the response with an error: the caller's, where its head has not gone out, can still become a page. */
  fail(error: unknown): void {
    if (this.over) return;
    this.#failure = { error };
    this.#flush();
  }

  /** The time for an answer has passed: an error page, and the worker is told. False where the answer has begun or is over. */
  expire(code: number, why: string, extra: Header[] = [], flags = 0): boolean {
    if (this.over || this.#started) return false;
    this.expired = true;
    this.answer(code, why, extra);
    this.#cancel('REQUEST_TIMEOUT: the request was answered in place of the application', flags);
    return true;
  }

  /** Answers in place of the worker, where no head has come; where one has, the response is cut. */
  answer(code: number, why: string, extra: Header[] = []): void {
    if (this.over) return;
    if (this.#started) return this.fail(new Error(why));
    const { headers, body } = errorPage(code, why, this.requestId);
    this.#started = true;
    this.#startResponse(statusText(code), [...headers, ...extra]);
    this.#ended = true;
    this.#give(body);
  }

  #start(frame: Frame): void {
    if (this.#started) throw new ProtocolError('a second RESPONSE');
    const { status, headers } = heads.read(frame.head, frame.count);
    this.#started = true;
    try {
      this.#startResponse(status, headers);
    } catch (error) {
      this.fail(error);
      this.#cancel('APP_FAILED: the response was refused');
    }
  }

  /** Nobody waits for the answer. @param reason told to an application that waits for more of the body */
  #cancel(reason: string, flags = 0): void {
    if (!this.expired) this.#givenUp = performance.now();
    this.carrier?.cancel(this, flags);
    this.#feed?.stop(reason);
  }

  /** A chunk to the receiver, behind those that wait. */
  #give(chunk: Uint8Array): void {
    if (this.#receiver !== undefined && !this.#blocked) return this.#hand(this.#receiver, chunk, this.#ended);
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** @param turn of what was handed just before: when there is room */
  #hand(receiver: Receiver, chunk: Uint8Array, last: boolean, turn?: Promise<void>): void {
    const room = receiver.receive(chunk, last) ?? turn;
    if (last) return;
    if (room === undefined) return this.#pass(chunk.length);
    this.#blocked = true;
    void room.then(() => {
      this.#blocked = false;
      this.#pass(chunk.length);
      this.#flush();
    });
  }

  /** What has waited leaves in few pieces: a worker may send a window of single bytes. */
  #flush(): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#blocked) return;
    if (this.#chunks.length > 0 || this.#ended) {
      const chunks = gatherChunks(this.#chunks);
      const last = chunks.pop() ?? EMPTY;
      this.#chunks = [];
      let turn: Promise<void> | undefined;
      for (const chunk of chunks) {
        const room = receiver.receive(chunk, false);
        if (room !== undefined) turn = room;
        this.#passed += chunk.length;
      }
      this.#hand(receiver, last, this.#ended, turn);
      if (this.#blocked || this.#ended) return;
    }
    // The receiver may have closed the body meanwhile, and hears nothing more.
    if (this.#failure !== undefined) this.#receiver?.fail(this.#failure.error);
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
