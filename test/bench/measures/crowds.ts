/** Many connections that do little, and what they cost the requests of others. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ClientName, withClients } from '../clients/client.ts';
import type { Figure } from '../results.ts';
import type { BenchServer } from '../server.ts';
import { memoryOf } from '../usage.ts';
import { loadOnce, measureRequests } from './requests.ts';

/** As many as keep the workers of every contender at work. */
const ACTIVE_CONNECTIONS = 16;
/** A 99th percentile needs more requests than a mean. */
const LONGER = 2;

/** Requests with so many idle connections and without them, and the memory that the front has for each. */
export async function measureIdle(server: BenchServer, count: number, seconds: number): Promise<Figure> {
  const load = { connections: ACTIVE_CONNECTIONS, seconds: seconds * LONGER };
  const without = await measureRequests(server, load);
  const before = memoryOf(server.fronts);
  return await withClients('idle', server.port, count, async () => {
    const perConnection = ((memoryOf(server.fronts) - before) * 1000) / count;
    return { perConnection, ...compare(await loadOnce(server, load), without) };
  });
}

/**
 * Requests with so many slow clients and without them. Without them, the same clients send the same bytes to a socket that nobody reads:
 * they run on this machine, and what they take of it themselves is no cost of the server.
 */
export async function measureSlow(
  server: BenchServer,
  kind: Exclude<ClientName, 'idle'>,
  count: number,
  seconds: number,
): Promise<Figure> {
  const load = { connections: ACTIVE_CONNECTIONS, seconds: seconds * LONGER };
  await measureRequests(server, { ...load, seconds: 1 }); // of which only the warm-up counts
  await using sink = await Sink.open();
  const without = await withClients(kind, sink.port, count, () => loadOnce(server, load));
  return await withClients(kind, server.port, count, async () => compare(await loadOnce(server, load), without));
}

function compare(crowded: Figure, without: Figure): Figure {
  const { p99 = Number.NaN, requestsPerSecond = 0, failed = 0 } = crowded;
  const { p99: p99Without = Number.NaN, requestsPerSecond: before = 0 } = without;
  return {
    p99Without,
    p99With: p99,
    p99Ratio: p99 / p99Without,
    requestsPerSecond,
    served: requestsPerSecond / before,
    failed,
  };
}

/** Takes connections, and never reads from them. */
class Sink implements AsyncDisposable {
  readonly #listener = createServer({ pauseOnConnect: true }, (socket) => {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
  });
  readonly #sockets = new Set<Socket>();

  static async open(): Promise<Sink> {
    const sink = new Sink();
    sink.#listener.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(sink.#listener, 'listening');
    return sink;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, 'close');
  }
}
