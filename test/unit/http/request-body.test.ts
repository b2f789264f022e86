/** Where the body of a request ends (RFC 9112, 6 and 7), each case whole and a byte at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBothWays, request } from './parse.ts';

const HOST = 'Host: a';
const POST = 'POST / HTTP/1.1';
const CHUNKED = request(POST, HOST, 'Transfer-Encoding: chunked');
const NEXT = request('GET /next HTTP/1.1', HOST);

function sized(length: string, body = ''): string {
  return request(POST, HOST, `Content-Length: ${length}`) + body;
}

function coded(...codings: string[]): string {
  return request(POST, HOST, ...codings.map((coding) => `Transfer-Encoding: ${coding}`));
}

const REFUSED: readonly (readonly [name: string, section: string, text: string, code: string])[] = [
  ['a Content-Length of nothing', '9110 8.6', sized(''), 'CONTENT_LENGTH_INVALID'],
  ['a Content-Length with a sign', '9110 8.6', sized('+5'), 'CONTENT_LENGTH_INVALID'],
  ['a negative Content-Length', '9110 8.6', sized('-1'), 'CONTENT_LENGTH_INVALID'],
  ['a hexadecimal Content-Length', '9110 8.6', sized('0x5'), 'CONTENT_LENGTH_INVALID'],
  ['a Content-Length with a fraction', '9110 8.6', sized('5.0'), 'CONTENT_LENGTH_INVALID'],
  ['a Content-Length with a space in it', '9110 8.6', sized('1 0'), 'CONTENT_LENGTH_INVALID'],
  ['a list as Content-Length', '9112 6.3', sized('5, 5'), 'CONTENT_LENGTH_INVALID'],
  ['a Content-Length in other digits', '9110 8.6', sized('\xb2'), 'CONTENT_LENGTH_INVALID'],
  [
    'two equal Content-Lengths',
    '9112 6.3',
    request(POST, HOST, 'Content-Length: 5', 'Content-Length: 5'),
    'CONTENT_LENGTH_REPEATED',
  ],
  [
    'two Content-Lengths',
    '9112 6.3',
    request(POST, HOST, 'Content-Length: 5', 'content-length: 6'),
    'CONTENT_LENGTH_REPEATED',
  ],
  ['a Content-Length beyond all bounds', '9110 8.6', sized('9'.repeat(400)), 'BODY_TOO_LARGE'],
  [
    'Content-Length and Transfer-Encoding',
    '9112 6.1',
    request(POST, HOST, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    'LENGTH_AND_CODING',
  ],
  [
    'Transfer-Encoding and Content-Length',
    '9112 6.1',
    request(POST, HOST, 'Transfer-Encoding: chunked', 'Content-Length: 0'),
    'LENGTH_AND_CODING',
  ],
  [
    'Transfer-Encoding in HTTP/1.0',
    '9112 6.1',
    request('POST / HTTP/1.0', HOST, 'Transfer-Encoding: chunked'),
    'TRANSFER_CODING_IN_1_0',
  ],
  ['chunked twice', '9112 6.1', coded('chunked, chunked'), 'TRANSFER_CODING_INVALID'],
  ['chunked twice in two fields', '9112 6.1', coded('chunked', 'chunked'), 'TRANSFER_CODING_INVALID'],
  ['another coding before chunked', '9112 6.1', coded('gzip, chunked'), 'TRANSFER_CODING_UNKNOWN'],
  ['another coding before chunked in its own field', '9112 6.1', coded('gzip', 'chunked'), 'TRANSFER_CODING_UNKNOWN'],
  ['another coding after chunked', '9112 6.3', coded('chunked, gzip'), 'TRANSFER_CODING_INVALID'],
  ['another coding alone', '9112 6.3', coded('gzip'), 'TRANSFER_CODING_INVALID'],
  ['identity', '9112 6.3', coded('identity'), 'TRANSFER_CODING_INVALID'],
  ['a coding that only looks like chunked', '9112 6.3', coded('xchunked'), 'TRANSFER_CODING_INVALID'],
  ['a coding in quotes', '9112 6.1', coded('"chunked"'), 'TRANSFER_CODING_INVALID'],
  ['an empty Transfer-Encoding', '9112 6.1', coded(''), 'TRANSFER_CODING_INVALID'],
  ['a list with an empty element', '9112 6.1', coded('chunked,'), 'TRANSFER_CODING_INVALID'],
  ['chunked with a parameter', '9112 7', coded('chunked;a=b'), 'TRANSFER_CODING_INVALID'],
  ['a vertical tab before chunked', '9110 5.5', coded('\x0bchunked'), 'CONTROL_CHARACTER'],
  ['an empty chunk size', '9112 7.1', `${CHUNKED}\r\nabc`, 'CHUNK_SIZE_INVALID'],
  ['a chunk size with a prefix', '9112 7.1', `${CHUNKED}0x3\r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a chunk size with a sign', '9112 7.1', `${CHUNKED}+3\r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a negative chunk size', '9112 7.1', `${CHUNKED}-3\r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a chunk size of other letters', '9112 7.1', `${CHUNKED}g\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a space before the chunk size', '9112 7.1', `${CHUNKED} 3\r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a space after the chunk size', '9112 7.1', `${CHUNKED}3 \r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a chunk size of 14 digits', '9112 7.1', `${CHUNKED}00000000000003\r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a chunk size that overflows', '9112 7.1', `${CHUNKED}10000000000000003\r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a chunk size over the limit', '9112 7.1', `${CHUNKED}fffffffffffff\r\n`, 'BODY_TOO_LARGE'],
  ['a chunk size that ends in LF', '9112 2.2', `${CHUNKED}3\nabc\r\n0\r\n\r\n`, 'LINE_ENDING_INVALID'],
  ['a chunk size that ends in CR', '9112 2.2', `${CHUNKED}3\rabc\r\n0\r\n\r\n`, 'CHUNK_SIZE_INVALID'],
  ['an LF in a chunk extension', '9112 7.1.1', `${CHUNKED}3;a\n0\r\n\r\nabc\r\n`, 'LINE_ENDING_INVALID'],
  ['a NUL in a chunk extension', '9112 7.1.1', `${CHUNKED}3;\0\r\nabc\r\n`, 'CHUNK_SIZE_INVALID'],
  ['a chunk longer than its size', '9112 7.1', `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`, 'CHUNK_END_INVALID'],
  ['a chunk that ends in LF', '9112 7.1', `${CHUNKED}3\r\nabc\n0\r\n\r\n`, 'CHUNK_END_INVALID'],
  ['a chunk that ends in CR and something', '9112 7.1', `${CHUNKED}3\r\nabc\rx`, 'CHUNK_END_INVALID'],
  ['a chunk shorter than its size', '9112 7.1', `${CHUNKED}5\r\nabc\r\n0\r\n\r\n`, 'CHUNK_END_INVALID'],
  ['a trailer without a colon', '9112 7.1.2', `${CHUNKED}0\r\nX\r\n\r\n`, 'FIELD_NAME_INVALID'],
  ['a folded trailer', '9112 7.1.2', `${CHUNKED}0\r\nX: a\r\n b\r\n\r\n`, 'FIELD_FOLDED'],
  ['a trailer that ends in LF', '9112 2.2', `${CHUNKED}0\r\nX: a\n\r\n`, 'LINE_ENDING_INVALID'],
  ['a trailer with a NUL', '9110 5.5', `${CHUNKED}0\r\nX: \0\r\n\r\n`, 'CONTROL_CHARACTER'],
  ['LF alone behind the last chunk', '9112 2.2', `${CHUNKED}0\r\n\n`, 'LINE_ENDING_INVALID'],
];

test('framings that could be read in two ways are refused', async (t) => {
  for (const [name, section, text, code] of REFUSED) {
    await t.test(`${name}: ${code} (RFC ${section.replace(' ', ', ')})`, () => {
      assert.equal(parseBothWays(text).refused, code);
    });
  }
});

const ACCEPTED: readonly (readonly [name: string, section: string, text: string, body: string])[] = [
  ['no body', '9112 6.3', request(POST, HOST), ''],
  ['a Content-Length of 0', '9112 6.3', sized('0'), ''],
  ['a Content-Length', '9112 6.3', sized('3', 'abc'), 'abc'],
  ['a Content-Length with zeros before it', '9110 8.6', sized('0003', 'abc'), 'abc'],
  ['white space around Content-Length', '9112 5.1', sized(' 3\t', 'abc'), 'abc'],
  ['a GET with a body', '9110 9.3.1', `${request('GET / HTTP/1.1', HOST, 'Content-Length: 3')}abc`, 'abc'],
  ['a sized body in HTTP/1.0', '9112 6.3', `${request('POST / HTTP/1.0', 'Content-Length: 3')}abc`, 'abc'],
  [
    'every byte there is',
    '9112 6.3',
    sized('256', Buffer.from(Array.from({ length: 256 }, (_, at) => at)).toString('latin1')),
    Buffer.from(Array.from({ length: 256 }, (_, at) => at)).toString('latin1'),
  ],
  ['one chunk', '9112 7.1', `${CHUNKED}3\r\nabc\r\n0\r\n\r\n`, 'abc'],
  ['no chunk', '9112 7.1', `${CHUNKED}0\r\n\r\n`, ''],
  ['several chunks', '9112 7.1', `${CHUNKED}1\r\na\r\n2\r\nbc\r\n0\r\n\r\n`, 'abc'],
  [
    'sizes in both cases of letters',
    '9112 7.1',
    `${CHUNKED}a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n`,
    '01234567890123456789',
  ],
  ['zeros before a size', '9112 7.1', `${CHUNKED}0000000000003\r\nabc\r\n00\r\n\r\n`, 'abc'],
  ['CRLF inside a chunk', '9112 7.1', `${CHUNKED}4\r\n\r\n\r\n\r\n0\r\n\r\n`, '\r\n\r\n'],
  ['an extension', '9112 7.1.1', `${CHUNKED}3;a\r\nabc\r\n0;b\r\n\r\n`, 'abc'],
  ['an extension with a value', '9112 7.1.1', `${CHUNKED}3;a=b;c="d;e"\r\nabc\r\n0\r\n\r\n`, 'abc'],
  ['white space before an extension', '9112 7.1.1', `${CHUNKED}3 \t; a = b\r\nabc\r\n0\r\n\r\n`, 'abc'],
  ['Chunked with a capital', '9112 7', `${coded('Chunked')}0\r\n\r\n`, ''],
];

test('a body is what its framing says, and the next request begins behind it', async (t) => {
  for (const [name, section, text, body] of ACCEPTED) {
    await t.test(`${name} (RFC ${section.replace(' ', ', ')})`, () => {
      const { requests, refused } = parseBothWays(text + NEXT);
      assert.equal(refused, undefined);
      assert.deepEqual(
        requests.map((seen) => [seen.head.head.path, seen.body, seen.trailers]),
        [
          ['/', body, []],
          ['/next', '', []],
        ],
      );
    });
  }
});

test('trailers are given apart from the head (RFC 9112, 7.1.2)', () => {
  const { requests } = parseBothWays(`${CHUNKED}0\r\nX: a\r\nContent-Length: 9\r\n\r\n${NEXT}`);
  assert.deepEqual(requests[0]?.trailers, ['X', 'a', 'Content-Length', '9']);
  assert.equal(requests[1]?.head.head.path, '/next');
});

test('bytes behind a request without a body are the next request, never its body', () => {
  const { requests, refused } = parseBothWays(`${request(POST, HOST)}GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`);
  assert.equal(refused, undefined);
  assert.deepEqual(
    requests.map(({ head, body }) => [head.head.path, body]),
    [
      ['/', ''],
      ['/hidden', ''],
    ],
  );
});

test('what is not complete yet is neither ended nor refused', async (t) => {
  const whole = `${CHUNKED}3;x\r\nabc\r\n0\r\nT: u\r\n\r\n`;
  for (let size = 0; size < whole.length; size++) {
    await t.test(`${size} of ${whole.length} bytes`, () => {
      const { requests, refused } = parseBothWays(whole.slice(0, size));
      assert.equal(refused, undefined);
      assert(requests.every(({ trailers }) => trailers === undefined));
    });
  }
});
