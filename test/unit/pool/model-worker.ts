/** A worker that keeps the protocol, over in-memory streams, and whose pace the test decides. */
import { encodeFrame, FLAG, type Frame, FrameReader, splitHead, TYPE } from '../../../src/pool/frames.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { WorkerLink } from '../../../src/pool/worker-link.ts';
import { linkPair, PlayedProgress, START } from './played-worker.ts';

interface Given {
  readonly id: number;
  readonly path: string;
}

/** What the workers of one pool have seen. */
export interface Seen {
  /** Paths in the order in which they were given to any worker. */
  readonly sent: string[];
  /** Paths in the order in which they were begun. */
  readonly begun: string[];
  /** Paths that were given back. */
  readonly returned: string[];
  readonly broken: string[];
}

export class ModelWorker {
  readonly link: WorkerLink;
  readonly running: Given[] = [];
  readonly waiting: Given[] = [];
  readonly #slots: number;
  readonly #seen: Seen;
  readonly #pool: Pool;
  readonly #ends = linkPair();
  readonly #progress = new PlayedProgress();
  #asked = false;
  #dead = false;

  constructor(pool: Pool, slots: number, seen: Seen) {
    this.#pool = pool;
    this.#slots = slots;
    this.#seen = seen;
    this.link = new WorkerLink(this.#ends.front, { ...START, threads: slots }, this.#progress, {
      control: () => undefined,
      late: () => undefined,
      freed: () => pool.freed(this.link),
      returned: (requests) => pool.takeBack(requests),
      broken: (reason) => {
        if (!this.#dead) seen.broken.push(reason);
      },
    });
    const send = this.link.send.bind(this.link);
    this.link.send = (request, now) => {
      seen.sent.push(request.environ.PATH_INFO);
      return send(request, now);
    };
    for (const stream of [this.#ends.data, this.#ends.control]) {
      const reader = new FrameReader(1 << 20);
      stream.on('data', (bytes: Buffer) => {
        reader.receive(bytes);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) this.#take(frame);
      });
    }
    pool.add(this.link);
  }

  /** Ends one of the requests that run. */
  finish(which: number, slow: boolean): void {
    if (this.running.length === 0) return;
    const [done] = this.running.splice(which % this.running.length, 1) as [Given];
    const flags = FLAG.END | FLAG.FREE | (slow ? FLAG.SLOW : 0);
    this.#ends.data.write(encodeFrame(TYPE.RESPONSE, done.id, { head: '200 OK\0', flags }));
    this.#begin();
  }

  /** Answers a GIVE_BACK that has come. */
  giveBack(): void {
    if (!this.#asked) return;
    this.#asked = false;
    const body = Buffer.alloc(4 * this.waiting.length);
    for (const [at, { id, path }] of this.waiting.entries()) {
      body.writeUInt32LE(id, 4 * at);
      this.#seen.returned.push(path);
    }
    this.waiting.length = 0;
    this.#ends.control.write(encodeFrame(TYPE.RETURNED, 0, { body }));
  }

  /** Dies, and the front has heard all that it had said. */
  async die(): Promise<void> {
    this.#dead = true;
    this.#ends.data.removeAllListeners('data');
    this.#ends.control.removeAllListeners('data');
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
    this.#pool.remove(this.link);
    this.#pool.takeBack(this.link.fail().unbegun);
  }

  #take(frame: Frame): void {
    if (frame.type === TYPE.GIVE_BACK) this.#asked = true;
    if (frame.type !== TYPE.REQUEST) return;
    const strings = splitHead(frame.head, 2 * frame.count);
    this.waiting.push({ id: frame.id, path: strings[strings.indexOf('PATH_INFO') + 1] as string });
    this.#begin();
  }

  #begin(): void {
    while (!this.#dead && this.running.length < this.#slots && this.waiting.length > 0) {
      const next = this.waiting.shift() as Given;
      this.#progress.last = next.id;
      this.#seen.begun.push(next.path);
      this.running.push(next);
    }
  }
}
