import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import pino, { type Logger } from 'pino';
import { Batches } from './batches.ts';
import { type FlatRecord, flatRecord, isoClock } from './flat-record.ts';
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
/** Where nothing tears a write: a file, a terminal, a socket. */
const LARGE_WRITE = 16_384;
const FLUSH_MS = 1000;
const REPORT_MS = 1000;

/**
 * A pino logger on stdout that never blocks: pino's default destination writes synchronously, and a reader that stood still
 * blocked a process for 1.5 s (measured, DESIGN.md section 12).
 * @param process who writes: `supervisor` or `front`
 */
export function createLog(settings: LogSettings, process: string): Log {
  const state = { writing: 0, reported: 0, unreported: 0, reporting: false, givenUp: false };
  const { fd, isPipe } = openStdout();
  const maxWrite = isPipe ? PIPE_BUF : LARGE_WRITE;
  const out = pino.destination({ fd, sync: false, maxLength: BACKLOG, maxWrite, retryEAGAIN: () => !state.givenUp });
  const batches = new Batches(maxWrite, (batch, records) => {
    state.writing = records;
    out.write(batch);
  });
  const write = (line: string) => {
    const text = settings.readable ? formatRecord(line) : line;
    if (state.reporting) out.write(text);
    else batches.add(text);
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
    state.writing = dropped;
    state.reporting = true;
    logger.warn({ dropped }, 'log records were dropped: the reader of stdout is too slow');
    state.reporting = false;
    if (state.unreported === 0) state.reported += dropped;
  };
  out.on('drop', () => {
    if (state.unreported === 0) setTimeout(report, REPORT_MS).unref();
    state.unreported += state.writing;
  });
  // A reader that went away must not end the server.
  out.on('error', () => undefined);
  const close = async () => {
    report();
    if (await isEnded(out)) return;
    state.givenUp = true;
    out.destroy();
  };
  const time = isoClock(Date.now);
  const info = (record: FlatRecord) => {
    if (!logger.isLevelEnabled('info')) return;
    write(flatRecord(`{"level":"info","time":"${time()}","process":"${process}"`, record));
  };
  return { logger, info, dropped: () => state.reported + state.unreported, close };
}

/**
 * stdout, so that a reader that stands still holds no thread, which would hold the exit too. A pipe is opened anew without blocking, which changes nothing for
 * those who share it; a socket cannot be, and is set so by making a stream of it.
 */
function openStdout(): { readonly fd: number; readonly isPipe: boolean } {
  try {
    const kind = fstatSync(1);
    if (kind.isSocket()) new Socket({ fd: 1, readable: false, writable: true }).unref();
    if (!kind.isFIFO()) return { fd: 1, isPipe: false };
    return { fd: openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK), isPipe: true };
  } catch {
    return { fd: 1, isPipe: true };
  }
}

/** Ends the destination, for its own `flush()` waits for nothing; false where its reader does not take the rest in time. */
function isEnded(out: ReturnType<typeof pino.destination>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), FLUSH_MS);
  out.once('close', () => {
    clearTimeout(timer);
    resolve(true);
  });
  out.end();
  return promise;
}
