/** What the applications have in common. */
import { connect } from 'node:net';
import type { Application, Chunk, Environ, Header, StartResponse, Write } from 'stillhouse';

export type Apps = Record<string, Application>;
export type Chunks = Iterable<Chunk> | AsyncIterable<Chunk>;

export const TEXT: Header = ['Content-Type', 'text/plain'];
const GATE_MS = 60_000;
const records = new Map<string, string[]>();

/** Records a line under the run of a request. */
export function record(environ: Environ, what: string): void {
  const run = environ.HTTP_X_RUN as string;
  records.set(run, [...(records.get(run) ?? []), what]);
}

export const report: Application = (environ, startResponse) => {
  const body = JSON.stringify(records.get(environ.HTTP_X_RUN as string) ?? []);
  startResponse('200 OK', [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(Buffer.byteLength(body))],
  ]);
  return [body];
};

export function plain(startResponse: StartResponse, status = '200 OK', ...headers: Header[]): Write {
  return startResponse(status, [TEXT, ...headers]);
}

export function sized(startResponse: StartResponse, length: number, status = '200 OK'): Write {
  return plain(startResponse, status, ['Content-Length', String(length)]);
}

/** Resolves once the case lets it: the gate is a TCP server of the driver's, and it closes. */
export async function waitAtGate(environ: Environ): Promise<void> {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(environ.HTTP_X_GATE as string) ?? [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gate = connect({ host, port: Number(port), timeout: GATE_MS });
  gate.resume();
  gate.once('error', reject).once('close', () => resolve());
  await promise;
}

/** What an application throws where its case says so. */
export class Broken extends Error {}

/** Calls startResponse as an error handler does. */
export function fail(startResponse: StartResponse, status = '500 Replaced', ...headers: Header[]): Write {
  return startResponse(status, [TEXT, ['X-Replaced', 'yes'], ...headers], new Broken('trapped by the application'));
}

/** An iterable whose close() is recorded. */
export class Body implements AsyncIterable<Chunk> {
  protected readonly environ: Environ;
  readonly #chunks: Chunks;

  constructor(environ: Environ, chunks: Chunks) {
    this.environ = environ;
    this.#chunks = chunks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void, undefined> {
    yield* this.#chunks;
  }

  close(): void | Promise<void> {
    record(this.environ, 'close');
  }
}

/** A chunk that is none. */
export const WRONG_CHUNK = 7 as unknown as Chunk;

export const BYTES: Uint8Array = Uint8Array.from({ length: 256 }, (_, value) => value);
