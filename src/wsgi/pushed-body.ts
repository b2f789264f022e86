import { joinChunks } from './chunk.ts';
import type { Body } from './types.ts';

/** Under this key a body takes the one that its chunks go to. */
export const PUSH: unique symbol = Symbol('stillhouse.push');

/** Who takes a pushed body. */
export interface Receiver {
  /**
   * The next chunk, empty only where it is the last. A promise: nothing more may be given until it resolves; it never rejects.
   * @param last nothing follows
   */
  receive(chunk: Uint8Array, last: boolean): void | Promise<void>;
  /** Nothing follows: the body failed. */
  fail(error: unknown): void;
}

/**
 * A body that gives its chunks as they come, to a receiver that is named once, instead of being asked for each: what a remote pool has. It costs no promise
 * for each chunk. Whoever does not know of it iterates. `close()` before the last chunk ends it, and the receiver hears nothing more.
 */
export interface PushedBody extends AsyncIterable<Uint8Array> {
  [PUSH](receiver: Receiver): void;
  close(): void | Promise<void>;
}

/** Whether a body can be pushed. */
export function isPushed(body: Body): body is PushedBody {
  return PUSH in body;
}

/** A pushed body as it is iterated. What has come while nobody asked leaves in one piece. */
export class PulledBody implements AsyncIterableIterator<Uint8Array>, Receiver {
  readonly #body: PushedBody;
  #chunks: Uint8Array[] = [];
  #done = false;
  #failure: { readonly error: unknown } | undefined;
  #asked: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(body: PushedBody) {
    this.#body = body;
    body[PUSH](this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#chunks.length > 0) {
      const value = joinChunks(this.#chunks);
      this.#chunks = [];
      this.#room?.resolve();
      this.#room = undefined;
      return Promise.resolve({ done: false, value });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#done) return Promise.resolve({ done: true, value: undefined });
    this.#asked = Promise.withResolvers();
    return this.#asked.promise;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#body.close();
    this.#done = true;
    this.#answer({ done: true, value: undefined });
    return { done: true, value: undefined };
  }

  receive(chunk: Uint8Array, last: boolean): void | Promise<void> {
    this.#done = last;
    if (chunk.length === 0) return this.#answer({ done: true, value: undefined });
    if (this.#asked !== undefined) return this.#answer({ done: false, value: chunk });
    this.#chunks.push(chunk);
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#asked?.reject(error);
    this.#asked = undefined;
  }

  #answer(step: IteratorResult<Uint8Array>): void {
    this.#asked?.resolve(step);
    this.#asked = undefined;
  }
}
