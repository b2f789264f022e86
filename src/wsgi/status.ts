import { AppError } from '../errors.ts';

const STATUS = /^([2-5][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*$/;

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
};

/**
 * The code of a status such as `200 OK` (RFC 9112, 4; PEP 3333, "The start_response() Callable").
 * 1xx is refused: interim responses are the server's.
 * @throws AppError
 */
export function statusCode(status: unknown): number {
  if (status === '200 OK') return 200;
  const match = typeof status === 'string' ? STATUS.exec(status) : null;
  if (match === null)
    throw new AppError('APP_STATUS_INVALID', `the status is ${JSON.stringify(status) ?? typeof status}`);
  return Number(match[1]);
}

/** The status line's text for one of the server's own answers: `502 Bad Gateway`. */
export function statusText(code: number): string {
  return `${code} ${REASONS[code] ?? 'Error'}`;
}
