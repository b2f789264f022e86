import { Buffer } from 'node:buffer';
import { AppFailed, ClientError, ClientGone } from '../errors.ts';
import { errorPage } from '../wsgi/error-page.ts';
import { isRequestId } from '../wsgi/request-id.ts';
import { statusText } from '../wsgi/status.ts';
import type { Environ, Head, Sink } from '../wsgi/types.ts';
import { type Asked, type Delimited, delimit, serializeHead } from './response-head.ts';

/** What a response needs of its connection. */
export interface Outlet {
  /** Sends bytes, or a string whose characters are bytes; a promise where the client is slow and the buffer is full. */
  send(bytes: Uint8Array | string): void | Promise<void>;
  /** Whether the connection closes after this response, whatever the client asked for. */
  readonly closing: boolean;
  /** The same for several pieces. */
  sendAll(parts: readonly (Uint8Array | string)[]): void | Promise<void>;
  /** The date of now, for the head. */
  date(): string;
  /** Cuts the connection, so that the client cannot take a part for the whole. `reset`: the end of the connection would look like the end of the body. */
  cut(reset: boolean): void;
  /** Tells of an error that the response could not hide. */
  failed(error: unknown, environ: Environ | undefined): void;
}

const LAST_CHUNK = '0\r\n\r\n';
/** Bodies of fewer bytes leave as part of the head's string: one write, and no buffer made for it. */
const SMALL = 4096;
const PIECE = 65536;

/** One response on an HTTP/1.1 connection. */
export class ResponseSink implements Sink {
  readonly #outlet: Outlet;
  readonly #asked: Asked;
  /** Absent where the request was refused before it had one. */
  readonly #environ: Environ | undefined;
  #delimited: Delimited | undefined;
  #complete = false;
  /** The request was at fault: what follows it on the connection cannot be trusted. */
  #refused = false;

  constructor(outlet: Outlet, asked: Asked, environ: Environ | undefined) {
    this.#outlet = outlet;
    this.#asked = asked;
    this.#environ = environ;
  }

  /** Whether any byte of the response has gone out. */
  get started(): boolean {
    return this.#delimited !== undefined;
  }

  /** Whether the response went out whole and the connection may carry another. */
  get reusable(): boolean {
    return this.#complete && this.#delimited?.keepAlive === true;
  }

  start(head: Head, body: Uint8Array, complete: boolean): void | Promise<void> {
    const delimited = delimit(head, this.#asked, this.#refused || this.#outlet.closing);
    this.#delimited = delimited;
    this.#complete = complete;
    const text = serializeHead(head, this.#asked, delimited, this.#outlet.date());
    if (delimited.body === 'none' || body.length === 0) {
      const last = complete && delimited.body === 'chunked' ? '0\r\n\r\n' : '';
      return this.#outlet.send(text + last);
    }
    if (body.length > PIECE) {
      void this.#outlet.send(text);
      const room = this.write(body);
      if (complete) this.end();
      return room;
    }
    const prefix = delimited.body === 'chunked' ? `${text}${body.length.toString(16)}\r\n` : text;
    const suffix = delimited.body !== 'chunked' ? '' : complete ? '\r\n0\r\n\r\n' : '\r\n';
    return this.#sendFramed(prefix, body, suffix);
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#delimited?.body === 'none') return;
    let at = 0;
    for (; chunk.length - at > PIECE; at += PIECE) void this.#sendPiece(chunk.subarray(at, at + PIECE));
    return this.#sendPiece(at === 0 ? chunk : chunk.subarray(at));
  }

  end(): void {
    this.#complete = true;
    if (this.#delimited?.body === 'chunked') void this.#outlet.send(LAST_CHUNK);
  }

  #sendPiece(piece: Uint8Array): void | Promise<void> {
    if (this.#delimited?.body !== 'chunked') return this.#outlet.send(piece);
    return this.#sendFramed(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
  }

  #sendFramed(prefix: string, body: Uint8Array, suffix: string): void | Promise<void> {
    if (body.length < SMALL) return this.#outlet.send(prefix + latin1(body) + suffix);
    return this.#outlet.sendAll(suffix === '' ? [prefix, body] : [prefix, body, suffix]);
  }

  /** An error page where nothing went out yet; otherwise a cut, never a clean end (RFC 9112, 8). */
  fail(error: unknown): void {
    this.#outlet.failed(error, this.#environ);
    if (this.#delimited !== undefined || error instanceof ClientGone) {
      this.#outlet.cut(this.#delimited?.body === 'close');
      return;
    }
    const refused = error instanceof ClientError;
    this.#refused = refused;
    const code = refused ? error.status : 500;
    const given = this.#environ?.HTTP_X_REQUEST_ID;
    const id = isRequestId(given) ? given : undefined;
    const why = refused ? error.message : error instanceof AppFailed ? error.traceback : '';
    const { headers, body } = errorPage(code, why, id);
    if (id !== undefined) headers.push(['X-Request-Id', id]);
    void this.start({ status: statusText(code), code, headers, length: body.length }, body, true);
  }
}

function latin1(bytes: Uint8Array): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('latin1');
}
