/** The same bytes as Node's own HTTP server reads them, with its strict parser: a second opinion. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { ReadHead, Reading } from './reading.ts';

interface Session {
  readonly messages: { readonly request: IncomingMessage; body: string }[];
  /** Node's code, or the status with which it would answer. */
  refused: string | undefined;
}

/** More bytes were expected; bytes came behind a request that closes. */
const NO_REFUSALS: ReadonlySet<string> = new Set(['HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION']);

export class NodeReader {
  readonly #sessions = new WeakMap<Duplex, Session>();
  readonly #server: Server;

  constructor() {
    // Its check of Host is made below: Node parses on behind a request that it answers 400.
    this.#server = createServer({ insecureHTTPParser: false, requireHostHeader: false, keepAliveTimeout: 0 });
    this.#server.on('request', (request: IncomingMessage) => {
      if (request.httpVersion === '1.1' && request.headers.host === undefined) this.#refuse(request.socket, '400');
      else this.#begin(request);
    });
    this.#server.on('checkExpectation', ({ socket }: IncomingMessage) => this.#refuse(socket, '417'));
    this.#server.on('connect', (request: IncomingMessage) => this.#begin(request));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      const code = error.code ?? error.message;
      if (!NO_REFUSALS.has(code)) this.#refuse(socket, code);
      socket.destroy();
    });
  }

  async read(bytes: Uint8Array): Promise<Reading> {
    const session: Session = { messages: [], refused: undefined };
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    this.#sessions.set(socket, session);
    const over = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
    this.#server.emit('connection', socket);
    socket.push(bytes);
    socket.push(null);
    // What has become a tunnel is read by nobody.
    socket.resume();
    await over;
    await setImmediate();
    socket.destroy();
    return toReading(session);
  }

  #begin(request: IncomingMessage): void {
    const session = this.#sessions.get(request.socket);
    if (session === undefined || session.refused !== undefined) return;
    const message = { request, body: '' };
    session.messages.push(message);
    request.on('data', (bytes: Buffer) => {
      message.body += bytes.toString('latin1');
    });
    request.on('error', () => undefined);
  }

  #refuse(socket: Duplex, code: string): void {
    const session = this.#sessions.get(socket);
    if (session !== undefined) session.refused ??= code;
  }
}

function toReading({ messages, refused }: Session): Reading {
  const complete = messages.filter(({ request }) => request.complete);
  const requests = complete.map(({ request, body }) => ({ ...headOf(request), body, trailers: request.rawTrailers }));
  const last = messages.at(-1)?.request;
  return { requests, open: last === undefined || last.complete ? undefined : headOf(last), refused };
}

function headOf({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): ReadHead {
  return { method, target: url, version: `HTTP/${httpVersion}`, fields: rawHeaders };
}
