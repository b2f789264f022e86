import { rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type Controlled, controlApplication } from '../admin/control.ts';
import { controlSocketName } from './data-directory.ts';
import { OwnHttp } from './own-http.ts';
import { SocketPath } from './socket-path.ts';

/** Read and written by the owner alone. */
const PRIVATE = 0o177;
const CURE =
  'name a directory on a local disk with --data-directory; until then stillhouse status, reload and the like do not find this server';

/** The control socket: what may ask and change more than the admin listener tells, for whoever may open it. */
export class ControlListener {
  readonly #http: OwnHttp;
  readonly #at: SocketPath;

  private constructor(http: OwnHttp, at: SocketPath) {
    this.#http = http;
    this.#at = at;
  }

  /** Listens in the data directory. @returns undefined where that cannot be, which the log says: a server serves without it */
  static async open(dataDirectory: string, server: Controlled, log: Logger): Promise<ControlListener | undefined> {
    const http = new OwnHttp(controlApplication(server), 'a control endpoint', log);
    let at: SocketPath | undefined;
    try {
      at = await SocketPath.in(dataDirectory, controlSocketName(process.pid));
      // Of a dead run, where this is a container's: the same few process ids come again.
      await rm(at.path, { force: true });
      await listenPrivately(http, at.path);
      return new ControlListener(http, at);
    } catch (error) {
      http.close();
      await at?.[Symbol.asyncDispose]();
      const message = `there is no control socket in ${dataDirectory}: ${(error as Error).message}`;
      log.warn({ code: 'CONTROL_UNAVAILABLE', cure: CURE }, message);
      return undefined;
    }
  }

  /** Removes the socket. */
  async close(): Promise<void> {
    // libuv unlinks what it bound, by the same path.
    this.#http.close();
    await this.#at[Symbol.asyncDispose]();
  }
}

/** At no moment may anyone else connect: the mask holds for the bind, which is done when `listen` returns. */
function listenPrivately(http: OwnHttp, path: string): Promise<void> {
  const mask = process.umask(PRIVATE);
  try {
    return http.listen({ path });
  } finally {
    process.umask(mask);
  }
}
