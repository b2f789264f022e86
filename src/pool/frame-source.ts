import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { readInto } from '../http/read-into.ts';
import { LEAST_LENT, Loan } from '../wsgi/loan.ts';
import { type Frame, FrameReader, ProtocolError } from './frames.ts';

/** What a socket's frames are given to. */
export interface FrameTaker {
  take(frame: Frame): void;
  /** The other side broke the protocol; what comes after it is thrown away. */
  broken(error: ProtocolError): void;
}

/** Reads of up to so many bytes are copied, so that little bytes hold little memory. */
const COPIED = 32_768;

/** Gives the frames that come on a socket. */
export function readFrames(socket: Socket, limit: number, taker: FrameTaker): FrameSource {
  const source = new FrameSource(limit, taker);
  socket.on('data', (bytes: Buffer) => source.receive(bytes));
  return source;
}

/**
 * The same for a socket on which large bodies come: it is read 512 KB at a time, eight times as much as Node would, into memory that is used again.
 * @returns the socket to go on with: the same one, read as always, where it cannot be read so
 */
export function readLargeFrames(
  socket: Socket,
  limit: number,
  taker: FrameTaker,
): { readonly socket: Socket; readonly source: FrameSource } {
  const source = new FrameSource(limit, taker);
  let loan = Loan.open();
  const callback = (size: number) => {
    if (size <= COPIED) {
      const bytes = Buffer.allocUnsafe(size);
      loan.bytes.copy(bytes);
      source.receive(bytes);
    } else {
      source.receive(loan.bytes.subarray(0, size), loan);
      loan.close();
      loan = Loan.open();
    }
    return true;
  };
  const made = readInto(socket, { buffer: () => loan.bytes, callback });
  if (made === undefined) socket.on('data', (bytes: Buffer) => source.receive(bytes));
  return { socket: made ?? socket, source };
}

export class FrameSource {
  /** Bytes that have come. */
  received = 0;
  readonly #reader: FrameReader;
  readonly #taker: FrameTaker;
  #broken = false;

  constructor(limit: number, taker: FrameTaker) {
    this.#reader = new FrameReader(limit);
    this.#taker = taker;
  }

  /** @param loan what the bytes are part of, where they are used again */
  receive(bytes: Buffer, loan?: Loan): void {
    if (this.#broken) return;
    this.received += bytes.length;
    const reader = this.#reader;
    try {
      reader.receive(bytes);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        this.#taker.take(loan === undefined ? frame : lend(frame, loan));
      }
      if (loan !== undefined) reader.keepRest();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#broken = true;
      this.#taker.broken(error);
    }
  }
}

function lend(frame: Frame, loan: Loan): Frame {
  const { body } = frame;
  const size = body.length;
  // One that came in several reads was copied to be joined.
  if (body.buffer !== loan.bytes.buffer) return frame;
  if (size < LEAST_LENT) return { ...frame, body: Buffer.from(body) };
  loan.lend(size);
  return frame;
}
