import { createServer, type Server } from 'node:net';
import type { Logger } from 'pino';
import { adminApplication } from '../admin/admin.ts';
import type { Snapshot } from '../admin/status.ts';
import { ClientError, ClientGone } from '../errors.ts';
import { DEFAULT_LIMITS } from '../http/limits.ts';
import { HttpServer } from '../http/server.ts';
import { BoundSockets, type ListenAddress } from './sockets.ts';

/** The admin endpoints on their own listener, in the supervisor, where no app and no client of an app can hold them up. */
export class AdminListener {
  readonly #sockets: BoundSockets;
  readonly #http: HttpServer;
  readonly #listeners: readonly Server[];

  private constructor(sockets: BoundSockets, http: HttpServer, complain: (problem: unknown) => void) {
    this.#sockets = sockets;
    this.#http = http;
    this.#listeners = sockets.addresses.map(({ fd }) => {
      const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void http.serve(socket));
      // Too many open descriptors, say: no reason for the supervisor to end.
      return listener.on('error', complain).listen({ fd });
    });
  }

  /** @throws StartError where an address cannot be bound */
  static async open(
    addresses: readonly ListenAddress[],
    token: string,
    log: Logger,
    read: () => Snapshot,
  ): Promise<AdminListener> {
    const sockets = await BoundSockets.bind(addresses);
    const complain = (problem: unknown) => {
      if (problem instanceof ClientError || problem instanceof ClientGone) return;
      log.error({ err: problem }, 'an admin endpoint failed');
    };
    const errors = { write: (text: string) => log.error(text), writelines: () => undefined, flush: () => undefined };
    const http = new HttpServer({
      app: adminApplication(read, token),
      limits: { ...DEFAULT_LIMITS, body: 0 },
      flags: { multithread: true, multiprocess: false, errors },
      report: complain,
      onError: complain,
    });
    return new AdminListener(sockets, http, complain);
  }

  /** `http://HOST:PORT/` of each address. */
  get urls(): readonly string[] {
    return this.#sockets.urls;
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.#http.destroy();
    this.#sockets.close();
  }
}
