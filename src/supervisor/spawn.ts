import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { Socket } from 'node:net';
import { type Account, asAccount } from '../apps/account.ts';

/** How a child of the supervisor is started. */
export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The mode bits that its files do not get; undefined: this process's own. */
  readonly umask?: number | undefined;
  readonly stdio: readonly ('ignore' | 'inherit' | 'pipe' | 'ipc' | number)[];
}

/** How a child ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The program could not be run at all. */
  readonly error?: NodeJS.ErrnoException;
  /** The kernel has killed for want of memory at that time. */
  readonly outOfMemory?: boolean;
}

/** Whether the machine has a `setpriv` that sets a death signal: what the kernel sends a child whose parent has died (prctl(2), PR_SET_PDEATHSIG). */
export function hasDeathSignal(): boolean {
  return spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' }).status === 0;
}

/** What stands before a worker's program: it is killed when the supervisor dies. */
export function workerPrefix(signaled: boolean, account: Account | undefined): readonly string[] {
  return prefixOf(account, [], signaled ? 'KILL' : undefined);
}

/**
 * What stands before the front's program. It outlives the supervisor by a moment, to kill what its workers have forked; where it was stopped (SIGSTOP), it is
 * let go on for that.
 * @param mixed whether those are other users': the right to signal any process is the one that it keeps for that
 */
export function frontPrefix(signaled: boolean, account: Account | undefined, mixed: boolean): readonly string[] {
  return prefixOf(account, mixed ? ['kill'] : [], signaled ? 'CONT' : undefined);
}

/** A change of user clears the death signal (prctl(2)): setpriv sets that last. */
function prefixOf(
  account: Account | undefined,
  capabilities: readonly string[],
  signal: 'KILL' | 'CONT' | undefined,
): readonly string[] {
  if (account === undefined && signal === undefined) return [];
  const become = account === undefined ? ['setpriv'] : asAccount(account, capabilities);
  return [...become, ...(signal === undefined ? [] : ['--pdeathsig', signal]), '--'];
}

/** Starts a child in a session of its own: a terminal's signals do not reach it, and it can be killed with what it forked. */
export function startChild(
  command: ChildCommand,
  prefix: readonly string[],
): { child: ChildProcess; ended: Promise<Ending> } {
  const [file = command.file, ...args] = [...prefix, command.file, ...command.args];
  const { cwd, env, stdio, umask } = command;
  // It is inherited, and Node has no option for it: `spawn` has forked when it returns.
  const mask = umask === undefined ? undefined : process.umask(umask);
  const child = spawn(file, args, { cwd, env, stdio: [...stdio], detached: true });
  if (mask !== undefined) process.umask(mask);
  const { promise, resolve } = Promise.withResolvers<Ending>();
  child.once('exit', (code, signal) => {
    // What it forked and left behind.
    killGroup(child.pid);
    resolve({ code, signal });
  });
  child.once('error', (error) => {
    if (child.pid === undefined) resolve({ code: null, signal: null, error });
  });
  return { child, ended: promise };
}

/** Kills a child's whole session. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/**
 * Keeps this process from reading a pipe that is about to be handed on: Node reads from a child's pipes as soon as they are there, and what it
 * read between the hand-over and the front's acknowledgement would be lost.
 */
export function stopReading(pipe: Socket): void {
  const { _handle: handle } = pipe as unknown as { _handle: { readStop(): number } };
  handle.readStop();
}

/** `was killed by SIGKILL`, `ended with status 3`. */
export function describeEnding({ code, signal, error, outOfMemory }: Ending): string {
  if (error !== undefined) return `could not be started: ${error.message}`;
  if (outOfMemory) return 'was killed by the kernel, which was out of memory';
  return signal === null ? `ended with status ${code}` : `was killed by ${signal}`;
}
