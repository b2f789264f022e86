/** A contender that runs: started on a port, asked until it answers, and ended with all that came of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';
import type { BenchApp, Command, Contender } from './contenders/index.ts';
import { searchPath } from './contenders/needs.ts';
import { processesOf } from './usage.ts';

const STOP_MS = 5_000;
const ANSWER_MS = 2_000;
/** Below the range of ports that the kernel gives to clients. */
const PORTS = { first: 18_100, last: 28_000 } as const;
let lastPort: number = PORTS.first;
const running = new Set<BenchServer>();

// Whatever ends this program, Ctrl-C included, leaves none of them behind.
process.once('exit', () => {
  for (const server of running) server.kill();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

interface Ports {
  readonly port: number;
  readonly sparePort: number;
}

export class BenchServer implements AsyncDisposable {
  readonly port: number;
  /** Where its other listener stands, if it has one. */
  readonly sparePort: number;
  readonly #contender: Contender;
  readonly #scratch: string;
  readonly #children: readonly ChildProcess[];

  private constructor(contender: Contender, ports: Ports, scratch: string, children: readonly ChildProcess[]) {
    this.port = ports.port;
    this.sparePort = ports.sparePort;
    this.#contender = contender;
    this.#scratch = scratch;
    this.#children = children;
  }

  /** Starts it, and resolves once it answers `GET /` with 200. @throws with its own words where it does not */
  static async start(contender: Contender, app: BenchApp, accessLog: boolean): Promise<BenchServer> {
    const [port, sparePort] = [await freePort(), await freePort()];
    const scratch = mkdtempSync(join(tmpdir(), 'stillhouse-bench-'));
    // Apache and nginx give up root, and reach their sockets here.
    chmodSync(scratch, 0o755);
    const commands = contender.commands({ app, port, sparePort, accessLog, scratch });
    const server = new BenchServer(
      contender,
      { port, sparePort },
      scratch,
      commands.map((command, index) => launch(command, scratch, index)),
    );
    running.add(server);
    try {
      await until(() => server.#answers(), `${contender.name}'s first answer`);
      return server;
    } catch (error) {
      const words = server.#words();
      await server[Symbol.asyncDispose]();
      throw new Error(`${contender.name} does not start: ${(error as Error).message}\n${words}`);
    }
  }

  /** The processes that were started here; theirs came of them. */
  get roots(): number[] {
    return this.#children.map(({ pid }) => pid as number);
  }

  /** The processes that hold the clients' connections, where it has such. */
  get fronts(): number[] {
    const { isFront } = this.#contender;
    if (isFront === undefined) return [];
    return processesOf(this.roots).flatMap(({ pid, command }) => (isFront(command) ? [pid] : []));
  }

  async #answers(): Promise<boolean> {
    const ended = this.#children.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended !== undefined) throw new Error(`${ended.spawnargs[0]} ended with status ${ended.exitCode}`);
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/`, {
        // An idle connection would hold up the end of some.
        headers: { Connection: 'close' },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  #words(): string {
    return readdirSync(this.#scratch)
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(this.#scratch, name), 'utf8').slice(-2000))
      .join('\n');
  }

  /** Ends it as an operator would, and what does not end by force. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = processesOf(this.roots).map(({ pid }) => pid);
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await once(child, 'exit');
      clearTimeout(late);
    }
    for (const pid of all) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    this.#removeScratch();
    running.delete(this);
  }

  /** Ends it at once. */
  kill(): void {
    for (const { pid } of processesOf(this.roots)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    this.#removeScratch();
  }

  #removeScratch(): void {
    if (existsSync(this.#scratch)) rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** With its output in files: a terminal or a pipe that somebody reads would be measured too. */
function launch({ file, args, env }: Command, scratch: string, index: number): ChildProcess {
  const log = openSync(join(scratch, `output-${index}.log`), 'w');
  try {
    const { INIT_CWD: _, ...own } = process.env;
    const options = { cwd: scratch, env: { ...own, PATH: searchPath(), ...env } };
    // Thousands of connections need as many descriptors as the machine lets a process have.
    const command = 'ulimit -n 40000 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"';
    return spawn('sh', ['-c', command, file, ...args], { ...options, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

async function freePort(): Promise<number> {
  for (let port = lastPort + 1; port <= PORTS.last; port++) {
    lastPort = port;
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  lastPort = PORTS.first;
  return freePort();
}
