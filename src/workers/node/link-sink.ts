import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import { checkHead, DATA_SIZE, encodeFrame, FLAG, TYPE } from '../../pool/frames.ts';
import type { Head, Sink } from '../../wsgi/types.ts';
import type { Outbox } from './outbox.ts';

const EMPTY = new Uint8Array(0);
/** Milliseconds; the front sends requests ahead of time to a worker whose requests are all as quick as that. */
const QUICK_MS = 1;

/** One response on its way to the front, within the credit that the front has given. */
export class LinkSink implements Sink {
  readonly #data: Pick<Outbox, 'write' | 'writeData'>;
  readonly #id: number;
  readonly #failed: (error: unknown) => string;
  readonly #began = performance.now();
  #credit: number;
  #free = false;
  #cancelled = false;
  #creditCame: PromiseWithResolvers<void> | undefined;
  /** Pieces leave in the order in which they were written, also where the application did not wait. */
  #queue: Promise<void> | undefined;

  /**
   * @param window body bytes that may be sent before the first credit
   * @param failed tells of an error; what it returns is for the client to see
   */
  constructor(
    data: Pick<Outbox, 'write' | 'writeData'>,
    id: number,
    window: number,
    failed: (error: unknown) => string,
  ) {
    this.#data = data;
    this.#id = id;
    this.#credit = window;
    this.#failed = failed;
  }

  start(head: Head, body: Uint8Array, complete: boolean, last: boolean): void | Promise<void> {
    const fits = body.length <= Math.min(this.#credit, DATA_SIZE);
    const first = fits ? body : EMPTY;
    const flags = (complete && fits ? FLAG.END : 0) | (last && fits ? FLAG.FREE | this.#pace : 0);
    this.#free = last && fits;
    this.#credit -= first.length;
    let text = `${head.status}\0`;
    for (const [name, value] of head.headers) text += `${name}\0${value}\0`;
    checkHead(text, 1 + 2 * head.headers.length);
    this.#data.write(
      encodeFrame(TYPE.RESPONSE, this.#id, { flags, count: head.headers.length, head: text, body: first }),
    );
    if (fits) return;
    const room = this.write(body);
    if (complete) this.end();
    return room;
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#queue === undefined && chunk.length <= Math.min(this.#credit, DATA_SIZE)) return this.#send(chunk);
    return this.#enqueue(() => this.#sendPieces(chunk));
  }

  end(): void {
    void this.#enqueue(async () => {
      if (!this.#cancelled) this.#data.write(encodeFrame(TYPE.DATA, this.#id, { flags: FLAG.END }));
    });
  }

  fail(error: unknown): void {
    const body = Buffer.from(this.#failed(error), 'utf8').subarray(0, DATA_SIZE);
    void this.#enqueue(async () => void this.#data.write(encodeFrame(TYPE.ABORT, this.#id, { body })));
  }

  /** More body bytes may be sent. */
  grant(size: number): void {
    this.#credit += size;
    this.#creditCame?.resolve();
  }

  /** Nobody waits for the response: what waits for credit is dropped. */
  cancel(): void {
    this.#cancelled = true;
    this.#creditCame?.resolve();
  }

  /** The application has ended, its `close()` too. */
  free(): void | Promise<void> {
    if (this.#queue !== undefined) return this.#queue.then(() => this.#done());
    this.#done();
  }

  #done(): void {
    if (!this.#free) this.#data.write(encodeFrame(TYPE.DONE, this.#id, { flags: this.#pace }));
  }

  /** The flag of a frame that frees the slot: whether the request has held it for long. */
  get #pace(): number {
    return performance.now() - this.#began > QUICK_MS ? FLAG.SLOW : 0;
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const queue = this.#queue === undefined ? task() : this.#queue.then(task);
    this.#queue = queue;
    return queue;
  }

  async #sendPieces(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && !this.#cancelled; ) {
      if (this.#credit === 0) {
        this.#creditCame = Promise.withResolvers();
        await this.#creditCame.promise;
        continue;
      }
      const size = Math.min(this.#credit, DATA_SIZE, chunk.length - at);
      this.#send(chunk.subarray(at, at + size));
      at += size;
    }
  }

  #send(piece: Uint8Array): void {
    this.#credit -= piece.length;
    this.#data.writeData(this.#id, piece);
  }
}
