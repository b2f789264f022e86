/** One case of the codec: its bytes, where the rule stands, and what must come of it. */
import type { Limits } from '../../../../src/http/limits.ts';
import type { Seen } from '../parse.ts';

/** What one request is read as; what is left out may be anything, but that its body has ended. */
export interface Expected {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  readonly fields?: readonly string[];
  readonly keepAlive?: boolean;
  readonly expectsContinue?: boolean;
  readonly body?: string;
  readonly trailers?: readonly string[];
  /** Whether the body came to its end. */
  readonly ended?: boolean;
  /** Keys of its environ; undefined: no such key. */
  readonly environ?: Readonly<Record<string, string | undefined>>;
}

/**
 * `section` is such as `RFC 9112, 6.1`; `bytes` are latin-1. `gives`: status and code of the refusal, such as `400 HOST_MISSING`, or the
 * requests in their order. `limits` replace the defaults.
 */
export type Case = readonly [
  name: string,
  section: string,
  bytes: string,
  gives: string | readonly Expected[],
  limits?: Partial<Limits>,
];

/** One request that is read to its end, of which nothing more is said. */
export const ACCEPTED: readonly Expected[] = [{}];

export const GET = 'GET / HTTP/1.1';
export const POST = 'POST / HTTP/1.1';
export const HOST = 'Host: a';

/** The characters that are visible and yet in no token (RFC 9110, 5.6.2). */
export const DELIMITERS = '(),/:;<=>?@[\\]{}"';

/** All that an expectation can be about, as it was read. */
export function viewOf({ head, framing, environ, body, trailers }: Seen): Required<Expected> {
  const { method, target, version, fields } = head;
  const { keepAlive, expectsContinue } = framing;
  const ended = trailers !== undefined;
  return {
    method,
    target,
    version,
    fields,
    keepAlive,
    expectsContinue,
    body,
    trailers: trailers ?? [],
    ended,
    environ,
  };
}
