import { Clock } from './clock.ts';
import { Connection } from './connection.ts';
import type { ServerSettings } from './settings.ts';
import type { ClientSocket } from './sockets/client-socket.ts';

/** Each connection is looked at about once a second, a tenth of them at a time, so that thousands do not hold the requests of others. */
const CHECK_MS = 100;
const SLICES = 10;

/** Serves HTTP/1.1 on sockets that it is given; it does not listen. */
export class HttpServer {
  readonly #settings: ServerSettings;
  readonly #clock = new Clock();
  readonly #connections = new Set<Connection>();
  #timer: NodeJS.Timeout | undefined;
  /** Where the look at all connections stands. */
  #round: SetIterator<Connection> | undefined;
  /** Milliseconds; undefined: not draining. */
  #grace: number | undefined;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor(settings: ServerSettings) {
    this.#settings = settings;
  }

  /**
   * Serves a connection from which nothing was read.
   * @param onClosed called when it has closed
   * @param options.once close it after its first response
   */
  serve(socket: ClientSocket, onClosed: () => void = ignore, options: { once?: boolean } = {}): void {
    const connection = new Connection(socket, this.#settings, this.#clock, (closed) => {
      this.#connections.delete(closed);
      if (this.#connections.size === 0) this.#tellEmptied();
      onClosed();
    });
    this.#connections.add(connection);
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS);
    if (this.#grace !== undefined) connection.drain(this.#grace);
    if (options.once) connection.serveOnce();
    socket.start(connection);
  }

  /**
   * Lets running requests end and closes every connection after; resolves when none is left.
   * @param grace milliseconds that a connection gets which was busy or opened so lately that its next request may be on its way
   */
  drain(grace = 0): Promise<void> {
    this.#grace = grace;
    for (const connection of this.#connections) connection.drain(grace);
    if (this.#connections.size === 0) return Promise.resolve();
    this.#emptied ??= Promise.withResolvers();
    return this.#emptied.promise;
  }

  /** Closes every connection now. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #tellEmptied(): void {
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  #check(): void {
    if (this.#connections.size === 0) return this.#stopChecking();
    const now = this.#clock.now();
    for (let left = Math.ceil(this.#connections.size / SLICES); left > 0; left--) {
      this.#round ??= this.#connections.values();
      const { done, value } = this.#round.next();
      if (done === true) {
        this.#round = undefined;
        return;
      }
      value.check(now);
    }
  }

  #stopChecking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#round = undefined;
  }
}

function ignore(): void {}
