/** Many small requests, by wrk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Figure } from '../results.ts';
import type { BenchServer } from '../server.ts';
import { usageOf } from '../usage.ts';

export interface RequestLoad {
  readonly connections: number;
  readonly seconds: number;
  /** With the query; `/` without one. */
  readonly path?: string;
  /** The bytes of a POST's body; a GET without it. */
  readonly bodyBytes?: number;
}

/** Nearly as fast as it will be, a JavaScript program is only after some ten thousand requests. */
export const WARM_UP_SECONDS = 2;
const WRK_SCRIPT = new URL('../clients/post.lua', import.meta.url).pathname;

/** Loads a server that has been warmed up, and counts what its processes use for it. */
export async function measureRequests(server: BenchServer, load: RequestLoad): Promise<Figure> {
  await wrk(server.port, { ...load, seconds: WARM_UP_SECONDS });
  return await loadOnce(server, load);
}

/** The same without a warm-up. */
export async function loadOnce(server: BenchServer, load: RequestLoad): Promise<Figure> {
  const before = usageOf(server.roots);
  const { requests, ...figure } = await wrk(server.port, load);
  const after = usageOf(server.roots);
  return { ...figure, cpu: ((after.cpu - before.cpu) * 1e6) / requests, memory: after.memory };
}

interface WrkFigure {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

async function wrk(port: number, { connections, seconds, path = '/', bodyBytes }: RequestLoad): Promise<WrkFigure> {
  const script = bodyBytes === undefined ? [] : ['-s', WRK_SCRIPT];
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...script, `http://127.0.0.1:${port}${path}`];
  const child = spawn('wrk', [...args, ...(bodyBytes === undefined ? [] : ['--', String(bodyBytes)])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  await once(child, 'close');
  return readWrk(text);
}

/** Reads what wrk prints. @throws where it is something else */
export function readWrk(text: string): WrkFigure {
  const failures = [
    /Non-2xx or 3xx responses: (\d+)/,
    /connect (\d+),/,
    /read (\d+),/,
    /write (\d+),/,
    /timeout (\d+)/,
  ];
  return {
    requests: Number(find(text, /(\d+) requests in/)),
    requestsPerSecond: Number(find(text, /Requests\/sec:\s+([\d.]+)/)),
    p50: milliseconds(find(text, /50%\s+([\d.]+[a-z]+)/)),
    p99: milliseconds(find(text, /99%\s+([\d.]+[a-z]+)/)),
    failed: failures.reduce((sum, pattern) => sum + Number(pattern.exec(text)?.[1] ?? 0), 0),
  };
}

function find(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`wrk said something unexpected:\n${text}`);
  return found;
}

function milliseconds(text: string): number {
  const factors: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
  return Number.parseFloat(text) * (factors[text.replace(/[\d.]+/, '')] ?? Number.NaN);
}
