import { lookup } from 'node:dns/promises';
import { BoundSocket, isIP } from 'node:net';
import type { Address } from '../config/settings.ts';
import { StartError } from '../errors.ts';
import type { BoundAddress } from '../front/protocol.ts';

/** Where to listen, as it was asked for. */
export type ListenAddress = Address;

/** Sockets that are bound and do not listen: fronts inherit them, and as long as they are open no connection is refused. */
export class BoundSockets {
  readonly addresses: readonly BoundAddress[];
  readonly #sockets: BoundSocket[];

  private constructor(sockets: BoundSocket[], addresses: readonly BoundAddress[]) {
    this.#sockets = sockets;
    this.addresses = addresses;
  }

  /**
   * Binds every address that each host resolves to.
   * @throws StartError ADDRESS_IN_USE, ADDRESS_NOT_ALLOWED, ADDRESS_UNKNOWN
   */
  static async bind(wanted: readonly ListenAddress[]): Promise<BoundSockets> {
    const sockets: BoundSocket[] = [];
    const addresses: BoundAddress[] = [];
    try {
      for (const address of wanted) {
        for (const socket of await bindHost(address)) {
          sockets.push(socket);
          const { port } = socket.address() as { port: number };
          addresses.push({ fd: socket.fd(), host: address.host, port });
        }
      }
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
    return new BoundSockets(sockets, addresses);
  }

  /** `http://HOST:PORT/` of each address, as it was asked for. */
  get urls(): readonly string[] {
    const host = (name: string) => (name.includes(':') ? `[${name}]` : name);
    return [...new Set(this.addresses.map((address) => `http://${host(address.host)}:${address.port}/`))];
  }

  /** Closes what is still open. */
  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }
}

async function bindHost({ host, port }: ListenAddress): Promise<BoundSocket[]> {
  const numeric = await resolve(host);
  const sockets: BoundSocket[] = [];
  let unusable: unknown;
  let chosen = port;
  for (const address of numeric) {
    try {
      const socket = new BoundSocket({ host: address, port: chosen });
      sockets.push(socket);
      // Port 0 means any, but one for all addresses of a name.
      chosen = (socket.address() as { port: number }).port;
    } catch (error) {
      // A machine without IPv6 still resolves localhost to ::1.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL' || numeric.length === 1) {
        for (const socket of sockets) socket.close();
        throw bindError(host, port, error as NodeJS.ErrnoException);
      }
      unusable = error;
    }
  }
  if (sockets.length === 0) throw bindError(host, port, unusable as NodeJS.ErrnoException);
  return sockets;
}

async function resolve(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    throw new StartError({
      code: 'ADDRESS_UNKNOWN',
      message: `the host ${host} of --bind cannot be resolved: ${(error as Error).message}`,
      cure: 'give a name or an address of this machine: localhost:8000, 0.0.0.0:8000, [::]:8000',
    });
  }
}

function bindError(host: string, port: number, error: NodeJS.ErrnoException): StartError {
  const where = `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError({
        code: 'ADDRESS_IN_USE',
        message: `another program listens on ${where}`,
        cure: `stop it (ss -ltnp 'sport = :${port}' names it), or choose another port with --bind`,
      });
    case 'EACCES':
      return new StartError({
        code: 'ADDRESS_NOT_ALLOWED',
        message: `this user may not bind ${where}`,
        cure: 'choose a port from 1024 up, or give the process CAP_NET_BIND_SERVICE',
      });
    default:
      return new StartError({
        code: 'ADDRESS_UNKNOWN',
        message: `${where} cannot be bound: ${error.message}`,
        cure: 'give an address that this machine has: localhost:8000, 0.0.0.0:8000, [::]:8000',
      });
  }
}
