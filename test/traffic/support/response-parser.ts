/**
 * Reads the responses of a connection as their bytes come, and keeps none of them but an unfinished head.
 *
 *   head ──▶ sized ──────────────▶ (done) head
 *        ├─▶ chunk size ⇄ chunk data ─▶ trailer ─▶ (done) head
 *        └─▶ until close, which only the connection's end ends
 */
export interface ResponseHead {
  readonly status: number;
  /** Content-Length, also of a response without a body. */
  readonly length: number | undefined;
  /** The connection carries no further request. */
  readonly closes: boolean;
}

export interface ResponseEvents {
  head(head: ResponseHead): void;
  /** Bytes of a body: `bytes[from]` up to, and without, `bytes[to]`; valid during the call alone. */
  body(bytes: Buffer, from: number, to: number): void;
  end(): void;
}

type State = 'head' | 'sized' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer' | 'until-close';

const END_OF_HEAD = '\r\n\r\n';
const CR = 0x0d;
const LF = 0x0a;
/** A number of fewer digits is exact. */
const MAX_HEX_DIGITS = 13;
/** More is no head of a server that is measured here. */
const MAX_HEAD_BYTES = 65_536;
const MAX_LINE_BYTES = 4096;
const NONE = Buffer.alloc(0);
const STATUS_LINE = /^HTTP\/(1\.[01]) ([0-9]{3})(?: |\r\n)/;
const CONTENT_LENGTH = /\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n/i;
const CHUNKED = /\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n/i;
const CONNECTION = /\r\nconnection:[ \t]*(close|keep-alive)[ \t]*\r\n/i;
const CHUNK_SIZE = /^([0-9a-f]+)[ \t]*(?:;[^\r\n]*)?\r\n$/i;

/** The bytes are no response. */
export class MalformedResponse extends Error {}

export class ResponseParser {
  readonly #events: ResponseEvents;
  #state: State = 'head';
  #isHead = false;
  /** Bytes that are left of a sized body, of a chunk, or of the line end behind a chunk. */
  #left = 0;
  /** An unfinished head or line. */
  #pending: Buffer = NONE;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  /** A new connection: nothing has come yet. */
  reset(): void {
    this.#state = 'head';
    this.#pending = NONE;
  }

  /** A request has been sent. @param isHead it is a HEAD, whose response has no body */
  expect(isHead: boolean): void {
    this.#isHead = isHead;
  }

  /** True once a byte of a response has come, until its end. */
  get hasBegun(): boolean {
    return this.#state !== 'head' || this.#pending.length > 0;
  }

  /** @throws MalformedResponse */
  receive(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
  }

  /** The server has closed the connection: the end of a response that has no other. */
  close(): void {
    if (this.#state === 'until-close') this.#end();
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at);
      case 'chunk-size':
        return this.#readChunkSize(bytes, at);
      case 'trailer':
        return this.#readLine(bytes, at, (line) => {
          if (line === '\r\n') this.#end();
        });
      case 'until-close':
        this.#events.body(bytes, at, bytes.length);
        return bytes.length;
      default:
        return this.#readSized(bytes, at);
    }
  }

  #readSized(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    if (this.#state === 'chunk-end') this.#checkChunkEnd(bytes, at, end);
    else this.#events.body(bytes, at, end);
    this.#left -= end - at;
    if (this.#left > 0) return end;
    if (this.#state === 'sized') this.#end();
    else if (this.#state === 'chunk-end') this.#state = 'chunk-size';
    else {
      this.#state = 'chunk-end';
      this.#left = 2;
    }
    return end;
  }

  #checkChunkEnd(bytes: Buffer, at: number, end: number): void {
    if (this.#left === 2 && bytes[at] === CR && bytes[at + 1] === LF) return;
    const expected = this.#left === 1 ? '\n' : '\r\n'.slice(0, end - at);
    if (bytes.toString('latin1', at, end) !== expected) throw new MalformedResponse('a chunk longer than its size');
  }

  #readHead(bytes: Buffer, at: number): number {
    const pending = this.#pending.length;
    const all = pending === 0 ? bytes : Buffer.concat([this.#pending, bytes.subarray(at)]);
    const begin = pending === 0 ? at : 0;
    const end = all.indexOf(END_OF_HEAD, begin, 'latin1');
    if (end < 0) {
      if (all.length - begin > MAX_HEAD_BYTES) throw new MalformedResponse('a head without an end');
      // A copy: the socket reads into the same memory again.
      this.#pending = Buffer.from(all.subarray(begin));
      return bytes.length;
    }
    this.#pending = NONE;
    const next = end + END_OF_HEAD.length;
    this.#begin(all.toString('latin1', begin, next - 2));
    return pending === 0 ? next : at + next - pending;
  }

  #begin(text: string): void {
    const [, version, digits] = STATUS_LINE.exec(text) ?? [];
    if (digits === undefined) throw new MalformedResponse(`no status line: ${JSON.stringify(text.slice(0, 100))}`);
    const status = Number(digits);
    if (status < 200) return;
    const length = CONTENT_LENGTH.exec(text)?.[1];
    const connection = CONNECTION.exec(text)?.[1]?.toLowerCase();
    const isBodyless = this.#isHead || status === 204 || status === 304;
    const isChunked = CHUNKED.test(text);
    const isEndless = !isBodyless && !isChunked && length === undefined;
    const closes = isEndless || connection === 'close' || (version === '1.0' && connection !== 'keep-alive');
    this.#left = Number(length ?? 0);
    this.#events.head({ status, length: length === undefined ? undefined : this.#left, closes });
    if (isBodyless || (!isChunked && length !== undefined && this.#left === 0)) this.#end();
    else this.#state = isChunked ? 'chunk-size' : isEndless ? 'until-close' : 'sized';
  }

  /** Most sizes lie whole in what has come, and have no extension: those are read without a string. */
  #readChunkSize(bytes: Buffer, at: number): number {
    if (this.#pending.length === 0) {
      let size = 0;
      let next = at;
      for (let digit = hexDigit(bytes[next]); digit >= 0; digit = hexDigit(bytes[++next])) size = size * 16 + digit;
      if (next > at && next - at < MAX_HEX_DIGITS && bytes[next] === CR && bytes[next + 1] === LF) {
        this.#left = size;
        this.#state = size === 0 ? 'trailer' : 'chunk-data';
        return next + 2;
      }
    }
    return this.#readLine(bytes, at, (line) => this.#beginChunk(line));
  }

  #readLine(bytes: Buffer, at: number, take: (line: string) => void): number {
    const end = bytes.indexOf(LF, at);
    const next = end < 0 ? bytes.length : end + 1;
    const line = this.#pending.toString('latin1') + bytes.toString('latin1', at, next);
    if (line.length > MAX_LINE_BYTES) throw new MalformedResponse('a line without an end in a chunked body');
    if (end < 0) this.#pending = Buffer.from(line, 'latin1');
    else {
      this.#pending = NONE;
      take(line);
    }
    return next;
  }

  #beginChunk(line: string): void {
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) throw new MalformedResponse(`no chunk size: ${JSON.stringify(line.slice(0, 100))}`);
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'chunk-data';
  }

  #end(): void {
    this.#state = 'head';
    this.#events.end();
  }
}

/** -1 where the byte is none. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
