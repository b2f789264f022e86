import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';

/** Memory of the caller's that a socket is read into (`onread` of net.Socket). */
export interface Reading {
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** So many bytes of it have come. */
  readonly callback: (size: number) => boolean;
}

/** What all sockets are read into, one at a time. */
const SHARED = Buffer.allocUnsafeSlow(65_536);

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

/**
 * Reads a client's socket into memory that all share, so that a small request makes none: 1 µs of each.
 * @param take what it is given is there until it returns
 * @returns the socket to go on with
 */
export function readShared(socket: Socket, take: (bytes: Buffer) => void): Socket {
  const callback = (size: number): boolean => {
    take(SHARED.subarray(0, size));
    return true;
  };
  const made = readInto(socket, { buffer: SHARED, callback });
  if (made === undefined) socket.on('data', take);
  return (made ?? socket).resume();
}
