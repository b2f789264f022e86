import type { ChildProcess } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { WorkerStacks } from '../admin/control.ts';
import { accountEnvironment } from '../apps/account.ts';
import { appEnvironment } from '../apps/app-environment.ts';
import type { BoundAddress, FromFront, FrontAddress, FrontSettings, ToFront } from '../front/protocol.ts';
import { readStat } from '../machine/process-stat.ts';
import type { Family } from '../observe/metrics.ts';
import { Questions } from '../pool/questions.ts';
import type { ServePlan } from './plan.ts';
import { type Ending, frontPrefix, killGroup, startChild } from './spawn.ts';

/** How long a front may take to say where its workers stand; it waits less for a worker that does not answer. */
const STACKS_MS = 5000;
/** The first descriptor after stdio and the IPC channel. */
const FIRST_FD = 4;
/** Descriptors of one socket: one to listen on, and those for times with many connections. */
const FDS_PER_SOCKET = 8;
const COMPILED = import.meta.url.endsWith('.js');
export const FRONT_MAIN = fileURLToPath(new URL(`../front/main.${COMPILED ? 'js' : 'ts'}`, import.meta.url));

/** What this process compiled, the front need not compile again: about 150 ms of its start. */
function withCompileCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? env : { ...env, NODE_COMPILE_CACHE: dirname(directory) };
}

/** How long what a front has said before its end may take to be read. */
const LAST_MESSAGES_MS = 1000;

/** The supervisor's view of one front: its process and the messages between them. */
export class FrontProcess {
  readonly ended: Promise<Ending>;
  /** Its place among the fronts: the next one of this place has it too. */
  readonly place: number;
  readonly #child: ChildProcess;
  readonly #began = performance.now();
  readonly #drained = Promise.withResolvers<void>();
  readonly #stacks = new Questions<readonly WorkerStacks[]>(STACKS_MS);
  /** Workers' pipes that the front may not have taken yet, in their order; Node takes the handle out of a socket that it sends. */
  readonly #handed = new Map<Socket, { close(): void }>();
  /** Its last figures, and when it told them. */
  families: readonly Family[] = [];
  heard: number = performance.now();
  listens = false;
  /** Why it was killed, where the supervisor did it. */
  reason: string | undefined;

  /** @param sockets the bound sockets that it inherits */
  constructor(
    place: number,
    sockets: readonly BoundAddress[],
    settings: Omit<FrontSettings, 'addresses'>,
    receive: (message: FromFront) => void,
    { account, mixed, deathSignal }: Pick<ServePlan, 'account' | 'mixed'> & { readonly deathSignal: boolean },
  ) {
    this.place = place;
    const { child, ended } = startChild(
      {
        file: process.execPath,
        // Node opens its inspector on SIGUSR1.
        args: ['--disable-sigusr1', FRONT_MAIN],
        cwd: process.cwd(),
        // Whoever has its user can read its environment, and it needs no setting from there.
        env: { ...withCompileCache(appEnvironment(process.env)), ...accountEnvironment(account) },
        stdio: [
          'ignore',
          'inherit',
          'inherit',
          'ipc',
          ...sockets.flatMap(({ fd }) => new Array<number>(FDS_PER_SOCKET).fill(fd)),
        ],
      },
      frontPrefix(deathSignal, account, mixed),
    );
    this.#child = child;
    this.ended = ended;
    child.on('message', (message) => {
      this.#note(message as FromFront);
      receive(message as FromFront);
    });
    void ended.then(() => {
      setTimeout(() => this.#closeHanded(), LAST_MESSAGES_MS).unref();
      this.#drained.resolve();
      this.#stacks.end('the front has died');
    });
    this.send({ type: 'configure', settings: { ...settings, addresses: sockets.map(inherited) } });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    const { exitCode, signalCode, pid } = this.#child;
    return exitCode === null && signalCode === null && pid !== undefined && readStat(pid)?.isEnding === false;
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
    if (handle !== undefined) this.#handed.set(handle, (handle as unknown as { _handle: { close(): void } })._handle);
    // A front that died in between is noticed by its end.
    this.#child.send(message, handle, () => this.#sent(handle));
  }

  /** Node writes a handle when the front has taken the one before it. */
  #sent(handle: Socket | undefined): void {
    if (handle === undefined || !this.#handed.has(handle)) return;
    for (const earlier of this.#handed.keys()) {
      if (earlier === handle) return;
      this.#handed.delete(earlier);
    }
  }

  /** Node sends one handle at a time. Where the front dies before it has taken one, Node closes neither that one nor those behind it. */
  #closeHanded(): void {
    this.disconnect();
    for (const [socket, handle] of this.#handed) {
      socket.destroy();
      handle.close();
    }
    this.#handed.clear();
  }

  /** Where each of its workers of an app stands. @throws Unanswered */
  stacks(app: string): Promise<readonly WorkerStacks[]> {
    return this.#stacks.ask((question) => this.send({ type: 'stacks', app, question }));
  }

  /** Has it take no more connections and answer what it has; resolves when that is done, or the front is gone. */
  drain(): Promise<void> {
    this.send({ type: 'drain' });
    return this.#drained.promise;
  }

  /** Lets it write its last records and end. */
  disconnect(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  kill(reason?: string): void {
    this.reason ??= reason;
    killGroup(this.pid);
  }

  #note(message: FromFront): void {
    if (message.type === 'listening') this.listens = true;
    else if (message.type === 'drained') this.#drained.resolve();
    else if (message.type === 'stacks') this.#stacks.answer(message.question, message.workers);
    // What comes after its death is too late: its counters are among those of the dead.
    else if (message.type === 'snapshot' && this.alive) {
      this.families = message.families;
      this.heard = performance.now();
    }
  }
}

/** A bound socket by the descriptors under which the front has it. */
function inherited(socket: BoundAddress, index: number): FrontAddress {
  const first = FIRST_FD + index * FDS_PER_SOCKET;
  const spareFds = Array.from({ length: FDS_PER_SOCKET - 1 }, (_, at) => first + 1 + at);
  return { ...socket, fd: first, spareFds };
}
