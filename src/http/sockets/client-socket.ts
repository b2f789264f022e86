import type { Buffer } from 'node:buffer';

/** The events of a client's socket, for the connection on it. */
export interface SocketOwner {
  /** @param bytes in memory that the socket reuses once this returns */
  received(bytes: Buffer): void;
  /** The client has half-closed (FIN): no more bytes will come. */
  inputEnded(): void;
  /** The kernel has taken every byte, after some of them had to wait. */
  drained(): void;
  /** The kernel has taken every byte that was written before `end()`. */
  outputEnded(): void;
  /** The last call. Never made from within a method of the socket. */
  closed(): void;
}

/**
 * A client's connection. Received bytes are pushed to the owner; written bytes wait here until the kernel takes them.
 * Each side can be half-closed, and the socket closes once both are. There are two: `HandleSocket`, and `StreamSocket` for a Node without such handles.
 */
export interface ClientSocket {
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  /** For looking the socket up in /proc; undefined where it is unknown. */
  readonly fd: number | undefined;
  /** Bytes that the kernel has taken. */
  readonly takenBytes: number;
  readonly destroyed: boolean;
  /** Bytes of all writes of which the kernel has not taken the whole. */
  readonly writableLength: number;
  /** True while a call of `drained()` is due. */
  readonly writableNeedDrain: boolean;
  /** Starts to read. Bytes that came before are kept. */
  start(owner: SocketOwner): void;
  pause(): void;
  resume(): void;
  isPaused(): boolean;
  /** @param text its characters are bytes */
  write(text: string, encoding: 'latin1'): void;
  /** @param done called once, when the memory of `bytes` may be reused, whether or not they were sent */
  write(bytes: Uint8Array, done?: () => void): void;
  /** Holds writes back until `uncork()` has been called as often; they then leave in one. */
  cork(): void;
  uncork(): void;
  /** Half-closes once the kernel has taken every byte. */
  end(): void;
  /** Closes once the kernel has taken every byte. */
  destroySoon(): void;
  /** Closes immediately. */
  destroy(): void;
  /** Closes immediately with a reset (RST), which no client takes for the end of a body. */
  resetAndDestroy(): void;
}
