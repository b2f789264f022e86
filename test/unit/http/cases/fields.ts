/** Field lines (RFC 9112, 5), and the keys that they become (PEP 3333, RFC 3875). */
import { request } from '../parse.ts';
import { type Case, DELIMITERS, GET, HOST, POST } from './case.ts';

const fields = (...lines: string[]) => request(GET, HOST, ...lines);
const read = (...pairs: string[]) => [{ fields: ['Host', 'a', ...pairs] }];
const keys = (environ: Readonly<Record<string, string | undefined>>) => [{ environ }];

const VALUES: readonly Case[] = [
  ['white space around a value', 'RFC 9112, 5.1', fields('X: \t b c \t'), read('X', 'b c')],
  ['no white space', 'RFC 9112, 5.1', fields('X:b'), read('X', 'b')],
  ['an empty value', 'RFC 9110, 5.5', fields('X:'), read('X', '')],
  ['a value of white space alone', 'RFC 9110, 5.5', fields('X: \t '), read('X', '')],
  ['a colon in a value', 'RFC 9110, 5.5', fields('X: a:b'), read('X', 'a:b')],
  ['a colon before a value', 'RFC 9110, 5.5', fields('X:: a'), read('X', ': a')],
  ['bytes over 127 in a value', 'RFC 9110, 5.5', fields('X: caf\xe9 \xff'), read('X', 'caf\xe9 \xff')],
  ['a no-break space, which is no white space', 'RFC 9110, 5.6.3', fields('X: \xa0a\xa0'), read('X', '\xa0a\xa0')],
  ['a tab in a value', 'RFC 9110, 5.5', fields('X: a\tb'), read('X', 'a\tb')],
  ['a quoted string that does not end', 'RFC 9110, 5.6.4', fields('X: "a'), read('X', '"a')],
  ['the case of names and values', 'RFC 9110, 5.1', fields('x-A: bC'), read('x-A', 'bC')],
  [
    'the same field twice, in order',
    'RFC 9110, 5.2',
    fields('X: b', 'Y: c', 'X: d'),
    read('X', 'b', 'Y', 'c', 'X', 'd'),
  ],
  ['a NUL in a value', 'RFC 9110, 5.5', fields('X: a\0b'), '400 CONTROL_CHARACTER'],
  ['a NUL at the end of a value', 'RFC 9110, 5.5', fields('X: a\0'), '400 CONTROL_CHARACTER'],
  ['a bell in a value', 'RFC 9110, 5.5', fields('X: a\x07b'), '400 CONTROL_CHARACTER'],
  ['a backspace in a value', 'RFC 9110, 5.5', fields('X: a\x08b'), '400 CONTROL_CHARACTER'],
  ['a vertical tab before a value', 'RFC 9110, 5.5', fields('X: \x0bb'), '400 CONTROL_CHARACTER'],
  ['a form feed behind a value', 'RFC 9110, 5.5', fields('X: b\x0c'), '400 CONTROL_CHARACTER'],
  ['an escape in a value', 'RFC 9110, 5.5', fields('X: \x1b[2J'), '400 CONTROL_CHARACTER'],
  ['a unit separator in a value', 'RFC 9110, 5.5', fields('X: a\x1fb'), '400 CONTROL_CHARACTER'],
  ['a DEL in a value', 'RFC 9110, 5.5', fields('X: a\x7fb'), '400 CONTROL_CHARACTER'],
  ['a CR in a value', 'RFC 9110, 5.5', fields('X: a\rb'), '400 LINE_ENDING_INVALID'],
  ['a CR at the end of a value', 'RFC 9112, 2.2', fields('X: a\r'), '400 LINE_ENDING_INVALID'],
  ['an LF in a value', 'RFC 9112, 2.2', fields('X: a\nTransfer-Encoding: chunked'), '400 LINE_ENDING_INVALID'],
  [
    'a request hidden behind an LF',
    'RFC 9112, 2.2',
    fields('X: a\n\nGET /hidden HTTP/1.1\nHost: a\n'),
    '400 LINE_ENDING_INVALID',
  ],
];

const NAMES: readonly Case[] = [
  ['any token is a name', 'RFC 9110, 5.1', fields("!#$%&'*+-.^_`|~09az: b"), read("!#$%&'*+-.^_`|~09az", 'b')],
  ['a space before the colon', 'RFC 9112, 5.1', fields('X : b'), '400 FIELD_NAME_INVALID'],
  ['a tab before the colon', 'RFC 9112, 5.1', fields('X\t: b'), '400 FIELD_NAME_INVALID'],
  [
    'a space before the colon of Transfer-Encoding',
    'RFC 9112, 5.1',
    request(POST, HOST, 'Transfer-Encoding : chunked'),
    '400 FIELD_NAME_INVALID',
  ],
  ['a space before the colon of Host', 'RFC 9112, 5.1', request(GET, 'Host : a'), '400 FIELD_NAME_INVALID'],
  ['a space in a name', 'RFC 9112, 5.1', fields('X Y: b'), '400 FIELD_NAME_INVALID'],
  ['no colon', 'RFC 9112, 5', fields('X'), '400 FIELD_NAME_INVALID'],
  ['no colon in the first line', 'RFC 9112, 5', request(GET, 'X', HOST), '400 FIELD_NAME_INVALID'],
  ['an empty name', 'RFC 9112, 5', fields(': b'), '400 FIELD_NAME_INVALID'],
  ['a colon alone', 'RFC 9112, 5', fields(':'), '400 FIELD_NAME_INVALID'],
  ['a byte over 127 in a name', 'RFC 9110, 5.1', fields('X\xe9: b'), '400 FIELD_NAME_INVALID'],
  ['a no-break space behind a name', 'RFC 9110, 5.1', fields('X\xa0: b'), '400 FIELD_NAME_INVALID'],
  ['a NUL in a name', 'RFC 9110, 5.1', fields('X\0: b'), '400 CONTROL_CHARACTER'],
  ['a CR before the colon', 'RFC 9112, 2.2', fields('X\r: b'), '400 LINE_ENDING_INVALID'],
  ['a second request line', 'RFC 9112, 5', fields('GET /hidden HTTP/1.1'), '400 FIELD_NAME_INVALID'],
  ...Array.from(
    DELIMITERS.replace(':', ''),
    (delimiter): Case => [
      `a name with ${delimiter}`,
      'RFC 9110, 5.6.2',
      fields(`X${delimiter}Y: b`),
      '400 FIELD_NAME_INVALID',
    ],
  ),
];

const FOLDS: readonly Case[] = [
  ['a folded line', 'RFC 9112, 5.2', fields('X: a', ' b'), '400 FIELD_FOLDED'],
  ['a line folded by a tab', 'RFC 9112, 5.2', fields('X: a', '\tb'), '400 FIELD_FOLDED'],
  ['a folded line of white space alone', 'RFC 9112, 5.2', fields('X: a', ' '), '400 FIELD_FOLDED'],
  [
    'a folded line that looks like a field',
    'RFC 9112, 5.2',
    request(POST, HOST, 'X: a', ' Content-Length: 5'),
    '400 FIELD_FOLDED',
  ],
  [
    'a folded Transfer-Encoding',
    'RFC 9112, 5.2',
    request(POST, HOST, 'Transfer-Encoding:', ' chunked'),
    '400 FIELD_FOLDED',
  ],
  ['a folded Content-Length', 'RFC 9112, 5.2', request(POST, HOST, 'Content-Length:', '\t5'), '400 FIELD_FOLDED'],
  ['a space before the first field', 'RFC 9112, 2.2', request(GET, ' Host: a'), '400 FIELD_FOLDED'],
  ['a space alone behind the request line', 'RFC 9112, 2.2', request(GET, ' ', HOST), '400 FIELD_FOLDED'],
];

const KEYS: readonly Case[] = [
  ['hyphens and small letters', 'RFC 3875, 4.1.18', fields('x-Some-thing: b'), keys({ HTTP_X_SOME_THING: 'b' })],
  ['repeated fields', 'RFC 9110, 5.3', fields('X: b', 'x:', 'X: c'), keys({ HTTP_X: 'b,,c' })],
  ['repeated cookies', 'RFC 6265, 5.4', fields('Cookie: b=1', 'cookie: c=2'), keys({ HTTP_COOKIE: 'b=1; c=2' })],
  [
    'Content-Type',
    'RFC 3875, 4.1.3',
    request(POST, HOST, 'content-type: b/c'),
    keys({ CONTENT_TYPE: 'b/c', HTTP_CONTENT_TYPE: undefined }),
  ],
  [
    'an underscore, which would pass for a hyphen',
    'RFC 3875, 4.1.18',
    fields('X-U: real', 'X_U: forged', 'X_V: forged'),
    keys({ HTTP_X_U: 'real', HTTP_X_V: undefined }),
  ],
  [
    'Content_Length, which is no length',
    'RFC 9110, 8.6',
    `${fields('Content_Length: 5')}${fields()}`,
    [{ body: '', environ: { CONTENT_LENGTH: undefined } }, {}],
  ],
  [
    'Transfer_Encoding, which is no coding',
    'RFC 9112, 6.1',
    `${fields('Transfer_Encoding: chunked')}${fields()}`,
    [{ body: '' }, {}],
  ],
  [
    'Proxy, which would become HTTP_PROXY',
    'RFC 3875, 4.1.18',
    fields('Proxy: http://evil/'),
    keys({ HTTP_PROXY: undefined }),
  ],
  [
    'two Content-Types',
    'RFC 9110, 8.3',
    request(POST, HOST, 'Content-Type: b/c', 'Content-Type: b/c'),
    '400 CONTENT_TYPE_REPEATED',
  ],
  [
    'two Content-Types in small and capital letters',
    'RFC 9110, 8.3',
    request(POST, HOST, 'content-type: b/c', 'CONTENT-TYPE:'),
    '400 CONTENT_TYPE_REPEATED',
  ],
];

export const FIELDS: readonly Case[] = [...VALUES, ...NAMES, ...FOLDS, ...KEYS];
