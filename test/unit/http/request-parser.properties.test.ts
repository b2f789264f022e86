/** What holds of the request parser for every input, by generated input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, type Limits } from '../../../src/http/limits.ts';
import { assertSplitsAgree, assertWritesBack, TIGHT } from '../../fuzz/invariants.ts';
import { latin1, parse, request, splitAt } from './parse.ts';

const TIGHT_FIELDS: Limits = { ...TIGHT, requestLine: 60, fieldBytes: 30 };

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^`|~-]{1,12}$/);
const value = fc.stringMatching(/^[\x21-\x7e\x80-\xff]{0,20}$/);
const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const places = fc.array(fc.nat(5000), { maxLength: 12 });

/** A valid request, and what has to come of it. */
const valid = fc
  .record({
    method: token.filter((name) => name !== 'CONNECT'),
    path: fc.stringMatching(/^\/(?:[A-Za-z0-9/._~?-]|%[1-9A-F]{2}){0,20}$/),
    fields: fc.array(
      fc.tuple(
        token.map((name) => `X-${name}`),
        value,
      ),
      { maxLength: 5 },
    ),
    chunks: fc.oneof(
      body.map((text) => [text]),
      fc.array(
        body.filter((text) => text !== ''),
        { maxLength: 4 },
      ),
    ),
    isChunked: fc.boolean(),
    trailers: fc.array(fc.tuple(token, value), { maxLength: 2 }),
    extension: fc.constantFrom('', ';a', ' ; a="b;c"'),
  })
  .map(({ method, path, fields, chunks, isChunked, trailers, extension }) => {
    const whole = chunks.join('');
    const lines = fields.map(([name, text]) => `${name}: ${text}`);
    const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${whole.length}`;
    const head = request(`${method} ${path} HTTP/1.1`, 'Host: a', ...lines, framing);
    const pieces = chunks
      .filter((text) => text !== '')
      .map((text) => `${text.length.toString(16)}${extension}\r\n${text}\r\n`);
    const end = `0${extension}\r\n${trailers.map(([name, text]) => `${name}: ${text}\r\n`).join('')}\r\n`;
    return {
      text: head + (isChunked ? pieces.join('') + end : whole),
      expected: { method, path, body: whole, trailers: isChunked ? trailers.flat() : [] },
    };
  });

/** Bytes that mean something to a parser, and so go deeper into it than random ones. */
const spiteful = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\r',
        '\n',
        ' ',
        '\t',
        ':',
        ';',
        '0',
        '3',
        'a',
        '\0',
        '\xff',
        'GET / HTTP/1.1',
        'Host: a',
      ),
      fc.constantFrom('Content-Length: 3', 'Transfer-Encoding: chunked', '3\r\nabc\r\n', '0\r\n\r\n', '\r\n\r\n'),
      fc.constantFrom(request('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

test('any split of any bytes gives the same events and the same refusal', async (t) => {
  for (const limits of [DEFAULT_LIMITS, TIGHT, TIGHT_FIELDS]) {
    await t.test(`with a request line of up to ${limits.requestLine} bytes`, () => {
      const same = fc.property(
        fc.oneof(
          spiteful,
          valid.map(({ text }) => text),
        ),
        places,
        (text, cuts) => void assertSplitsAgree(text, cuts, limits),
      );
      fc.assert(same, { numRuns: 1500 });
    });
  }
});

test('a valid request with one byte changed is read alike however it is split', () => {
  const same = fc.property(valid, fc.nat(), fc.integer({ min: 0, max: 255 }), places, ({ text }, at, byte, cuts) => {
    const bytes = latin1(text);
    bytes[at % bytes.length] = byte;
    assertSplitsAgree(bytes.toString('latin1'), cuts, DEFAULT_LIMITS);
  });
  fc.assert(same, { numRuns: 800 });
});

test('what is accepted is written again as it came, but for white space and the cut of chunks', () => {
  const accepted = fc.property(fc.array(valid, { minLength: 1, maxLength: 3 }), (all) => {
    const text = all.map((one) => one.text).join('');
    const outcome = parse([latin1(text)]);
    assert.equal(outcome.refused, undefined);
    assertWritesBack(text, outcome);
  });
  fc.assert(accepted, { numRuns: 500 });
});

test('of bytes that are refused or end early, what was accepted before is written again too', () => {
  fc.assert(
    fc.property(valid, spiteful, ({ text }, behind) => assertWritesBack(text + behind, parse([latin1(text + behind)]))),
    { numRuns: 1000 },
  );
});

test('arbitrary bytes give events or a ClientError, never anything else, and are not kept beyond the limits', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), (pieces) => void parse(pieces)),
    { numRuns: 1500 },
  );
});

test('pipelined requests come out one by one, in their order, with their own bodies', () => {
  const pipelined = fc.property(fc.array(valid, { minLength: 1, maxLength: 5 }), places, (all, cuts) => {
    const { requests, refused } = parse(splitAt(latin1(all.map(({ text }) => text).join('')), cuts));
    assert.equal(refused, undefined);
    assert.deepEqual(
      requests.map(({ head, body: seen, trailers }) => ({
        method: head.method,
        path: head.target,
        body: seen,
        trailers,
      })),
      all.map(({ expected }) => expected),
    );
  });
  fc.assert(pipelined, { numRuns: 300 });
});
