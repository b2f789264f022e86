import { AppError } from '../errors.ts';
import { checkHeaders, headerName } from './headers.ts';
import { statusCode } from './status.ts';
import type { Head, Header, Report } from './types.ts';

const DIGITS = /^[0-9]{1,15}$/;

/**
 * The state of one `start_response`: what was stored, and whether it was sent (PEP 3333, "The start_response() Callable").
 * Pure: it sends nothing.
 */
export class StartedResponse {
  readonly #report: Report;
  #head: Head | undefined;
  #sent = false;
  #called = false;
  /** A second call without an error is fatal, also where the application caught what it threw. */
  #fault: AppError | undefined;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Whether the head has gone out, so that it can no longer be replaced. */
  get sent(): boolean {
    return this.#sent;
  }

  /**
   * Stores a head.
   * @throws AppError when it is malformed, or a second one without `error`
   * @throws `error` itself, when the first head has gone out
   */
  store(status: string, headers: Header[], error?: unknown): void {
    if (this.#sent && error !== undefined && error !== null) throw error;
    const again = this.#called;
    this.#called = true;
    if (again && (error === undefined || error === null)) {
      this.#fault = new AppError(
        'APP_START_RESPONSE_TWICE',
        'startResponse was called a second time, without an error',
      );
      throw this.#fault;
    }
    this.#head = checkHead(status, headers, this.#report);
  }

  /** The Content-Length of the stored head. */
  get length(): number | undefined {
    return this.#head?.length;
  }

  /**
   * Takes the head for sending.
   * @throws AppError when start_response was never called
   */
  take(): Head {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#head === undefined) {
      throw new AppError('APP_NO_START_RESPONSE', 'the body began or ended before startResponse was called');
    }
    this.#sent = true;
    return this.#head;
  }
}

function checkHead(status: string, given: Header[], report: Report): Head {
  const code = statusCode(status);
  checkHeaders(given);
  const headers: Header[] = [];
  let length: number | undefined;
  for (const header of given) {
    const kind = headerName(header[0])?.kind;
    if (kind === 'hop-by-hop') {
      report(new AppError('APP_HOP_BY_HOP', `the header ${header[0]} was dropped`));
      continue;
    }
    if (kind === 'length') {
      if (length !== undefined || !DIGITS.test(header[1])) {
        throw new AppError(
          'APP_CONTENT_LENGTH_INVALID',
          `Content-Length is ${JSON.stringify(header[1])}${length === undefined ? '' : ', a second one'}`,
        );
      }
      length = Number(header[1]);
      // RFC 9110, 8.6: a 204 has no Content-Length.
      if (code === 204) continue;
    }
    headers.push(header);
  }
  return { status, code, headers, length: code === 204 ? undefined : length };
}

/** Whether a response has no body whatever the application yields (RFC 9112, 6.3). */
export function isBodyless(method: string, code: number): boolean {
  return method === 'HEAD' || code === 204 || code === 304;
}
