/**
 * open-loop.ts PORT RATE LEAD SECONDS PATH [PATH..]: asks for the paths in turn, RATE times a second, however long the answers take (an open loop: users do not know of each other),
 * over keep-alive connections, as many as it takes. Prints `ready` once LEAD seconds have passed, and after SECONDS more a line of JSON: an `OpenLoopCount` of
 * what was answered in these. Times are from when a request was due, so that a client that is late itself hides nothing.
 */
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { percentile } from '../results.ts';

export interface OpenLoopCount {
  /** Requests a second that were sent. */
  readonly offered: number;
  /** Answers a second with 200. */
  readonly goodput: number;
  /** Answers a second with 503. */
  readonly refused: number;
  /** Milliseconds. */
  readonly goodP50: number;
  readonly goodP99: number;
  readonly refusedP99: number;
  /** Other answers, and connections that broke. */
  readonly failed: number;
}

const [port, rate, lead, seconds] = process.argv.slice(2, 6).map(Number) as [number, number, number, number];
const paths = process.argv.slice(6);
const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
const HEAD = /^HTTP\/1\.1 ([0-9]{3})[\s\S]*?\r\n\r\n/;
const LENGTH = /\r\ncontent-length: *([0-9]+)/i;

/** Not oftener than it must: the client shares the machine with what it measures. */
const TICK_MS = 5;

const idle: Client[] = [];
const good: number[] = [];
const refused: number[] = [];
let failed = 0;
let sent = 0;
let counts = false;

class Client {
  readonly #socket: Socket;
  #received = '';
  #due = 0;
  #busy = false;

  constructor() {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#receive(text));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      if (this.#busy && counts) failed++;
      const at = idle.indexOf(this);
      if (at >= 0) idle.splice(at, 1);
    });
  }

  ask(request: string, due: number): void {
    this.#due = due;
    this.#busy = true;
    this.#socket.write(request);
  }

  #receive(text: string): void {
    this.#received += text;
    const head = HEAD.exec(this.#received);
    if (head === null) return;
    const size = Number(LENGTH.exec(head[0])?.[1] ?? Number.NaN);
    if (this.#received.length < head[0].length + size) return;
    this.#received = '';
    this.#busy = false;
    note(head[1] as string, performance.now() - this.#due);
    // A body without a length has no end but the connection's.
    if (Number.isNaN(size) || /\r\nconnection: close/i.test(head[0])) this.#socket.destroy();
    else idle.push(this);
  }
}

function note(status: string, ms: number): void {
  if (!counts) return;
  if (status === '200') good.push(ms);
  else if (status === '503') refused.push(ms);
  else failed++;
}

function count(sentThen: number, time: number): OpenLoopCount {
  return {
    offered: sentThen / time,
    goodput: good.length / time,
    refused: refused.length / time,
    goodP50: percentile(good, 0.5),
    goodP99: percentile(good, 0.99),
    refusedP99: percentile(refused, 0.99),
    failed,
  };
}

const began = performance.now();
let countedFrom = { sent: 0, at: began };
const timer = setInterval(() => {
  const now = performance.now();
  for (; sent < ((now - began) * rate) / 1000; sent++) {
    const client = idle.pop() ?? new Client();
    client.ask(requests[sent % requests.length] as string, began + (sent * 1000) / rate);
  }
}, TICK_MS);
setTimeout(() => {
  counts = true;
  countedFrom = { sent, at: performance.now() };
  process.stdout.write('ready\n');
}, lead * 1000);
setTimeout(
  () => {
    clearInterval(timer);
    const time = (performance.now() - countedFrom.at) / 1000;
    process.stdout.write(`${JSON.stringify(count(sent - countedFrom.sent, time))}\n`, () => process.exit());
  },
  (lead + seconds) * 1000,
);
