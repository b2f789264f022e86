/** Each limit at its exact bound: what is as long passes, one byte more does not; whole and a byte at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, type Limits } from '../../../src/http/limits.ts';
import { RequestParser } from '../../../src/http/request-parser.ts';
import { latin1, oneByteAtATime, parse, parseBothWays, request } from './parse.ts';

const LIMITS: Limits = { ...DEFAULT_LIMITS, requestLine: 40, fieldCount: 3, fieldBytes: 100, body: 10 };
const CHUNKED = request('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked');

/** A request line of this many bytes. */
function line(size: number): string {
  return `GET /${'a'.repeat(size - 'GET / HTTP/1.1'.length)} HTTP/1.1`;
}

/** A head whose fields, each with the CRLF before it, have this many bytes. */
function fieldsOf(size: number): string {
  return request('GET / HTTP/1.1', 'Host: a', `X: ${'a'.repeat(size - '\r\nHost: a\r\nX: '.length)}`);
}

function trailersOf(size: number): string {
  return `${CHUNKED}0\r\nX: ${'a'.repeat(size - 'X: '.length)}\r\n\r\n`;
}

function extensions(...sizes: number[]): string {
  return `${CHUNKED}${sizes.map((size) => `1;${'e'.repeat(size - 1)}\r\na\r\n`).join('')}0\r\n\r\n`;
}

const AT_THE_BOUND: readonly (readonly [name: string, text: string, refused: string | undefined])[] = [
  ['a request line of the limit', request(line(40), 'Host: a'), undefined],
  ['a request line of one byte more', request(line(41), 'Host: a'), 'REQUEST_LINE_TOO_LONG'],
  ['a request line of two bytes more', request(line(42), 'Host: a'), 'REQUEST_LINE_TOO_LONG'],
  ['a request line that does not end', `GET /${'a'.repeat(100)}`, 'REQUEST_LINE_TOO_LONG'],
  ['as many fields as the limit', request('GET / HTTP/1.1', 'Host: a', 'B: b', 'C: c'), undefined],
  ['one field more', request('GET / HTTP/1.1', 'Host: a', 'B: b', 'C: c', 'D: d'), 'TOO_MANY_FIELDS'],
  ['fields of the limit', fieldsOf(100), undefined],
  ['fields of one byte more', fieldsOf(101), 'FIELDS_TOO_LARGE'],
  ['fields of four bytes more', fieldsOf(104), 'FIELDS_TOO_LARGE'],
  ['fields that do not end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(200)}`, 'FIELDS_TOO_LARGE'],
  ['a bare LF before the limit', `GET / HTTP/1.1\r\nHost: a\n${'a'.repeat(200)}`, 'LINE_ENDING_INVALID'],
  ['a bare LF behind the limit', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(200)}\n`, 'FIELDS_TOO_LARGE'],
  [
    'a Content-Length of the limit',
    `${request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10')}0123456789`,
    undefined,
  ],
  ['a Content-Length of one more', request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 11'), 'BODY_TOO_LARGE'],
  ['chunks of the limit together', `${CHUNKED}5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n`, undefined],
  ['chunks of one byte more together', `${CHUNKED}5\r\n01234\r\n6\r\n`, 'BODY_TOO_LARGE'],
  ['as many trailers as the limit', `${CHUNKED}0\r\nA: a\r\nB: b\r\nC: c\r\n\r\n`, undefined],
  ['one trailer more', `${CHUNKED}0\r\nA: a\r\nB: b\r\nC: c\r\nD: d\r\n\r\n`, 'TOO_MANY_FIELDS'],
  ['trailers of the limit', trailersOf(100), undefined],
  ['trailers of one byte more', trailersOf(101), 'FIELDS_TOO_LARGE'],
  ['trailers that do not end', `${CHUNKED}0\r\nX: ${'a'.repeat(300)}`, 'FIELDS_TOO_LARGE'],
  ['chunk extensions of 4096 bytes', extensions(4096), undefined],
  ['chunk extensions of one byte more', extensions(4097), 'CHUNK_EXTENSION_TOO_LONG'],
  ['chunk extensions of 4096 bytes together', extensions(2048, 2048), undefined],
  ['chunk extensions of one byte more together', extensions(2048, 2049), 'CHUNK_EXTENSION_TOO_LONG'],
  ['a chunk size line that does not end', `${CHUNKED}1;${'e'.repeat(5000)}`, 'CHUNK_EXTENSION_TOO_LONG'],
];

test('a limit holds to the byte', async (t) => {
  for (const [name, text, refused] of AT_THE_BOUND) {
    await t.test(`${name}: ${refused ?? 'accepted'}`, () => {
      assert.equal(parseBothWays(text, LIMITS).refused, refused);
    });
  }
});

test('the limit of the fields holds where that of the request line is larger', () => {
  const limits = { ...LIMITS, requestLine: 8190 };
  assert.equal(parseBothWays(fieldsOf(100), limits).refused, undefined);
  assert.equal(parseBothWays(fieldsOf(101), limits).refused, 'FIELDS_TOO_LARGE');
});

test('each request has the limits anew', () => {
  const one = `${CHUNKED}a;${'e'.repeat(4000)}\r\n0123456789\r\n0\r\nA: a\r\nB: b\r\nC: c\r\n\r\n`;
  const { requests, refused } = parseBothWays(one.repeat(3), LIMITS);
  assert.equal(refused, undefined);
  assert.equal(requests.length, 3);
});

test('a head of the default limits is read, whole and in small pieces', () => {
  const field = `\r\nX: ${'a'.repeat(1000)}`;
  const fill = field.repeat(65);
  const rest = DEFAULT_LIMITS.fieldBytes - fill.length - '\r\nHost: a\r\nY: '.length;
  const text = `${line(DEFAULT_LIMITS.requestLine)}\r\nHost: a${fill}\r\nY: ${'a'.repeat(rest)}\r\n\r\n`;
  const bytes = latin1(text);
  assert.equal(parse([bytes]).requests.length, 1);
  assert.equal(parse(oneByteAtATime(bytes)).requests.length, 1);
  assert.equal(parse([latin1(text.replace('Y: ', 'Y: a'))]).refused, 'FIELDS_TOO_LARGE');
});

test('what was asked for is no longer kept', () => {
  const parser = new RequestParser(DEFAULT_LIMITS);
  parser.receive(latin1(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 8')));
  assert.equal(parser.next()?.type, 'head');
  assert.equal(parser.buffered, 0);
  parser.receive(latin1('01234567'));
  assert.equal(parser.buffered, 8);
  assert.equal(parser.next()?.type, 'data');
  assert.equal(parser.buffered, 0);
  assert.equal(parser.midRequest, true);
  assert.equal(parser.next()?.type, 'end');
  assert.equal(parser.midRequest, false);
});

test('a refusal stands, whatever comes after it', () => {
  const parser = new RequestParser(DEFAULT_LIMITS);
  parser.receive(latin1('nonsense\r\n\r\n'));
  assert.throws(() => parser.next(), { code: 'REQUEST_LINE_INVALID' });
  parser.receive(latin1(request('GET / HTTP/1.1', 'Host: a')));
  assert.throws(() => parser.next(), { code: 'REQUEST_LINE_INVALID' });
});
