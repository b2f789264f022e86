/** Each limit at its exact bound: what is as long passes, one byte more does not (RFC 9112, 3; RFC 6585, 5; RFC 9110, 15.5). */
import { request } from '../parse.ts';
import { ACCEPTED, type Case, HOST } from './case.ts';

const GET = 'GET / HTTP/1.1';
const LIMITS = { requestLine: 40, fieldCount: 3, fieldBytes: 100, body: 10 };
const CHUNKED = request('POST / HTTP/1.1', HOST, 'Transfer-Encoding: chunked');

/** A request line of this many bytes. */
export function line(size: number): string {
  return `GET /${'a'.repeat(size - GET.length)} HTTP/1.1`;
}

/** A head whose fields, each with the CRLF before it, have this many bytes. */
function fieldsOf(size: number): string {
  return request(GET, HOST, `X: ${'a'.repeat(size - '\r\nHost: a\r\nX: '.length)}`);
}

function trailersOf(size: number): string {
  return `${CHUNKED}0\r\nX: ${'a'.repeat(size - 'X: '.length)}\r\n\r\n`;
}

function extensions(...sizes: number[]): string {
  return `${CHUNKED}${sizes.map((size) => `1;${'e'.repeat(size - 1)}\r\na\r\n`).join('')}0\r\n\r\n`;
}

const sized = (length: number, body = '') => request('POST / HTTP/1.1', HOST, `Content-Length: ${length}`) + body;

const AT_THE_BOUND: readonly Case[] = [
  ['a request line of the limit', 'RFC 9112, 3', request(line(40), HOST), ACCEPTED],
  ['a request line of one byte more', 'RFC 9112, 3', request(line(41), HOST), '414 REQUEST_LINE_TOO_LONG'],
  ['a request line of two bytes more', 'RFC 9112, 3', request(line(42), HOST), '414 REQUEST_LINE_TOO_LONG'],
  ['a request line that does not end', 'RFC 9112, 3', `GET /${'a'.repeat(100)}`, '414 REQUEST_LINE_TOO_LONG'],
  ['as many fields as the limit', 'RFC 6585, 5', request(GET, HOST, 'B: b', 'C: c'), ACCEPTED],
  ['one field more', 'RFC 6585, 5', request(GET, HOST, 'B: b', 'C: c', 'D: d'), '431 TOO_MANY_FIELDS'],
  ['fields of the limit', 'RFC 6585, 5', fieldsOf(100), ACCEPTED],
  ['fields of one byte more', 'RFC 6585, 5', fieldsOf(101), '431 FIELDS_TOO_LARGE'],
  ['fields of four bytes more', 'RFC 6585, 5', fieldsOf(104), '431 FIELDS_TOO_LARGE'],
  ['fields that do not end', 'RFC 6585, 5', `${GET}\r\n${HOST}\r\nX: ${'a'.repeat(200)}`, '431 FIELDS_TOO_LARGE'],
  ['a bare LF before the limit', 'RFC 9112, 2.2', `${GET}\r\n${HOST}\n${'a'.repeat(200)}`, '400 LINE_ENDING_INVALID'],
  ['a bare LF behind the limit', 'RFC 6585, 5', `${GET}\r\n${HOST}\r\nX: ${'a'.repeat(200)}\n`, '431 FIELDS_TOO_LARGE'],
  ['a Content-Length of the limit', 'RFC 9110, 15.5.14', sized(10, '0123456789'), ACCEPTED],
  ['a Content-Length of one more', 'RFC 9110, 15.5.14', sized(11), '413 BODY_TOO_LARGE'],
  ['chunks of the limit together', 'RFC 9110, 15.5.14', `${CHUNKED}5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n`, ACCEPTED],
  ['chunks of one byte more together', 'RFC 9110, 15.5.14', `${CHUNKED}5\r\n01234\r\n6\r\n`, '413 BODY_TOO_LARGE'],
  ['as many trailers as the limit', 'RFC 9112, 7.1.2', `${CHUNKED}0\r\nA: a\r\nB: b\r\nC: c\r\n\r\n`, ACCEPTED],
  ['one trailer more', 'RFC 9112, 7.1.2', `${CHUNKED}0\r\nA: a\r\nB: b\r\nC: c\r\nD: d\r\n\r\n`, '431 TOO_MANY_FIELDS'],
  ['trailers of the limit', 'RFC 9112, 7.1.2', trailersOf(100), ACCEPTED],
  ['trailers of one byte more', 'RFC 9112, 7.1.2', trailersOf(101), '431 FIELDS_TOO_LARGE'],
  ['trailers that do not end', 'RFC 9112, 7.1.2', `${CHUNKED}0\r\nX: ${'a'.repeat(300)}`, '431 FIELDS_TOO_LARGE'],
  ['chunk extensions of 4096 bytes', 'RFC 9112, 7.1.1', extensions(4096), ACCEPTED],
  ['chunk extensions of one byte more', 'RFC 9112, 7.1.1', extensions(4097), '400 CHUNK_EXTENSION_TOO_LONG'],
  ['chunk extensions of 4096 bytes together', 'RFC 9112, 7.1.1', extensions(2048, 2048), ACCEPTED],
  [
    'chunk extensions of one byte more together',
    'RFC 9112, 7.1.1',
    extensions(2048, 2049),
    '400 CHUNK_EXTENSION_TOO_LONG',
  ],
  [
    'a chunk size line that does not end',
    'RFC 9112, 7.1.1',
    `${CHUNKED}1;${'e'.repeat(5000)}`,
    '400 CHUNK_EXTENSION_TOO_LONG',
  ],
];

const PER_REQUEST = `${CHUNKED}a;${'e'.repeat(4000)}\r\n0123456789\r\n0\r\nA: a\r\nB: b\r\nC: c\r\n\r\n`;

export const LIMITED: readonly Case[] = [
  ...AT_THE_BOUND.map(([name, section, bytes, gives]): Case => [name, section, bytes, gives, LIMITS]),
  ['each request has the limits anew', 'RFC 6585, 5', PER_REQUEST.repeat(3), [{}, {}, {}], LIMITS],
  ['fields of the limit beside a larger one', 'RFC 6585, 5', fieldsOf(100), ACCEPTED, { ...LIMITS, requestLine: 8190 }],
  [
    'fields of one byte more beside a larger limit',
    'RFC 6585, 5',
    fieldsOf(101),
    '431 FIELDS_TOO_LARGE',
    { ...LIMITS, requestLine: 8190 },
  ],
  [
    'a size of 13 digits below a limit that is larger',
    'RFC 9112, 7.1',
    `${CHUNKED}fffffffffffff\r\n`,
    [{ ended: false }],
    { body: 2 ** 52 },
  ],
  [
    'two sizes of 13 digits',
    'RFC 9112, 7.1',
    `${CHUNKED}1\r\na\r\nfffffffffffff\r\n`,
    '413 BODY_TOO_LARGE',
    { body: 2 ** 52 - 1 },
  ],
];
