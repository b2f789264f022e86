import assert from 'node:assert/strict';
import { Barrier } from '../../support/barrier.ts';
import { type Answer, Wire } from '../../support/wire.ts';
import type { Complaint, Subject } from './subject.ts';

const PATIENCE_MS = 20_000;

/** One case's talk with a server: requests under one id, what came back, and what app and server said of them. */
export class Exchange implements Disposable {
  readonly subject: Subject;
  readonly id: string;
  readonly complaints: Complaint[] = [];
  readonly #wires: Wire[] = [];
  #barrier: Barrier | undefined;

  constructor(subject: Subject, id: string) {
    this.subject = subject;
    this.id = id;
    subject.begin(id);
  }

  /** What the app of this case waits at, where it is told its path. */
  get barrier(): Barrier {
    this.#barrier ??= new Barrier();
    return this.#barrier;
  }

  /** Resolves when the app waits, and lets it go on. */
  async pass(): Promise<void> {
    await this.barrier.reached();
    this.barrier.open();
  }

  /** The bytes of a request; without a body, a GET where `method` does not say else. */
  request(
    target: string,
    options: { method?: string; version?: string; headers?: readonly string[]; body?: string } = {},
  ): string {
    const { method = 'GET', version = 'HTTP/1.1', headers = [], body = '' } = options;
    const lines = [`${method} ${target} ${version}`, 'Host: test', `X-Request-Id: ${this.id}`, ...headers];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }

  /** A connection, closed at the end of the case. */
  async open(): Promise<Wire> {
    const wire = await Wire.open(this.subject.port);
    this.#wires.push(wire);
    return wire;
  }

  /** One request on a connection of its own, and its answer. */
  async ask(target: string, options: Parameters<Exchange['request']>[1] = {}): Promise<Answer> {
    const wire = await this.open();
    return wire.send(this.request(target, options)).answer(options.method);
  }

  /** The answer's body as latin-1 text; the answer must be a whole 200. */
  async text(target: string, options: Parameters<Exchange['request']>[1] = {}): Promise<string> {
    const answer = await this.ask(target, options);
    assert.equal(answer.status, 200, answer.body.toString());
    assert.ok(answer.complete, 'the answer is whole');
    return answer.body.toString('latin1');
  }

  said(what: string): Promise<void> {
    return this.subject.said(this.id, what);
  }

  saidAll(): Promise<string[]> {
    return this.subject.saidOf(this.id);
  }

  /** The server has complained of this request, and one complaint fits. */
  async complaint(fits: RegExp): Promise<void> {
    const all = await this.subject.complaintsOf(this.id);
    this.complaints.push(...all);
    assert.ok(
      all.some(({ text }) => fits.test(text)),
      `no complaint fits ${fits}; there are ${JSON.stringify(all)}`,
    );
  }

  /** The server has not complained of this request. */
  async noComplaint(): Promise<void> {
    assert.deepEqual(await this.subject.complaintsOf(this.id), []);
  }

  /** As many bodies were closed as were given: what still runs is waited for, and a close too many shows. */
  async checkClosed(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    let [bodies, closes] = await this.#countBodies();
    while (closes < bodies && performance.now() < deadline) [bodies, closes] = await this.#countBodies();
    assert.deepEqual(await this.#countBodies(), [bodies, bodies], `${this.id}: bodies given, bodies closed`);
  }

  async #countBodies(): Promise<[given: number, closed: number]> {
    const said = await this.saidAll();
    const count = (wanted: string) => said.filter((what) => what === wanted).length;
    return [count('body'), count('close')];
  }

  [Symbol.dispose](): void {
    this.#barrier?.[Symbol.dispose]();
    for (const wire of this.#wires) wire[Symbol.dispose]();
  }
}

/** How a connection ended for its reader: by a clean end, or by the code of an error such as ECONNRESET. */
export function endOf({ socket }: Wire): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('end', () => resolve('end'));
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  return promise;
}
