import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { WorkerStacks } from '../admin/control.ts';
import type { StartFailure } from '../errors.ts';
import { type Frame, TYPE } from '../pool/frames.ts';
import type { Pool } from '../pool/pool.ts';
import { ProgressFile } from '../pool/progress.ts';
import { Questions } from '../pool/questions.ts';
import { type AppRecord, RecordReader } from '../pool/records.ts';
import type { Ready } from '../pool/start.ts';
import { WorkerLink } from '../pool/worker-link.ts';
import type { WorkerRequest } from '../pool/worker-request.ts';
import { fromNative } from '../wsgi/environ.ts';
import { BootWatch } from './boot-watch.ts';
import { PingWatch } from './ping-watch.ts';
import type { AdoptedWorker, GenerationPlan, WorkerPipe } from './protocol.ts';
import { warmUp } from './warm-up.ts';
import { readFailure, readReady } from './worker-words.ts';

export type WorkerPipes = Readonly<Record<WorkerPipe, Socket>>;

/** The generation of a worker, as far as its workers know it. */
export interface WorkerHome {
  readonly plan: GenerationPlan;
  readonly pool: Pool;
  /** The file of request bodies that its workers have open. */
  readonly bodies: object | undefined;
}

/** What a front's worker tells the supervisor. */
export interface WorkerEvents {
  ready(ready: Ready): void;
  failed(failure: StartFailure): void;
  broken(why: string): void;
  /** It does not answer. */
  hung(why: string): void;
  /** It has ended as many requests as it was to. */
  spent(): void;
}

/** How long output may still come after the death was announced: a child that the app forked can hold the pipe. */
const LAST_WORDS_MS = 100;
/** Lines of a worker's output that the record of its death holds. */
const LAST_LINES = 10;
/** How long the stacks of a worker are waited for: C code that holds the GIL gives none. */
const STACKS_MS = 1500;
/** Bytes of stacks that are kept. */
const STACKS_SIZE = 262_144;
/** How often the log says that output was dropped. */
const DROPPED_MS = 1000;
/** The question that the watch over the import asks; all others have numbers from 1. */
const BOOT_QUESTION = 0;
const NO_STACKS = 'the worker did not say: it holds its interpreter in C code, or is stopped';

/** One worker in the front: its boot, its link in the pool, and what it prints. */
export class FrontWorker {
  readonly #pid: number;
  readonly #plan: GenerationPlan;
  readonly #pool: Pool;
  readonly #link: WorkerLink;
  readonly #watch: BootWatch;
  readonly #log: Logger;
  readonly #pipes: WorkerPipes;
  readonly #events: WorkerEvents;
  readonly #stacks = new Questions<string>(STACKS_MS);
  /** Requests after which it is to be replaced. */
  readonly #life: number;
  #pings: PingWatch | undefined;
  #served = 0;
  #dropping: NodeJS.Timeout | undefined;
  #dropped = 0;
  #ready = false;
  #stopping = false;
  /** What it printed last: what a process says before it dies is mostly why. */
  #lastOutput: readonly string[] = [];

  /** @throws Error of the file system where the progress file cannot be opened */
  constructor(
    { pid, requests: life, progress }: Pick<AdoptedWorker, 'pid' | 'requests' | 'progress'>,
    pipes: WorkerPipes,
    { plan, pool, bodies }: WorkerHome,
    log: Logger,
    events: WorkerEvents,
  ) {
    this.#pid = pid;
    this.#life = life;
    this.#plan = plan;
    this.#pool = pool;
    this.#log = log;
    this.#events = events;
    this.#link = new WorkerLink(
      pipes,
      plan.start,
      { progress: new ProgressFile(progress), bodies },
      {
        control: (frame) => this.#control(frame),
        freed: () => this.#freed(),
        late: (requests) => void this.#explain(requests, plan.timeout),
        returned: (requests) => pool.takeBack(requests),
        broken: (why) => events.broken(why),
      },
    );
    this.#pipes = { ...pipes, ...this.#link.sockets };
    this.#watch = new BootWatch(
      {
        target: plan.start.file ?? plan.start.module ?? plan.start.app,
        askStacks: () => this.#link.askStacks(BOOT_QUESTION),
        notice: (message) => log.warn({ code: 'APP_BOOT_SLOW' }, message),
        failed: (failure) => this.#fail(failure),
      },
      plan.bootTime,
    );
    this.#read(pipes.stdout, 'stdout');
    this.#read(pipes.stderr, 'stderr');
  }

  /** What it runs, and where each of its threads stands; null where it does not say. */
  async describe(): Promise<WorkerStacks> {
    const requests = this.#link.runningIds;
    const stacks = await this.#stacks.ask((question) => this.#link.askStacks(question)).catch(() => null);
    return { pid: this.#pid, stacks, requests };
  }

  /** Requests that it has ended. */
  get served(): number {
    return this.#served;
  }

  /** Gives it nothing more, and ends it when what it has has ended. */
  async release(): Promise<void> {
    await this.#pool.release(this.#link);
    this.stop();
  }

  /** Ends the worker when its requests have ended. */
  stop(): void {
    this.#stopping = true;
    this.#pool.remove(this.#link);
    this.#link.stop();
  }

  /** Kills its session, with what it forked. */
  kill(): void {
    try {
      process.kill(-this.#pid, 'SIGKILL');
    } catch {
      // Nobody is left in it.
    }
  }

  /** The supervisor has reaped it: what it ran fails, after what it had still said. */
  async gone(why: string): Promise<void> {
    this.#watch.stop();
    this.#pings?.stop();
    const open = Object.values(this.#pipes).filter((pipe) => !pipe.closed);
    await Promise.race([Promise.all(open.map(closed)), later(LAST_WORDS_MS)]);
    this.#stacks.end(why);
    this.#pool.remove(this.#link);
    this.#tellDropped();
    const { cut, unbegun } = this.#link.fail();
    if (this.#ready && !(this.#stopping && cut.length === 0)) this.#tellDeath(why, cut);
    this.#pipes.stdout.destroy();
    this.#pipes.stderr.destroy();
    this.#pool.takeBack(unbegun);
  }

  #control(frame: Frame): void {
    if (frame.type === TYPE.STACKS) return this.#hearStacks(frame);
    if (frame.type === TYPE.PING) return this.#pings?.answer(frame.id);
    if (frame.type === TYPE.FAILED) return this.#fail(readFailure(frame.body));
    void this.#begin(readReady(frame.body));
  }

  /** Its application is imported. */
  async #begin(ready: Ready): Promise<void> {
    this.#pings ??= new PingWatch(
      this.#plan.pingTime,
      (id) => this.#link.ping(id),
      () => this.#events.hung(`it did not answer for ${this.#plan.pingTime / 1000} s`),
    );
    const failure = this.#plan.warmUp === '' ? undefined : await warmUp(this.#link, this.#plan);
    this.#watch.stop();
    if (failure !== undefined) return this.#fail(failure);
    if (this.#stopping) return;
    this.#ready = true;
    this.#events.ready(ready);
    this.#pool.add(this.#link);
  }

  #freed(): void {
    if (++this.#served === this.#life) this.#events.spent();
    this.#pool.freed(this.#link);
  }

  #hearStacks({ id, body }: Frame): void {
    const text = body.toString('utf8', 0, STACKS_SIZE);
    if (id === BOOT_QUESTION) this.#watch.stacks(text);
    else this.#stacks.answer(id, text);
  }

  /** One record for each request whose time has passed: which it was, and where the whole worker stood. */
  async #explain(requests: readonly WorkerRequest[], timeout: number): Promise<void> {
    const { stacks } = await this.describe();
    for (const { requestId: request, environ } of requests) {
      const { REQUEST_METHOD: method, SCRIPT_NAME: script, PATH_INFO: path } = environ;
      this.#log.error(
        { request, code: 'REQUEST_TIMEOUT', method, path: fromNative(script + path), stacks: stacks ?? NO_STACKS },
        `a request ran longer than ${timeout / 1000} s and got 504`,
      );
    }
  }

  #tellDeath(why: string, requests: readonly string[]): void {
    const output = this.#lastOutput;
    const lost = requests.length === 0 ? 'no request was lost with it' : 'its requests got 502';
    this.#log.error({ code: 'WORKER_DIED', requests, output }, `${why}; ${lost}`);
  }

  #fail(failure: StartFailure): void {
    this.#watch.stop();
    this.#events.failed(failure);
  }

  #read(pipe: Socket, stream: AppRecord['stream']): void {
    const reader = new RecordReader(stream);
    pipe.on('data', (bytes: Buffer) => this.#write(reader.receive(bytes, performance.now()), reader));
    pipe.on('error', () => undefined);
    pipe.on('end', () => this.#write(reader.end(), reader));
  }

  #write(records: readonly AppRecord[], reader: RecordReader): void {
    const running = this.#link.onlyRequestId;
    this.#lastOutput = [...this.#lastOutput, ...records.map(({ message }) => message)].slice(-LAST_LINES);
    for (const { level, message, ...rest } of records) {
      this.#log[level]({ ...(running === undefined ? {} : { request: running }), ...rest }, message);
    }
    this.#dropped += reader.takeDropped();
    if (this.#dropped > 0) this.#tellDroppedSoon();
  }

  /** Not with each piece of a flood: that would be one more. */
  #tellDroppedSoon(): void {
    this.#dropping ??= setTimeout(() => this.#tellDropped(), DROPPED_MS);
  }

  #tellDropped(): void {
    clearTimeout(this.#dropping);
    this.#dropping = undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped === 0) return;
    this.#log.warn({ code: 'APP_OUTPUT_DROPPED', dropped }, 'the app prints faster than its log is allowed to grow');
  }
}

function closed(pipe: Socket): Promise<void> {
  return new Promise((resolve) => pipe.once('close', () => resolve()));
}

/** Later by `ms`, and what has come by then has been read: a front that was busy finds a timer before its sockets. */
function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => setImmediate(resolve), ms));
}
