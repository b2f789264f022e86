import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { DATA_SIZE, encodeFrame, TYPE } from '../../pool/frames.ts';

const NOTHING = new Uint8Array(0);
/** A batch of this many bytes leaves at once. */
const ENOUGH = 65_536;

/**
 * The sending side of the data link: the frames of one turn of the event loop leave in one write, which wakes the front
 * once. Consecutive body bytes of one response are one frame.
 */
export class Outbox {
  readonly #data: Socket;
  #batch: Uint8Array[] = [];
  #size = 0;
  /** The header of the DATA frame at the end of the batch, and what it holds: more of the same response may come. */
  #open: { readonly id: number; readonly header: Buffer } | undefined;
  #openSize = 0;

  constructor(data: Socket) {
    this.#data = data;
  }

  /** A whole frame. */
  write(frame: Buffer): void {
    this.#open = undefined;
    this.#add(frame);
    this.#flushIfEnough();
  }

  /** Body bytes of a response, 64 KiB at most. They are copied: an application may use its buffer again. */
  writeData(id: number, piece: Uint8Array): void {
    if (this.#open?.id !== id || this.#openSize + piece.length > DATA_SIZE) {
      const header = encodeFrame(TYPE.DATA, id);
      this.#add(header);
      this.#open = { id, header };
      this.#openSize = 0;
    }
    this.#openSize += piece.length;
    this.#open.header.writeUInt32LE(this.#openSize, 0);
    this.#add(Buffer.from(piece));
    this.#flushIfEnough();
  }

  /** Sends what waits, now. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#size = 0;
    this.#open = undefined;
    this.#data.write(batch.length === 1 ? (batch[0] as Uint8Array) : Buffer.concat(batch));
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
    this.#size += bytes.length;
    if (this.#batch.push(bytes) === 1) setImmediate(() => this.flush());
  }

  #flushIfEnough(): void {
    if (this.#size >= ENOUGH) this.flush();
  }
}
