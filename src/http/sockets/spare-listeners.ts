import type { Server } from 'node:net';
import type { ClientSocket } from './client-socket.ts';
import { createListener, pauseListener, resumeListener } from './listener.ts';

const CHECK_MS = 100;
/** Connections within `CHECK_MS` from which on the spare listeners accept. */
const BUSY_CONNECTIONS = 40;
/** They accept for as long as one connection in this many is theirs: looking in vain costs a system call and more. */
const LEAST_SHARE = 4;
/** Checks for which they then rest. */
const REST_CHECKS = 10;

/**
 * Further listeners on the socket of a first one, for the times when many connections come. libuv accepts one connection per listener in a turn of the event
 * loop. With a single listener a turn carries the work of one new connection, and a worker is written to and woken for each request; with eight, a request on
 * a connection of its own takes two thirds of the CPU (DECISIONS.md). While connections come one by one, the spare listeners are paused: each would only look
 * for the connection that the first has accepted.
 */
export class SpareListeners {
  readonly #listeners = new Set<Server>();
  /** Connections since the last check. */
  #all = 0;
  /** Those of them that a spare listener accepted. */
  #own = 0;
  #isAccepting = false;
  #restChecks = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param fds further descriptors of the socket */
  constructor(fds: readonly number[], take: (socket: ClientSocket) => void) {
    for (const fd of fds) {
      const listener = createListener((socket) => {
        this.#own++;
        this.count();
        take(socket);
      });
      this.#listeners.add(listener);
      // The first listener reports what is wrong with the socket.
      listener.on('error', () => this.#drop(listener));
      listener.listen({ fd }, () => {
        if (!resumeListener(listener) || !pauseListener(listener)) this.#drop(listener);
      });
    }
  }

  /** To be called for each connection that the first listener accepts. */
  count(): void {
    this.#all++;
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const listener of this.#listeners) this.#drop(listener);
  }

  #drop(listener: Server): void {
    this.#listeners.delete(listener);
    listener.close();
  }

  #check(): void {
    const all = this.#all;
    const own = this.#own;
    this.#all = 0;
    this.#own = 0;
    if (this.#isAccepting) this.#pauseUnlessUseful(all, own);
    else if (this.#restChecks > 0) this.#restChecks--;
    else if (all >= BUSY_CONNECTIONS) this.#resume();
    if (all > 0 || this.#isAccepting) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #pauseUnlessUseful(all: number, own: number): void {
    const isBusy = all >= BUSY_CONNECTIONS;
    if (isBusy && own * LEAST_SHARE >= all) return;
    this.#isAccepting = false;
    for (const listener of this.#listeners) pauseListener(listener);
    // The same load would find them useless again.
    if (isBusy) this.#restChecks = REST_CHECKS;
  }

  #resume(): void {
    this.#isAccepting = true;
    for (const listener of this.#listeners) resumeListener(listener);
  }
}
