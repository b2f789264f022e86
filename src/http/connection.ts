import { ClientError, type ClientErrorCode, ClientGone } from '../errors.ts';
import { Call } from '../wsgi/call.ts';
import type { Peer } from '../wsgi/environ.ts';
import { Environs } from '../wsgi/environs.ts';
import { Input, type Take } from '../wsgi/input.ts';
import type { Environ } from '../wsgi/types.ts';
import type { Clock } from './clock.ts';
import { DISCARD, Exchange } from './exchange.ts';
import { Outflow } from './outflow.ts';
import { type HeadEvent, RequestParser } from './request-parser.ts';
import { type Outlet, ResponseSink } from './response-sink.ts';
import type { ServerSettings } from './settings.ts';
import type { ClientSocket, SocketOwner } from './sockets/client-socket.ts';

/** One for all: an input that is at its end stays there. */
const NO_INPUT = Input.of(new Uint8Array(0));
/** Bytes of further requests, or of a body that nobody asks for, that are read ahead. */
const READ_AHEAD = 65536;
/** After how long at rest a connection keeps nothing of its last request. */
const FORGET_MS = 1000;
/** How long a client may keep its side open after the last response, so that it can read that (RFC 9112, 9.6). */
const LINGER_MS = 5000;

/** One client connection: requests in, one at a time to the application, responses out (RFC 9112, 9). Who makes it reads the socket. */
export class Connection implements Outlet, SocketOwner {
  readonly #socket: ClientSocket;
  readonly #onClose: (connection: Connection) => void;
  readonly #settings: ServerSettings;
  readonly #clock: Clock;
  readonly #peer: Peer;
  readonly #environs: Environs;
  readonly #parser: RequestParser;
  readonly #outflow: Outflow;
  #exchange: Exchange | undefined;
  /** Resolved when bytes of a body, or the end of them, have come. */
  #arrival: PromiseWithResolvers<void> | undefined;
  /** So many of them. */
  #enough = 1;
  #deadline = Number.POSITIVE_INFINITY;
  #onDeadline: 'idle' | 'head' | 'body' | 'linger' = 'idle';
  #tooSlow: ClientErrorCode = 'BODY_TIMEOUT';
  /** Since when nothing runs. */
  #restingSince: number;
  #inputEnded = false;
  #advancing = false;
  #again = false;
  #closing = false;
  #lingering = false;

  constructor(socket: ClientSocket, settings: ServerSettings, clock: Clock, onClose: (connection: Connection) => void) {
    this.#socket = socket;
    this.#onClose = onClose;
    this.#settings = settings;
    this.#clock = clock;
    this.#parser = new RequestParser(settings.limits);
    this.#outflow = new Outflow(socket, settings.limits);
    this.#peer = {
      serverName: settings.serverName ?? socket.localAddress ?? 'localhost',
      serverPort: String(settings.serverPort ?? socket.localPort ?? ''),
      scheme: 'http',
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: String(socket.remotePort ?? ''),
      gone: () => this.#inputEnded || socket.destroyed,
    };
    this.#environs = new Environs(this.#peer, settings.flags);
    this.#restingSince = clock.now();
    this.#wait('head', settings.limits.headTime);
  }

  /** Called once a second or more often, with the time of the clock. */
  check(now: number): void {
    this.#outflow.check(now);
    if (this.#exchange === undefined && now - this.#restingSince > FORGET_MS) this.#environs.forget();
    if (now < this.#deadline) return;
    this.#deadline = Number.POSITIVE_INFINITY;
    if (this.#onDeadline === 'body') this.#arrival?.reject(new ClientError(this.#tooSlow));
    else if (this.#onDeadline === 'head' && this.#parser.buffered > 0) this.#refuse(new ClientError('HEAD_TIMEOUT'));
    else this.#socket.destroy();
  }

  /**
   * Closes after the response that is due; an idle connection closes now.
   * @param grace milliseconds: one that has rested for less may have a request on its way, which a close would lose, so it is given as long
   */
  drain(grace = 0): void {
    this.#closing = true;
    if (this.#exchange !== undefined || this.#lingering || this.#parser.midRequest) return;
    if (this.#clock.now() - this.#restingSince < grace) return this.#wait('idle', grace);
    // Not a half-close: a client that keeps idle connections in a pool may not look at this one for hours.
    this.#lingering = true;
    this.#outflow.flush();
    this.#socket.destroySoon();
  }

  /** Closes after the first response. */
  serveOnce(): void {
    this.#closing = true;
  }

  /** Closes now, whatever runs. */
  destroy(): void {
    this.#socket.destroy();
  }

  send(bytes: Uint8Array | string): void | Promise<void> {
    return this.#outflow.send(bytes);
  }

  sendAll(parts: readonly (Uint8Array | string)[]): void | Promise<void> {
    return this.#outflow.sendAll(parts);
  }

  date(): string {
    return this.#clock.date();
  }

  get closing(): boolean {
    const exchange = this.#exchange;
    if (this.#closing || exchange === undefined) return this.#closing;
    // RFC 9110, 10.1.1: whether a body that was not asked for still comes, cannot be known.
    return exchange.isUnasked || exchange.isTooMuch(this.#parser.buffered);
  }

  cut(reset: boolean): void {
    this.#closing = true;
    // What the application gave before it failed still goes out, then the connection ends without the body's end.
    this.#outflow.flush();
    if (reset) this.#socket.resetAndDestroy();
    else this.#socket.destroySoon();
  }

  failed(error: unknown, environ: Environ | undefined): void {
    this.#settings.onError(error, this.#peer, environ);
  }

  /** Bytes have come, which are there until this returns. */
  received(bytes: Buffer): void {
    if (this.#lingering) return;
    const exchange = this.#exchange;
    this.#parser.receive(bytes);
    if (exchange === undefined) this.#advance();
    else if (this.#arrival !== undefined) this.#arrived(exchange, this.#arrival);
    this.#parser.keep();
    // A head that is not complete has limits of its own.
    if (this.#exchange !== undefined && this.#arrival === undefined && this.#parser.buffered > READ_AHEAD)
      this.#socket.pause();
  }

  drained(): void {
    this.#outflow.settle();
  }

  outputEnded(): void {
    this.#wait('linger', LINGER_MS);
  }

  closed(): void {
    this.#inputEnded = true;
    this.#exchange?.call.cancel();
    this.#arrival?.resolve();
    this.#outflow.settle();
    this.#onClose(this);
  }

  /** Nobody is woken for less than can be used: it would double what a byte of a slow body costs (measured). */
  #arrived(exchange: Exchange, arrival: PromiseWithResolvers<void>): void {
    if (exchange.take !== undefined) this.#passOn(exchange, exchange.take, arrival);
    else if (this.#parser.buffered >= this.#enough) arrival.resolve();
    else this.#waitForBody(exchange);
  }

  inputEnded(): void {
    this.#inputEnded = true;
    if (this.#arrival !== undefined) this.#arrival.resolve();
    else if (this.#exchange === undefined) this.#endSocket();
  }

  #endSocket(): void {
    this.#outflow.flush();
    this.#socket.end();
  }

  /** Begins the next request, where its head is here. */
  #advance(): void {
    this.#advancing = true;
    do {
      this.#again = false;
      try {
        const event = this.#parser.next();
        if (event?.type === 'head') this.#begin(event);
        else if (this.#inputEnded) this.#endSocket();
        else if (this.#onDeadline !== 'head') this.#wait('head', this.#settings.limits.headTime);
      } catch (error) {
        this.#refuse(error as ClientError);
      }
    } while (this.#again);
    this.#advancing = false;
  }

  #begin({ head, framing }: HeadEvent): void {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#onDeadline = 'idle';
    const { report, app } = this.#settings;
    const input =
      framing.length === 0
        ? NO_INPUT
        : new Input(
            (enough) => this.#pull(exchange, enough),
            (take) => this.#drain(exchange, take),
          );
    const environ = this.#environs.make(head, input);
    const asked = { method: head.method, version: head.version, keepAlive: framing.keepAlive };
    const sink = new ResponseSink(this, asked, environ);
    const call = new Call(
      environ,
      sink,
      (problem) => report(problem, environ),
      () => this.#finish(),
    );
    const exchange = new Exchange(call, sink, framing);
    this.#exchange = exchange;
    if (framing.length === 0) this.#parser.next();
    call.run(app, environ);
  }

  /** The next piece of the request's body, as it is asked for. */
  async #pull(exchange: Exchange, enough: number): Promise<Uint8Array | undefined> {
    while (!exchange.bodyDone) {
      // The application reads on after its response: what comes now is another request's.
      if (exchange !== this.#exchange) throw new ClientGone();
      const event = this.#parser.next();
      if (event?.type === 'data') {
        exchange.received += event.bytes.length;
        return event.bytes;
      }
      if (event?.type === 'end') exchange.bodyDone = true;
      else await this.#more(exchange, enough);
    }
    return undefined;
  }

  /** Passes the rest of the request's body to `take` as it arrives, with one promise for all of it. */
  async #drain(exchange: Exchange, take: Take): Promise<boolean> {
    let wanted = true;
    const takeOne = (piece: Uint8Array) => {
      wanted = take(piece);
      return wanted;
    };
    exchange.take = takeOne;
    try {
      while (wanted && this.#pass(exchange, takeOne) && !exchange.bodyDone) await this.#more(exchange, 1);
      return wanted;
    } finally {
      exchange.take = undefined;
    }
  }

  /** Passes on the body bytes that have arrived. False once `take` wants no more. */
  #pass(exchange: Exchange, take: Take): boolean {
    while (!exchange.bodyDone) {
      // The application reads on after its response: what comes now is another request's.
      if (exchange !== this.#exchange) throw new ClientGone();
      const event = this.#parser.next(true);
      if (event === undefined) return true;
      if (event.type === 'end') exchange.bodyDone = true;
      else if (event.type === 'data') {
        exchange.received += event.bytes.length;
        if (!take(event.bytes)) return false;
      }
    }
    return true;
  }

  #passOn(exchange: Exchange, take: Take, arrival: PromiseWithResolvers<void>): void {
    try {
      if (this.#pass(exchange, take) && !exchange.bodyDone) this.#waitForBody(exchange);
      else arrival.resolve();
    } catch (error) {
      arrival.reject(error);
    }
  }

  async #more(exchange: Exchange, enough: number): Promise<void> {
    if (this.#inputEnded) throw this.#socket.destroyed ? new ClientGone() : new ClientError('BODY_TRUNCATED');
    // RFC 9110, 10.1.1: answered when the body is first wanted, not before.
    if (exchange.framing.expectsContinue && !exchange.continued && !exchange.sink.started) {
      exchange.continued = true;
      void this.#outflow.send('HTTP/1.1 100 Continue\r\n\r\n');
    }
    if (this.#arrival === undefined) {
      this.#arrival = Promise.withResolvers();
      this.#enough = READ_AHEAD;
      exchange.beginWait(this.#clock.now());
    }
    this.#enough = Math.min(this.#enough, enough, exchange.rest);
    const arrival = this.#arrival;
    this.#socket.resume();
    this.#waitForBody(exchange);
    try {
      await arrival.promise;
    } finally {
      // Two reads at a time wait for the same arrival, and the first of them may wait for the next already.
      if (this.#arrival === arrival) {
        this.#arrival = undefined;
        this.#deadline = Number.POSITIVE_INFINITY;
        exchange.endWait(this.#clock.now());
      }
    }
  }

  #waitForBody(exchange: Exchange): void {
    const { limits } = this.#settings;
    const time = exchange.patience(this.#clock.now(), this.#parser.buffered, limits);
    this.#tooSlow = time < limits.bodyTime ? 'BODY_TOO_SLOW' : 'BODY_TIMEOUT';
    this.#wait('body', time);
  }

  /** The application is done: on to the next request, or to the end of the connection. */
  #finish(): void {
    const exchange = this.#exchange as Exchange;
    if (!exchange.sink.reusable) this.#rest(false);
    else if (exchange.bodyDone) this.#rest(true);
    else void this.#discard(exchange).then((usable) => this.#rest(usable));
  }

  /** @param usable whether the connection can carry another request */
  #rest(usable: boolean): void {
    this.#exchange = undefined;
    this.#outflow.begin();
    if (this.#socket.destroyed) return;
    if (!usable || this.#closing) return this.#end();
    this.#restingSince = this.#clock.now();
    this.#onDeadline = 'idle';
    this.#deadline = this.#restingSince + this.#settings.limits.idleTime;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#parser.buffered > 0 || this.#inputEnded) this.#advanceSoon();
    this.#settings.onIdle?.();
  }

  /** Not at once where this runs in a request: pipelined ones that are answered at once would nest. */
  #advanceSoon(): void {
    if (this.#advancing) this.#again = true;
    else this.#advance();
  }

  /** Reads what the application left of the body, within bounds; false where the connection cannot go on. */
  async #discard(exchange: Exchange): Promise<boolean> {
    if (this.closing) return false;
    try {
      for (let size = 0; size <= DISCARD; ) {
        const piece = await this.#pull(exchange, READ_AHEAD);
        if (piece === undefined) return true;
        size += piece.length;
      }
    } catch {
      // The body is malformed or cut short: the response stands, the connection does not.
    }
    return false;
  }

  #refuse(error: ClientError): void {
    const asked = { method: 'GET', version: 'HTTP/1.1', keepAlive: false } as const;
    new ResponseSink(this, asked, undefined).fail(error);
    this.#end();
  }

  /** RFC 9112, 9.6: the sending side closes first, and what still comes is read, so that no reset destroys the answer. */
  #end(): void {
    this.#closing = true;
    this.#lingering = true;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#outflow.flush();
    this.#socket.resume();
    this.#socket.end();
  }

  #wait(what: 'idle' | 'head' | 'body' | 'linger', time: number): void {
    this.#onDeadline = what;
    this.#deadline = this.#clock.now() + time;
  }
}
