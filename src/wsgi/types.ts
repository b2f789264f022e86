/**
 * The interface of PEP 3333 in TypeScript. Everything between the socket and the user's code is an `Application`.
 */
import type { Input } from './input.ts';

/** A piece of a response body. A string is encoded as UTF-8. */
export type Chunk = Uint8Array | string;

/** A response header, `[name, value]`: the name a token, the value latin-1 without CR, LF and NUL. */
export type Header = [name: string, value: string];

/**
 * What an application returns: its chunks, and an optional `close()` that the server calls exactly once, however the
 * response ends. A body that is itself a string or a byte array is refused: return `[body]`.
 */
export type Body = (Iterable<Chunk> | AsyncIterable<Chunk>) & { close?(): void | Promise<void> };

/** Sends a chunk ahead of the iterable; resolves when there is room for more (PEP 3333, "The write() Callable"). */
export type Write = (chunk: Chunk) => Promise<void>;

/**
 * Stores the head of the response, which is sent with the first non-empty chunk. May be called again only with `error`,
 * which replaces the head where it was not sent yet, and is thrown where it was.
 */
export type StartResponse = (status: string, headers: Header[], error?: unknown) => Write;

/** A WSGI application. */
export type Application = (environ: Environ, startResponse: StartResponse) => Body | Promise<Body>;

/** Wraps an application; folded once, when the server is made. */
export type Middleware = (app: Application) => Application;

/** Where the application's own complaints go: `wsgi.errors`. */
export interface ErrorStream {
  write(text: string): void;
  writelines(lines: Iterable<string>): void;
  flush(): void;
}

/** Something to stream: `read(size)` gives up to `size` bytes, none at the end. Node's `FileHandle` will do as well. */
export interface FileLike {
  read(size: number): Uint8Array | string | Promise<Uint8Array | string>;
  close?(): void | Promise<void>;
}

/**
 * The request: the CGI variables and `HTTP_*` as strings whose characters are bytes (latin-1, PEP 3333 "Unicode Issues"), and the
 * `wsgi.*` objects. A key that has no value is absent.
 */
export interface Environ {
  REQUEST_METHOD: string;
  SCRIPT_NAME: string;
  PATH_INFO: string;
  QUERY_STRING: string;
  SERVER_NAME: string;
  SERVER_PORT: string;
  SERVER_PROTOCOL: string;
  REMOTE_ADDR?: string;
  REMOTE_PORT?: string;
  CONTENT_TYPE?: string;
  CONTENT_LENGTH?: string;
  /** The request target as it came, before any decoding. */
  RAW_URI: string;
  'wsgi.version': readonly [1, 0];
  'wsgi.url_scheme': 'http' | 'https';
  'wsgi.input': Input;
  'wsgi.errors': ErrorStream;
  /** True when one process may run several requests at a time. */
  'wsgi.multithread': boolean;
  /** True when other processes run the same application. */
  'wsgi.multiprocess': boolean;
  'wsgi.run_once': boolean;
  /** `wsgi.input` ends where the body ends, whatever CONTENT_LENGTH says. */
  'wsgi.input_terminated': true;
  'wsgi.file_wrapper': (file: FileLike, blockSize?: number) => Body;
  /** True once the client has closed its side of the connection. */
  'stillhouse.client_gone': () => boolean;
  /**
   * In a worker: aborted once nobody waits for the response any more, with the reason, a ClientGone or a RequestTimeout. For `fetch` and all else that takes an
   * AbortSignal.
   */
  readonly 'stillhouse.signal'?: AbortSignal;
  [key: string]: unknown;
}

/** The head of a response, checked. `length` is its Content-Length, or undefined. */
export interface Head {
  readonly status: string;
  readonly code: number;
  readonly headers: readonly Header[];
  readonly length: number | undefined;
}

/** Where the bytes of one response go. The HTTP connection is one, the link of a worker another. */
export interface Sink {
  /**
   * The head with the first bytes. `complete`: nothing follows, and `end()` is not called. `last`: nothing of the application runs after it,
   * not even a `close()`.
   */
  start(head: Head, body: Uint8Array, complete: boolean, last: boolean): void | Promise<void>;
  /** More of the body, never empty; the promise resolves when there is room for more. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** The body is complete. */
  end(): void;
  /** The response failed: an error page where nothing was sent yet, a cut connection where something was. */
  fail(error: unknown): void;
}

/** Told what an application did wrong without failing its response. */
export type Report = (problem: Error & { code?: string; cure?: string }) => void;
