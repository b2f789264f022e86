import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { ClientSocket, SocketOwner } from './client-socket.ts';
import {
  type Address,
  EOF,
  isStreamHandle,
  isWriteKept,
  newShutdownRequest,
  newWriteRequest,
  readResult,
  type StreamHandle,
  type WriteRequest,
} from './stream-handle.ts';

interface Piece {
  readonly chunk: Uint8Array | string;
  readonly done: (() => void) | undefined;
}

/** The socket of a handle, or of the request of a write. */
const SOCKET: unique symbol = Symbol('stillhouse.socket');

interface OwnHandle extends StreamHandle {
  [SOCKET]?: HandleSocket;
}

interface OwnRequest extends WriteRequest {
  [SOCKET]?: HandleSocket;
  /** libuv reads from the memory of these until it is done. */
  pieces?: readonly Piece[];
}

/** Every socket is read into it: the owner is done with the bytes when `received()` returns. A buffer for each read cost 1 µs. */
const SHARED = Buffer.allocUnsafeSlow(65_536);
/** A request that libuv did not keep, for the next write: the kernel takes nearly all of them immediately. */
let spare: OwnRequest | undefined;

/** The sending side: `end()` moves it from `open` to `ending`, the last byte that the kernel takes from `ending` to `ended`. */
type Output = 'open' | 'ending' | 'ended';

/**
 * A client's socket on libuv's handle itself. The streams that Node puts over it took half of the CPU of a new connection and a third of that of a small
 * answer (DECISIONS.md), and a server that pushes what it reads uses nothing of them. The handle is not documented: `of` and `from` say whether it is there.
 *
 * The socket is destroyed when both sides have ended, when reading or writing fails, or by its owner.
 */
export class HandleSocket implements ClientSocket {
  readonly #handle: OwnHandle;
  #owner: SocketOwner | undefined;
  #isPaused = false;
  #inputEnded = false;
  #output: Output = 'open';
  #closesWhenEnded = false;
  #isDestroyed = false;
  #corks = 0;
  /** Written while corked, or behind the write that is in flight. */
  #waiting: Piece[] | undefined;
  #waitingBytes = 0;
  #inFlightBytes = 0;
  #takenBytes = 0;
  #peer: Address | undefined;
  #own: Address | undefined;

  private constructor(handle: OwnHandle) {
    this.#handle = handle;
  }

  /** @param handle of a connection that was just accepted */
  static of(handle: unknown): HandleSocket | undefined {
    return isStreamHandle(handle) ? new HandleSocket(handle) : undefined;
  }

  /** Takes the handle out of a socket that was accepted with `pauseOnConnect`. */
  static from(socket: Socket): HandleSocket | undefined {
    const bare = socket as unknown as { _handle?: unknown };
    const { _handle: handle } = bare;
    if (!isStreamHandle(handle)) return undefined;
    bare._handle = null;
    // Its server counts connections.
    socket.destroy();
    return new HandleSocket(handle);
  }

  get localAddress(): string | undefined {
    return this.#ownAddress().address;
  }

  get localPort(): number | undefined {
    return this.#ownAddress().port;
  }

  get remoteAddress(): string | undefined {
    return this.#peerAddress().address;
  }

  get remotePort(): number | undefined {
    return this.#peerAddress().port;
  }

  get remoteFamily(): string | undefined {
    return this.#peerAddress().family;
  }

  get fd(): number | undefined {
    return this.#isDestroyed ? undefined : this.#handle.fd;
  }

  get takenBytes(): number {
    return this.#isDestroyed ? this.#takenBytes : this.#handle.bytesWritten - this.#handle.writeQueueSize;
  }

  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  get writableLength(): number {
    return this.#inFlightBytes + this.#waitingBytes;
  }

  get writableNeedDrain(): boolean {
    return this.#inFlightBytes > 0;
  }

  start(owner: SocketOwner): void {
    const handle = this.#handle;
    this.#owner = owner;
    handle[SOCKET] = this;
    handle.onread = onRead;
    handle.useUserBuffer(SHARED);
    if (handle.readStart() !== 0) this.destroy();
  }

  pause(): void {
    if (this.#isPaused || this.#isDestroyed) return;
    this.#isPaused = true;
    this.#handle.readStop();
  }

  resume(): void {
    if (!this.#isPaused || this.#isDestroyed) return;
    this.#isPaused = false;
    if (this.#handle.readStart() !== 0) this.destroy();
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  write(chunk: Uint8Array | string, how?: 'latin1' | (() => void)): void {
    const done = typeof how === 'function' ? how : undefined;
    if (this.#output !== 'open' || this.#isDestroyed) {
      done?.();
    } else if (this.#corks > 0 || this.#inFlightBytes > 0) {
      this.#waiting ??= [];
      this.#waiting.push({ chunk, done });
      this.#waitingBytes += chunk.length;
    } else {
      this.#send(chunk, done);
    }
  }

  cork(): void {
    this.#corks++;
  }

  uncork(): void {
    if (this.#corks > 0 && --this.#corks === 0) this.#flush();
  }

  end(): void {
    if (this.#output !== 'open' || this.#isDestroyed) return;
    this.#output = 'ending';
    this.#corks = 0;
    this.#flush();
    this.#endIfSent();
  }

  destroySoon(): void {
    this.#closesWhenEnded = true;
    if (this.#output === 'ended') this.destroy();
    else this.end();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#leave();
    this.#handle.close();
  }

  resetAndDestroy(): void {
    if (this.#isDestroyed) return;
    this.#leave();
    // Refused while a shutdown is pending; a pipe has none.
    if (this.#handle.reset?.() !== 0) this.#handle.close();
  }

  /** Called by the handle. @param size bytes in `SHARED`, 0, or a negative errno */
  read(size: number): void {
    const owner = this.#owner as SocketOwner;
    if (this.#isDestroyed || size === 0) return;
    if (size > 0) return owner.received(SHARED.subarray(0, size));
    if (size !== EOF) return this.destroy();
    this.#inputEnded = true;
    if (this.#output === 'ended') this.destroy();
    else owner.inputEnded();
  }

  /** Called by the handle when the write in flight has ended. @param status 0 or a negative errno */
  sent(status: number): void {
    if (this.#isDestroyed) return;
    this.#inFlightBytes = 0;
    if (status < 0) return this.destroy();
    if (this.#corks === 0) this.#flush();
    if (this.writableLength > 0 || this.#isDestroyed) return;
    if (this.#output === 'open') (this.#owner as SocketOwner).drained();
    else this.#endIfSent();
  }

  #flush(): void {
    const pieces = this.#waiting;
    if (pieces === undefined || this.#inFlightBytes > 0 || this.#isDestroyed) return;
    const size = this.#waitingBytes;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    const [only, ...more] = pieces;
    if (only !== undefined && more.length === 0) this.#send(only.chunk, only.done);
    else this.#sendAll(pieces, size);
  }

  #send(chunk: Uint8Array | string, done: (() => void) | undefined): void {
    const request = takeRequest();
    const error =
      typeof chunk === 'string'
        ? this.#handle.writeLatin1String(request, chunk)
        : this.#handle.writeBuffer(request, chunk);
    if (error === 0 && !isWriteKept()) {
      spare = request;
      done?.();
    } else this.#await(request, error, [{ chunk, done }], chunk.length);
  }

  #sendAll(pieces: readonly Piece[], size: number): void {
    const request = takeRequest();
    const allBuffers = pieces.every(({ chunk }) => typeof chunk !== 'string');
    const chunks = allBuffers
      ? pieces.map(({ chunk }) => chunk)
      : pieces.flatMap(({ chunk }) => [chunk, typeof chunk === 'string' ? 'latin1' : 'buffer']);
    const error = this.#handle.writev(request, chunks, allBuffers);
    if (error === 0 && !isWriteKept()) {
      spare = request;
      release(pieces);
    } else this.#await(request, error, pieces, size);
  }

  #await(request: OwnRequest, error: number, pieces: readonly Piece[], size: number): void {
    if (error !== 0) {
      release(pieces);
      return this.destroy();
    }
    request[SOCKET] = this;
    request.oncomplete = onWritten;
    request.pieces = pieces;
    this.#inFlightBytes = size;
  }

  #endIfSent(): void {
    if (this.#output !== 'ending' || this.writableLength > 0 || this.#isDestroyed) return;
    this.#output = 'ended';
    // With nothing left to read, close(2) sends the same FIN as shutdown(2).
    if (this.#closesWhenEnded || this.#inputEnded) return this.destroy();
    if (this.#handle.shutdown(newShutdownRequest()) < 0) return this.destroy();
    (this.#owner as SocketOwner).outputEnded();
  }

  #leave(): void {
    this.#takenBytes = this.takenBytes;
    this.#isDestroyed = true;
    this.#handle.onread = ignore;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    if (waiting !== undefined) release(waiting);
    if (this.#owner !== undefined) process.nextTick(tellClosed, this.#owner);
  }

  #ownAddress(): Address {
    this.#own ??= addressBy((out) => this.#handle.getsockname?.(out));
    return this.#own;
  }

  #peerAddress(): Address {
    this.#peer ??= addressBy((out) => this.#handle.getpeername?.(out));
    return this.#peer;
  }
}

function addressBy(ask: (out: Address) => void): Address {
  const out: Address = {};
  ask(out);
  return out;
}

function takeRequest(): OwnRequest {
  const request = spare ?? newWriteRequest();
  spare = undefined;
  return request;
}

function release(pieces: readonly Piece[]): void {
  for (const { done } of pieces) done?.();
}

function onRead(this: OwnHandle): void {
  this[SOCKET]?.read(readResult());
}

function onWritten(this: OwnRequest, status: number): void {
  release(this.pieces ?? []);
  this[SOCKET]?.sent(status);
}

function tellClosed(owner: SocketOwner): void {
  owner.closed();
}

function ignore(): void {}
