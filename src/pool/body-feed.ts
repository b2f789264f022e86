import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import { ClientError } from '../errors.ts';
import type { Input } from '../wsgi/input.ts';
import { DATA_SIZE, encodeFrame, FLAG, ProtocolError, TYPE } from './frames.ts';

/** Sends a frame to the worker; a promise where it does not take what it was sent. */
export type SendFrame = (frame: Buffer) => void | Promise<void>;

/**
 * A request's body on its way to a worker while it comes (docs/worker-protocol.md, "Streamed request bodies"): no more than the worker has granted, and nothing
 * is asked of the client before.
 */
export class BodyFeed {
  readonly #id: number;
  readonly #input: Input;
  readonly #window: number;
  readonly #send: SendFrame;
  #credit = 0;
  /** What came and was not granted. */
  #rest: Uint8Array | undefined;
  #running = false;
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  /** Since when the client is waited for; 0: it is not. */
  #asked = 0;
  #waited = 0;

  /** @param window bytes that the worker may have asked for at a time */
  constructor(id: number, input: Input, window: number, send: SendFrame) {
    this.#id = id;
    this.#input = input;
    this.#window = window;
    this.#send = send;
  }

  /** Why the client's body broke off, where it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** How long the client was waited for until now, in milliseconds. */
  get waited(): number {
    return this.#waited + (this.#asked === 0 ? 0 : performance.now() - this.#asked);
  }

  /**
   * The worker takes so many bytes more.
   * @throws ProtocolError where it asks for more than its window
   */
  grant(size: number): void {
    this.#credit += size;
    if (this.#credit > this.#window) throw new ProtocolError('more of a request body asked for than the window holds');
    if (!this.#running && !this.#over) void this.#run();
  }

  /** The rest is not sent, and the worker is told why: its application may wait for it. */
  stop(reason: string): void {
    if (this.#over) return;
    this.forget();
    void this.#send(encodeFrame(TYPE.ABORT, this.#id, { body: Buffer.from(reason, 'utf8') }));
  }

  /** The worker wants no more of it. */
  forget(): void {
    this.#over = true;
    this.#rest = undefined;
    this.#arrived();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#credit > 0 && !this.#over) {
        const piece = this.#rest ?? (await this.#next());
        if (this.#over) return;
        await this.#pass(piece);
      }
    } catch (error) {
      if (this.#over) return;
      this.#failure = { error };
      this.stop(reasonOf(error));
    } finally {
      this.#running = false;
    }
  }

  #pass(piece: Uint8Array | undefined): void | Promise<void> {
    if (piece === undefined) {
      this.forget();
      return this.#send(encodeFrame(TYPE.DATA, this.#id, { flags: FLAG.END }));
    }
    const size = Math.min(piece.length, this.#credit, DATA_SIZE);
    this.#rest = size < piece.length ? piece.subarray(size) : undefined;
    this.#credit -= size;
    return this.#send(encodeFrame(TYPE.DATA, this.#id, { body: piece.subarray(0, size) }));
  }

  async #next(): Promise<Uint8Array | undefined> {
    this.#asked = performance.now();
    try {
      return await this.#input.piece();
    } finally {
      this.#arrived();
    }
  }

  #arrived(): void {
    this.#waited = this.waited;
    this.#asked = 0;
  }
}

/** A code of the table of errors where the client's request is at fault, and what it means. */
function reasonOf(error: unknown): string {
  if (error instanceof ClientError) return `${error.code}: ${error.message}`;
  return `CLIENT_GONE: ${error instanceof Error ? error.message : String(error)}`;
}
