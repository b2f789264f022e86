/** TCP connections of this machine, as the kernel has them (proc_net_tcp). */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

const LINE = /^ *[0-9]+: \S+:([0-9A-F]{4}) \S+:([0-9A-F]{4}) \S+ ([0-9A-F]+):([0-9A-F]+) /gm;

/** Bytes that came from the other end of a client's connection to this machine, and which the client has not read: in the queues of both ends. */
export function heldByKernel({ localPort = 0, remotePort = 0 }: Socket): number {
  let held = 0;
  for (const [, local = '', remote = '', sending = '', received = ''] of readFileSync(
    '/proc/net/tcp',
    'latin1',
  ).matchAll(LINE)) {
    const ends = [local, remote].map((port) => Number.parseInt(port, 16));
    if (ends[0] === remotePort && ends[1] === localPort) held += Number.parseInt(sending, 16);
    if (ends[0] === localPort && ends[1] === remotePort) held += Number.parseInt(received, 16);
  }
  return held;
}
