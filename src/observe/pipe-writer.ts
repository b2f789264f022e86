import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';

/**
 * Writes to a pipe that does not block, by the event loop: a thread for each write would cost more than making what is written. One batch at a time, so that the
 * pipe takes each whole or not at all (pipe(7), PIPE_BUF).
 */
export class PipeWriter {
  readonly #pipe: Socket;
  readonly #backlog: number;
  readonly #waiting: string[] = [];
  #size = 0;
  #writing = false;
  #emptied: PromiseWithResolvers<boolean> | undefined;

  /** @param backlog bytes that may wait for a slow reader */
  constructor(fd: number, backlog: number) {
    this.#backlog = backlog;
    this.#pipe = new Socket({ fd, readable: false, writable: true }).unref();
    // A reader that went away must not end the server.
    this.#pipe.on('error', () => undefined);
  }

  /** False where the reader is too slow, or gone. */
  write(batch: string): boolean {
    const size = Buffer.byteLength(batch);
    if (this.#pipe.destroyed || this.#size + size > this.#backlog) return false;
    this.#size += size;
    if (this.#writing) this.#waiting.push(batch);
    else this.#send(batch);
    return true;
  }

  /** Whether all is written within so many milliseconds. */
  async end(patience: number): Promise<boolean> {
    if (!this.#writing) return true;
    this.#emptied = Promise.withResolvers();
    const timer = setTimeout(() => this.#emptied?.resolve(false), patience);
    const written = await this.#emptied.promise;
    clearTimeout(timer);
    return written;
  }

  #send(batch: string): void {
    this.#writing = true;
    this.#pipe.write(batch, () => {
      this.#size -= Buffer.byteLength(batch);
      const next = this.#waiting.shift();
      if (next !== undefined && !this.#pipe.destroyed) return this.#send(next);
      this.#writing = false;
      this.#emptied?.resolve(true);
    });
  }
}
