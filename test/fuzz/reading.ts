/** What a parser makes of the bytes of one connection, in a form that two parsers can be compared by. */
import { latin1, parse, type Seen } from '../unit/http/parse.ts';

export interface ReadHead {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
}

export interface ReadRequest extends ReadHead {
  readonly body: string;
  readonly trailers: readonly string[];
}

export interface Reading {
  /** Those that came to their end, up to one that closes the connection. */
  readonly requests: readonly ReadRequest[];
  /** The head of the one that did not. */
  readonly open: ReadHead | undefined;
  /** The reader's own code of its refusal, where it refused. */
  readonly refused: string | undefined;
}

/** Our reading. */
export function readByUs(text: string): Reading {
  const { requests: seen, refused } = parse([latin1(text)]);
  const requests: ReadRequest[] = [];
  for (const { head, framing, body, trailers } of seen) {
    if (trailers === undefined) return { requests, open: headOf(head), refused };
    requests.push({ ...headOf(head), body, trailers });
    // RFC 9112, 9.6: what comes behind it is not read.
    if (!framing.keepAlive) return { requests, open: undefined, refused: undefined };
  }
  return { requests, open: undefined, refused };
}

function headOf({ method, target, version, fields }: Seen['head']): ReadHead {
  return { method, target, version, fields };
}
