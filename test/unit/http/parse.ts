/** What a RequestParser makes of bytes, in a form that two runs can be compared by. */
import assert from 'node:assert/strict';
import { ClientError } from '../../../src/errors.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../src/http/limits.ts';
import { type HeadEvent, RequestParser } from '../../../src/http/request-parser.ts';
import { makeEnviron } from '../../../src/wsgi/environ.ts';
import { Input } from '../../../src/wsgi/input.ts';
import { PEER, SILENT } from '../wsgi/fake.ts';

export interface Seen extends Omit<HeadEvent, 'type'> {
  /** The strings of the request's environ. */
  readonly environ: Readonly<Record<string, string>>;
  readonly body: string;
  /** Undefined where the body has not ended. */
  readonly trailers: readonly string[] | undefined;
}

export interface Outcome {
  readonly requests: readonly Seen[];
  /** Status and code of the refusal, such as `400 HOST_MISSING`, where there was one. */
  readonly refused: string | undefined;
}

const EMPTY = Input.of(new Uint8Array(0));
const FLAGS = { multithread: true, multiprocess: false, errors: SILENT };
/** Of a chunk's first line: its extensions, and the digits of its size. */
const CHUNK_LINE = 4096 + 64;

/**
 * Feeds the pieces one after the other, asks after each, and tells all that came out. Insists on what holds of every input.
 * @param every asks after so many pieces only, as where a request runs while the next ones come
 */
export function parse(pieces: readonly Uint8Array[], limits: Limits = DEFAULT_LIMITS, every = 1): Outcome {
  const parser = new RequestParser(limits);
  const most = Math.max(limits.requestLine + limits.fieldBytes + '\r\n\r\n\r\n'.length, CHUNK_LINE);
  const requests: Open[] = [];
  try {
    for (const [index, piece] of pieces.entries()) {
      const isAsked = (index + 1) % every === 0 || index + 1 === pieces.length;
      const memory = Buffer.from(piece);
      parser.receive(memory);
      if (isAsked) take(parser, requests);
      parser.keep();
      // It is used again, for another connection.
      memory.fill('?');
      assert(!isAsked || parser.buffered <= most, `${parser.buffered} bytes are kept`);
    }
  } catch (error) {
    assert(error instanceof ClientError, `no ClientError: ${error instanceof Error ? error.stack : String(error)}`);
    return { requests, refused: `${error.status} ${error.code}` };
  }
  return { requests, refused: undefined };
}

type Open = { -readonly [Key in keyof Seen]: Seen[Key] };

/** All that the bytes so far say; what makeEnviron refuses is a refusal like the parser's own. */
function take(parser: RequestParser, requests: Open[]): void {
  for (let event = next(parser); event !== undefined; event = next(parser)) {
    const { type } = event;
    if (type === 'head') {
      const environ = strings(makeEnviron(event.head, PEER, FLAGS, EMPTY));
      requests.push({ head: event.head, framing: event.framing, environ, body: '', trailers: undefined });
      continue;
    }
    const last = requests.at(-1);
    assert(last !== undefined && last.trailers === undefined, `${type} where no request is open`);
    if (type === 'end') last.trailers = event.trailers;
    else last.body += Buffer.from(event.bytes).toString('latin1');
  }
}

function next(parser: RequestParser): ReturnType<RequestParser['next']> {
  try {
    return parser.next();
  } catch (error) {
    parser.receive(latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    assert.throws(() => parser.next(), error as Error, 'a refusal stands');
    assert.equal(parser.buffered, 0, 'what comes after a refusal is not kept');
    throw error;
  }
}

function strings(environ: object): Record<string, string> {
  return Object.fromEntries(Object.entries(environ).filter(([, value]) => typeof value === 'string'));
}

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function oneByteAtATime(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

/** The pieces of `bytes` between the given places, in any order and with repetitions. */
export function splitAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ];
  return cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut));
}

/** Parses whole and a byte at a time, and insists that both are alike. */
export function parseBothWays(text: string, limits: Limits = DEFAULT_LIMITS): Outcome {
  const bytes = latin1(text);
  const whole = parse([bytes], limits);
  assert.deepEqual(parse(oneByteAtATime(bytes), limits), whole, 'a byte at a time gives something else');
  return whole;
}

/** A request whose head has these lines behind the request line. */
export function request(line: string, ...fields: string[]): string {
  return [line, ...fields, '', ''].join('\r\n');
}
