/** The request line, and what may stand before it (RFC 9112, 2 and 3). */
import { request } from '../parse.ts';
import { ACCEPTED, type Case, DELIMITERS, GET, HOST } from './case.ts';

const LEAST = request(GET, HOST);

const METHODS: readonly Case[] = [
  [
    'any token is a method',
    'RFC 9110, 9.1',
    request("M-SEARCH!#$%&'*+.^_`|~09az / HTTP/1.1", HOST),
    [{ method: "M-SEARCH!#$%&'*+.^_`|~09az" }],
  ],
  ['a method in lower case is another one', 'RFC 9110, 9.1', request('get / HTTP/1.1', HOST), [{ method: 'get' }]],
  ['a method of one digit', 'RFC 9110, 9.1', request('0 / HTTP/1.1', HOST), [{ method: '0' }]],
  ['a method of 300 letters', 'RFC 9110, 9.1', request(`${'M'.repeat(300)} / HTTP/1.1`, HOST), ACCEPTED],
  ['a method with a byte over 127', 'RFC 9110, 9.1', request('G\xc9T / HTTP/1.1', HOST), '400 METHOD_INVALID'],
  ['a method with a NUL', 'RFC 9110, 5.5', request('G\0T / HTTP/1.1', HOST), '400 CONTROL_CHARACTER'],
  ['no method', 'RFC 9112, 3', request(' / HTTP/1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ...Array.from(
    DELIMITERS,
    (delimiter): Case => [
      `a method with ${delimiter}`,
      'RFC 9110, 5.6.2',
      request(`G${delimiter}T / HTTP/1.1`, HOST),
      '400 METHOD_INVALID',
    ],
  ),
];

const PARTS: readonly Case[] = [
  ['no target', 'RFC 9112, 3', request('GET HTTP/1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['an empty target', 'RFC 9112, 3', request('GET  HTTP/1.1', HOST), '400 TARGET_INVALID'],
  ['two spaces before the target', 'RFC 9112, 3', request('GET  / HTTP/1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['two spaces before the version', 'RFC 9112, 3', request('GET /  HTTP/1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a space in the target', 'RFC 9112, 3.2', request('GET /a b HTTP/1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a space after the version', 'RFC 9112, 3', request('GET / HTTP/1.1 ', HOST), '400 REQUEST_LINE_INVALID'],
  ['a tab between its parts', 'RFC 9112, 3', request('GET\t/\tHTTP/1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a tab after a space', 'RFC 9112, 3', request('GET \t/ HTTP/1.1', HOST), '400 TARGET_INVALID'],
  ['a form feed between its parts', 'RFC 9112, 3', request('GET\x0c/\x0cHTTP/1.1', HOST), '400 CONTROL_CHARACTER'],
  ['a vertical tab between its parts', 'RFC 9112, 3', request('GET\x0b/\x0bHTTP/1.1', HOST), '400 CONTROL_CHARACTER'],
  [
    'a no-break space between its parts',
    'RFC 9112, 3',
    request('GET\xa0/\xa0HTTP/1.1', HOST),
    '400 REQUEST_LINE_INVALID',
  ],
  [
    'a second version behind the first',
    'RFC 9112, 3',
    request('GET / HTTP/1.1 HTTP/1.1', HOST),
    '400 REQUEST_LINE_INVALID',
  ],
  ['a field on the request line', 'RFC 9112, 3', request('GET / HTTP/1.1 Host: a'), '400 REQUEST_LINE_INVALID'],
];

const VERSIONS: readonly Case[] = [
  ['HTTP/1.0', 'RFC 9112, 2.3', request('GET / HTTP/1.0'), [{ version: 'HTTP/1.0', keepAlive: false }]],
  ['HTTP/1.1', 'RFC 9112, 2.3', LEAST, [{ version: 'HTTP/1.1', keepAlive: true }]],
  ['no version, as in HTTP/0.9', 'RFC 9112, 2.3', 'GET /\r\n\r\n', '400 REQUEST_LINE_INVALID'],
  ['HTTP/0.9 written out', 'RFC 9112, 2.3', request('GET / HTTP/0.9', HOST), '505 VERSION_UNSUPPORTED'],
  ['HTTP/1.2', 'RFC 9110, 2.5', request('GET / HTTP/1.2', HOST), '505 VERSION_UNSUPPORTED'],
  ['HTTP/2.0 in a request line', 'RFC 9110, 2.5', request('GET / HTTP/2.0', HOST), '505 VERSION_UNSUPPORTED'],
  ['HTTP/9.9', 'RFC 9110, 2.5', request('GET / HTTP/9.9', HOST), '505 VERSION_UNSUPPORTED'],
  ['the preface of HTTP/2', 'RFC 9113, 3.4', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '505 VERSION_UNSUPPORTED'],
  ['a version in lower case', 'RFC 9112, 2.3', request('GET / http/1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a minor version of two digits', 'RFC 9112, 2.3', request('GET / HTTP/1.10', HOST), '400 REQUEST_LINE_INVALID'],
  ['a major version of two digits', 'RFC 9112, 2.3', request('GET / HTTP/01.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a version of three numbers', 'RFC 9112, 2.3', request('GET / HTTP/1.1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a version without its minor', 'RFC 9112, 2.3', request('GET / HTTP/1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a version without its number', 'RFC 9112, 2.3', request('GET / HTTP/', HOST), '400 REQUEST_LINE_INVALID'],
  ['a version with a comma', 'RFC 9112, 2.3', request('GET / HTTP/1,1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a version with a sign', 'RFC 9112, 2.3', request('GET / HTTP/+1.1', HOST), '400 REQUEST_LINE_INVALID'],
  ['a version in other digits', 'RFC 9112, 2.3', request('GET / HTTP/\xb9.\xb9', HOST), '400 REQUEST_LINE_INVALID'],
  ['another protocol', 'RFC 9112, 2.3', request('GET / RTSP/1.0', HOST), '400 REQUEST_LINE_INVALID'],
  ['HTTPS as its version', 'RFC 9112, 2.3', request('GET / HTTPS/1.1', HOST), '400 REQUEST_LINE_INVALID'],
];

const LINE_ENDINGS: readonly Case[] = [
  ['an empty line before it', 'RFC 9112, 2.2', `\r\n${LEAST}`, ACCEPTED],
  ['two empty lines before it', 'RFC 9112, 2.2', `\r\n\r\n${LEAST}`, '400 REQUEST_LINE_INVALID'],
  ['an LF before it', 'RFC 9112, 2.2', `\n${LEAST}`, '400 REQUEST_LINE_INVALID'],
  ['a CR before it', 'RFC 9112, 2.2', `\r${LEAST}`, '400 LINE_ENDING_INVALID'],
  ['a space before it', 'RFC 9112, 2.2', ` ${LEAST}`, '400 REQUEST_LINE_INVALID'],
  ['a line of a space before it', 'RFC 9112, 2.2', ` \r\n${LEAST}`, '400 REQUEST_LINE_INVALID'],
  ['a byte order mark before it', 'RFC 9112, 2.2', `\xef\xbb\xbf${LEAST}`, '400 REQUEST_LINE_INVALID'],
  ['a NUL before it', 'RFC 9112, 2.2', `\0${LEAST}`, '400 REQUEST_LINE_INVALID'],
  ['a CR alone at its end', 'RFC 9112, 2.2', 'GET / HTTP/1.1\rHost: a\r\n\r\n', '400 LINE_ENDING_INVALID'],
  ['an LF alone at its end', 'RFC 9112, 2.2', 'GET / HTTP/1.1\nHost: a\r\n\r\n', '400 LINE_ENDING_INVALID'],
  ['LF alone everywhere', 'RFC 9112, 2.2', 'GET / HTTP/1.1\nHost: a\n\n', '400 LINE_ENDING_INVALID'],
  ['CR alone everywhere', 'RFC 9112, 2.2', `GET / HTTP/1.1\rHost: a\r\r${LEAST}`, '400 LINE_ENDING_INVALID'],
  ['LF before CR', 'RFC 9112, 2.2', 'GET / HTTP/1.1\n\rHost: a\n\r\n\r', '400 LINE_ENDING_INVALID'],
  ['two CR before an LF', 'RFC 9112, 2.2', 'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n', '400 LINE_ENDING_INVALID'],
  ['a next line (U+0085) as its end', 'RFC 9112, 2.2', 'GET / HTTP/1.1\x85Host:a\r\n\r\n', '400 REQUEST_LINE_INVALID'],
  [
    'an empty line that ends in LF alone',
    'RFC 9112, 2.2',
    'GET / HTTP/1.1\r\nHost: a\r\n\n',
    '400 LINE_ENDING_INVALID',
  ],
  [
    'an empty line that ends in CR alone',
    'RFC 9112, 2.2',
    `GET / HTTP/1.1\r\nHost: a\r\n\r${LEAST}`,
    '400 LINE_ENDING_INVALID',
  ],
  ['the first byte of a TLS handshake', 'RFC 9112, 3', '\x16', '400 REQUEST_LINE_INVALID'],
  ['a TLS handshake', 'RFC 9112, 3', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', '400 REQUEST_LINE_INVALID'],
];

export const REQUEST_LINE: readonly Case[] = [...METHODS, ...PARTS, ...VERSIONS, ...LINE_ENDINGS];
