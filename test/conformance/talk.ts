import { type Answer, ConnectionEnded, Wire } from '../support/wire.ts';
import type { Language, Request } from './case.ts';
import { Gate } from './gate.ts';

/** A server that runs, with the suite's application. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly language: Language;
  /** An address of this machine that the server can connect to. */
  readonly gateHost: string;
  /** Milliseconds to wait for anything that a server owes. */
  readonly patience: number;
}

/** What came where an answer should have: its status is 0. */
export const NO_ANSWER: Answer = {
  version: '',
  status: 0,
  reason: '',
  headers: [],
  body: Buffer.alloc(0),
  complete: false,
};

const POLL_MS = 10;
let runs = 0;

/** One case's talk with a server: its requests under one name, and what its application recorded of them. */
export class Talk implements AsyncDisposable {
  readonly target: Target;
  /** Under which the application records. */
  readonly name: string = `${process.pid}-${++runs}`;
  readonly #app: string;
  readonly #wires: Wire[] = [];
  readonly #gates: Gate[] = [];

  /** @param app whose requests they are, where one does not say else */
  constructor(target: Target, app: string) {
    this.target = target;
    this.#app = app;
  }

  /** The bytes of a request. */
  bytes(request: Request = {}): Buffer {
    const { app = this.#app, body = '', target = '/', version = 'HTTP/1.1', headers = [] } = request;
    const { method = body === '' ? 'GET' : 'POST' } = request;
    const host = 'host' in request ? request.host : 'conformance.test';
    const hostLine = host === undefined ? [] : [`Host: ${host}`];
    const lines = [`${method} ${target} ${version}`, ...hostLine, `X-App: ${app}`, `X-Run: ${this.name}`, ...headers];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  }

  /** A connection, closed at the end of the case. */
  async open(): Promise<Wire> {
    const wire = await Wire.open(this.target.port, this.target.host, this.target.patience);
    this.#wires.push(wire);
    return wire;
  }

  /** One request on a connection of its own, which is closed behind it. */
  async ask(request: Request = {}): Promise<Answer> {
    using wire = await Wire.open(this.target.port, this.target.host, this.target.patience);
    return await answerOf(wire.send(this.bytes(request)), request);
  }

  /** A gate for applications to wait at. Its header belongs to the request: `headers: [gate.header]`. */
  async gate(): Promise<Gate & { header: string }> {
    const gate = await Gate.open(this.target.gateHost, this.target.patience);
    this.#gates.push(gate);
    return Object.assign(gate, { header: `X-Gate: ${this.target.gateHost}:${gate.port}` });
  }

  /** What the application has recorded until now, in order. */
  async records(): Promise<string[]> {
    const answer = await this.ask({ app: 'report' });
    if (answer.status !== 200) throw new Error(`the report was answered with ${answer.status}`);
    return JSON.parse(answer.body.toString('latin1')) as string[];
  }

  /** The records once they are as they must be, or as they are when patience ends. */
  async recordsOnce(fits: (records: readonly string[]) => boolean): Promise<string[]> {
    const deadline = performance.now() + this.target.patience;
    for (;;) {
      const records = await this.records();
      if (fits(records) || performance.now() > deadline) return records;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** @throws where the application has not recorded it in time */
  async recorded(what: string): Promise<void> {
    const records = await this.recordsOnce((all) => all.includes(what));
    if (!records.includes(what)) throw new Error(`"${what}" is not recorded; there is ${JSON.stringify(records)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const wire of this.#wires) wire[Symbol.dispose]();
    for (const gate of this.#gates) await gate[Symbol.asyncDispose]();
  }
}

/** The next answer of a connection, or `NO_ANSWER` where it ends without one. */
export async function answerOf(wire: Wire, { method = 'GET' }: Request = {}): Promise<Answer> {
  try {
    return await wire.answer(method);
  } catch (error) {
    if (error instanceof ConnectionEnded) return NO_ANSWER;
    throw error;
  }
}

/** Whether a server keeps the connection open behind this answer (RFC 9112, 9.3). */
export function persists({ version, headers, complete }: Answer): boolean {
  const connection = headers.flatMap(([name, value]) =>
    name === 'connection' ? value.toLowerCase().split(/, */) : [],
  );
  const isFramed = headers.some(([name]) => name === 'content-length' || name === 'transfer-encoding');
  if (!complete || connection.includes('close')) return false;
  return version === '1.1' ? true : connection.includes('keep-alive') && isFramed;
}
