/** What holds of the codec for every input. `parse` itself insists that nothing but a ClientError is thrown and that memory is bounded. */
import assert from 'node:assert/strict';
import { DEFAULT_LIMITS, type Limits } from '../../src/http/limits.ts';
import { latin1, type Outcome, oneByteAtATime, parse, type Seen, splitAt } from '../unit/http/parse.ts';
import { normalize, serialize } from './serialize.ts';

/** Small enough that inputs go over each of them. */
export const TIGHT: Limits = { ...DEFAULT_LIMITS, requestLine: 24, fieldCount: 3, fieldBytes: 40, body: 20 };

/** Any split of the bytes gives the same events, or the same refusal, whenever it is asked. */
export function assertSplitsAgree(text: string, cuts: readonly number[], limits: Limits): Outcome {
  const bytes = latin1(text);
  const whole = parse([bytes], limits);
  assert.deepEqual(parse(splitAt(bytes, cuts), limits), whole, 'cut in pieces it is read in another way');
  assert.deepEqual(parse(oneByteAtATime(bytes), limits), whole, 'a byte at a time it is read in another way');
  assert.deepEqual(
    parse(oneByteAtATime(bytes), limits, 3),
    whole,
    'asked after some bytes only it is read in another way',
  );
  return whole;
}

/** What is accepted, is what came: written again it is the same, but for white space around values and the cut of chunks. */
export function assertWritesBack(text: string, { requests }: Outcome): void {
  const ended = requests.filter(({ trailers }) => trailers !== undefined);
  const written = ended.map(serialize);
  assert.deepEqual(written, normalize(text, ended.length), 'written again it is not what came');
  const again = parse([latin1(written.join(''))]);
  assert.equal(again.refused, undefined, 'written again it is refused');
  assert.deepEqual(again.requests.map(plain), ended.map(plain), 'written again it is read in another way');
}

function plain({ head, framing, environ, body, trailers }: Seen): unknown {
  return { head, framing, environ, body, trailers };
}
