import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { StartFailure } from '../errors.ts';
import { WORKER_PIPES, type WorkerPipe } from '../front/protocol.ts';
import type { RestartCause } from '../observe/metrics.ts';
import type { FrontProcess } from './front-process.ts';
import type { SharedFile } from './shared-files.ts';
import { type ChildCommand, type Ending, killGroup, startChild, stopReading } from './spawn.ts';

/** The descriptor of each pipe in the worker (docs/worker-protocol.md, "Descriptors of a worker"). */
const FD: Record<WorkerPipe, number> = { stdout: 1, stderr: 2, data: 3, control: 4 };

/** How long a worker whose link has ended may take to end by itself, in milliseconds: its own end says more than a kill. */
const LAST_MS = 250;

/** The supervisor's view of one worker: its process. What it says is the front's to hear. */
export class WorkerProcess {
  readonly id: number;
  readonly #of: { readonly app: string; readonly generation: number };
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #progress: string;
  readonly #began = performance.now();
  /** Whether its application is imported. */
  ready = false;
  /** Why it was killed, where the supervisor killed it. */
  reason: string | undefined;
  kind: RestartCause | undefined;
  /** Why it could not start, by its own word. */
  failure: StartFailure | undefined;
  /** Why it is to end, where it serves until another has taken its place. */
  leaving: RestartCause | 'scale' | undefined;
  /** Its front lets it end. */
  released = false;
  /** Requests that it has ended, and bytes of resident memory, when it was last looked at. */
  served = 0;
  memory = 0;

  constructor(
    id: number,
    of: { readonly app: string; readonly generation: number },
    command: Omit<ChildCommand, 'stdio'>,
    prefix: readonly string[],
    { progress, bodies }: { readonly progress: SharedFile; readonly bodies: Pick<SharedFile, 'fd'> },
  ) {
    this.id = id;
    this.#of = of;
    this.#progress = progress.path;
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', progress.fd, bodies.fd] as const;
    const { child, ended } = startChild({ ...command, stdio }, prefix);
    progress.close();
    this.#child = child;
    this.ended = ended;
    // Where no front has opened it.
    void ended.then(() => progress[Symbol.dispose]());
    for (const name of WORKER_PIPES) if (child.pid !== undefined) stopReading(this.#pipe(name));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Milliseconds since its start. */
  get age(): number {
    return performance.now() - this.#began;
  }

  /**
   * Hands its pipes to a front. The last message leaves when the front has them all, and this process has none any more.
   * @param requests after which it asks to be replaced; 0: never
   */
  handTo(front: FrontProcess, requests: number): void {
    if (this.pid === undefined) return;
    for (const pipe of WORKER_PIPES) front.send({ type: 'pipe', worker: this.id, pipe }, this.#pipe(pipe));
    const progress = this.#progress;
    front.send({ type: 'worker', worker: this.id, ...this.#of, pid: this.pid, requests, progress });
  }

  /** Kills it and what it forked. */
  kill(reason: string, kind?: RestartCause): void {
    if (this.reason === undefined) this.kind = kind;
    this.reason ??= reason;
    killGroup(this.pid);
  }

  /** Kills it where it does not end by itself: its link with the front is over. */
  killSoon(reason: string): void {
    const timer = setTimeout(() => this.kill(reason), LAST_MS);
    void this.ended.then(() => clearTimeout(timer));
  }

  #pipe(name: WorkerPipe): Socket {
    return this.#child.stdio[FD[name]] as Socket;
  }
}
