/** A load that is a program of its own: it says `ready`, and goes on until it is ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
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
  const file = new URL('./connections.ts', import.meta.url).pathname;
  const client = spawn(
    'sh',
    ['-c', 'ulimit -n 40000 2>/dev/null; exec "$0" "$@"', nodePath(), file, name, String(port), String(count)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = once(client, 'exit');
  try {
    const ready = once(createInterface({ input: client.stdout }), 'line', { signal: AbortSignal.timeout(READY_MS) });
    const [word] = await Promise.race([ready, ended]);
    if (word !== 'ready') throw new Error(`the clients of ${name} ended with status ${word}`);
    return await work();
  } finally {
    client.kill('SIGKILL');
    await ended;
  }
}
