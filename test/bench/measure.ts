/** One measurement: a server, a load, and what the server's whole process tree used for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { ProcessTree } from '../support/processes.ts';
import type { Contender } from './servers.ts';

export interface Figure {
  readonly requestsPerSecond: number;
  /** User and system time of the whole process tree, in microseconds per request. */
  readonly cpuPerRequest: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Of the whole tree, in MB. */
  readonly memory: number;
  /** Answers that were no 2xx, and connections that failed. */
  readonly failed: number;
}

export interface Load {
  readonly connections: number;
  readonly seconds: number;
}

const TICKS_PER_SECOND = 100;
const WARM_UP = { connections: 16, seconds: 1 } as const;
const START_MS = 20_000;

/** Starts a server, warms it up, loads it, and ends it. */
export async function measure(contender: Contender, port: number, load: Load): Promise<Figure> {
  const [file, ...args] = contender.command(port);
  const server = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await answers(server, port);
    await wrk(port, WARM_UP);
    const before = usage(server.pid as number);
    const result = await wrk(port, load);
    const after = usage(server.pid as number);
    return {
      ...result.figure,
      cpuPerRequest: ((after.cpu - before.cpu) * 1e6) / result.requests,
      memory: after.memory,
    };
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }
}

/** CPU seconds and resident MB of a process and all that came of it, the dead ones included. */
function usage(root: number): { cpu: number; memory: number } {
  let ticks = 0;
  let memory = 0;
  for (const { pid } of ProcessTree.of(root).all) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    // proc(5): utime, stime, cutime, cstime are fields 14 to 17, the first here is field 3.
    for (const field of fields.slice(11, 15)) ticks += field;
    memory += Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  }
  return { cpu: ticks / TICKS_PER_SECOND, memory };
}

async function wrk(
  port: number,
  { connections, seconds }: Load,
): Promise<{ requests: number; figure: Omit<Figure, 'cpuPerRequest' | 'memory'> }> {
  const load = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', `http://127.0.0.1:${port}/`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  load.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  await once(load, 'close');
  const requests = Number(find(text, /([0-9]+) requests in/));
  const failed = [/Non-2xx or 3xx responses: ([0-9]+)/, /connect ([0-9]+),/, /read ([0-9]+),/, /write ([0-9]+),/].map(
    (pattern) => Number(pattern.exec(text)?.[1] ?? 0),
  );
  return {
    requests,
    figure: {
      requestsPerSecond: Number(find(text, /Requests\/sec:\s+([0-9.]+)/)),
      p50: milliseconds(find(text, /50%\s+([0-9.]+[a-z]+)/)),
      p99: milliseconds(find(text, /99%\s+([0-9.]+[a-z]+)/)),
      failed: failed.reduce((sum, count) => sum + count, 0),
    },
  };
}

function find(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`wrk said something unexpected:\n${text}`);
  return found;
}

function milliseconds(text: string): number {
  const factors: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
  return Number.parseFloat(text) * (factors[text.replace(/[0-9.]+/, '')] ?? Number.NaN);
}

/** Resolves when the server accepts connections. */
async function answers(server: ChildProcess, port: number): Promise<void> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; ) {
    if (server.exitCode !== null) throw new Error(`the server ended with status ${server.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the server did not answer in time');
}
