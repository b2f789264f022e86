/** A load that is a program of its own: it says `ready`, and goes on until it is ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { nodePath } from '../node26.ts';

export type ClientName = 'idle' | 'slow-heads' | 'slow-bodies';

const READY_MS = 60_000;

/** Runs `work` while so many clients of a kind are connected. @throws where they cannot connect in time */
export async function withClients<T>(
  name: ClientName,
  port: number,
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  await using client = await Client.start('connections.ts', [name, port, count]);
  void client;
  return await work();
}

/** A client that runs, from when it has said `ready`, until it is disposed of. */
export class Client implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    this.#lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
  }

  /** @throws where it is not ready in time */
  static async start(file: string, args: readonly (string | number)[]): Promise<Client> {
    const path = new URL(`./${file}`, import.meta.url).pathname;
    const command = 'ulimit -n 40000 2>/dev/null; exec "$0" "$@"';
    const child = spawn('sh', ['-c', command, nodePath(), path, ...args.map(String)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const client = new Client(child);
    try {
      const word = await client.line();
      if (word !== 'ready') throw new Error(`${file} said ${word}`);
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The next line that it prints. @throws where it ends first, or none comes in time */
  async line(): Promise<string> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), READY_MS);
    const step = await this.#lines.next();
    clearTimeout(late);
    if (step.done === true) throw new Error('a client ended, or was ended, before it had said all');
    return step.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
