/** What the admin listener takes to answer, whatever the applications do. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Client } from '../clients/client.ts';
import { PROCESSES } from '../contenders/contender.ts';
import { type Figure, percentile } from '../results.ts';
import type { BenchServer } from '../server.ts';

const RATE = 200;
/** Of the load, before anything is measured. */
const LEAD_SECONDS = 2;
const PAUSE_MS = 4;
/** A 99th percentile of hundreds. */
const LONGER = 3;

/** Times of /livez and /metrics with every worker of every application held, and clients that come all the same. */
export async function measureHealth(server: BenchServer, apps: readonly string[], seconds: number): Promise<Figure> {
  const time = seconds * LONGER;
  const held = apps.flatMap((app) => Array.from({ length: PROCESSES }, () => hold(server.port, `${app}hang`)));
  try {
    // Nothing tells that a worker hangs; what is measured comes seconds later.
    const load = [server.port, RATE, LEAD_SECONDS, time * 2, ...apps];
    await using client = await Client.start('open-loop.ts', load);
    void client;
    const livez = await timesOf(server.sparePort, '/livez', time);
    const metrics = await timesOf(server.sparePort, '/metrics', time);
    return {
      livezP50: percentile(livez, 0.5),
      livezP99: percentile(livez, 0.99),
      metricsP50: percentile(metrics, 0.5),
      metricsP99: percentile(metrics, 0.99),
    };
  } finally {
    for (const socket of held) socket.destroy();
  }
}

function hold(port: number, path: string): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  socket.write(request(path));
  return socket;
}

function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
}

/** Milliseconds that each answer took, one after the other over one connection. @throws where one is not 200 */
async function timesOf(port: number, path: string, seconds: number): Promise<number[]> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const began = performance.now();
    socket.write(request(path));
    await answer(socket);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  socket.destroy();
  return times;
}

async function answer(socket: Socket): Promise<void> {
  let text = '';
  for (let size = Number.POSITIVE_INFINITY; text.length < size; ) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    text += bytes.toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    if (head >= 0) size = head + 4 + Number(/\r\ncontent-length: *([0-9]+)/i.exec(text)?.[1] ?? 0);
  }
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`an admin endpoint answered ${text.slice(0, 100)}`);
}
