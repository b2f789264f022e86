import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

/** How a program ended, and the last of what it said. */
export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

export interface RunSettings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Kills the program, and all that it has started, at once. */
  readonly signal: AbortSignal;
  /** What stands before the program, to run it as another user. */
  readonly prefix?: readonly string[];
  /** Hears each line that it prints as it comes. */
  readonly line?: (line: string) => void;
}

/** Of its output, in characters. */
const KEPT = 65_536;

/** Runs a program to its end. Does not throw where the program cannot be run: that is its output then. */
export function runProgram(file: string, args: readonly string[], settings: RunSettings): Promise<Ran> {
  const { cwd, env, signal, prefix = [], line } = settings;
  const [first = file, ...words] = [...prefix, file, ...args];
  const { promise, resolve } = Promise.withResolvers<Ran>();
  if (signal.aborted) return Promise.resolve({ status: null, output: '' });
  let output = '';
  // In a session of its own: installers start compilers and scripts, which are to end with them.
  const child = spawn(first, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const kill = () => killSession(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  for (const stream of [child.stdout, child.stderr]) {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    stream.on('data', (bytes: Buffer) => {
      const text = decoder.write(bytes);
      output = (output + text).slice(-KEPT);
      const lines = (rest + text).split('\n');
      rest = lines.pop() as string;
      for (const each of lines) line?.(each);
    });
  }
  child.on('error', (error) => resolve({ status: null, output: `${output}${error.message}` }));
  child.on('close', (status) => {
    signal.removeEventListener('abort', kill);
    resolve({ status, output });
  });
  return promise;
}

function killSession(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
