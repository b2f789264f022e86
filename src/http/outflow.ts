import type { Socket } from 'node:net';
import { Loan } from '../wsgi/loan.ts';
import type { Limits } from './limits.ts';
import { SendWatch } from './send-watch.ts';

/** Bytes of a response after which others have their turn. */
const BURST = 1 << 20;
/** Pieces of at least so many bytes wait for those that come with them, and leave in one write. */
const LARGE = 16_384;

/** The sending side of a client's socket: what is written, when there is room for more, and whether the client takes any of it. */
export class Outflow {
  readonly #socket: Socket;
  readonly #limits: Limits;
  /** Resolved when the socket has taken what was sent. */
  #drained: PromiseWithResolvers<void> | undefined;
  /** Only while something waits for the client. */
  #watch: SendWatch | undefined;
  /** Bytes sent since the event loop was last let go on. */
  #burst = 0;
  #corked = false;

  constructor(socket: Socket, limits: Limits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  /** @returns a promise where more is to wait, for a slow client or for its turn */
  send(bytes: Uint8Array | string): void | Promise<void> {
    this.#put(bytes);
    return this.#room();
  }

  /** Sends several in one write. */
  sendAll(parts: readonly (Uint8Array | string)[]): void | Promise<void> {
    this.#socket.cork();
    for (const part of parts) this.#put(part);
    this.#socket.uncork();
    return this.#room();
  }

  /** A request begins: the event loop has just gone on. */
  begin(): void {
    this.#burst = 0;
  }

  /** The socket has drained, or has closed. */
  settle(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** Called once a second or more often, with the time of the clock: cuts a client that takes nothing. */
  check(now: number): void {
    if (this.#socket.writableLength === 0) {
      this.#watch = undefined;
      return;
    }
    this.#watch ??= new SendWatch(this.#socket, this.#limits.writeTime);
    this.#watch.check(now);
  }

  #put(bytes: Uint8Array | string): void {
    this.#burst += bytes.length;
    if (this.#socket.destroyed) return;
    if (typeof bytes === 'string') this.#socket.write(bytes, 'latin1');
    else if (bytes.length < LARGE) this.#write(bytes);
    else this.#putLarge(bytes);
  }

  #putLarge(bytes: Uint8Array): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    this.#write(bytes);
    if (this.#socket.writableLength > this.#limits.responseBuffer) this.#uncork();
  }

  #write(bytes: Uint8Array): void {
    const loan = Loan.of(bytes);
    if (loan === undefined) this.#socket.write(bytes);
    else this.#socket.write(bytes, () => loan.giveBack(bytes.length));
  }

  readonly #uncork = (): void => {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  };

  #room(): void | Promise<void> {
    // A body that never waits leaves the event loop no turn, not even for the news that its client is gone.
    if (this.#burst > BURST) {
      this.#burst = 0;
      return nextTurn();
    }
    // A buffer below the socket's own mark would wait for a `drain` that never comes.
    if (!this.#socket.writableNeedDrain || this.#socket.writableLength <= this.#limits.responseBuffer) return;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
