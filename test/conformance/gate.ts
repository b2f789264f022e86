import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/**
 * Where an application waits until the case lets it go on: it connects to the gate, and reads until the gate closes. So a case knows where the
 * application stands, and times nothing.
 */
export class Gate implements AsyncDisposable {
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  readonly #patience: number;

  private constructor(server: Server, patience: number) {
    this.#server = server;
    this.#patience = patience;
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      this.#waiting.push(socket);
    });
  }

  /** @param host an address of this machine that the server under test can connect to @param patience milliseconds */
  static async open(host: string, patience: number): Promise<Gate> {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    return new Gate(server, patience);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Resolves when the application waits. @throws where it does not come in time */
  async reached(patience = this.#patience): Promise<void> {
    if (this.#waiting.length > 0) return;
    const late = AbortSignal.timeout(patience);
    try {
      await once(this.#server, 'connection', { signal: late });
    } catch {
      throw new Error(`the application has not come to its gate in ${patience / 1000} s`);
    }
  }

  /** Whether an application waits. */
  get isReached(): boolean {
    return this.#waiting.length > 0;
  }

  /** Lets all go on that wait. */
  pass(): void {
    for (const socket of this.#waiting.splice(0)) socket.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
