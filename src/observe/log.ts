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
  /** Writes what is buffered, and waits for it for a second at the most: a reader that stands still must not hold the exit. */
  flush(): Promise<void>;
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
  const out = pino.destination({ fd: 1, sync: false, minLength: 0, maxLength: BACKLOG, maxWrite: PIPE_BUF });
  let dropped = 0;
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
  out.on('drop', () => {
    if (++dropped > 1) return;
    setTimeout(() => {
      logger.warn({ dropped }, 'log records were dropped: the reader of stdout is too slow');
      dropped = 0;
    }, REPORT_MS).unref();
  });
  // A reader that went away must not end the server.
  out.on('error', () => undefined);
  return { logger, flush: () => flush(out) };
}

function flush(out: ReturnType<typeof pino.destination>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_MS);
  out.flush(() => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
