/** A request without a server, and a sink that remembers. */
import { Call } from '../../../src/wsgi/call.ts';
import { makeEnviron, type Peer, type RequestHead, variablesOf } from '../../../src/wsgi/environ.ts';
import { Input } from '../../../src/wsgi/input.ts';
import type { Application, Environ, Head, Report, Sink } from '../../../src/wsgi/types.ts';

export function requestHead(given: Partial<RequestHead> = {}): RequestHead {
  return {
    method: 'GET',
    target: '/',
    path: '/',
    query: '',
    version: 'HTTP/1.1',
    fields: [],
    variables: variablesOf(given.fields ?? []),
    authority: undefined,
    ...given,
  };
}

export const PEER: Peer = {
  serverName: 'example.org',
  serverPort: '8051',
  scheme: 'http',
  remoteAddress: '192.0.2.1',
  remotePort: '4711',
  gone: () => false,
};

export const SILENT = { write: () => undefined, writelines: () => undefined, flush: () => undefined };

export function environ(given: Partial<RequestHead> = {}, body = '', peer: Partial<Peer> = {}): Environ {
  const flags = { multithread: false, multiprocess: true, errors: SILENT };
  return makeEnviron(requestHead(given), { ...PEER, ...peer }, flags, Input.of(Buffer.from(body, 'latin1')));
}

export type Problem = Parameters<Report>[0];

/** Remembers a response in the order in which it came. */
export class MemorySink implements Sink {
  head: Head | undefined;
  body = '';
  /** How the response ended, if it has. */
  ending: 'complete' | 'ended' | 'failed' | undefined;
  last = false;
  error: unknown;
  readonly events: string[] = [];
  /** Called with each piece, before the sink says that there is room. */
  onPiece: (() => void | Promise<void>) | undefined;

  start(head: Head, body: Uint8Array, complete: boolean, last: boolean): void | Promise<void> {
    this.events.push(`start ${head.code} ${Buffer.from(body).toString()}`);
    if (this.head !== undefined) throw new Error('the head was sent twice');
    this.head = head;
    this.last = last;
    this.body += Buffer.from(body).toString();
    if (complete) this.#finish('complete');
    return this.onPiece?.();
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (chunk.length === 0) throw new Error('an empty piece was written');
    this.events.push(`write ${Buffer.from(chunk).toString()}`);
    this.body += Buffer.from(chunk).toString();
    return this.onPiece?.();
  }

  end(): void {
    this.#finish('ended');
  }

  fail(error: unknown): void {
    this.error = error;
    this.#finish('failed');
  }

  get status(): string | undefined {
    return this.head?.status;
  }

  /** The code of the application's error, where the response failed with one. */
  get code(): string | undefined {
    return (this.error as { code?: string } | undefined)?.code;
  }

  header(name: string): string | undefined {
    return this.head?.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  }

  #finish(ending: NonNullable<MemorySink['ending']>): void {
    if (this.ending !== undefined) throw new Error(`the response is ${this.ending}, and then ${ending}`);
    this.ending = ending;
    this.events.push(ending);
  }
}

export interface Ran {
  readonly sink: MemorySink;
  readonly problems: readonly Problem[];
  readonly call: Call;
}

/** Begins a call; what it comes to is in the sink. */
export function begin(app: Application, request: Environ = environ()): Ran & { readonly done: Promise<void> } {
  const sink = new MemorySink();
  const problems: Problem[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const call = new Call(request, sink, (problem) => void problems.push(problem), resolve);
  call.run(app, request);
  return { sink, problems, call, done };
}

export async function run(app: Application, request: Environ = environ()): Promise<Ran> {
  const { done, ...ran } = begin(app, request);
  await done;
  return ran;
}

/** A body whose closing is counted. */
export class CountedBody implements AsyncIterable<string> {
  closes = 0;
  returned = 0;
  readonly #steps: () => AsyncGenerator<string>;

  constructor(steps: () => AsyncGenerator<string>) {
    this.#steps = steps;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      yield* this.#steps();
    } finally {
      this.returned++;
    }
  }

  close(): void {
    this.closes++;
  }
}
