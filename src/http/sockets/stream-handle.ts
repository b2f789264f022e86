/**
 * libuv's handle of a stream as Node wraps it. It is not documented, so nothing of it is used before `isStreamHandle` has
 * found it whole.
 */

/** A TCP stream, or a pipe, which has no addresses and no reset. Methods return 0 or a negative errno. */
export interface StreamHandle {
  onread: () => void;
  readonly fd: number;
  readonly bytesWritten: number;
  /** Bytes given to libuv that it has not given to the kernel yet. */
  readonly writeQueueSize: number;
  /** Reads into this memory, in place of a new buffer for each read. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  writeLatin1String(request: WriteRequest, text: string): number;
  /** @param chunks buffers alone, or else each followed by its encoding */
  writev(request: WriteRequest, chunks: readonly unknown[], allBuffers: boolean): number;
  shutdown(request: object): number;
  close(): void;
  reset?(): number;
  getsockname?(out: Address): number;
  getpeername?(out: Address): number;
}

export interface Address {
  address?: string;
  port?: number;
  family?: string;
}

/** libuv's request of one write. */
export interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void;
}

/** Node's state for all handles: `streamBaseState` holds the outcome of the last read or write. */
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly ShutdownWrap: new () => object;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

/** The result of a read at the end of the stream (UV_EOF). */
export const EOF = -4095;
const METHODS = [
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeBuffer',
  'writeLatin1String',
  'writev',
  'shutdown',
  'close',
] as const;

const binding = findBinding();
/** The prototypes that have all of them: TCP, pipes. */
const complete = new WeakSet<object>();

export function isStreamHandle(handle: unknown): handle is StreamHandle {
  if (binding === undefined || typeof handle !== 'object' || handle === null) return false;
  const prototype = Object.getPrototypeOf(handle) as object;
  if (complete.has(prototype)) return true;
  if (!METHODS.every((name) => typeof (handle as Record<string, unknown>)[name] === 'function')) return false;
  complete.add(prototype);
  return true;
}

/** The bytes that were just read, or a negative errno; within `onread`. */
export function readResult(): number {
  const { streamBaseState, kReadBytesOrError } = binding as StreamBinding;
  return streamBaseState[kReadBytesOrError] as number;
}

/** True where libuv keeps the request of the write that was just begun: the kernel has not taken all of it. */
export function isWriteKept(): boolean {
  const { streamBaseState, kLastWriteWasAsync } = binding as StreamBinding;
  return streamBaseState[kLastWriteWasAsync] !== 0;
}

export function newWriteRequest(): WriteRequest {
  return new (binding as StreamBinding).WriteWrap();
}

export function newShutdownRequest(): object {
  return new (binding as StreamBinding).ShutdownWrap();
}

/** Its use is deprecated by documentation alone (DEP0111), and nothing else tells how many bytes were read. */
function findBinding(): StreamBinding | undefined {
  try {
    const found = (process as unknown as { binding(name: string): Partial<StreamBinding> }).binding('stream_wrap');
    const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = found;
    if (WriteWrap === undefined || ShutdownWrap === undefined || streamBaseState === undefined) return undefined;
    if (kReadBytesOrError === undefined || kLastWriteWasAsync === undefined) return undefined;
    return { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync };
  } catch {
    // Node's permission model forbids it.
    return undefined;
  }
}
