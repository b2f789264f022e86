import type { Server } from 'node:net';
import type { Logger } from 'pino';
import { ClientError, ClientGone } from '../errors.ts';
import { DEFAULT_LIMITS } from '../http/limits.ts';
import { HttpServer } from '../http/server.ts';
import { createListener } from '../http/sockets/listener.ts';
import type { Application } from '../wsgi/types.ts';

/** An application of the supervisor's own, and its listeners: whatever fails there is no reason for the supervisor to end. */
export class OwnHttp {
  readonly #http: HttpServer;
  readonly #listeners: Server[] = [];
  /** Tells the log what failed, where it is not a client's fault. */
  readonly complain: (problem: unknown) => void;

  /** @param what it is, in the log */
  constructor(app: Application, what: string, log: Logger) {
    this.complain = (problem) => {
      if (problem instanceof ClientError || problem instanceof ClientGone) return;
      log.error({ err: problem }, `${what} failed`);
    };
    const errors = { write: (text: string) => log.error(text), writelines: () => undefined, flush: () => undefined };
    this.#http = new HttpServer({
      app,
      limits: { ...DEFAULT_LIMITS, body: 0 },
      flags: { multithread: true, multiprocess: false, errors },
      report: this.complain,
      onError: this.complain,
    });
  }

  /**
   * Listens, in this turn of the event loop; resolves when it does.
   * @throws an error of the system
   */
  listen(at: { readonly fd: number } | { readonly path: string }): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const listener = createListener((socket) => this.#http.serve(socket));
    this.#listeners.push(listener);
    listener.once('error', reject);
    listener.listen(at, () => {
      // Too many open descriptors, say.
      listener.off('error', reject).on('error', this.complain);
      resolve();
    });
    return promise;
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
    this.#http.destroy();
  }
}
