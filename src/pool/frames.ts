/** The worker protocol's frames (docs/worker-protocol.md), without I/O: bytes in, frames out. */
import { Buffer } from 'node:buffer';

export const TYPE = {
  REQUEST: 1,
  RESPONSE: 2,
  DATA: 3,
  ABORT: 4,
  DONE: 5,
  START: 16,
  READY: 17,
  FAILED: 18,
  CREDIT: 19,
  CANCEL: 20,
  STACKS: 21,
  STOP: 22,
  GIVE_BACK: 23,
  RETURNED: 24,
  GONE: 25,
  PING: 26,
} as const;
export type FrameType = (typeof TYPE)[keyof typeof TYPE];

export const FLAG = { END: 1, FREE: 2, INLINE: 4, PATH: 8, STREAM: 16, SLOW: 32, INTERRUPT: 64, SHARED: 128 } as const;

export const HEADER_SIZE = 16;
/** Bounds on a frame, in bytes after its header, by who receives it. */
export const FRAME_LIMIT = { front: 1 << 20, worker: 64 << 20 } as const;
/** A body piece of a DATA frame at the most. */
export const DATA_SIZE = 65536;

export interface Frame {
  readonly type: FrameType;
  readonly flags: number;
  readonly count: number;
  readonly id: number;
  /** Latin-1. */
  readonly head: string;
  /** A view of what was received. */
  readonly body: Buffer;
}

/** The other side broke the protocol; the link ends. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const LAST_LATIN1 = 0xff;
const TYPES: ReadonlySet<number> = new Set(Object.values(TYPE));
const NONE = Buffer.alloc(0);

/**
 * Cuts a stream of bytes into frames. The body of a DATA frame that has not come whole is given in parts, as DATA frames of their own of which the last has the
 * flags: so a large body is never copied to be joined.
 */
export class FrameReader {
  readonly #limit: number;
  /** What came, of which `#from` bytes are read. Views are made once for each frame, and not for what is left of a read. */
  #pieces: Buffer[] = [];
  #from = 0;
  #size = 0;
  /** Bytes without which there is no next frame: pieces are joined once for a frame, however many there are. */
  #needed = HEADER_SIZE;
  /** Of a DATA frame that was begun: its flags and id, and the bytes that are still to come. */
  #flags = 0;
  #id = 0;
  #left = 0;

  /** @param limit the largest frame that is taken, in bytes after the header */
  constructor(limit: number) {
    this.#limit = limit;
  }

  receive(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
  }

  /**
   * The next whole frame, or undefined.
   * @throws ProtocolError
   */
  next(): Frame | undefined {
    if (this.#left > 0) return this.#size > 0 ? this.#part() : undefined;
    if (this.#size < this.#needed) return undefined;
    if (this.#pieces.length > 1) this.#join();
    const buffer = this.#pieces[0] as Buffer;
    const from = this.#from;
    const size = buffer.readUInt32LE(from);
    const headSize = buffer.readUInt32LE(from + 12);
    const type = buffer[from + 4] as number;
    if (!TYPES.has(type)) throw new ProtocolError(`a frame of the unknown type ${type}`);
    if (size > this.#limit) throw new ProtocolError(`a frame of ${size} bytes, over the bound of ${this.#limit}`);
    if (headSize > size)
      throw new ProtocolError(`a frame whose head of ${headSize} bytes is larger than its ${size} bytes`);
    this.#needed = HEADER_SIZE + size;
    if (this.#size < this.#needed) {
      if (type !== TYPE.DATA || headSize > 0) return undefined;
      this.#flags = buffer[from + 5] as number;
      this.#id = buffer.readUInt32LE(from + 8);
      this.#left = size;
      this.#needed = HEADER_SIZE;
      this.#consume(buffer, HEADER_SIZE);
      return this.#size > 0 ? this.#part() : undefined;
    }
    this.#consume(buffer, this.#needed);
    this.#needed = HEADER_SIZE;
    const body = from + HEADER_SIZE + headSize;
    const end = from + HEADER_SIZE + size;
    return {
      type: type as FrameType,
      flags: buffer[from + 5] as number,
      count: buffer.readUInt16LE(from + 6),
      id: buffer.readUInt32LE(from + 8),
      head: headSize === 0 ? '' : buffer.toString('latin1', from + HEADER_SIZE, body),
      body: body === end ? NONE : buffer.subarray(body, end),
    };
  }

  /** What is left of the bytes received last is copied: their memory is used again. */
  keepRest(): void {
    if (this.#size === 0) return;
    const last = this.#pieces.length - 1;
    const piece = this.#pieces[last] as Buffer;
    this.#pieces[last] = Buffer.from(last === 0 ? piece.subarray(this.#from) : piece);
    if (last === 0) this.#from = 0;
  }

  #part(): Frame {
    const piece = this.#pieces[0] as Buffer;
    const body = piece.subarray(this.#from, this.#from + this.#left);
    this.#left -= body.length;
    this.#size -= body.length;
    this.#from += body.length;
    if (this.#from === piece.length) {
      this.#pieces.shift();
      this.#from = 0;
    }
    return { type: TYPE.DATA, flags: this.#left === 0 ? this.#flags : 0, count: 0, id: this.#id, head: '', body };
  }

  #join(): void {
    const [first, ...rest] = this.#pieces as [Buffer, ...Buffer[]];
    this.#pieces = [Buffer.concat([first.subarray(this.#from), ...rest])];
    this.#from = 0;
  }

  #consume(buffer: Buffer, size: number): void {
    this.#size -= size;
    this.#from += size;
    if (this.#from < buffer.length) return;
    this.#pieces = [];
    this.#from = 0;
  }
}

/**
 * A frame's bytes.
 * @param given `head` in latin-1; `more`: body bytes that follow the frame's own, as a piece of their own
 */
export function encodeFrame(
  type: FrameType,
  id: number,
  { flags = 0, count = 0, head = '', body = NONE as Uint8Array, more = 0 } = {},
): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_SIZE + head.length + body.length);
  bytes.writeUInt32LE(head.length + body.length + more, 0);
  bytes[4] = type;
  bytes[5] = flags;
  bytes.writeUInt16LE(count, 6);
  bytes.writeUInt32LE(id, 8);
  bytes.writeUInt32LE(head.length, 12);
  if (head !== '') bytes.write(head, HEADER_SIZE, 'latin1');
  if (body.length > 0) bytes.set(body, HEADER_SIZE + head.length);
  return bytes;
}

/** A frame whose body is JSON. */
export function encodeJson(type: FrameType, value: unknown): Buffer {
  return encodeFrame(type, 0, { body: Buffer.from(JSON.stringify(value), 'utf8') });
}

/** A CREDIT frame for `size` more bytes of request `id`. */
export function encodeCredit(id: number, size: number): Buffer {
  const body = Buffer.allocUnsafe(4);
  body.writeUInt32LE(size);
  return encodeFrame(TYPE.CREDIT, id, { body });
}

/**
 * Checks a head that is complete. NUL ends a value, so a value with one would forge another key: `/x%00REMOTE_USER%00admin` must never become a key of its
 * own, wherever the string came from.
 * @param strings how many it is made of, each ended by NUL
 * @throws ProtocolError where it holds another NUL, or a character that is no byte
 */
export function checkHead(head: string, strings: number): void {
  let found = 0;
  let bits = 0;
  for (let at = 0; at < head.length; at++) {
    const code = head.charCodeAt(at);
    if (code === 0) found++;
    bits |= code;
  }
  if (found !== strings || bits > LAST_LATIN1) {
    throw new ProtocolError('a NUL, or a character beyond latin-1, in a string of a head');
  }
}

/**
 * The strings of a head, `expected` of them.
 * @throws ProtocolError where it holds another number
 */
export function splitHead(head: string, expected: number): string[] {
  const strings = head.split('\0');
  if (strings.pop() !== '' || strings.length !== expected) {
    throw new ProtocolError(`a head of ${strings.length} strings where ${expected} were announced`);
  }
  return strings;
}
