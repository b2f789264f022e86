import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { BoundAddress, FromFront, FrontSettings, ToFront } from '../front/protocol.ts';
import { type Ending, killGroup, startChild } from './spawn.ts';

/** The first descriptor after stdio and the IPC channel. */
const FIRST_FD = 4;
const COMPILED = import.meta.url.endsWith('.js');
const MAIN = fileURLToPath(new URL(`../front/main.${COMPILED ? 'js' : 'ts'}`, import.meta.url));

/** What this process compiled, the front need not compile again: about 150 ms of its start. */
function withCompileCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? env : { ...env, NODE_COMPILE_CACHE: dirname(directory) };
}

/** proc(5): the bit of a task's flags that the kernel sets before it closes what the task holds (PF_EXITING, linux/sched.h). */
const EXITING = 0x4;
/** proc(5): the flags are the ninth field, and the state, the third, is the first behind the command, which may hold anything. */
const FLAGS = 9 - 3;

/** Whether a process ends, or has ended and is not reaped yet: its workers see their links close, and may be reaped, before it is. */
function isEnding(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || (Number(fields[FLAGS]) & EXITING) !== 0;
  } catch {
    return true;
  }
}

/** The supervisor's view of one front: its process and the messages between them. */
export class FrontProcess {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #began = performance.now();

  /** @param sockets the bound sockets that it inherits */
  constructor(
    sockets: readonly BoundAddress[],
    settings: Omit<FrontSettings, 'addresses'>,
    receive: (message: FromFront) => void,
  ) {
    const { child, ended } = startChild(
      {
        file: process.execPath,
        // Node opens its inspector on SIGUSR1.
        args: ['--disable-sigusr1', MAIN],
        cwd: process.cwd(),
        env: withCompileCache(process.env),
        stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...sockets.map(({ fd }) => fd)],
      },
      // It must outlive the supervisor by a moment, to kill what its workers forked.
      [],
    );
    this.#child = child;
    this.ended = ended;
    child.on('message', (message) => receive(message as FromFront));
    const addresses = sockets.map((socket, index) => ({ ...socket, fd: FIRST_FD + index }));
    this.send({ type: 'configure', settings: { ...settings, addresses } });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    const { exitCode, signalCode, pid } = this.#child;
    return exitCode === null && signalCode === null && pid !== undefined && !isEnding(pid);
  }

  /** Milliseconds since its start. */
  get age(): number {
    return performance.now() - this.#began;
  }

  send(message: ToFront, handle?: Socket): void {
    if (!this.#child.connected) {
      handle?.destroy();
      return;
    }
    // A front that died in between is noticed by its end.
    this.#child.send(message, handle, () => undefined);
  }

  /** Lets it write its last records and end. */
  disconnect(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  kill(): void {
    killGroup(this.pid);
  }
}
