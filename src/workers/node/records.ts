import { AppError } from '../../errors.ts';
import type { ErrorStream } from '../../wsgi/types.ts';

/** A worker's own record: a JSON text sequence (RFC 7464) on stderr, in one write. */
export function writeRecord(record: { level: string; message: string; [key: string]: unknown }): void {
  process.stderr.write(`\x1e${JSON.stringify(record)}\n`);
}

/** What an application did wrong, with its cure and, where it threw, the traceback without this worker's own frames. */
export function writeFault(error: unknown, environ: Readonly<Record<string, unknown>>, level = 'error'): void {
  const request = environ.HTTP_X_REQUEST_ID;
  if (error instanceof AppError) {
    const traceback = error.cause === undefined ? undefined : userStack(error.cause);
    writeRecord({ level, code: error.code, message: error.message, cure: error.cure, traceback, request });
    return;
  }
  writeRecord({ level, code: 'APP_EXCEPTION', message: summary(error), traceback: userStack(error), request });
}

/** What an application did wrong, as text for a client that may see it. */
export function faultText(error: unknown): string {
  if (!(error instanceof AppError)) return userStack(error);
  const cause = error.cause === undefined ? [] : [userStack(error.cause)];
  return [`${error.code}: ${error.message}`, `what to do: ${error.cure}`, ...cause].join('\n');
}

/** `wsgi.errors`: what ends in a line feed, or is flushed, becomes one record of the request: so a traceback stays whole. */
export class RequestErrors implements ErrorStream {
  readonly #request: unknown;
  #rest = '';

  constructor(request: unknown) {
    this.#request = request;
  }

  write(text: string): void {
    this.#rest += text;
    if (text.endsWith('\n')) this.flush();
  }

  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line);
  }

  flush(): void {
    const message = this.#rest.trimEnd();
    this.#rest = '';
    if (message !== '') writeRecord({ level: 'error', message, request: this.#request });
  }
}

/** The stack of an error without Node's and this worker's own frames. */
export function userStack(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return summary(error);
  const own = new URL('../..', import.meta.url).href;
  const lines = error.stack
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !(line.includes(own) || line.includes('node:internal')));
  return lines.join('\n');
}

/** `Name: message`, or what was thrown instead of an error. */
export function summary(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : `something that is no Error was thrown: ${String(error)}`;
}
