import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { DATA_SIZE, encodeFrame, HEADER_SIZE, TYPE } from '../../pool/frames.ts';

const NOTHING = new Uint8Array(0);
/** A batch of this many bytes leaves at once. */
const ENOUGH = 65_536;
/** Room for a batch that is not enough yet, and a whole DATA frame behind it. */
const ROOM = ENOUGH + HEADER_SIZE + DATA_SIZE;
/** Buffers that are kept for the next batches. */
const MOST_FREE = 64;

/**
 * The sending side of the data link: the frames of one turn of the event loop leave in one write, which wakes the front
 * once. Consecutive body bytes of one response are one frame.
 *
 * A batch is gathered in a buffer that is used again once it has left: a buffer for each chunk and each batch had the
 * collector mark the whole heap again and again, which took 43% of a worker that streams (perf).
 */
export class Outbox {
  readonly #data: Socket;
  readonly #free: Buffer[] = [];
  #batch: Buffer | undefined;
  #size = 0;
  /** Whose the DATA frame at the end of the batch is, and where that begins: more of the same response may come. */
  #openId = 0;
  #openAt = 0;

  constructor(data: Socket) {
    this.#data = data;
  }

  /** A whole frame. */
  write(frame: Buffer): void {
    this.#openId = 0;
    if (this.#size + frame.length > ROOM) this.flush();
    if (frame.length > ROOM) {
      this.#data.write(frame);
      return;
    }
    this.#add(frame);
    this.#flushIfEnough();
  }

  /** Body bytes of a response, 64 KiB at most. They are copied: an application may use its buffer again. */
  writeData(id: number, piece: Uint8Array): void {
    if (this.#size + HEADER_SIZE + piece.length > ROOM) this.flush();
    if (this.#openId !== id || this.#size - this.#openAt + piece.length > HEADER_SIZE + DATA_SIZE) {
      this.#openAt = this.#size;
      this.#openId = id;
      this.#add(encodeFrame(TYPE.DATA, id));
    }
    this.#add(piece);
    this.#batch?.writeUInt32LE(this.#size - this.#openAt - HEADER_SIZE, this.#openAt);
    this.#flushIfEnough();
  }

  /** Sends what waits, now. */
  flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    const bytes = batch.subarray(0, this.#size);
    this.#batch = undefined;
    this.#size = 0;
    this.#openId = 0;
    this.#data.write(bytes, () => {
      if (this.#free.length < MOST_FREE) this.#free.push(batch);
    });
  }

  /** Sends everything now. False where the kernel has no room for all of it: `sent` is called once it has. */
  isSent(sent: () => void): boolean {
    this.flush();
    if (this.#data.writableLength === 0) return true;
    this.#data.write(NOTHING, sent);
    return false;
  }

  /** Sends what waits, and closes the link. */
  end(closed: () => void): void {
    this.flush();
    this.#data.end(closed);
  }

  #add(bytes: Uint8Array): void {
    if (this.#batch === undefined) {
      this.#batch = this.#free.pop() ?? Buffer.allocUnsafeSlow(ROOM);
      setImmediate(() => this.flush());
    }
    this.#batch.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #flushIfEnough(): void {
    // What the kernel has no room for yet gathers in full buffers.
    if (this.#size >= ENOUGH && this.#data.writableLength === 0) this.flush();
  }
}
