/** The servers that the cases are run against, each with an app of `test/fixtures/pep`. */
import { join } from 'node:path';
import { LineProcess } from '../../support/line-process.ts';
import { ROOT, type RunningServer, serve } from '../../support/server.ts';
import { ask } from '../../support/wire.ts';

export type Kind = 'python' | 'typescript' | 'makeServer';

/** What a server said of a request at level `warn` or `error`. */
export interface Complaint {
  readonly code?: string;
  /** Message, `cure: …` and traceback. */
  readonly text: string;
}

export interface Subject extends AsyncDisposable {
  readonly kind: Kind;
  readonly port: number;
  /** Resolves when the app has said `what` of request `id`. */
  said(id: string, what: string): Promise<void>;
  /** What the app has said of request `id`, in order, once all that it had to say until now is here. */
  saidOf(id: string): Promise<string[]>;
  /** What the server has complained of request `id`, once all is here that it had to say until now. */
  complaintsOf(id: string): Promise<Complaint[]>;
  /** Tells that request `id` begins. */
  begin(id: string): void;
}

const FIXTURES = join(ROOT, 'test/fixtures/pep');

/** Starts a server of a kind with the app of a theme. @param args Stillhouse's own */
export async function start(kind: Kind, app: string, args: readonly string[]): Promise<Subject> {
  if (kind === 'makeServer') {
    const runner = join(ROOT, 'test/support/run-make-server.ts');
    const child = new LineProcess(process.execPath, [runner, join(FIXTURES, `${app}.ts`)]);
    return new MakeServer(child, Number((await child.line(/^listening on \d+$/)).slice('listening on '.length)));
  }
  const file = `${app}.${kind === 'python' ? 'py' : 'ts'}`;
  return new Stillhouse(
    kind,
    await serve(`${file}:application`, ['--graceful-timeout=1', '--body-memory=64KiB', ...args], { cwd: FIXTURES }),
  );
}

let barriers = 0;

/** A request that the app answers by saying something on each of its streams: what was said before it is then here too. */
async function passBarrier(port: number): Promise<string> {
  const id = `barrier-${++barriers}`;
  const { status } = await ask(port, `GET /barrier HTTP/1.1\r\nHost: test\r\nX-Request-Id: ${id}\r\n\r\n`);
  if (status !== 200) throw new Error(`the barrier was answered with ${status}`);
  return id;
}

class Stillhouse implements Subject {
  readonly kind: Kind;
  readonly port: number;
  readonly #server: RunningServer;

  constructor(kind: Kind, server: RunningServer & { port: number }) {
    this.kind = kind;
    this.port = server.port;
    this.#server = server;
  }

  begin(): void {}

  async said(id: string, what: string): Promise<void> {
    await this.#server.record(({ msg }) => msg === `${id} ${what}`, `"${id} ${what}"`);
  }

  async saidOf(id: string): Promise<string[]> {
    await this.#settle();
    return this.#server.records.flatMap(({ msg }) => (msg?.startsWith(`${id} `) ? [msg.slice(id.length + 1)] : []));
  }

  async complaintsOf(id: string): Promise<Complaint[]> {
    await this.#settle();
    return this.#server.records
      .filter(({ request, level, kind }) => request === id && level !== 'info' && kind === undefined)
      .map(({ msg, code, cure, traceback }) => ({
        ...(code === undefined ? {} : { code }),
        text: [msg, cure === undefined ? '' : `cure: ${cure}`, traceback ?? ''].join('\n'),
      }));
  }

  async #settle(): Promise<void> {
    const id = await passBarrier(this.port);
    await this.said(id, 'passes');
    await this.#server.record(({ msg }) => msg === `${id} complains`, 'the complaint of the barrier');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** Its complaints are text on stderr that names no request: those since the last `begin` are taken. */
class MakeServer implements Subject {
  readonly kind = 'makeServer';
  readonly port: number;
  readonly #child: LineProcess;
  #mark = 0;

  constructor(child: LineProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  begin(): void {
    this.#mark = this.#child.stderr.length;
  }

  async said(id: string, what: string): Promise<void> {
    await this.#child.line((line) => line === `${id} ${what}`);
  }

  async saidOf(id: string): Promise<string[]> {
    await this.#settle();
    return this.#child.stdout.flatMap((line) => (line.startsWith(`${id} `) ? [line.slice(id.length + 1)] : []));
  }

  async complaintsOf(): Promise<Complaint[]> {
    await this.#settle();
    const text = this.#child.stderr
      .slice(this.#mark)
      .filter((line) => !line.startsWith('barrier-'))
      .join('\n');
    return text === '' ? [] : [{ text }];
  }

  async #settle(): Promise<void> {
    const id = await passBarrier(this.port);
    await this.said(id, 'passes');
    await this.#child.errorLine((line) => line === `${id} complains`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}
