/** Both ends of a pushed body: a receiver that remembers, and a body whose chunks are given by hand. */
import { PUSH, PulledBody, type PushedBody, type Receiver } from '../../../src/wsgi/pushed-body.ts';

/** Remembers what it was given, in order: `chunk TEXT`, `last TEXT`, `failed`. */
export class MemoryReceiver implements Receiver {
  readonly events: string[] = [];
  error: unknown;
  /** Called with each chunk, before it is answered. */
  onChunk: (() => void | Promise<void>) | undefined;

  receive(chunk: Uint8Array, last: boolean): void | Promise<void> {
    this.events.push(`${last ? 'last' : 'chunk'} ${Buffer.from(chunk).toString('latin1')}`);
    return this.onChunk?.();
  }

  fail(error: unknown): void {
    this.error = error;
    this.events.push('failed');
  }
}

/** A pushed body; what is given before somebody takes it is a mistake of the test. */
export class HandPushed implements PushedBody {
  closes = 0;
  onClose: (() => void | Promise<void>) | undefined;
  #receiver: Receiver | undefined;

  [PUSH](receiver: Receiver): void {
    if (this.#receiver !== undefined) throw new Error('a pushed body was given to two receivers');
    this.#receiver = receiver;
  }

  [Symbol.asyncIterator](): PulledBody {
    return new PulledBody(this);
  }

  close(): void | Promise<void> {
    this.closes++;
    return this.onClose?.();
  }

  give(text: string, last = false): void | Promise<void> {
    return this.#taken.receive(Buffer.from(text, 'latin1'), last);
  }

  fail(error: unknown): void {
    this.#taken.fail(error);
  }

  get #taken(): Receiver {
    if (this.#receiver === undefined) throw new Error('nobody takes this body yet');
    return this.#receiver;
  }
}
