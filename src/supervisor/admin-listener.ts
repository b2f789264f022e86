import type { Logger } from 'pino';
import { adminApplication } from '../admin/admin.ts';
import type { Snapshot } from '../admin/status.ts';
import { OwnHttp } from './own-http.ts';
import { BoundSockets, type ListenAddress } from './sockets.ts';

/** The admin endpoints on their own listener, in the supervisor, where no app and no client of an app can hold them up. */
export class AdminListener {
  readonly #sockets: BoundSockets;
  readonly #http: OwnHttp;

  private constructor(sockets: BoundSockets, http: OwnHttp) {
    this.#sockets = sockets;
    this.#http = http;
  }

  /** @throws StartError where an address cannot be bound */
  static async open(
    addresses: readonly ListenAddress[],
    token: string,
    log: Logger,
    read: () => Snapshot,
  ): Promise<AdminListener> {
    const sockets = await BoundSockets.bind(addresses);
    const http = new OwnHttp(adminApplication(read, token), 'an admin endpoint', log);
    await Promise.all(sockets.addresses.map(({ fd }) => http.listen({ fd }).catch(http.complain)));
    return new AdminListener(sockets, http);
  }

  /** `http://HOST:PORT/` of each address. */
  get urls(): readonly string[] {
    return this.#sockets.urls;
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#sockets.close();
  }
}
