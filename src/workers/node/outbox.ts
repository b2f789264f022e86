import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';

/** A batch of this many bytes leaves at once. */
const ENOUGH = 65536;

/** The sending side of the data link: the frames of one turn of the event loop leave in one write, which wakes the front once. */
export class Outbox {
  readonly #data: Socket;
  #batch: Buffer[] = [];
  #size = 0;

  constructor(data: Socket) {
    this.#data = data;
  }

  write(frame: Buffer): void {
    this.#size += frame.length;
    if (this.#batch.push(frame) === 1) setImmediate(() => this.flush());
    if (this.#size >= ENOUGH) this.flush();
  }

  /** Sends what waits, now: what has ended is to be known before something else begins. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#size = 0;
    this.#data.write(batch.length === 1 ? (batch[0] as Buffer) : Buffer.concat(batch));
  }

  /** Sends what waits, and closes the link. */
  end(closed: () => void): void {
    this.flush();
    this.#data.end(closed);
  }
}
