import type { Case, Theme } from '../case.ts';
import { PEP } from '../sections.ts';

const TOO_LONG =
  'the server should not transmit more bytes to the client than the header allows, and should stop iterating over the response when enough data has been sent';
export const TOO_SHORT =
  'if the application does not provide enough data to meet its stated Content-Length, the server should close the connection';

const given = (
  [
    ['length-list', 'of a list', 'hello'],
    ['length-list-of-many', 'of several chunks', 'hello'],
    ['length-generator', 'of a generator', 'hello'],
    ['length-in-capitals', 'written in capitals', 'hello'],
    ['length-zero', 'of 0', ''],
    ['length-zero-generator', 'of 0 and a generator', ''],
  ] as const
).map(
  ([app, what, body]): Case => ({
    id: app,
    sentence: `A Content-Length ${what} is sent once, as it was given, and alone frames the body.`,
    section: app === 'length-in-capitals' ? PEP.start : PEP.length,
    level: 'must',
    ...(app === 'length-in-capitals'
      ? { words: 'HTTP header names are case-insensitive, so be sure to take that into consideration' }
      : {}),
    app,
    sees: {
      status: 200,
      headers: { 'content-length': String(body.length), 'transfer-encoding': undefined },
      body,
      complete: true,
      framed: true,
    },
  }),
);

const long = (['long-list', 'long-chunk', 'long-generator', 'long-zero'] as const).flatMap((app): Case[] => [
  {
    id: app,
    sentence: `More than Content-Length allows is not sent (${app.slice(5)}).`,
    section: PEP.length,
    level: 'should',
    words: TOO_LONG,
    app,
    sees: { status: [0, 200, 500], framed: true },
  },
  {
    id: `${app}-begin`,
    sentence: `A body that is longer than its Content-Length is sent up to it, or the request fails (${app.slice(5)}).`,
    section: PEP.length,
    level: 'may',
    words: TOO_LONG,
    app,
    allows: [
      { outcome: 'truncated', status: 200, body: app === 'long-zero' ? '' : 'hello', complete: true },
      { outcome: 'fails', status: 'failure' },
      { outcome: 'cut', status: 200, complete: false },
    ],
  },
]);

const short = (['short-list', 'short-generator', 'short-empty', 'short-write'] as const).map(
  (app): Case => ({
    id: app,
    sentence: `A body that is shorter than its Content-Length ends with the connection, or the request fails (${app.slice(6)}).`,
    section: PEP.length,
    level: 'should',
    words: TOO_SHORT,
    app,
    sees: [{ status: 200, complete: false }, { status: 'failure' }],
  }),
);

export const LENGTHS: Theme = {
  title: 'Content-Length',
  cases: [
    ...given,
    ...long,
    {
      id: 'long-stops',
      sentence: 'An iterable is asked for nothing more once Content-Length has been sent.',
      section: PEP.length,
      level: 'should',
      words: TOO_LONG,
      app: 'long-generator',
      sees: { records: ['step 0', 'step 1', 'close'] },
    },
    ...short,
    {
      id: 'unsized-list',
      sentence:
        'A list of one chunk without Content-Length is framed by its length, by chunks or by the end of the connection.',
      section: PEP.length,
      level: 'may',
      words:
        'the server can automatically determine Content-Length by taking the length of the first bytestring yielded',
      app: 'body-list',
      allows: [
        {
          outcome: 'length',
          headers: { 'content-length': '5', 'transfer-encoding': undefined },
          body: 'hello',
          framed: true,
        },
        {
          outcome: 'chunked',
          headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' },
          body: 'hello',
          framed: true,
        },
        { outcome: 'close', headers: { 'content-length': undefined, 'transfer-encoding': undefined }, body: 'hello' },
      ],
    },
    {
      id: 'unsized-generator',
      sentence:
        'A generator without Content-Length is framed by chunks or by the end of the connection, or by a length that is right.',
      section: PEP.length,
      level: 'may',
      words:
        'the server may use chunked encoding to send a chunk for each write() call or bytestring yielded by the iterable',
      app: 'body-generator',
      allows: [
        {
          outcome: 'chunked',
          headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' },
          body: 'one,two',
          framed: true,
        },
        { outcome: 'close', headers: { 'content-length': undefined, 'transfer-encoding': undefined }, body: 'one,two' },
        {
          outcome: 'length',
          headers: { 'content-length': '7', 'transfer-encoding': undefined },
          body: 'one,two',
          framed: true,
        },
      ],
    },
    {
      id: 'first-chunk-empty-length',
      sentence: 'The length of the first chunk is not taken for that of a body of two.',
      section: PEP.length,
      level: 'must',
      words: 'returns an iterable whose len() is 1',
      app: 'body-empty-first-of-two',
      sees: { status: 200, body: 'whole', complete: true, framed: true },
    },
    ...(['body-generator', 'body-list-of-many', 'write-then-list'] as const).map(
      (app): Case => ({
        id: `http-1-0-${app}`,
        sentence: `To a client of HTTP/1.0 nothing is sent in chunked coding (${app}).`,
        section: 'RFC 9112, 6.1',
        level: 'must',
        words:
          'A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request indicates HTTP/1.1 (or later minor revisions).',
        app,
        request: { version: 'HTTP/1.0' },
        sees: { status: 200, headers: { 'transfer-encoding': undefined }, body: /^one,/, complete: true },
      }),
    ),
    {
      id: 'http-1-0-keep-alive',
      sentence:
        'A client of HTTP/1.0 that asks for it has a body without length ended by the connection, or is told its length.',
      section: 'RFC 9112, 9.3',
      level: 'must',
      app: 'body-generator',
      request: { version: 'HTTP/1.0', headers: ['Connection: keep-alive'] },
      sees: { status: 200, headers: { 'transfer-encoding': undefined }, body: 'one,two', complete: true, framed: true },
    },
  ],
};
