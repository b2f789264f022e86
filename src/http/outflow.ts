import { Buffer } from 'node:buffer';
import { Loan } from '../wsgi/loan.ts';
import type { Limits } from './limits.ts';
import { SendWatch } from './send-watch.ts';
import type { ClientSocket } from './sockets/client-socket.ts';

/** Bytes of a response after which others have their turn. */
const BURST = 1 << 20;
/** Pieces of at least so many bytes are written as they are; smaller neighbours are copied into one. */
const LARGE = 16_384;
/** Gathered bytes that leave at once, however much more the turn has. */
const MOST_GATHERED = 262_144;

/**
 * The sending side of a client's socket. Everything that one turn of the event loop has for the client leaves in one write
 * at its end: hundreds of chunks of a stream cost one write (200 chunks of 1 KB: 2,100 µs of CPU became 1,250).
 */
export class Outflow {
  readonly #socket: ClientSocket;
  readonly #limits: Limits;
  /** Resolved when the socket has taken what was sent. */
  #drained: PromiseWithResolvers<void> | undefined;
  /** Only while something waits for the client. */
  #watch: SendWatch | undefined;
  /** Bytes sent since the event loop was last let go on. */
  #burst = 0;
  /** Pieces of this turn, and their bytes. */
  #gathered: (Uint8Array | string)[] = [];
  #size = 0;

  constructor(socket: ClientSocket, limits: Limits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  /**
   * Sends bytes, or a string whose characters are bytes.
   * @returns a promise where more is to wait, for a slow client or for its turn
   */
  send(bytes: Uint8Array | string): void | Promise<void> {
    this.#gather(bytes);
    return this.#room();
  }

  /** The same for several pieces. */
  sendAll(parts: readonly (Uint8Array | string)[]): void | Promise<void> {
    for (const part of parts) this.#gather(part);
    return this.#room();
  }

  /** Writes what was gathered, before the socket is ended or written to by others. */
  readonly flush = (): void => {
    const pieces = this.#gathered;
    if (pieces.length === 0) return;
    this.#gathered = [];
    this.#size = 0;
    const socket = this.#socket;
    if (socket.destroyed) return;
    const [first] = pieces;
    if (pieces.length === 1) return this.#write(first as Uint8Array | string);
    const writes = joinSmall(pieces);
    if (writes.length > 1) socket.cork();
    for (const piece of writes) this.#write(piece);
    if (writes.length > 1) socket.uncork();
  };

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

  #gather(bytes: Uint8Array | string): void {
    this.#burst += bytes.length;
    this.#size += bytes.length;
    if (this.#gathered.push(bytes) === 1) process.nextTick(this.flush);
    if (this.#size > MOST_GATHERED) this.flush();
  }

  #write(bytes: Uint8Array | string): void {
    if (typeof bytes === 'string') {
      this.#socket.write(bytes, 'latin1');
      return;
    }
    const loan = Loan.of(bytes);
    if (loan === undefined) this.#socket.write(bytes);
    else this.#socket.write(bytes, () => loan.giveBack(bytes.length));
  }

  #room(): void | Promise<void> {
    // A body that never waits leaves the event loop no turn, not even for the news that its client is gone.
    if (this.#burst > BURST) {
      this.#burst = 0;
      return nextTurn();
    }
    const { responseBuffer } = this.#limits;
    if (this.#socket.writableLength + this.#size <= responseBuffer) return;
    this.flush();
    // A buffer below the socket's own mark would wait for a `drain` that never comes.
    if (!this.#socket.writableNeedDrain || this.#socket.writableLength <= responseBuffer) return;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }
}

/** The same bytes in pieces that are worth a write each. */
function joinSmall(pieces: readonly (Uint8Array | string)[]): (Uint8Array | string)[] {
  const writes: (Uint8Array | string)[] = [];
  let from = 0;
  for (const [at, piece] of pieces.entries()) {
    if (piece.length < LARGE) continue;
    if (at > from) writes.push(join(pieces.slice(from, at)));
    writes.push(piece);
    from = at + 1;
  }
  if (from < pieces.length) writes.push(join(pieces.slice(from)));
  return writes;
}

function join(pieces: readonly (Uint8Array | string)[]): Uint8Array | string {
  if (pieces.length === 1) return pieces[0] as Uint8Array | string;
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('');
  const bytes = Buffer.allocUnsafe(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') bytes.write(piece, at, 'latin1');
    else {
      bytes.set(piece, at);
      Loan.of(piece)?.giveBack(piece.length);
    }
    at += piece.length;
  }
  return bytes;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
