import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import pino, { type Logger } from 'pino';
import { Batches } from './batches.ts';
import { type FlatRecord, flatRecord, isoClock } from './flat-record.ts';
import { PipeWriter } from './pipe-writer.ts';
import { formatRecord } from './readable.ts';

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Lines for people instead of JSON. */
  readonly readable: boolean;
}

/** A logger and the end of it. */
export interface Log {
  readonly logger: Logger;
  /** What `logger.info` writes of a flat record, at a third of its cost (measured, DECISIONS.md). */
  readonly info: (record: FlatRecord) => void;
  /** How many records were dropped so far. */
  dropped(): number;
  /** Writes what is buffered, and ends; a reader that stands still is waited for a second at the most. */
  close(): Promise<void>;
}

/** Bytes of records that wait for a slow reader; more are dropped, and counted. */
const BACKLOG = 4 << 20;
/** A write of no more than this is never torn by another process's write to the same pipe (pipe(7), PIPE_BUF). */
const PIPE_BUF = 4096;
const FLUSH_MS = 1000;
const REPORT_MS = 1000;

/**
 * A pino logger on stdout that never blocks: pino's default destination writes synchronously, and a reader that stood still
 * blocked a process for 1.5 s (measured, DESIGN.md section 12).
 * @param process who writes: `supervisor` or `front`
 */
export function createLog(settings: LogSettings, process: string): Log {
  const state = { reported: 0, unreported: 0, reporting: 0 };
  const drop = (records: number) => {
    if (state.unreported === 0) setTimeout(() => report(), REPORT_MS).unref();
    state.unreported += records;
  };
  const out = openStdout();
  const batches = new Batches(out.size, (batch, records) => {
    if (!out.write(batch)) drop(records);
  });
  const write = (line: string) => {
    const text = settings.readable ? formatRecord(line) : line;
    if (!state.reporting) batches.add(text);
    else if (!out.write(text)) drop(state.reporting);
  };
  const logger = pino(
    {
      level: settings.level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write },
  );
  const report = () => {
    batches.flush();
    const dropped = state.unreported;
    if (dropped === 0) return;
    state.unreported = 0;
    // A report that finds no room leaves its records unreported.
    state.reporting = dropped;
    logger.warn({ dropped }, 'log records were dropped: the reader of stdout is too slow');
    state.reporting = 0;
    if (state.unreported === 0) state.reported += dropped;
  };
  const close = async () => {
    report();
    await out.end(FLUSH_MS);
  };
  const time = isoClock(Date.now);
  const info = (record: FlatRecord) => {
    if (!logger.isLevelEnabled('info')) return;
    write(flatRecord(`{"level":"info","time":"${time()}","process":"${process}"`, record));
  };
  return { logger, info, dropped: () => state.reported + state.unreported, close };
}

/** Where records go. */
interface Out {
  /** Bytes of a write. */
  readonly size: number;
  /** False where what is written is dropped. */
  write(batch: string): boolean;
  /** Whether all is written within so many milliseconds. */
  end(patience: number): Promise<boolean>;
}

/** stdout, so that a reader that stands still holds no thread, which would hold the exit too. A pipe is opened anew without blocking, which changes nothing for those who share it. */
function openStdout(): Out {
  try {
    const kind = fstatSync(1);
    if (kind.isFIFO()) {
      const writer = new PipeWriter(openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK), BACKLOG);
      return { size: PIPE_BUF, write: (batch) => writer.write(batch), end: (patience) => writer.end(patience) };
    }
    // It cannot be opened anew, and is set so by making a stream of it.
    if (kind.isSocket()) new Socket({ fd: 1, readable: false, writable: true }).unref();
  } catch {
    // What stdout is cannot be said here: it is written as a file is.
  }
  return new FileOut();
}

/** A file, a terminal, a socket: written by a thread. */
class FileOut implements Out {
  readonly size = 16_384;
  #isDropped = false;
  #givenUp = false;
  readonly #destination = pino.destination({
    fd: 1,
    sync: false,
    maxLength: BACKLOG,
    maxWrite: this.size,
    retryEAGAIN: () => !this.#givenUp,
  });

  constructor() {
    this.#destination.on('drop', () => {
      this.#isDropped = true;
    });
    // A reader that went away must not end the server.
    this.#destination.on('error', () => undefined);
  }

  write(batch: string): boolean {
    this.#isDropped = false;
    this.#destination.write(batch);
    return !this.#isDropped;
  }

  /** Ends the destination, for its own `flush()` waits for nothing. */
  async end(patience: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), patience);
    this.#destination.once('close', () => resolve(true));
    this.#destination.end();
    const written = await promise;
    clearTimeout(timer);
    if (written) return true;
    this.#givenUp = true;
    this.#destination.destroy();
    return false;
  }
}
