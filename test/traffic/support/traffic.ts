/**
 * Mixed traffic over keep-alive connections, one request at a time on each, every answer compared with what it must be.
 * A connection moves so:
 *
 *   opening ──▶ asking ──▶ idle ──▶ asking …       over: its client left, or the server closed it; the next one opens
 */
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type Loss, TrafficAccount, type TrafficReport } from './account.ts';
import { Mix, type MixOptions, type Step } from './mix.ts';
import { MalformedResponse, type ResponseHead, ResponseParser } from './response-parser.ts';

export interface TrafficOptions {
  readonly port: number;
  readonly mix: MixOptions;
  readonly connections?: number;
  /** Requests to send; without end where it is left out, until `stop()`. */
  readonly requests?: number;
  /** Milliseconds after which a request without a whole answer is lost. */
  readonly patienceMs?: number;
}

const CONNECTIONS = 48;
const PATIENCE_MS = 30_000;
/** For clients that leave, and for those whose answer does not come: one timer for all. */
const TICK_MS = 1;
/** Between attempts to connect to a server that refuses. */
const REFUSED_MS = 20;
const READ_BYTES = 65_536;

export class Traffic implements AsyncDisposable {
  #account = new TrafficAccount();
  readonly #port: number;
  readonly #mix: Mix;
  readonly #patienceMs: number;
  readonly #clients: readonly Client[];
  readonly #ended = Promise.withResolvers<void>();
  readonly #tick: NodeJS.Timeout;
  #unsent: number;
  #open: number;
  #since = performance.now();
  #waiters: { readonly count: number; resolve(): void }[] = [];

  constructor({
    port,
    mix,
    connections = CONNECTIONS,
    requests = Number.POSITIVE_INFINITY,
    patienceMs = PATIENCE_MS,
  }: TrafficOptions) {
    this.#port = port;
    this.#mix = new Mix(mix);
    this.#unsent = requests;
    this.#patienceMs = patienceMs;
    this.#open = connections;
    const world: World = {
      port: this.#port,
      patienceMs: this.#patienceMs,
      account: () => this.#account,
      next: () => this.#next(),
      noted: () => this.#noted(),
      finished: () => this.#finished(),
    };
    this.#clients = Array.from({ length: connections }, () => new Client(world));
    this.#tick = setInterval(() => {
      const now = performance.now();
      for (const client of this.#clients) client.tick(now);
    }, TICK_MS);
    for (const client of this.#clients) client.start();
  }

  get account(): TrafficAccount {
    return this.#account;
  }

  /** Begins a new account: what was counted so far is forgotten, and open requests count as sent. */
  beginAccount(): void {
    const open = this.#account.sent - this.#account.ended;
    this.#account = new TrafficAccount();
    this.#account.sent = open;
    this.#since = performance.now();
  }

  /** Resolves once this many requests have ended, or all that are to be sent. */
  reached(count: number): Promise<void> {
    if (this.#account.ended >= count) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ count, resolve });
    return Promise.race([promise, this.#ended.promise]);
  }

  /** Resolves when every request has ended, with the account. */
  async done(): Promise<TrafficAccount> {
    await this.#ended.promise;
    return this.#account;
  }

  /** Sends no more requests; resolves when the open ones have ended. Rates are those until now. */
  async stop(): Promise<TrafficReport> {
    const window = {
      done: this.#account.right + this.#account.left,
      seconds: (performance.now() - this.#since) / 1000,
    };
    this.#unsent = 0;
    for (const client of this.#clients) client.stop();
    await this.#ended.promise;
    return this.#account.report(window);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsent = 0;
    for (const client of this.#clients) client.abandon();
    await this.#ended.promise;
  }

  #next(): Step | undefined {
    if (this.#unsent <= 0) return undefined;
    this.#unsent--;
    this.#account.sent++;
    return this.#mix.next();
  }

  #noted(): void {
    if (this.#waiters.length === 0) return;
    const { ended } = this.#account;
    this.#waiters = this.#waiters.filter(({ count, resolve }) => {
      if (ended >= count) resolve();
      return ended < count;
    });
  }

  #finished(): void {
    this.#open--;
    if (this.#open > 0) return;
    clearInterval(this.#tick);
    this.#ended.resolve();
  }
}

/** What the clients share. */
interface World {
  readonly port: number;
  readonly patienceMs: number;
  account(): TrafficAccount;
  /** The next request; undefined: there is none. */
  next(): Step | undefined;
  /** A request has ended. */
  noted(): void;
  /** A client has ended. */
  finished(): void;
}

type State = 'opening' | 'asking' | 'idle' | 'pausing' | 'over';

/** One connection after the other. */
class Client {
  readonly #world: World;
  readonly #read = Buffer.allocUnsafe(READ_BYTES);
  readonly #parser: ResponseParser;
  #state: State = 'idle';
  #socket: Socket | undefined;
  #step: Step | undefined;
  #sentAt = 0;
  #leavesAt = Number.POSITIVE_INFINITY;
  #pausedUntil = 0;
  /** Of the answer that comes. */
  #head: ResponseHead | undefined;
  #part = 0;
  #offset = 0;
  #difference: string | undefined;
  #wasReset = false;

  constructor(world: World) {
    this.#world = world;
    this.#parser = new ResponseParser({
      head: (head) => {
        this.#head = head;
      },
      body: (bytes, from, to) => this.#compare(bytes, from, to),
      end: () => this.#answered(),
    });
  }

  start(): void {
    this.#proceed();
  }

  stop(): void {
    if (this.#state === 'pausing') this.#finish();
  }

  /** Ends at once, whatever is open. */
  abandon(): void {
    if (this.#state === 'over') return;
    this.#close();
    this.#finish();
  }

  tick(now: number): void {
    if (this.#state === 'asking' && now >= this.#leavesAt) this.#leave();
    else if (this.#step !== undefined && now - this.#sentAt > this.#world.patienceMs) this.#lose('silent');
    else if (this.#state === 'pausing' && now >= this.#pausedUntil) this.#proceed();
  }

  /** Asks the next request, on the connection that is open or on a new one. */
  #proceed(): void {
    if (this.#state === 'over') return;
    const step = this.#world.next();
    if (step === undefined) return this.#finish();
    this.#step = step;
    this.#head = undefined;
    this.#part = 0;
    this.#offset = 0;
    this.#difference = undefined;
    this.#sentAt = performance.now();
    if (this.#socket === undefined) this.#connect();
    else this.#ask(this.#socket);
  }

  #connect(): void {
    this.#state = 'opening';
    this.#wasReset = false;
    this.#parser.reset();
    const socket: Socket = connect({
      host: '127.0.0.1',
      port: this.#world.port,
      noDelay: true,
      onread: { buffer: this.#read, callback: (size: number): boolean => this.#receive(socket, size) },
    });
    this.#socket = socket;
    socket.once('connect', () => {
      this.#world.account().connections++;
      if (this.#socket === socket) this.#ask(socket);
    });
    socket.on('error', () => {
      this.#wasReset = true;
    });
    socket.on('end', () => this.#closed(socket));
    socket.on('close', () => this.#closed(socket));
  }

  #ask(socket: Socket): void {
    const { exchange, leaveAfterMs } = this.#step as Step;
    this.#state = 'asking';
    this.#leavesAt = leaveAfterMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + leaveAfterMs;
    this.#parser.expect(exchange.isHead);
    if (exchange.body === undefined) socket.write(exchange.head);
    else {
      socket.cork();
      socket.write(exchange.head);
      socket.write(exchange.body);
      socket.uncork();
    }
    if (leaveAfterMs === 0) this.#leave();
  }

  #receive(socket: Socket, size: number): boolean {
    if (this.#socket !== socket) return true;
    try {
      this.#parser.receive(this.#read.subarray(0, size));
      if (this.#step === undefined && this.#parser.hasBegun) this.#fail('bytes behind an answer');
    } catch (error) {
      if (!(error instanceof MalformedResponse)) throw error;
      this.#fail(error.message);
    }
    return true;
  }

  #compare(bytes: Buffer, from: number, to: number): void {
    const { exchange } = this.#step ?? {};
    if (exchange?.answer === undefined || this.#difference !== undefined) return;
    for (let at = from; at < to; ) {
      const part = exchange.answer[this.#part];
      if (part === undefined) {
        this.#difference = `${to - at} bytes more than the answer has, such as ${excerpt(bytes, at, to)}`;
        return;
      }
      const size = Math.min(to - at, part.length - this.#offset);
      if (part.compare(bytes, at, at + size, this.#offset, this.#offset + size) !== 0) {
        const wanted = excerpt(part, this.#offset, part.length);
        this.#difference = `in part ${this.#part} from byte ${this.#offset}: ${excerpt(bytes, at, to)} in place of ${wanted}`;
        return;
      }
      at += size;
      this.#offset += size;
      if (this.#offset === part.length) {
        this.#part++;
        this.#offset = 0;
      }
    }
  }

  /** The answer is whole. */
  #answered(): void {
    const step = this.#step;
    const head = this.#head as ResponseHead;
    if (step === undefined) return this.#fail(`a second answer, ${head.status}`);
    const { exchange, leaveAfterMs } = step;
    this.#step = undefined;
    const difference = this.#judge(step, head);
    const account = this.#world.account();
    if (difference === undefined) account.addRight(exchange.kind, performance.now() - this.#sentAt);
    else account.addWrong(`${describe(step)}: ${head.status}, ${difference}`);
    // An answer that came sooner than its client leaves: it leaves all the same.
    if (head.closes || leaveAfterMs !== undefined || difference !== undefined) this.#close();
    this.#ended();
  }

  /** @returns what is wrong with a whole answer, or nothing */
  #judge({ exchange }: Step, { status, length }: ResponseHead): string | undefined {
    if (status !== exchange.status) return `in place of ${exchange.status}`;
    if (this.#difference !== undefined) return this.#difference;
    if (exchange.headLength !== undefined && length !== undefined && length !== exchange.headLength)
      return `Content-Length ${length} in place of ${exchange.headLength}`;
    if (exchange.answer === undefined || exchange.isHead) return undefined;
    if (this.#part < exchange.answer.length) return `it ends in part ${this.#part} at byte ${this.#offset}`;
    return undefined;
  }

  #fail(why: string): void {
    const step = this.#step;
    this.#step = undefined;
    this.#close();
    if (step === undefined) return this.#world.account().addUnasked(why);
    this.#world.account().addWrong(`${describe(step)}: ${why}`);
    this.#ended();
  }

  #leave(): void {
    this.#step = undefined;
    this.#close();
    this.#world.account().left++;
    this.#ended();
  }

  /** The server has ended the connection. */
  #closed(socket: Socket): void {
    if (this.#socket !== socket) return;
    if (this.#step === undefined) return this.#close();
    if (this.#state === 'opening') return this.#lose('refused');
    this.#parser.close();
    if (this.#step === undefined || this.#socket !== socket) return;
    this.#lose(this.#parser.hasBegun ? 'cut' : this.#wasReset ? 'reset' : 'closed');
  }

  #lose(loss: Loss): void {
    const step = this.#step as Step;
    this.#step = undefined;
    this.#close();
    this.#world.account().addLost(loss, `${describe(step)}: ${loss}${this.#head ? ` after ${this.#head.status}` : ''}`);
    this.#ended(loss === 'refused' ? REFUSED_MS : 0);
  }

  #ended(pauseMs = 0): void {
    this.#world.noted();
    this.#state = pauseMs > 0 ? 'pausing' : 'idle';
    if (pauseMs > 0) this.#pausedUntil = performance.now() + pauseMs;
    // Not in the midst of the parser's work: what stands behind an answer belongs to nobody, and is noticed first.
    else process.nextTick(() => this.#proceed());
  }

  #close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #finish(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#close();
    this.#world.finished();
  }
}

function describe({ exchange }: Step): string {
  return exchange.head.toString('latin1', 0, exchange.head.indexOf(' HTTP'));
}

function excerpt(bytes: Buffer, from: number, to: number): string {
  return JSON.stringify(bytes.toString('latin1', from, Math.min(to, from + 40)));
}
