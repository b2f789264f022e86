/** What a worker writes to its stdout and stderr, as records (docs/worker-protocol.md, "Records"). Without I/O: bytes in, records out. */
import { StringDecoder } from 'node:string_decoder';
import { isRequestId } from '../wsgi/request-id.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface AppRecord {
  readonly level: Level;
  readonly message: string;
  readonly stream: 'stdout' | 'stderr';
  readonly code?: string;
  readonly cure?: string;
  readonly traceback?: string;
  readonly request?: string;
}

const LINE = 65536;
/** Records that may come at once, and how many more each second. */
const BURST = 2000;
const RATE = 500;
/** Once they came too fast, none is taken before so many may come. */
const AGAIN = 100;
/** Characters of a record that counts as one; longer ones count as several. */
const SHORT = 1024;
const LINE_FEED = 0x0a;
/** An application's own; the server's codes are not for it to give. */
const CODE = /^APP_[A-Z0-9_]{1,60}$/;
const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warn', 'error']);
const RECORD_SEPARATOR = '\x1e';
// biome-ignore lint/suspicious/noControlCharactersInRegex: a record begins at its separator, also behind a line that was not ended (RFC 7464, 2.1)
const LINE_END = /\n|(?=\x1e)/;

/** Cuts one stream into records. What comes faster than the rate is dropped, and counted. */
export class RecordReader {
  readonly #stream: AppRecord['stream'];
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #allowance = BURST;
  #refilled = 0;
  #dropped = 0;
  #flooded = false;
  /** Whether the beginning of the line that comes was thrown away: its end is too, and it counts once. */
  #cut = false;

  constructor(stream: AppRecord['stream']) {
    this.#stream = stream;
  }

  /** Records that were dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /**
   * @param now milliseconds of any steady clock
   */
  receive(bytes: Buffer, now: number): AppRecord[] {
    this.#allowance = Math.min(BURST, this.#allowance + ((now - this.#refilled) / 1000) * RATE);
    this.#refilled = now;
    if (this.#flooded && this.#allowance < AGAIN) return this.#skip(bytes);
    this.#flooded = false;
    const lines = (this.#rest + this.#decoder.write(bytes)).split(LINE_END);
    if (this.#cut && lines.length > 1) this.#dropCut(lines);
    this.#rest = lines.pop() as string;
    if (this.#cut) this.#rest = '';
    else if (this.#rest.length > LINE) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    return this.#admit(lines);
  }

  /** What stands after the last line feed, at the end of the stream. */
  end(): AppRecord[] {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (!this.#cut) return this.#admit([rest]);
    this.#dropCut([]);
    return [];
  }

  /** Throws away the end of a line whose beginning was. */
  #dropCut(lines: string[]): void {
    lines.shift();
    this.#cut = false;
    this.#dropped++;
  }

  #admit(lines: readonly string[]): AppRecord[] {
    const records: AppRecord[] = [];
    for (const line of lines) {
      if (line === '') continue;
      if (this.#allowance < 1) {
        this.#flooded = true;
        this.#dropped++;
        continue;
      }
      this.#allowance -= Math.max(1, line.length / SHORT);
      records.push(readRecord(line.slice(0, LINE), this.#stream));
    }
    return records;
  }

  /** Counts lines without making them: what floods its log must not keep its front busy. */
  #skip(bytes: Buffer): AppRecord[] {
    if (bytes.length === 0) return [];
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) this.#dropped++;
    this.#cut = bytes.at(-1) !== LINE_FEED;
    this.#rest = '';
    this.#decoder.end();
    return [];
  }
}

/** A line of a worker's output: its own record where it is one and holds, else the line as it stands. */
export function readRecord(line: string, stream: AppRecord['stream']): AppRecord {
  const plain: AppRecord = { level: stream === 'stderr' ? 'warn' : 'info', message: line.replace(/\r$/, ''), stream };
  if (!line.startsWith(RECORD_SEPARATOR)) return plain;
  let value: Partial<Record<string, unknown>>;
  try {
    value = JSON.parse(line.slice(1)) as Partial<Record<string, unknown>>;
  } catch {
    return plain;
  }
  if (typeof value !== 'object' || value === null || typeof value.message !== 'string') return plain;
  const { level, message, code, cure, traceback, request } = value;
  return {
    level: LEVELS.has(level) ? (level as Level) : 'info',
    message,
    stream,
    ...(typeof code === 'string' && CODE.test(code) ? { code } : {}),
    ...(typeof cure === 'string' ? { cure } : {}),
    ...(typeof traceback === 'string' ? { traceback } : {}),
    ...(isRequestId(request) ? { request } : {}),
  };
}
