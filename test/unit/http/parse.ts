/** What a RequestParser makes of bytes, in a form that two runs can be compared by. */
import assert from 'node:assert/strict';
import { ClientError } from '../../../src/errors.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../src/http/limits.ts';
import type { ParsedHead } from '../../../src/http/request-head.ts';
import { RequestParser } from '../../../src/http/request-parser.ts';

export interface Seen {
  readonly head: ParsedHead;
  readonly body: string;
  /** Undefined where the body has not ended. */
  readonly trailers: readonly string[] | undefined;
}

export interface Outcome {
  readonly requests: readonly Seen[];
  /** The code of the refusal, where there was one. */
  readonly refused: string | undefined;
}

/** Feeds the pieces one after the other, asks after each, and tells all that came out. */
export function parse(pieces: readonly Uint8Array[], limits: Limits = DEFAULT_LIMITS): Outcome {
  const parser = new RequestParser(limits);
  const requests: { head: ParsedHead; body: string; trailers: readonly string[] | undefined }[] = [];
  try {
    for (const piece of pieces) {
      parser.receive(piece);
      for (let event = parser.next(); event !== undefined; event = parser.next()) {
        const { type } = event;
        if (type === 'head') {
          requests.push({ head: { head: event.head, framing: event.framing }, body: '', trailers: undefined });
          continue;
        }
        const last = requests.at(-1);
        assert(last !== undefined && last.trailers === undefined, `${type} where no request is open`);
        if (type === 'data') last.body += Buffer.from(event.bytes).toString('latin1');
        else last.trailers = event.trailers;
      }
    }
  } catch (error) {
    assert(error instanceof ClientError, `no ClientError: ${error instanceof Error ? error.stack : String(error)}`);
    assert.throws(() => parser.next(), error, 'a refusal stands');
    return { requests, refused: error.code };
  }
  return { requests, refused: undefined };
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
