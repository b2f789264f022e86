/** HTTP as bytes: what goes out is what the test wrote, what comes back is what the server sent. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const PATIENCE_MS = 20_000;
/** Characters of what has come, in an error. */
const SHOWN = 2_000;

export interface Answer {
  /** Of HTTP, such as `1.1`. */
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** Names in lower case, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body, chunks undone. */
  readonly body: Buffer;
  /** Whether the body came to its end by its own framing. */
  readonly complete: boolean;
}

/** The server closed before what was waited for had come. */
export class ConnectionEnded extends Error {}

/** A raw connection, read answer by answer. */
export class Wire implements Disposable {
  readonly socket: Socket;
  readonly #patience: number;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;
  #broken = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, patience: number) {
    this.socket = socket;
    this.#patience = patience;
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake?.();
    });
    socket.on('error', () => {
      this.#broken = true;
    });
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.#closed = true;
        this.#wake?.();
      });
    }
  }

  /** @param patience milliseconds to wait for whatever is asked of it */
  static async open(port: number, host = '127.0.0.1', patience = PATIENCE_MS): Promise<Wire> {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new Wire(socket, patience);
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Closes its own side when the server has closed, as most clients do. Without it the client keeps its side open. */
  polite(): this {
    this.socket.once('end', () => this.socket.end());
    return this;
  }

  /** The next answer, final or interim. @param method of its request: a HEAD has no body */
  async answer(method = 'GET'): Promise<Answer> {
    const end = await this.#until(() => {
      const at = this.#received.indexOf('\r\n\r\n');
      return at < 0 ? undefined : at;
    }, 'the head of an answer');
    const [statusLine = '', ...lines] = this.#take(end + 4)
      .toString('latin1')
      .trimEnd()
      .split('\r\n');
    const [, version = '', status = '', reason = ''] = /^HTTP\/(1\.[01]) ([0-9]{3})(?: (.*))?$/.exec(statusLine) ?? [];
    const headers = lines.map(
      (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const,
    );
    const code = Number(status);
    const { body, complete } =
      method === 'HEAD' || code === 204 || code === 304 || code < 200
        ? { body: Buffer.alloc(0), complete: true }
        : await this.#body(headers);
    return { version, status: code, reason, headers, body, complete };
  }

  /** Everything until the server closes. */
  async rest(): Promise<Buffer> {
    await this.closed();
    return this.#take(this.#received.length);
  }

  /** Resolves when the server has closed its side. */
  async closed(): Promise<void> {
    await this.#until(() => (this.#closed ? true : undefined), 'the end of the connection');
  }

  /** Resolves with what is there once there is anything. */
  async some(): Promise<Buffer> {
    await this.#until(() => (this.#received.length > 0 ? true : undefined), 'a byte');
    return this.#take(this.#received.length);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #body(headers: Answer['headers']): Promise<{ body: Buffer; complete: boolean }> {
    const header = (wanted: string) => headers.find(([name]) => name === wanted)?.[1];
    if (header('transfer-encoding') === 'chunked') return this.#chunks();
    const length = header('content-length');
    if (length === undefined) return { body: await this.rest(), complete: !this.#broken };
    const size = Number(length);
    await this.#until(() => (this.#received.length >= size || this.#closed ? true : undefined), 'the body');
    const complete = this.#received.length >= size;
    return { body: this.#take(Math.min(size, this.#received.length)), complete };
  }

  async #chunks(): Promise<{ body: Buffer; complete: boolean }> {
    const pieces: Buffer[] = [];
    for (;;) {
      const line = await this.#until(() => {
        const at = this.#received.indexOf('\r\n');
        return at >= 0 ? at : this.#closed ? -1 : undefined;
      }, 'a chunk');
      if (line < 0) return { body: Buffer.concat(pieces), complete: false };
      const size = Number.parseInt(this.#take(line + 2).toString('latin1'), 16);
      await this.#until(
        () => (this.#received.length >= size + 2 || this.#closed ? true : undefined),
        'the bytes of a chunk',
      );
      if (this.#received.length < size + 2)
        return { body: Buffer.concat([...pieces, this.#take(this.#received.length)]), complete: false };
      pieces.push(this.#take(size));
      this.#take(2);
      if (size === 0) return { body: Buffer.concat(pieces), complete: true };
    }
  }

  #take(size: number): Buffer {
    const taken = this.#received.subarray(0, size);
    this.#received = this.#received.subarray(size);
    return taken;
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      this.#wake?.();
    }, this.#patience);
    try {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        const there = JSON.stringify(this.#received.toString('latin1').slice(0, SHOWN));
        if (this.#closed) throw new ConnectionEnded(`the connection ended before ${what} came; there is ${there}`);
        if (late) throw new Error(`waited ${this.#patience / 1000} s in vain for ${what}; there is ${there}`);
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    } finally {
      clearTimeout(deadline);
    }
  }
}

/** One request on a connection of its own. */
export async function ask(port: number, request: string | Uint8Array, method = 'GET', host?: string): Promise<Answer> {
  using wire = await Wire.open(port, host);
  return await wire.send(request).answer(method);
}

/** A GET as bytes. */
export function get(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: test', ...headers, '', ''].join('\r\n');
}

/** The value of a header of an answer. */
export function header(answer: Answer, name: string): string | undefined {
  return answer.headers.find(([key]) => key === name)?.[1];
}
