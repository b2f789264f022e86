/** Chunks, their extensions and the trailers behind them (RFC 9112, 7.1). */
import { request } from '../parse.ts';
import { type Case, HOST, POST } from './case.ts';

const NEXT = request('GET /next HTTP/1.1', HOST);
const chunked = (bytes: string) => request(POST, HOST, 'Transfer-Encoding: chunked') + bytes;
/** One chunk with this size line. */
const size = (line: string) => chunked(`${line}\r\nabc\r\n0\r\n\r\n${NEXT}`);
const extended = (extension: string) => size(`3${extension}`);
const trailing = (trailers: string) => chunked(`0\r\n${trailers}\r\n${NEXT}`);
const body = (text: string) => [{ body: text, trailers: [] }, { target: '/next' }];
const trailers = (...pairs: string[]) => [{ body: '', trailers: pairs }, { target: '/next' }];

const SIZES: readonly Case[] = [
  ['one chunk', 'RFC 9112, 7.1', size('3'), body('abc')],
  ['no chunk', 'RFC 9112, 7.1', chunked(`0\r\n\r\n${NEXT}`), body('')],
  ['several chunks', 'RFC 9112, 7.1', chunked(`1\r\na\r\n2\r\nbc\r\n0\r\n\r\n${NEXT}`), body('abc')],
  [
    'small and capital digits',
    'RFC 9112, 7.1',
    chunked(`a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n${NEXT}`),
    body('01234567890123456789'),
  ],
  ['zeros before a size', 'RFC 9112, 7.1', size('0000000000003'), body('abc')],
  ['a last chunk of several zeros', 'RFC 9112, 7.1', chunked(`000\r\n\r\n${NEXT}`), body('')],
  ['CRLF inside a chunk', 'RFC 9112, 7.1', chunked(`4\r\n\r\n\r\n\r\n0\r\n\r\n${NEXT}`), body('\r\n\r\n')],
  ['a last chunk inside a chunk', 'RFC 9112, 7.1', chunked(`5\r\n0\r\n\r\n\r\n0\r\n\r\n${NEXT}`), body('0\r\n\r\n')],
  ['an empty size', 'RFC 9112, 7.1', size(''), '400 CHUNK_SIZE_INVALID'],
  ['a prefix 0x', 'RFC 9112, 7.1', size('0x3'), '400 CHUNK_SIZE_INVALID'],
  ['a prefix \\x', 'RFC 9112, 7.1', size('\\x3'), '400 CHUNK_SIZE_INVALID'],
  ['a plus before a size', 'RFC 9112, 7.1', size('+3'), '400 CHUNK_SIZE_INVALID'],
  ['a minus before a size', 'RFC 9112, 7.1', size('-3'), '400 CHUNK_SIZE_INVALID'],
  ['an underscore in a size', 'RFC 9112, 7.1', size('0_3'), '400 CHUNK_SIZE_INVALID'],
  ['a dot in a size', 'RFC 9112, 7.1', size('3.0'), '400 CHUNK_SIZE_INVALID'],
  ['an h behind a size', 'RFC 9112, 7.1', size('3h'), '400 CHUNK_SIZE_INVALID'],
  ['other letters', 'RFC 9112, 7.1', size('g'), '400 CHUNK_SIZE_INVALID'],
  ['other digits', 'RFC 9112, 7.1', size('\xb3'), '400 CHUNK_SIZE_INVALID'],
  ['a space before a size', 'RFC 9112, 7.1', size(' 3'), '400 CHUNK_SIZE_INVALID'],
  ['a space behind a size', 'RFC 9112, 7.1', size('3 '), '400 CHUNK_SIZE_INVALID'],
  ['a tab behind a size', 'RFC 9112, 7.1', size('3\t'), '400 CHUNK_SIZE_INVALID'],
  ['a space in a size', 'RFC 9112, 7.1', size('0 3'), '400 CHUNK_SIZE_INVALID'],
  ['a comma behind a size', 'RFC 9112, 7.1', size('3,3'), '400 CHUNK_SIZE_INVALID'],
  ['a NUL behind a size', 'RFC 9112, 7.1', size('3\0'), '400 CHUNK_SIZE_INVALID'],
  ['a size of 14 digits', 'RFC 9112, 7.1', size('00000000000003'), '400 CHUNK_SIZE_INVALID'],
  ['a size that overflows 32 bits', 'RFC 9112, 7.1', size('100000003'), '413 BODY_TOO_LARGE'],
  ['a size that overflows 64 bits', 'RFC 9112, 7.1', size('10000000000000003'), '400 CHUNK_SIZE_INVALID'],
  ['a size that is negative in 64 bits', 'RFC 9112, 7.1', size('ffffffffffffffff'), '400 CHUNK_SIZE_INVALID'],
  ['a size over the limit', 'RFC 9112, 7.1', size('fffffffffffff'), '413 BODY_TOO_LARGE'],
  ['no last chunk', 'RFC 9112, 8', chunked('3\r\nabc\r\n'), [{ body: 'abc', ended: false }]],
];

const ENDINGS: readonly Case[] = [
  ['a size that ends in LF', 'RFC 9112, 2.2', chunked('3\nabc\r\n0\r\n\r\n'), '400 LINE_ENDING_INVALID'],
  ['a size that ends in CR', 'RFC 9112, 2.2', chunked('3\rabc\r\n0\r\n\r\n'), '400 CHUNK_SIZE_INVALID'],
  ['a size that ends in CR CRLF', 'RFC 9112, 2.2', size('3\r'), '400 CHUNK_SIZE_INVALID'],
  ['a chunk longer than its size', 'RFC 9112, 7.1', chunked('3\r\nabcd\r\n0\r\n\r\n'), '400 CHUNK_END_INVALID'],
  ['a chunk shorter than its size', 'RFC 9112, 7.1', chunked('5\r\nabc\r\n0\r\n\r\n'), '400 CHUNK_END_INVALID'],
  ['a chunk that ends in LF', 'RFC 9112, 7.1', chunked('3\r\nabc\n0\r\n\r\n'), '400 CHUNK_END_INVALID'],
  ['a chunk that ends in CR', 'RFC 9112, 7.1', chunked('3\r\nabc\r0\r\n\r\n'), '400 CHUNK_END_INVALID'],
  ['a chunk that ends in LF CR', 'RFC 9112, 7.1', chunked('3\r\nabc\n\r0\r\n\r\n'), '400 CHUNK_END_INVALID'],
  ['a chunk that ends in nothing', 'RFC 9112, 7.1', chunked('3\r\nabc0\r\n\r\n'), '400 CHUNK_END_INVALID'],
  ['an empty line behind a chunk', 'RFC 9112, 7.1', chunked('3\r\nabc\r\n\r\n0\r\n\r\n'), '400 CHUNK_SIZE_INVALID'],
  ['two bytes where an end is due', 'RFC 9112, 7.1', chunked('3\r\nabcXX0\r\n\r\n'), '400 CHUNK_END_INVALID'],
  ['LF alone behind the last chunk', 'RFC 9112, 2.2', chunked('0\r\n\n'), '400 LINE_ENDING_INVALID'],
  ['CR alone behind the last chunk', 'RFC 9112, 2.2', chunked(`0\r\n\r${NEXT}`), '400 LINE_ENDING_INVALID'],
  ['no empty line behind the last chunk', 'RFC 9112, 7.1', chunked(`0\r\n${NEXT}`), '400 FIELD_NAME_INVALID'],
];

const EXTENSIONS: readonly Case[] = [
  ['an extension', 'RFC 9112, 7.1.1', extended(';a'), body('abc')],
  ['an extension of the last chunk', 'RFC 9112, 7.1.1', chunked(`0;a=b\r\n\r\n${NEXT}`), body('')],
  ['extensions with values', 'RFC 9112, 7.1.1', extended(';a=b;c="d;e \\"f\\""'), body('abc')],
  ['an empty quoted value', 'RFC 9112, 7.1.1', extended(';a=""'), body('abc')],
  ['a byte over 127 in a quoted value', 'RFC 9110, 5.6.4', extended(';a="\xe9"'), body('abc')],
  ['bad white space', 'RFC 9112, 7.1.1', extended(' \t; a\t=\tb ;c'), body('abc')],
  ['no name', 'RFC 9112, 7.1.1', extended(';'), '400 CHUNK_EXTENSION_INVALID'],
  ['no name between two', 'RFC 9112, 7.1.1', extended(';a;;b'), '400 CHUNK_EXTENSION_INVALID'],
  ['a value without a name', 'RFC 9112, 7.1.1', extended(';=a'), '400 CHUNK_EXTENSION_INVALID'],
  ['an equals sign without a value', 'RFC 9112, 7.1.1', extended(';a='), '400 CHUNK_EXTENSION_INVALID'],
  ['two names', 'RFC 9112, 7.1.1', extended(';a b'), '400 CHUNK_EXTENSION_INVALID'],
  ['white space behind an extension', 'RFC 9112, 7.1.1', extended(';a '), '400 CHUNK_EXTENSION_INVALID'],
  ['a quoted value that does not end', 'RFC 9110, 5.6.4', extended(';a="b'), '400 CHUNK_EXTENSION_INVALID'],
  ['something behind a quoted value', 'RFC 9112, 7.1.1', extended(';a="b"c'), '400 CHUNK_EXTENSION_INVALID'],
  ['a quoted value that escapes its end', 'RFC 9110, 5.6.4', extended(';a="b\\"'), '400 CHUNK_EXTENSION_INVALID'],
  ['a name of a byte over 127', 'RFC 9112, 7.1.1', extended(';\xe9'), '400 CHUNK_EXTENSION_INVALID'],
  ['a NUL in an extension', 'RFC 9112, 7.1.1', extended(';\0'), '400 CHUNK_EXTENSION_INVALID'],
  ['a CR in an extension', 'RFC 9112, 7.1.1', extended(';a\rb'), '400 CHUNK_EXTENSION_INVALID'],
  ['a CR in a quoted value', 'RFC 9110, 5.6.4', extended(';a="\r"'), '400 CHUNK_EXTENSION_INVALID'],
  ['an LF in an extension', 'RFC 9112, 2.2', extended(';a\n0\r\n\r\n'), '400 LINE_ENDING_INVALID'],
  ['an LF in a quoted value', 'RFC 9112, 2.2', extended(';a="\n"'), '400 LINE_ENDING_INVALID'],
];

const TRAILERS: readonly Case[] = [
  ['trailers, apart from the head', 'RFC 9112, 7.1.2', trailing('X: a\r\nY:\r\n'), trailers('X', 'a', 'Y', '')],
  [
    'a Content-Length that comes too late',
    'RFC 9110, 6.5.1',
    trailing('Content-Length: 9\r\n'),
    trailers('Content-Length', '9'),
  ],
  [
    'a Transfer-Encoding that comes too late',
    'RFC 9110, 6.5.1',
    trailing('Transfer-Encoding: x\r\n'),
    trailers('Transfer-Encoding', 'x'),
  ],
  [
    'a trailer, which the environ does not have',
    'RFC 9110, 6.5.1',
    trailing('X-Late: b\r\nHost: c\r\n'),
    [{ environ: { HTTP_X_LATE: undefined, HTTP_HOST: 'a' }, trailers: ['X-Late', 'b', 'Host', 'c'] }, {}],
  ],
  ['a trailer without a colon', 'RFC 9112, 7.1.2', trailing('X\r\n'), '400 FIELD_NAME_INVALID'],
  ['a trailer with a space before the colon', 'RFC 9112, 5.1', trailing('X : a\r\n'), '400 FIELD_NAME_INVALID'],
  ['a trailer without a name', 'RFC 9112, 5', trailing(': a\r\n'), '400 FIELD_NAME_INVALID'],
  ['a folded trailer', 'RFC 9112, 5.2', trailing('X: a\r\n b\r\n'), '400 FIELD_FOLDED'],
  ['a space before the first trailer', 'RFC 9112, 2.2', trailing(' X: a\r\n'), '400 FIELD_FOLDED'],
  ['a trailer that ends in LF', 'RFC 9112, 2.2', trailing('X: a\n'), '400 LINE_ENDING_INVALID'],
  ['a trailer that ends in CR', 'RFC 9112, 2.2', trailing('X: a\rY: b\r\n'), '400 LINE_ENDING_INVALID'],
  ['a trailer with a NUL', 'RFC 9110, 5.5', trailing('X: \0\r\n'), '400 CONTROL_CHARACTER'],
];

export const CHUNKS: readonly Case[] = [...SIZES, ...ENDINGS, ...EXTENSIONS, ...TRAILERS];
