import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import pino, { type Logger } from 'pino';
import { formatRecord } from './readable.ts';

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Lines for people instead of JSON. */
  readonly readable: boolean;
}

/** A logger and the end of it. */
export interface Log {
  readonly logger: Logger;
  /** How many records were dropped so far. */
  dropped(): number;
  /** Writes what is buffered, and ends; a reader that stands still is waited for a second at the most. */
  close(): Promise<void>;
}

/** Bytes of records that wait for a slow reader; more are dropped, and counted. */
const BACKLOG = 4 << 20;
/** A write of no more than this is never torn by another process's write to the same pipe (pipe(7), PIPE_BUF). */
const PIPE_BUF = 4096;
/** Records wait until there are so many bytes of them, and no longer than so many milliseconds: a write costs a turn of a thread. */
const BATCH = 2048;
const BATCH_MS = 100;
const FLUSH_MS = 1000;
const REPORT_MS = 1000;

/**
 * A pino logger on stdout that never blocks: pino's default destination writes synchronously, and a reader that stood still
 * blocked a process for 1.5 s (measured, DESIGN.md section 12).
 * @param process who writes: `supervisor` or `front`
 */
export function createLog(settings: LogSettings, process: string): Log {
  const state = { dropped: 0, unreported: 0, givenUp: false };
  const out = pino.destination({
    fd: openStdout(),
    sync: false,
    minLength: BATCH,
    periodicFlush: BATCH_MS,
    maxLength: BACKLOG,
    maxWrite: PIPE_BUF,
    retryEAGAIN: () => !state.givenUp,
  });
  const destination = settings.readable ? { write: (line: string) => void out.write(formatRecord(line)) } : out;
  const logger = pino(
    {
      level: settings.level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  const report = () => {
    const dropped = state.unreported;
    if (dropped === 0) return;
    state.unreported = 0;
    logger.warn({ dropped }, 'log records were dropped: the reader of stdout is too slow');
  };
  out.on('drop', () => {
    state.dropped++;
    if (state.unreported++ === 0) setTimeout(report, REPORT_MS).unref();
  });
  // A reader that went away must not end the server.
  out.on('error', () => undefined);
  const close = async () => {
    report();
    if (await isEnded(out)) return;
    state.givenUp = true;
    out.destroy();
  };
  return { logger, dropped: () => state.dropped, close };
}

/**
 * stdout, so that a reader that stands still holds no thread, which would hold the exit too. A pipe is opened anew without blocking, which changes nothing for
 * those who share it; a socket cannot be, and is set so by making a stream of it.
 */
function openStdout(): number {
  try {
    const kind = fstatSync(1);
    if (kind.isSocket()) new Socket({ fd: 1, readable: false, writable: true }).unref();
    if (!kind.isFIFO()) return 1;
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return 1;
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
