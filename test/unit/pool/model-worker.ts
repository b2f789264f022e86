/**
 * A worker that keeps the protocol, at the other end of a real link. Each of its four streams, its threads and its control thread go on when the test lets
 * them, so that every order of them can be tried: frames of one link overtake those of the other, and a worker is asked for what it is about to begin.
 */
import { encodeFrame, FLAG, type Frame, FrameReader, splitHead, TYPE } from '../../../src/pool/frames.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { WorkerLink } from '../../../src/pool/worker-link.ts';
import { linkPair, PlayedProgress, START } from './played-worker.ts';

/** What the workers of one pool have seen. */
export interface Seen {
  /** Paths in the order in which they were given to any worker. */
  readonly sent: string[];
  /** Paths whose application was called, in that order. */
  readonly begun: string[];
  /** Paths whose application had ended. */
  readonly ended: string[];
  /** Paths that were given back. */
  readonly returned: string[];
  /** Paths that ran when their worker died. */
  readonly cut: string[];
  readonly broken: string[];
}

export type Language = 'python' | 'node';

interface Given {
  readonly id: number;
  readonly path: string;
}

export class ModelWorker {
  readonly link: WorkerLink;
  readonly running: Given[] = [];
  /** What has come and was not begun. */
  readonly waiting: Given[] = [];
  /** Frames that have come on a link, and that the worker has not read. */
  readonly unread = { data: [] as Frame[], control: [] as Frame[] };
  readonly #language: Language;
  readonly #slots: number;
  readonly #seen: Seen;
  readonly #pool: Pool;
  readonly #ends = linkPair();
  readonly #progress = new PlayedProgress();
  /** Frames that the worker has sent, and that the front has not received. */
  readonly #sent = { data: [] as Buffer[], control: [] as Buffer[] };
  /** Output that waits for more. */
  #held: Buffer[] = [];
  readonly #cancelled = new Set<number>();
  #dead = false;

  constructor(pool: Pool, slots: number, language: Language, seen: Seen) {
    this.#pool = pool;
    this.#slots = slots;
    this.#language = language;
    this.#seen = seen;
    this.link = new WorkerLink(
      this.#ends.front,
      { ...START, threads: slots },
      { progress: this.#progress, bodies: undefined },
      {
        control: () => undefined,
        late: () => undefined,
        freed: () => pool.freed(this.link),
        returned: (requests) => pool.takeBack(requests),
        broken: (reason) => {
          if (!this.#dead) seen.broken.push(reason);
        },
      },
    );
    const send = this.link.send.bind(this.link);
    this.link.send = (request, now) => {
      seen.sent.push(request.environ.PATH_INFO);
      return send(request, now);
    };
    for (const name of ['data', 'control'] as const) {
      const reader = new FrameReader(1 << 20);
      this.#ends[name].on('data', (bytes: Buffer) => {
        reader.receive(bytes);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) this.unread[name].push(frame);
      });
    }
    pool.add(this.link);
  }

  /** True while anything of it is under way. */
  get isBusy(): boolean {
    const { unread, waiting, running } = this;
    const frames = [unread.data, unread.control, this.#sent.data, this.#sent.control, this.#held];
    return waiting.length + running.length + frames.reduce((sum, { length }) => sum + length, 0) > 0;
  }

  /** Reads the data link: all that is there, as one read would. */
  readData(): void {
    for (const frame of this.unread.data.splice(0)) {
      if (frame.type !== TYPE.REQUEST) continue;
      const strings = splitHead(frame.head, 2 * frame.count);
      this.waiting.push({ id: frame.id, path: strings[strings.indexOf('PATH_INFO') + 1] as string });
    }
    // A Node worker has one thread, which begins what it has read.
    if (this.#language === 'node') while (this.begin());
  }

  /** The control thread does what the next frame asks. */
  readControl(): void {
    const frame = this.unread.control.shift();
    if (frame?.type === TYPE.GIVE_BACK) this.#giveBack();
    else if (frame?.type === TYPE.CANCEL) this.#cancelled.add(frame.id);
  }

  /** A thread takes the oldest request that waits. False where no slot or no request is there. */
  begin(): boolean {
    if (this.#dead || this.running.length >= this.#slots) return false;
    const next = this.waiting.shift();
    if (next === undefined) return false;
    this.#progress.last = next.id;
    if (this.#cancelled.delete(next.id)) this.#send(encodeFrame(TYPE.ABORT, next.id, { flags: FLAG.FREE }), false);
    else {
      this.#seen.begun.push(next.path);
      this.running.push(next);
    }
    return true;
  }

  /** Ends one of the requests that run. @param holds what it sends waits for more */
  finish(which: number, slow: boolean, holds: boolean): void {
    const [done] = this.running.splice(which % Math.max(1, this.running.length), 1);
    if (done === undefined) return;
    this.#seen.ended.push(done.path);
    const pace = slow ? FLAG.SLOW : 0;
    if (this.#cancelled.delete(done.id)) {
      this.#send(encodeFrame(TYPE.ABORT, done.id, { flags: FLAG.FREE | pace }), holds);
    } else if (which % 2 === 0) {
      this.#send(encodeFrame(TYPE.RESPONSE, done.id, { head: '200 OK\0', flags: FLAG.END | FLAG.FREE | pace }), holds);
    } else {
      this.#send(encodeFrame(TYPE.RESPONSE, done.id, { head: '200 OK\0', flags: FLAG.END }), holds);
      this.#send(encodeFrame(TYPE.DONE, done.id, { flags: pace }), holds);
    }
    if (this.#language === 'node') while (this.begin());
  }

  /** What was held leaves. */
  flush(): void {
    this.#sent.data.push(...this.#held);
    this.#progress.position += this.#progress.held.length;
    this.#held = [];
    this.#progress.held = Buffer.alloc(0);
  }

  /** The front receives the next frame of a link. */
  deliver(name: 'data' | 'control'): void {
    const frame = this.#sent[name].shift();
    if (frame !== undefined) this.#ends[name].write(frame);
  }

  /** Dies. What it had sent is received, and the front has heard of it. */
  async die(): Promise<void> {
    this.#dead = true;
    for (const { path } of this.running) this.#seen.cut.push(path);
    for (const name of ['data', 'control'] as const) {
      this.#ends[name].removeAllListeners('data');
      for (const frame of this.#sent[name]) this.#ends[name].write(frame);
    }
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
    this.#pool.remove(this.link);
    this.#pool.takeBack(this.link.fail().unbegun);
  }

  #giveBack(): void {
    if (this.#language === 'python') this.flush();
    const taken = this.waiting.splice(0);
    const body = Buffer.alloc(4 * taken.length);
    for (const [at, { id, path }] of taken.entries()) {
      body.writeUInt32LE(id, 4 * at);
      this.#cancelled.delete(id);
      this.#seen.returned.push(path);
    }
    this.#sent.control.push(encodeFrame(TYPE.RETURNED, 0, { body }));
  }

  #send(frame: Buffer, holds: boolean): void {
    this.#held.push(frame);
    this.#progress.held = Buffer.concat(this.#held);
    if (!holds) this.flush();
  }
}
