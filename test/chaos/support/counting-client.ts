import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Account, Loss } from './account.ts';
import { AnswerReader, type Head } from './answer-reader.ts';
import { bodyFor } from './patterns.ts';

/** What a client sends: POSTs whose bodies come back. */
export interface ClientOptions {
  readonly port: number;
  readonly path: string;
  /** Milliseconds between an answer and the next request. */
  readonly pause: number;
  /** Bytes of the bodies, in turn. */
  readonly sizes: readonly number[];
  /** Milliseconds after which a request without an answer is lost. */
  readonly patience: number;
}

/** Nobody listens: a moment before the next attempt, so that a server that is away is not asked thousands of times. */
const REFUSED_MS = 20;

interface Running {
  readonly id: string;
  readonly body: Buffer;
  readonly since: number;
  readonly done: PromiseWithResolvers<void>;
  status: number | undefined;
  /** Bytes of the body that came and were right. */
  got: number;
  wrong: boolean;
  closes: boolean;
}

/** One keep-alive connection after the other, one request at a time on each, and an account of all of them. It never sends a request again. */
export class CountingClient {
  readonly #name: string;
  readonly #options: ClientOptions;
  readonly #account: Account;
  readonly #began: number;
  readonly #noted: () => void;
  #number = 0;
  #socket: Socket | undefined;
  #running: Running | undefined;
  #stopping = false;
  #wake: (() => void) | undefined;

  /** @param noted called after each request */
  constructor(name: string, options: ClientOptions, account: Account, began: number, noted: () => void) {
    this.#name = name;
    this.#options = options;
    this.#account = account;
    this.#began = began;
    this.#noted = noted;
  }

  /** Sends until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      await this.#one();
      if (!this.#stopping && this.#options.pause > 0) await this.#rest(this.#options.pause);
    }
    this.#socket?.destroy();
  }

  /** The request that runs is the last. */
  stop(): void {
    this.#stopping = true;
    this.#wake?.();
  }

  async #one(): Promise<void> {
    const { path, sizes, patience } = this.#options;
    const number = this.#number++;
    const id = `${this.#name}-${number}`;
    const body = bodyFor(id, number, sizes[number % sizes.length] as number);
    const done = Promise.withResolvers<void>();
    const since = performance.now();
    const running = { id, body, since, done, status: undefined, got: 0, wrong: false, closes: false };
    this.#account.sent++;
    this.#running = running;
    const socket = await this.#connection();
    if (socket === undefined) {
      this.#lose(running, 'refused');
      await this.#rest(REFUSED_MS);
      return;
    }
    const head = `POST ${path} HTTP/1.1\r\nHost: test\r\nX-Request-Id: ${id}\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
    const late = setTimeout(() => {
      this.#leave();
      this.#lose(running, 'silent');
    }, patience);
    await done.promise;
    clearTimeout(late);
  }

  /** The connection that is there, or a new one; undefined where none is to be had. */
  async #connection(): Promise<Socket | undefined> {
    if (this.#socket !== undefined) return this.#socket;
    const socket = connect({ port: this.#options.port, host: '127.0.0.1', noDelay: true });
    const opened = Promise.withResolvers<boolean>();
    const reader = new AnswerReader({
      head: (head) => this.#head(head),
      body: (bytes) => this.#body(bytes),
      end: () => this.#end(),
    });
    let wasReset = false;
    socket.once('connect', () => opened.resolve(true));
    socket.on('data', (bytes: Buffer) => reader.receive(bytes));
    socket.on('error', () => {
      wasReset = true;
    });
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        opened.resolve(false);
        this.#over(socket, reader, wasReset);
      });
    }
    if (!(await opened.promise)) return undefined;
    this.#account.connections++;
    this.#socket = socket;
    return socket;
  }

  #head({ status, closes, worker }: Head): void {
    const running = this.#running;
    if (running === undefined) return;
    running.status = status;
    running.closes = closes;
    if (worker !== undefined) this.#account.workers.add(worker);
  }

  #body(bytes: Uint8Array): void {
    const running = this.#running;
    if (running?.status !== 200) return;
    const expected = running.body.subarray(running.got, running.got + bytes.length);
    if (expected.equals(bytes)) running.got += bytes.length;
    else running.wrong = true;
  }

  #end(): void {
    const running = this.#running;
    if (running === undefined) return;
    if (running.closes) this.#leave();
    if (running.status !== 200) return this.#lose(running, 'status');
    if (running.wrong || running.got !== running.body.length) return this.#lose(running, 'wrong');
    this.#account.right++;
    this.#account.bytes += running.got;
    this.#account.slowest = Math.max(this.#account.slowest, performance.now() - running.since);
    this.#settle(running);
  }

  /** The server has ended the connection. */
  #over(socket: Socket, reader: AnswerReader, wasReset: boolean): void {
    if (this.#socket !== socket) return;
    const running = this.#running;
    if (running === undefined) this.#account.idleCloses++;
    else if (!reader.close()) this.#lose(running, reader.midAnswer ? 'cut' : wasReset ? 'reset' : 'closed');
    this.#leave();
  }

  #leave(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #lose(running: Running, loss: Loss): void {
    if (this.#running !== running) return;
    const at = performance.now() - this.#began;
    this.#account.lost.push({ id: running.id, loss, status: running.status, at });
    this.#settle(running);
  }

  #settle(running: Running): void {
    this.#running = undefined;
    running.done.resolve();
    this.#noted();
  }

  #rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
