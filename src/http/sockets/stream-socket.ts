import type { Socket } from 'node:net';
import type { ClientSocket, SocketOwner } from './client-socket.ts';

/** A client's socket on a `net.Socket`, by its documented interface alone. */
export class StreamSocket implements ClientSocket {
  readonly #socket: Socket;

  /** @param socket accepted with `allowHalfOpen` and `pauseOnConnect` */
  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#socket.remoteFamily;
  }

  get fd(): undefined {
    return undefined;
  }

  get takenBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  get writableNeedDrain(): boolean {
    return this.#socket.writableNeedDrain;
  }

  start(owner: SocketOwner): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => owner.received(bytes));
    socket.on('end', () => owner.inputEnded());
    socket.on('drain', () => owner.drained());
    socket.on('finish', () => owner.outputEnded());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => owner.closed());
    socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  isPaused(): boolean {
    return this.#socket.isPaused();
  }

  write(chunk: Uint8Array | string, how?: 'latin1' | (() => void)): void {
    if (typeof chunk === 'string') this.#socket.write(chunk, 'latin1');
    else this.#socket.write(chunk, typeof how === 'function' ? how : undefined);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  end(): void {
    if (!this.#socket.writableEnded) this.#socket.end();
  }

  destroySoon(): void {
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  resetAndDestroy(): void {
    this.#socket.resetAndDestroy();
  }
}
