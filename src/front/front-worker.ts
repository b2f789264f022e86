import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { StartFailure } from '../errors.ts';
import { type Frame, TYPE } from '../pool/frames.ts';
import type { Pool } from '../pool/pool.ts';
import { type AppRecord, RecordReader } from '../pool/records.ts';
import type { Ready } from '../pool/start.ts';
import { WorkerLink } from '../pool/worker-link.ts';
import { BootWatch } from './boot-watch.ts';
import type { GenerationPlan, WorkerPipe } from './protocol.ts';
import { readFailure, readReady } from './worker-words.ts';

export type WorkerPipes = Readonly<Record<WorkerPipe, Socket>>;

/** What a front's worker tells the supervisor. */
export interface WorkerEvents {
  ready(ready: Ready): void;
  failed(failure: StartFailure): void;
  broken(why: string): void;
}

/** How long output may still come after the death was announced: a child that the app forked can hold the pipe. */
const LAST_WORDS_MS = 100;

/** One worker in the front: its boot, its link in the pool, and what it prints. */
export class FrontWorker {
  readonly #pid: number;
  readonly #pool: Pool;
  readonly #link: WorkerLink;
  readonly #watch: BootWatch;
  readonly #log: Logger;
  readonly #pipes: WorkerPipes;
  readonly #events: WorkerEvents;

  constructor(pipes: WorkerPipes, pid: number, plan: GenerationPlan, pool: Pool, log: Logger, events: WorkerEvents) {
    this.#pid = pid;
    this.#pipes = pipes;
    this.#pool = pool;
    this.#log = log;
    this.#events = events;
    this.#link = new WorkerLink(pipes, plan.start, {
      control: (frame) => this.#control(frame),
      freed: (slow) => pool.freed(this.#link, slow),
      returned: (requests) => pool.takeBack(requests),
      broken: (why) => events.broken(why),
    });
    this.#watch = new BootWatch(
      {
        target: plan.start.file ?? plan.start.module ?? plan.start.app,
        askStacks: () => this.#link.askStacks(),
        notice: (message) => log.warn({ code: 'APP_BOOT_SLOW' }, message),
        failed: (failure) => this.#fail(failure),
      },
      plan.bootTime,
    );
    this.#read(pipes.stdout, 'stdout');
    this.#read(pipes.stderr, 'stderr');
  }

  /** Ends the worker when its requests have ended. */
  stop(): void {
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
    const open = Object.values(this.#pipes).filter((pipe) => !pipe.closed);
    await Promise.race([Promise.all(open.map(closed)), later(LAST_WORDS_MS)]);
    this.#pool.remove(this.#link);
    const { cut, unbegun } = this.#link.fail();
    if (cut.length > 0) this.#log.error({ code: 'WORKER_DIED', requests: cut }, `${why}; its requests got 502`);
    this.#pipes.stdout.destroy();
    this.#pipes.stderr.destroy();
    this.#pool.takeBack(unbegun);
  }

  #control(frame: Frame): void {
    if (frame.type === TYPE.STACKS) return this.#watch.stacks(frame.body.toString('utf8'));
    if (frame.type === TYPE.FAILED) return this.#fail(readFailure(frame.body));
    this.#watch.stop();
    this.#events.ready(readReady(frame.body));
    this.#pool.add(this.#link);
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
    for (const { level, message, ...rest } of records) {
      this.#log[level]({ ...(running === undefined ? {} : { request: running }), ...rest }, message);
    }
    const dropped = reader.takeDropped();
    if (dropped > 0)
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
