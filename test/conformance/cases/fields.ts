import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { PEP } from '../sections.ts';
import { has, headers } from './has.ts';

/** What becomes of the request's headers. */
export const FIELDS: readonly Case[] = [
  has('header', 'A header X-Name is HTTP_X_NAME.', { HTTP_X_NAME: 'value' }, headers('X-Name: value')),
  has('header-case', 'A header’s name may be in any case.', { HTTP_X_NAME: 'Value' }, headers('x-nAMe: Value')),
  {
    ...has(
      'header-space',
      'White space around a header’s value is not part of it.',
      { HTTP_X_NAME: 'a  b' },
      headers('X-Name: \t a  b \t'),
    ),
    section: 'RFC 9112, 5.1',
    words:
      'The field line value does not include that leading or trailing whitespace: OWS occurring before the first non-whitespace octet of the field line value, or after the last non-whitespace octet of the field line value, is excluded by parsers when extracting the field line value from a field line.',
  },
  has(
    'header-no-space',
    'There need be no white space before a header’s value.',
    { HTTP_X_NAME: 'a:b' },
    headers('X-Name:a:b'),
  ),
  has('header-empty', 'A header without a value is there, and empty.', { HTTP_X_NAME: '' }, headers('X-Name:')),
  {
    ...has(
      'header-latin-1',
      'Bytes beyond ASCII in a header are the characters of latin-1.',
      { HTTP_X_NAME: 'caf\xe9 \xff' },
      headers('X-Name: caf\xe9 \xff'),
    ),
    section: PEP.unicode,
  },
  has('header-absent', 'A header that the client does not send is not there.', {
    HTTP_X_NAME: undefined,
    HTTP_ACCEPT: undefined,
    HTTP_USER_AGENT: undefined,
  }),
  {
    id: 'environ-header-long',
    sentence: 'A header of 4,000 characters is whole, or refused with 4xx.',
    section: 'RFC 9110, 5.4',
    level: 'may',
    words:
      'A server that receives a request header field line, field value, or set of fields larger than it wishes to process MUST respond with an appropriate 4xx (Client Error) status code.',
    app: 'environ',
    request: headers(`X-Name: ${'x'.repeat(4000)}`),
    allows: [
      { outcome: 'whole', status: 200, json: { HTTP_X_NAME: 'x'.repeat(4000) } },
      { outcome: 'refused', status: [400, 413, 431] },
    ],
  },
  has(
    'header-many',
    'Fifty headers are there.',
    { HTTP_X_NUMBER_0: '0', HTTP_X_NUMBER_49: '49' },
    headers(...Array.from({ length: 50 }, (_, number) => `X-Number-${number}: ${number}`)),
  ),
  has('header-digits', 'A header’s name may have digits and dashes.', { HTTP_X_1_2_3: 'a' }, headers('X-1-2-3: a')),
  {
    id: 'environ-repeated',
    sentence: 'A header that is repeated is joined by a comma, in order.',
    section: 'RFC 3875, 4.1.18; RFC 9110, 5.3',
    level: 'should',
    words:
      'If multiple header fields with the same field-name are received then the server MUST rewrite them as a single value having the same semantics. […] by appending each subsequent field line value to the initial field line value in order, separated by a comma',
    app: 'environ',
    async run(talk) {
      const { body } = await talk.ask(headers('X-Name: 1', 'X-Other: x', 'x-name: 2', 'X-Name: 3'));
      const seen = String((JSON.parse(body.toString()) as Record<string, unknown>).HTTP_X_NAME);
      assert.deepEqual(seen.split(/, ?/), ['1', '2', '3']);
    },
  },
  {
    id: 'environ-repeated-cookie',
    sentence:
      'Cookie that is repeated is joined by a semicolon, by a comma, or the last one stands alone: a client may not send it.',
    section: 'RFC 6265, 5.4',
    level: 'may',
    words: 'the user agent MUST NOT attach more than one Cookie header field',
    app: 'environ',
    request: headers('Cookie: b=2', 'Cookie: a=1'),
    allows: [
      { outcome: 'semicolon', status: 200, json: { HTTP_COOKIE: 'b=2; a=1' } },
      { outcome: 'semicolon', status: 200, json: { HTTP_COOKIE: 'b=2;a=1' } },
      { outcome: 'comma', status: 200, json: { HTTP_COOKIE: 'b=2, a=1' } },
      { outcome: 'comma', status: 200, json: { HTTP_COOKIE: 'b=2,a=1' } },
      { outcome: 'the last', status: 200, json: { HTTP_COOKIE: 'a=1' } },
      { outcome: 'refused', status: 400 },
    ],
  },
  {
    id: 'environ-underscore',
    sentence: 'A header with an underscore is dropped or refused, or has the same variable as the one with a dash.',
    section: 'RFC 3875, 4.1.18',
    level: 'may',
    words:
      'The HTTP header field name is converted to upper case, has all occurrences of "-" replaced with "_" and has "HTTP_" prepended to give the meta-variable name.',
    app: 'environ',
    request: headers('X_User: forged', 'X-User: true', 'X_USER: forged'),
    allows: [
      { outcome: 'dropped', status: 200, json: { HTTP_X_USER: 'true' } },
      { outcome: 'handed over', status: 200, body: /forged/ },
      { outcome: 'refused', status: 400 },
    ],
  },
  {
    id: 'environ-proxy',
    sentence: 'The header Proxy, which would set HTTP_PROXY, is dropped or handed over.',
    section: 'RFC 3875, 4.1.18',
    level: 'may',
    words: 'The server is not required to create meta-variables for all the header fields that it receives.',
    app: 'environ',
    request: headers('Proxy: http://proxy.test'),
    allows: [
      { outcome: 'dropped', status: [200, 400], json: { HTTP_PROXY: undefined } },
      { outcome: 'handed over', status: 200, json: { HTTP_PROXY: 'http://proxy.test' } },
    ],
  },
];
