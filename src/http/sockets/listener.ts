import { createServer, type Server } from 'node:net';
import type { ClientSocket } from './client-socket.ts';
import { HandleSocket } from './handle-socket.ts';
import { StreamSocket } from './stream-socket.ts';

type OnConnection = (this: ListenHandle, error: number, handle: unknown) => void;

/** The undocumented handle of a `net.Server`. Methods return 0 or a negative errno. */
interface ListenHandle {
  onconnection?: OnConnection | null;
  setNoDelay?(on: boolean): number;
  /** Watches the socket again, where it was opened from a descriptor. */
  readStart?(): number;
  readStop?(): number;
}

/**
 * A listener that passes each connection on before anything is read from it. It takes the handles that libuv accepts, so that no `net.Socket` is made of them;
 * on a Node without such handles it takes the sockets of the event `connection`.
 */
export function createListener(take: (socket: ClientSocket) => void): Server {
  const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
  const listener = createServer(options, (socket) => take(HandleSocket.from(socket) ?? new StreamSocket(socket)));
  listener.on('listening', () => takeHandles(listener, take));
  return listener;
}

function takeHandles(listener: Server, take: (socket: ClientSocket) => void): void {
  const listening = handleOf(listener);
  const documented = listening?.onconnection;
  if (listening === undefined || typeof documented !== 'function') return;
  // On Linux an accepted socket inherits the option: one system call less for each connection.
  if (listening.setNoDelay !== undefined && listening.setNoDelay(true) !== 0) return;
  listening.onconnection = function (this: ListenHandle, error, handle) {
    const socket = error === 0 ? HandleSocket.of(handle) : undefined;
    if (socket === undefined) documented.call(this, error, handle);
    else take(socket);
  };
}

/** Leaves new connections to the other listeners of the same socket until `resumeListener()`. @returns false where that is not possible */
export function pauseListener(listener: Server): boolean {
  return handleOf(listener)?.readStop?.() === 0;
}

/** Also to be called once before the first pause. @returns false where that is not possible */
export function resumeListener(listener: Server): boolean {
  return handleOf(listener)?.readStart?.() === 0;
}

function handleOf(listener: Server): ListenHandle | undefined {
  return (listener as unknown as { readonly _handle?: ListenHandle | null })._handle ?? undefined;
}
