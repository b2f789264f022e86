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
} as const;
export type FrameType = (typeof TYPE)[keyof typeof TYPE];

export const FLAG = { END: 1, FREE: 2, INLINE: 4, PATH: 8 } as const;

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
  readonly head: Buffer;
  readonly body: Buffer;
}

/** The other side broke the protocol; the link ends. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const TYPES: ReadonlySet<number> = new Set(Object.values(TYPE));
const NONE = Buffer.alloc(0);

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes without which there is no next frame: pieces are joined once for a frame, however many there are. */
  #needed = HEADER_SIZE;

  /** @param limit the largest frame that is taken, in bytes after the header */
  constructor(limit: number) {
    this.#limit = limit;
  }

  receive(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
  }

  /**
   * The next whole frame, or undefined. Its head and body are views of what was received.
   * @throws ProtocolError
   */
  next(): Frame | undefined {
    if (this.#size < this.#needed) return undefined;
    const buffer = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    this.#pieces = [buffer];
    const size = buffer.readUInt32LE(0);
    const headSize = buffer.readUInt32LE(12);
    const type = buffer[4] as number;
    if (!TYPES.has(type)) throw new ProtocolError(`a frame of the unknown type ${type}`);
    if (size > this.#limit) throw new ProtocolError(`a frame of ${size} bytes, over the bound of ${this.#limit}`);
    if (headSize > size)
      throw new ProtocolError(`a frame whose head of ${headSize} bytes is larger than its ${size} bytes`);
    const end = HEADER_SIZE + size;
    this.#needed = end;
    if (buffer.length < end) return undefined;
    this.#needed = HEADER_SIZE;
    this.#pieces = buffer.length === end ? [] : [buffer.subarray(end)];
    this.#size -= end;
    return {
      type: type as FrameType,
      flags: buffer[5] as number,
      count: buffer.readUInt16LE(6),
      id: buffer.readUInt32LE(8),
      head: buffer.subarray(HEADER_SIZE, HEADER_SIZE + headSize),
      body: buffer.subarray(HEADER_SIZE + headSize, end),
    };
  }
}

/** A frame's bytes. @param head latin-1, as `pairsText` makes it */
export function encodeFrame(
  type: FrameType,
  id: number,
  { flags = 0, count = 0, head = '', body = NONE as Uint8Array } = {},
): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_SIZE + head.length + body.length);
  bytes.writeUInt32LE(head.length + body.length, 0);
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

/** NUL ends a value, so a value with one would forge another key. */
const UNSENDABLE = /[\0]|[^\0-\xff]/;

/**
 * One string of a head. `/x%00REMOTE_USER%00admin` must never become a key of its own, wherever the string came from.
 * @throws ProtocolError where it holds a NUL, or a character that is no byte
 */
export function headText(text: string): string {
  if (UNSENDABLE.test(text)) throw new ProtocolError('a NUL, or a character beyond latin-1, in a value of the environ');
  return `${text}\0`;
}

/**
 * The strings of a head, `expected` of them.
 * @throws ProtocolError where it holds another number
 */
export function splitHead(head: Buffer, expected: number): string[] {
  const strings = head.toString('latin1').split('\0');
  if (strings.pop() !== '' || strings.length !== expected) {
    throw new ProtocolError(`a head of ${strings.length} strings where ${expected} were announced`);
  }
  return strings;
}
