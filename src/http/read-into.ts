import { Socket } from 'node:net';

/** Memory of the caller's that a socket is read into (`onread` of net.Socket). */
export interface Reading {
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** So many bytes of it have come. */
  readonly callback: (size: number) => boolean;
}

/**
 * The same connection as a socket that is read into memory of the caller's. Node takes a buffer for `onread` where it makes a socket, but not for one that it has
 * accepted, or that came from another process; so it is made anew of that one's handle, which is not documented. Undefined where there is no such handle.
 */
export function readInto(socket: Socket, reading: Reading): Socket | undefined {
  const bare = socket as unknown as { _handle?: { useUserBuffer?: unknown } | null };
  const { _handle: handle } = bare;
  if (typeof handle?.useUserBuffer !== 'function') return undefined;
  bare._handle = null;
  // Its server counts it no longer.
  socket.destroy();
  const { allowHalfOpen } = socket;
  const options = { handle, allowHalfOpen, readable: true, writable: true, onread: reading };
  return new Socket(options as object);
}
