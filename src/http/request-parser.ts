import { Buffer } from 'node:buffer';
import { ClientError, type ClientErrorCode } from '../errors.ts';
import type { RequestHead } from '../wsgi/environ.ts';
import { Pieces } from '../wsgi/pieces.ts';
import type { Limits } from './limits.ts';
import type { Framing } from './request-fields.ts';
import { type Fields, parseTrailers } from './request-fields.ts';
import { parseHead } from './request-head.ts';

/** The head of a request, and how its body is delimited. */
export interface HeadEvent {
  readonly type: 'head';
  readonly head: RequestHead;
  readonly framing: Framing;
}

/**
 * What the bytes of a connection say, in this order: `head`, any number of `data`, `end`, and again. `undefined` from `next()` means
 * that more bytes are needed.
 */
export type RequestEvent =
  | HeadEvent
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly trailers: readonly string[] };

type State = 'head' | 'sized' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'failed';

const CRLF = '\r\n';
const CR = 0x0d;
const LF = 0x0a;
const NONE = Buffer.allocUnsafeSlow(0);
const LEAST_ROOM = 256;
const FEW = 16;
/** RFC 9112, 7.1: a size, and what stands behind it. */
const CHUNK_LINE = /^([0-9A-Fa-f]+)(.*)$/s;
/** RFC 9112, 7.1.1, by its grammar: extensions are read over, but not what only looks like one. */
const EXTENSIONS =
  /^(?:[ \t]*;[ \t]*[\w!#$%&'*+.^`|~-]+(?:[ \t]*=[ \t]*(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)+$/;
/** Hexadecimal digits that a number holds exactly. */
const CHUNK_DIGITS = 13;
/** Extensions of all chunks of one body together: nobody uses them but to attack. */
const EXTENSION_BYTES = 4096;
const CHUNK_LINE_BYTES = EXTENSION_BYTES + 32;

/**
 * HTTP/1.1 requests out of bytes, without I/O (RFC 9112): `receive(bytes)`, then `next()` until it gives undefined. The caller decides
 * when to ask for the next request, so pipelined ones wait in here. After a ClientError every `next()` throws it again.
 */
export class RequestParser {
  readonly #limits: Limits;
  #buffer: Buffer = NONE;
  /** Whether that is there for now only. */
  #lent = false;
  /** Memory of its own, where what came did not suffice. */
  #room: Buffer = NONE;
  /** Bytes in the room behind `#buffer`: of a head, which they can neither end nor spoil. */
  #unseen = 0;
  #state: State = 'head';
  #failure: ClientError | undefined;
  /** Where the search for the end of the head or line goes on. */
  #searched = 0;
  /** Bytes that are left of the body or of the chunk. */
  #left = 0;
  #bodySize = 0;
  #extensionSize = 0;
  /** What came behind `#buffer`, all of it of a body whose length is known. */
  #pieces = new Pieces();
  #behind = 0;
  #skippedEmptyLine = false;
  /** Of the last head. */
  #fields: Fields | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Bytes that were received and not yet asked for. */
  get buffered(): number {
    return this.#buffer.length + this.#unseen + this.#behind;
  }

  /** Whether a request has begun whose `end` was not given yet. */
  get midRequest(): boolean {
    return this.#state !== 'head' || this.#buffer.length > 0;
  }

  /** @param bytes are there until `keep()` */
  receive(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#lent = this.#buffer.length === 0;
    if (this.#lent) this.#buffer = buffer;
    else if (this.#leaveUnseen(buffer)) return;
    else if (this.#state === 'sized' && this.buffered + buffer.length <= this.#left) this.#queue(buffer);
    else this.#buffer = this.#append(buffer);
  }

  /** What was received and not yet asked for is copied: its memory is used again. */
  keep(): void {
    const keeps = this.#lent && this.#buffer.length > 0;
    this.#lent = false;
    if (keeps) this.#buffer = this.#state === 'head' ? this.#append(NONE) : copyOf(this.#buffer);
  }

  /** So little of a head that there is no need to look: clients may send heads a byte at a time, by the thousand (a fifth of what each byte costs). */
  #leaveUnseen(bytes: Buffer): boolean {
    const before = this.#buffer.length + this.#unseen;
    const size = before + bytes.length;
    if (this.#state !== 'head' || bytes.length > FEW || bytes.includes(LF)) return false;
    if (size >= Math.min(this.#limits.requestLine, this.#limits.fieldBytes)) return false;
    if (!this.#hasRoom(this.#buffer, size)) return false;
    this.#room.set(bytes, this.#buffer.byteOffset + before);
    this.#unseen += bytes.length;
    return true;
  }

  /** Whether these bytes lie in the room, and so many may, from where they begin. */
  #hasRoom({ buffer, byteOffset }: Buffer, size: number): boolean {
    return buffer === this.#room.buffer && byteOffset + size <= this.#room.length;
  }

  #see(): void {
    const { byteOffset, length } = this.#buffer;
    this.#buffer = this.#room.subarray(byteOffset, byteOffset + length + this.#unseen);
    this.#unseen = 0;
  }

  /** Nothing in it but the body: a piece that is given whole can be freed when it is written, and is copied once. */
  #queue(bytes: Buffer): void {
    this.#pieces.add(bytes, true);
    this.#behind += bytes.length;
  }

  /**
   * Into memory with room for more: a client that sends a byte at a time would have all of it copied for each, and what each connection waits with would be new
   * to the collector again and again.
   */
  #append(bytes: Buffer): Buffer {
    if (this.#unseen > 0) this.#see();
    const before = this.#behind === 0 ? this.#buffer : this.#joined();
    const size = before.length + bytes.length;
    const isThere = this.#hasRoom(before, size);
    const from = isThere ? before.byteOffset : 0;
    if (!isThere) {
      this.#room = Buffer.allocUnsafeSlow(Math.max(LEAST_ROOM, 2 * size));
      this.#room.set(before);
    }
    this.#room.set(bytes, from + before.length);
    return this.#room.subarray(from, from + size);
  }

  /** The last piece of a body has more behind it: another request. */
  #joined(): Buffer {
    const joined = Buffer.concat([this.#buffer, ...this.#pieces.list]);
    this.#pieces = new Pieces();
    this.#behind = 0;
    return joined;
  }

  /**
   * @param lends true where body bytes may lie in what was received last, and are there until `keep()` alone
   * @throws ClientError
   */
  next(lends = false): RequestEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#unseen > 0) {
      // All that stands before them was looked through.
      if (this.#searched === this.#buffer.length) return undefined;
      this.#see();
    }
    try {
      return this.#advance(lends);
    } catch (error) {
      this.#state = 'failed';
      this.#failure = error as ClientError;
      this.#buffer = NONE;
      this.#unseen = 0;
      this.#pieces = new Pieces();
      this.#behind = 0;
      throw error;
    }
  }

  #advance(lends: boolean): RequestEvent | undefined {
    switch (this.#state) {
      case 'head':
        return this.#head();
      case 'sized':
      case 'chunk-data':
        return this.#data(lends);
      case 'chunk-end':
        return this.#chunkEnd(lends);
      case 'chunk-size':
        return this.#chunkSize(lends);
      default:
        return this.#trailers();
    }
  }

  #head(): RequestEvent | undefined {
    // RFC 9112, 2.2: one empty line before the request line is ignored.
    if (!this.#skippedEmptyLine && this.#startsWithEmptyLine()) {
      this.#skippedEmptyLine = true;
      this.#consume(2);
    }
    // At once: a client that speaks TLS to this port waits for an answer before it sends an empty line.
    const first = this.#buffer[0];
    if (first !== undefined && (first <= 0x20 || first >= 0x7f) && (first !== CR || this.#skippedEmptyLine)) {
      throw new ClientError('REQUEST_LINE_INVALID');
    }
    const text = this.#section(this.#limits.requestLine, 'REQUEST_LINE_TOO_LONG');
    if (text === undefined) return undefined;
    const { head, fields } = parseHead(text, this.#limits, this.#fields);
    const { framing } = fields;
    this.#fields = fields;
    this.#skippedEmptyLine = false;
    this.#bodySize = 0;
    this.#extensionSize = 0;
    if (framing.length === 'chunked') {
      this.#state = 'chunk-size';
    } else {
      this.#state = 'sized';
      this.#left = framing.length;
    }
    return { type: 'head', head, framing };
  }

  #data(lends: boolean): RequestEvent | undefined {
    if (this.#left === 0) {
      if (this.#state === 'chunk-data') {
        this.#state = 'chunk-end';
        return this.#chunkEnd(lends);
      }
      this.#state = 'head';
      return { type: 'end', trailers: [] };
    }
    if (this.#buffer.length === 0) return undefined;
    const some = this.#buffer.length > this.#left ? this.#buffer.subarray(0, this.#left) : this.#buffer;
    const bytes = this.#lent && !lends ? copyOf(some) : some;
    this.#left -= bytes.length;
    this.#consume(bytes.length);
    return { type: 'data', bytes };
  }

  #chunkEnd(lends: boolean): RequestEvent | undefined {
    for (let at = 0; at < Math.min(2, this.#buffer.length); at++) {
      if (this.#buffer[at] !== CRLF.charCodeAt(at)) throw new ClientError('CHUNK_END_INVALID');
    }
    if (this.#buffer.length < 2) return undefined;
    this.#consume(2);
    this.#state = 'chunk-size';
    return this.#chunkSize(lends);
  }

  #chunkSize(lends: boolean): RequestEvent | undefined {
    const end = this.#buffer.indexOf(CRLF, Math.max(0, this.#searched - 1));
    this.#refuse(end, CHUNK_LINE_BYTES, 'CHUNK_EXTENSION_TOO_LONG', Number.POSITIVE_INFINITY);
    if (end < 0) return undefined;
    const [, digits = '', extension = ''] = CHUNK_LINE.exec(this.#buffer.toString('latin1', 0, end)) ?? [];
    if (digits === '' || digits.length > CHUNK_DIGITS) throw new ClientError('CHUNK_SIZE_INVALID');
    if (extension !== '' && !EXTENSIONS.test(extension)) {
      throw new ClientError(/^[ \t]*;/.test(extension) ? 'CHUNK_EXTENSION_INVALID' : 'CHUNK_SIZE_INVALID');
    }
    this.#extensionSize += extension.length;
    if (this.#extensionSize > EXTENSION_BYTES) throw new ClientError('CHUNK_EXTENSION_TOO_LONG');
    this.#left = Number.parseInt(digits, 16);
    this.#bodySize += this.#left;
    if (this.#bodySize > this.#limits.body) throw new ClientError('BODY_TOO_LARGE');
    this.#consume(end + 2);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk-data';
    return this.#left === 0 ? this.#trailers() : this.#data(lends);
  }

  #trailers(): RequestEvent | undefined {
    if (this.#startsWithEmptyLine()) {
      this.#consume(2);
      this.#state = 'head';
      return { type: 'end', trailers: [] };
    }
    const text = this.#section(this.#limits.fieldBytes, 'FIELDS_TOO_LARGE');
    if (text === undefined) return undefined;
    this.#state = 'head';
    return { type: 'end', trailers: parseTrailers(text, this.#limits) };
  }

  /** The lines up to the next empty one, without it; undefined while it has not come. */
  #section(firstLine: number, tooLong: ClientErrorCode): string | undefined {
    const end = this.#buffer.indexOf('\r\n\r\n', Math.max(0, this.#searched - 3), 'latin1');
    this.#refuse(end, firstLine, tooLong, this.#limits.fieldBytes);
    if (end < 0) return undefined;
    const text = this.#buffer.toString('latin1', 0, end);
    this.#consume(end + 4);
    return text;
  }

  /**
   * Refuses what no further byte can mend, by the fault that stands first, so that every split of the same bytes is refused alike.
   * @param end where the section ends, or -1
   */
  #refuse(end: number, firstLine: number, tooLong: ClientErrorCode, fieldBytes: number): void {
    const size = end < 0 ? this.#buffer.length : end;
    const lineFeed = this.#bareLineFeed(size);
    if (size > Math.min(firstLine, fieldBytes) || lineFeed < size) {
      const crlf = this.#buffer.indexOf(CRLF);
      const lineEnd = crlf < 0 ? size : Math.min(crlf, size);
      // One byte more, for a CR that may be the first half of the line's end.
      if (lineEnd > (crlf < 0 ? firstLine + 1 : firstLine)) {
        throw new ClientError(lineFeed < firstLine + 1 ? 'LINE_ENDING_INVALID' : tooLong);
      }
      // Three bytes more, for a CRLF CR that may belong to the section's end.
      if (size - lineEnd > (end < 0 ? fieldBytes + 3 : fieldBytes)) {
        const first = lineFeed < Math.min(size, lineEnd + fieldBytes + 3);
        throw new ClientError(first ? 'LINE_ENDING_INVALID' : 'FIELDS_TOO_LARGE');
      }
    }
    if (lineFeed < size) throw new ClientError('LINE_ENDING_INVALID');
    this.#searched = this.#buffer.length;
  }

  /** The place of the first LF without CR before `size`, or `size`. */
  #bareLineFeed(size: number): number {
    const buffer = this.#buffer;
    for (let at = buffer.indexOf(LF, this.#searched); at >= 0 && at < size; at = buffer.indexOf(LF, at + 1)) {
      if (buffer[at - 1] !== CR) return at;
    }
    return size;
  }

  #startsWithEmptyLine(): boolean {
    return this.#buffer.length >= 2 && this.#buffer[0] === CR && this.#buffer[1] === LF;
  }

  #nextPiece(): Buffer {
    if (this.#behind === 0) return NONE;
    const { buffer, byteOffset, length } = this.#pieces.list.shift() as Uint8Array;
    this.#behind -= length;
    return Buffer.from(buffer, byteOffset, length);
  }

  #consume(size: number): void {
    this.#buffer = size === this.#buffer.length ? this.#nextPiece() : this.#buffer.subarray(size);
    this.#searched = 0;
  }
}

/** In memory of its own, which can be freed with it. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
