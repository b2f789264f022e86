/** The head of an answer, as far as a client that counts needs it. */
export interface Head {
  readonly status: number;
  /** Undefined where the connection's end ends the body. */
  readonly length: number | undefined;
  /** The connection carries no further request. */
  readonly closes: boolean;
  /** X-Worker. */
  readonly worker: string | undefined;
}

export interface AnswerEvents {
  head(head: Head): void;
  body(bytes: Uint8Array): void;
  end(): void;
}

const END_OF_HEAD = '\r\n\r\n';
const NONE = Buffer.alloc(0);

/** Bytes in, answers out, one after the other; no body is gathered. Bodies have a Content-Length, or end with the connection (RFC 9112, 6.3). */
export class AnswerReader {
  readonly #events: AnswerEvents;
  #pending: Buffer = NONE;
  /** Bytes of the body that are still to come; undefined: a head is read. */
  #left: number | undefined;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** Whether a part of an answer has come, and not its end. */
  get midAnswer(): boolean {
    return this.#left !== undefined || this.#pending.length > 0;
  }

  /** @throws where the bytes are no answer */
  receive(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0; ) rest = this.#left === undefined ? this.#head(rest) : this.#body(rest);
  }

  /** The connection has ended. @returns whether that was the end of the answer */
  close(): boolean {
    if (this.#left !== Number.POSITIVE_INFINITY) return false;
    this.#finish();
    return true;
  }

  #head(bytes: Buffer): Buffer {
    const all = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const end = all.indexOf(END_OF_HEAD);
    if (end < 0) {
      this.#pending = all;
      return NONE;
    }
    this.#pending = NONE;
    const head = readHead(all.toString('latin1', 0, end));
    this.#left = head.length ?? Number.POSITIVE_INFINITY;
    this.#events.head(head);
    if (this.#left === 0) this.#finish();
    return all.subarray(end + END_OF_HEAD.length);
  }

  #body(bytes: Buffer): Buffer {
    const left = this.#left as number;
    const piece = bytes.length > left ? bytes.subarray(0, left) : bytes;
    this.#left = left - piece.length;
    this.#events.body(piece);
    if (this.#left === 0) this.#finish();
    return bytes.subarray(piece.length);
  }

  #finish(): void {
    this.#left = undefined;
    this.#events.end();
  }
}

function readHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, version, status] = /^HTTP\/(1\.[01]) ([0-9]{3})/.exec(statusLine) ?? [];
  if (status === undefined) throw new Error(`no answer: ${JSON.stringify(statusLine.slice(0, 100))}`);
  const fields = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  if (fields.has('transfer-encoding')) throw new Error('an answer in chunks, which this client does not read');
  const length = fields.get('content-length');
  const connection = fields.get('connection')?.toLowerCase();
  return {
    status: Number(status),
    length: length === undefined ? undefined : Number(length),
    closes: connection === 'close' || (version === '1.0' && connection !== 'keep-alive') || length === undefined,
    worker: fields.get('x-worker'),
  };
}
