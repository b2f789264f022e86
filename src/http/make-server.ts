import { once } from 'node:events';
import type { Server } from 'node:net';
import type { Application, ErrorStream } from '../wsgi/types.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { HttpServer } from './server.ts';
import type { ClientSocket } from './sockets/client-socket.ts';
import { createListener } from './sockets/listener.ts';

/** A server in the calling process: the twin of Python's `wsgiref.simple_server.WSGIServer`. */
export interface WsgiServer {
  /** The port that it is bound to, once it listens. */
  readonly serverPort: number;
  /** Serves until `close()`; rejects where the address cannot be bound. */
  serveForever(): Promise<void>;
  /** Serves one request, and resolves when its connection has closed, or the server has. */
  handleRequest(): Promise<void>;
  /** Stops listening, lets running requests end, and closes. */
  close(): Promise<void>;
}

/**
 * Makes a server for one application, which runs in this process: `await makeServer('127.0.0.1', 8051, application).serveForever()`.
 * @param host a name or an address
 * @param port 0 for any that is free
 */
export function makeServer(host: string, port: number, application: Application): WsgiServer {
  return new InProcessServer(host, port, application);
}

class InProcessServer implements WsgiServer {
  readonly #listener: Server;
  readonly #http: HttpServer;
  readonly #listening: Promise<unknown>;
  readonly #waiting: ClientSocket[] = [];
  readonly #takers: ((socket: ClientSocket | undefined) => void)[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #forever = false;

  constructor(host: string, port: number, app: Application) {
    this.#http = new HttpServer({
      app,
      limits: DEFAULT_LIMITS,
      flags: { multithread: true, multiprocess: false, errors: stderr },
      serverName: host,
      report: (problem) => stderr.write(`${explain(problem)}\n`),
      onError: (error) => {
        if (isAppFault(error)) stderr.write(`${explain(error)}\n`);
      },
    });
    this.#listener = createListener((socket) => this.#accept(socket));
    this.#listener.listen(port, host);
    this.#listening = once(this.#listener, 'listening');
    // Whoever serves is told; a server that nobody serves must not end the process.
    this.#listening.catch(() => undefined);
  }

  get serverPort(): number {
    const address = this.#listener.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async serveForever(): Promise<void> {
    await this.#listening;
    this.#forever = true;
    for (const socket of this.#waiting.splice(0)) this.#http.serve(socket);
    await this.#closed.promise;
  }

  async handleRequest(): Promise<void> {
    await this.#listening;
    const socket =
      this.#waiting.shift() ?? (await new Promise<ClientSocket | undefined>((resolve) => this.#takers.push(resolve)));
    if (socket === undefined) return;
    await new Promise<void>((resolve) => this.#http.serve(socket, resolve, { once: true }));
  }

  async close(): Promise<void> {
    this.#listener.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    for (const give of this.#takers.splice(0)) give(undefined);
    await this.#http.drain();
    this.#closed.resolve();
  }

  #accept(socket: ClientSocket): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) taker(socket);
    else if (this.#forever) this.#http.serve(socket);
    else this.#waiting.push(socket);
  }
}

const stderr: ErrorStream = {
  write: (text) => void process.stderr.write(text),
  writelines: (lines) => void process.stderr.write([...lines].join('')),
  flush: () => undefined,
};

function isAppFault(error: unknown): boolean {
  return !(error instanceof Error && (error.name === 'ClientError' || error.name === 'ClientGone'));
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cure = 'cure' in error ? `\n  cure: ${String(error.cure)}` : '';
  const cause = error.cause instanceof Error ? `\n  cause: ${error.cause.stack}` : '';
  return `${error.name === 'AppError' ? error.message : error.stack}${cure}${cause}`;
}
