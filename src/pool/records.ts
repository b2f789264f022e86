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
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
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
    const lines = (this.#rest + this.#decoder.write(bytes)).split(LINE_END);
    this.#rest = lines.pop() as string;
    if (this.#rest.length > LINE) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    return this.#admit(lines);
  }

  /** What stands after the last line feed, at the end of the stream. */
  end(): AppRecord[] {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    return this.#admit([rest]);
  }

  #admit(lines: readonly string[]): AppRecord[] {
    const records: AppRecord[] = [];
    for (const line of lines) {
      if (line === '') continue;
      if (this.#allowance < 1) {
        this.#dropped++;
        continue;
      }
      this.#allowance--;
      records.push(readRecord(line.slice(0, LINE), this.#stream));
    }
    return records;
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
