/** Content-Length and Transfer-Encoding: where a body ends (RFC 9112, 6). Behind what is accepted stands a request that must be found. */
import { request } from '../parse.ts';
import { type Case, HOST, POST } from './case.ts';

const NEXT = request('GET /next HTTP/1.1', HOST);
const sized = (length: string, body = '') => request(POST, HOST, `Content-Length: ${length}`) + body + NEXT;
const coded = (...codings: string[]) =>
  `${request(POST, HOST, ...codings.map((coding) => `Transfer-Encoding: ${coding}`))}0\r\n\r\n${NEXT}`;
const body = (text: string) => [{ body: text }, { target: '/next', body: '' }];
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, at) => at)).toString('latin1');

const LENGTH: readonly Case[] = [
  ['no framing: no body', 'RFC 9112, 6.3', request(POST, HOST) + NEXT, body('')],
  ['a Content-Length', 'RFC 9112, 6.2', sized('3', 'abc'), body('abc')],
  ['a Content-Length of 0', 'RFC 9112, 6.2', sized('0'), body('')],
  ['zeros before a Content-Length', 'RFC 9110, 8.6', sized('0003', 'abc'), body('abc')],
  ['a hundred zeros before a Content-Length', 'RFC 9110, 8.6', sized(`${'0'.repeat(100)}3`, 'abc'), body('abc')],
  ['white space around a Content-Length', 'RFC 9112, 5.1', sized(' 3\t', 'abc'), body('abc')],
  [
    'a GET with a body',
    'RFC 9110, 9.3.1',
    `${request('GET / HTTP/1.1', HOST, 'Content-Length: 3')}abc${NEXT}`,
    body('abc'),
  ],
  [
    'a HEAD with a body',
    'RFC 9110, 9.3.2',
    `${request('HEAD / HTTP/1.1', HOST, 'Content-Length: 3')}abc${NEXT}`,
    body('abc'),
  ],
  [
    'a Content-Length in HTTP/1.0',
    'RFC 9112, 6.3',
    `${request('POST / HTTP/1.0', 'Content-Length: 3')}abc${NEXT}`,
    body('abc'),
  ],
  ['a body of every byte there is', 'RFC 9112, 6', sized('256', EVERY_BYTE), body(EVERY_BYTE)],
  ['a body larger than one read', 'RFC 9112, 6.3', sized('70000', 'x'.repeat(70_000)), body('x'.repeat(70_000))],
  ['a body that looks like a request', 'RFC 9112, 6.3', sized(String(NEXT.length), NEXT), body(NEXT)],
  ['a request hidden where no body is', 'RFC 9112, 6.3', request(POST, HOST) + NEXT, body('')],
  ['an empty Content-Length', 'RFC 9110, 8.6', sized(''), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length with a plus', 'RFC 9110, 8.6', sized('+5'), '400 CONTENT_LENGTH_INVALID'],
  ['a negative Content-Length', 'RFC 9110, 8.6', sized('-1'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length of minus zero', 'RFC 9110, 8.6', sized('-0'), '400 CONTENT_LENGTH_INVALID'],
  ['a hexadecimal Content-Length', 'RFC 9110, 8.6', sized('0x5'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length of letters', 'RFC 9110, 8.6', sized('a'), '400 CONTENT_LENGTH_INVALID'],
  ['an octal Content-Length', 'RFC 9110, 8.6', sized('0o5'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length with a fraction', 'RFC 9110, 8.6', sized('5.0'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length with an exponent', 'RFC 9110, 8.6', sized('1e1'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length with an underscore', 'RFC 9110, 8.6', sized('1_0'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length with a space in it', 'RFC 9110, 8.6', sized('1 0'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length with a semicolon', 'RFC 9110, 8.6', sized('5;'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length in quotes', 'RFC 9110, 8.6', sized('"5"'), '400 CONTENT_LENGTH_INVALID'],
  ['a Content-Length in other digits', 'RFC 9110, 8.6', sized('\xb2'), '400 CONTENT_LENGTH_INVALID'],
  ['a no-break space behind a Content-Length', 'RFC 9110, 8.6', sized('5\xa0'), '400 CONTENT_LENGTH_INVALID'],
  ['a list of equal lengths', 'RFC 9112, 6.3', sized('5, 5'), '400 CONTENT_LENGTH_INVALID'],
  ['a list of lengths', 'RFC 9112, 6.3', sized('5,6'), '400 CONTENT_LENGTH_INVALID'],
  ['a list with an empty element', 'RFC 9110, 5.6.1', sized('5,'), '400 CONTENT_LENGTH_INVALID'],
  [
    'two equal Content-Lengths',
    'RFC 9112, 6.3',
    request(POST, HOST, 'Content-Length: 5', 'Content-Length: 5'),
    '400 CONTENT_LENGTH_REPEATED',
  ],
  [
    'two Content-Lengths',
    'RFC 9112, 6.3',
    request(POST, HOST, 'Content-Length: 5', 'content-length: 6'),
    '400 CONTENT_LENGTH_REPEATED',
  ],
  [
    'an empty Content-Length behind another',
    'RFC 9112, 6.3',
    request(POST, HOST, 'Content-Length: 0', 'Content-Length:'),
    '400 CONTENT_LENGTH_REPEATED',
  ],
  ['a Content-Length beyond 64 bits', 'RFC 9110, 8.6', sized('18446744073709551621'), '413 BODY_TOO_LARGE'],
  ['a Content-Length beyond all bounds', 'RFC 9110, 8.6', sized('9'.repeat(400)), '413 BODY_TOO_LARGE'],
];

const BOTH: readonly Case[] = [
  [
    'Content-Length and Transfer-Encoding',
    'RFC 9112, 6.1',
    request(POST, HOST, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    '400 LENGTH_AND_CODING',
  ],
  [
    'Transfer-Encoding and Content-Length',
    'RFC 9112, 6.1',
    request(POST, HOST, 'Transfer-Encoding: chunked', 'Content-Length: 0'),
    '400 LENGTH_AND_CODING',
  ],
  [
    'a bad Content-Length and Transfer-Encoding',
    'RFC 9112, 6.1',
    request(POST, HOST, 'Content-Length: x', 'Transfer-Encoding: chunked'),
    '400 LENGTH_AND_CODING',
  ],
  [
    'Content-Length and a bad Transfer-Encoding',
    'RFC 9112, 6.1',
    request(POST, HOST, 'Content-Length: 5', 'Transfer-Encoding: x'),
    '400 LENGTH_AND_CODING',
  ],
  [
    'Transfer-Encoding in HTTP/1.0',
    'RFC 9112, 6.1',
    request('POST / HTTP/1.0', HOST, 'Transfer-Encoding: chunked'),
    '400 TRANSFER_CODING_IN_1_0',
  ],
  [
    'both framings in HTTP/1.0',
    'RFC 9112, 6.1',
    request('POST / HTTP/1.0', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    '400 TRANSFER_CODING_IN_1_0',
  ],
];

const CODING: readonly Case[] = [
  ['chunked', 'RFC 9112, 7.1', coded('chunked'), body('')],
  ['Chunked with a capital', 'RFC 9112, 7', coded('cHUNKED'), body('')],
  ['white space around chunked', 'RFC 9112, 5.1', coded('\t chunked \t'), body('')],
  [
    'a GET with chunked',
    'RFC 9110, 9.3.1',
    `${request('GET / HTTP/1.1', HOST, 'Transfer-Encoding: chunked')}0\r\n\r\n${NEXT}`,
    body(''),
  ],
  ['chunked twice', 'RFC 9112, 6.1', coded('chunked, chunked'), '400 TRANSFER_CODING_INVALID'],
  ['chunked twice in two fields', 'RFC 9112, 6.1', coded('chunked', 'chunked'), '400 TRANSFER_CODING_INVALID'],
  ['another coding before chunked', 'RFC 9112, 6.1', coded('gzip, chunked'), '501 TRANSFER_CODING_UNKNOWN'],
  [
    'another coding before chunked in its own field',
    'RFC 9112, 6.1',
    coded('gzip', 'chunked'),
    '501 TRANSFER_CODING_UNKNOWN',
  ],
  ['identity before chunked', 'RFC 9112, 7', coded('identity, chunked'), '501 TRANSFER_CODING_UNKNOWN'],
  ['another coding after chunked', 'RFC 9112, 6.3', coded('chunked, gzip'), '400 TRANSFER_CODING_INVALID'],
  [
    'another coding after chunked in its own field',
    'RFC 9112, 6.3',
    coded('chunked', 'identity'),
    '400 TRANSFER_CODING_INVALID',
  ],
  [
    'chunked before and behind another',
    'RFC 9112, 6.1',
    coded('chunked, gzip, chunked'),
    '400 TRANSFER_CODING_INVALID',
  ],
  ['another coding alone', 'RFC 9112, 6.3', coded('gzip'), '400 TRANSFER_CODING_INVALID'],
  ['identity', 'RFC 9112, 6.3', coded('identity'), '400 TRANSFER_CODING_INVALID'],
  ['letters before chunked', 'RFC 9112, 6.3', coded('xchunked'), '400 TRANSFER_CODING_INVALID'],
  ['letters behind chunked', 'RFC 9112, 6.3', coded('chunkedx'), '400 TRANSFER_CODING_INVALID'],
  ['a word before chunked', 'RFC 9112, 6.3', coded('x chunked'), '400 TRANSFER_CODING_INVALID'],
  ['a word behind chunked', 'RFC 9112, 6.3', coded('chunked x'), '400 TRANSFER_CODING_INVALID'],
  ['chunked in quotes', 'RFC 9112, 6.1', coded('"chunked"'), '400 TRANSFER_CODING_INVALID'],
  ['chunked with a parameter', 'RFC 9112, 7', coded('chunked;a=b'), '400 TRANSFER_CODING_INVALID'],
  ['chunked with a weight', 'RFC 9112, 7', coded('chunked;q=0'), '400 TRANSFER_CODING_INVALID'],
  ['an empty Transfer-Encoding', 'RFC 9112, 6.1', coded(''), '400 TRANSFER_CODING_INVALID'],
  ['an empty Transfer-Encoding behind another', 'RFC 9112, 6.1', coded('chunked', ''), '400 TRANSFER_CODING_INVALID'],
  ['a comma behind chunked', 'RFC 9110, 5.6.1', coded('chunked,'), '400 TRANSFER_CODING_INVALID'],
  ['a comma before chunked', 'RFC 9110, 5.6.1', coded(', chunked'), '400 TRANSFER_CODING_INVALID'],
  ['a colon before chunked', 'RFC 9112, 6.1', coded(': chunked'), '400 TRANSFER_CODING_INVALID'],
  ['a no-break space before chunked', 'RFC 9110, 5.6.3', coded('\xa0chunked'), '400 TRANSFER_CODING_INVALID'],
  ['a no-break space in a list', 'RFC 9110, 5.6.3', coded('gzip,\xa0chunked'), '400 TRANSFER_CODING_INVALID'],
  ['a byte over 127 in chunked', 'RFC 9112, 6.1', coded('chun\xffked'), '400 TRANSFER_CODING_INVALID'],
  ['a vertical tab before chunked', 'RFC 9110, 5.5', coded('\x0bchunked'), '400 CONTROL_CHARACTER'],
  ['a NUL behind chunked', 'RFC 9110, 5.5', coded('chunked\0'), '400 CONTROL_CHARACTER'],
  ['a CR behind chunked', 'RFC 9112, 2.2', coded('chunked\r'), '400 LINE_ENDING_INVALID'],
  [
    'chunked hidden behind an LF',
    'RFC 9112, 2.2',
    request(POST, HOST, 'X: x\nTransfer-Encoding: chunked'),
    '400 LINE_ENDING_INVALID',
  ],
];

export const FRAMING: readonly Case[] = [...LENGTH, ...BOTH, ...CODING];
