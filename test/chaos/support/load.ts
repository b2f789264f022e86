import { performance } from 'node:perf_hooks';
import { Account } from './account.ts';
import { type ClientOptions, CountingClient } from './counting-client.ts';

/** How a load differs from 8 connections that send about 1,000 requests a second together. */
export type LoadOptions = Partial<Omit<ClientOptions, 'port'>> & {
  readonly connections?: number;
  /** What ids begin with. */
  readonly name?: string;
};

const PATIENCE_MS = 30_000;
/** Most are small; some are spooled, and come back in pieces. */
const SIZES = [64, 1_500, 64, 9_000, 64, 300, 64, 100_000];

/** A steady load. Dispose of it, and it ends. */
export class Load implements AsyncDisposable {
  readonly account = new Account();
  readonly #clients: CountingClient[];
  readonly #ended: Promise<unknown>;
  readonly #watchers = new Set<() => void>();

  constructor(port: number, { connections = 8, name = 'r', ...options }: LoadOptions = {}) {
    const all = { port, path: '/echo', pause: 6, sizes: SIZES, patience: PATIENCE_MS, ...options };
    const began = performance.now();
    const noted = () => {
      for (const look of this.#watchers) look();
    };
    this.#clients = Array.from(
      { length: connections },
      (_, at) => new CountingClient(`${name}${at}`, all, this.account, began, noted),
    );
    this.#ended = Promise.all(this.#clients.map((client) => client.run()));
  }

  /** Resolves when so many more requests have been answered right: the load goes on. @throws where they do not come */
  answered(count: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wanted = this.account.right + count;
    const look = () => {
      if (this.account.right >= wanted) resolve();
    };
    const why = () => new Error(`${count} right answers did not come in time: ${JSON.stringify(this.account.losses)}`);
    const timer = setTimeout(() => reject(why()), PATIENCE_MS);
    this.#watchers.add(look);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watchers.delete(look);
    });
  }

  /** Lets what runs end, and sends no more. */
  async stop(): Promise<Account> {
    for (const client of this.#clients) client.stop();
    await this.#ended;
    return this.account;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
