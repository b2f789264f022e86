import assert from 'node:assert/strict';
import type { Case, Language, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { TOO_SHORT } from './lengths.ts';

const PYTHON: readonly Language[] = ['python'];
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value)).toString('latin1');
const LARGE = ['a', 'b', 'c'].map((letter) => letter.repeat(500_000)).join('');
const MANY = Array.from({ length: 2000 }, (_, number) => `${String(number).padStart(4, '0')},`).join('');
const ITERABLE =
  'Regardless of how it is accomplished, the application object must always return an iterable yielding zero or more bytestrings.';

const KINDS: readonly (readonly [app: string, what: string, body: string, languages?: readonly Language[]])[] = [
  ['body-list', 'A list of one chunk', 'hello'],
  ['body-list-of-many', 'A list of several chunks', 'one,two,three'],
  ['body-tuple', 'A tuple', 'one,two', PYTHON],
  ['body-list-subclass', 'A subclass of list', 'one,two'],
  ['body-generator', 'A generator', 'one,two'],
  ['body-map', 'An iterator of the language’s own', 'one,two'],
  ['body-iterator', 'An object that is its own iterator', 'one,two'],
  ['body-iterable', 'An object whose iterator is another object', 'one,two'],
  ['body-sequence', 'An object that is iterable by __getitem__ alone', 'one,two', PYTHON],
  ['body-sized-one', 'An iterator with a length of 1', 'hello'],
  ['body-sized-many', 'An iterator with a length of 2', 'one,two'],
  ['body-empty-list', 'An empty list', ''],
  ['body-empty-tuple', 'An empty tuple', '', PYTHON],
  ['body-empty-generator', 'An iterator that gives nothing', ''],
  ['body-empty-chunk', 'A list of one empty chunk', ''],
  ['body-empty-chunks', 'A list with empty chunks among others', 'one,two'],
  ['body-empty-first-of-two', 'A list whose first chunk alone is empty', 'whole'],
  ['body-large', 'A list of large chunks', LARGE],
  ['body-large-generator', 'A generator of large chunks', LARGE],
  ['body-many', 'A generator of 2,000 small chunks', MANY],
  ['body-looks-like-chunks', 'A body that looks like chunked coding', '5\r\nhello\r\n0\r\n\r\n'],
];

const kinds = KINDS.map(
  ([app, what, body, languages]): Case => ({
    id: app,
    sentence: `${what} arrives whole, in order, and to its end.`,
    section: PEP.details,
    level: 'must',
    words: ITERABLE,
    ...(languages === undefined ? {} : { languages }),
    app,
    sees: { status: 200, body, complete: true, framed: true },
  }),
);

const ABORTS =
  'Servers should trap and log any exception that aborts an application or the iteration of its return value. […] response headers must not be sent until there is actual body data available, or until the application’s returned iterable is exhausted';

const wrong = (
  [
    ['body-none', 'nothing at all'],
    ['body-number', 'a number'],
  ] as const
).map(
  ([app, what]): Case => ({
    id: app,
    sentence: `An application that gives ${what} in place of an iterable has its request fail.`,
    section: `${PEP.errors}; ${PEP.start}`,
    level: 'should',
    words: ABORTS,
    app,
    sees: { status: 'failure' },
  }),
);

/** The PEP binds the application alone: what its mistake leads to "is undefined". */
const wrongChunks = (
  [
    ['body-number-chunk', 'a number'],
    ['body-text-chunk', 'a str', PYTHON],
  ] as const
).map(
  ([app, what, languages]): Case => ({
    id: app,
    sentence: `An application that gives ${what} as chunk has its request fail, or is answered all the same.`,
    section: PEP.unicode,
    level: 'may',
    words:
      'For values referred to in this specification as "bytestrings" (i.e., values read from wsgi.input, passed to write() or yielded by the application), the value must be of type bytes',
    ...(languages === undefined ? {} : { languages }),
    app,
    allows: [
      { outcome: 'fails', status: 'failure' },
      { outcome: 'cut', status: 200, complete: false },
      { outcome: 'answered', status: 200 },
    ],
  }),
);

const failures = (
  [
    ['raise-in-call', 'before start_response'],
    ['raise-after-start', 'after start_response'],
    ['raise-in-iter', 'while its iterator is asked for'],
    ['raise-first', 'before the first chunk'],
    ['raise-after-empty', 'after empty chunks'],
  ] as const
).map(
  ([app, when]): Case => ({
    id: app,
    sentence: `After an exception ${when} the head that was stored is not sent: the request fails.`,
    section: `${PEP.errors}; ${PEP.start}`,
    level: 'should',
    words: ABORTS,
    app,
    sees: { status: 'failure' },
  }),
);

export const BODIES: Theme = {
  title: 'bodies',
  cases: [
    ...kinds,
    {
      id: 'body-bytes',
      sentence: 'Bytes of every value, line ends among them, arrive as they are.',
      section: PEP.details,
      level: 'should',
      words: 'it should ensure that line endings are not altered',
      app: 'body-bytes-of-all-values',
      sees: { status: 200, body: `${BYTES}\r\n\n\r\0`, complete: true },
    },
    {
      id: 'body-bytes-subclass',
      sentence: 'A chunk of a subclass of bytes is sent, or refused.',
      section: PEP.unicode,
      level: 'may',
      words: 'the value must be of type bytes under Python 3',
      app: 'body-bytes-subclass',
      allows: [
        { outcome: 'sent', status: 200, body: 'one,two', complete: true },
        { outcome: 'refused', status: 'failure' },
      ],
    },
    {
      id: 'body-watched',
      sentence:
        'Of what an application returns the server asks for nothing but its iteration, its length and its close().',
      section: PEP.details,
      level: 'must',
      words:
        'servers and gateways must not directly use any other attributes of the iterable returned by the application, unless it is an instance of a type specific to that server or gateway',
      languages: PYTHON,
      app: 'body-watched',
      sees: { status: 200, body: 'one,two', records: [] },
    },
    {
      id: 'body-in-order',
      sentence: 'Chunks are asked for one by one, each once.',
      section: PEP.details,
      level: 'must',
      app: 'step-by-step',
      sees: { status: 200, body: '0,1,2,', records: ['step 0', 'step 1', 'step 2', 'close'] },
    },
    {
      id: 'body-each-leaves',
      sentence: 'Each of several chunks is with the client before the next is made.',
      section: PEP.details,
      level: 'must',
      words:
        'The server or gateway must transmit the yielded bytestrings to the client in an unbuffered fashion, completing the transmission of each bytestring before requesting another one.',
      app: 'two-waits',
      async run(talk) {
        const gate = await talk.gate();
        const wire = await talk.open();
        wire.send(talk.bytes({ headers: [gate.header] }));
        let received = '';
        for (const chunk of ['one,', 'two,', 'three']) {
          await gate.reached();
          while (!received.includes(chunk)) received += (await wire.some()).toString('latin1');
          gate.pass();
        }
      },
    },
    ...wrong,
    ...wrongChunks,
    {
      id: 'body-late-wrong-chunk',
      sentence: 'A chunk that is none, behind one that was sent, is not sent, and nothing new begins behind the first.',
      section: PEP.errors,
      level: 'must',
      app: 'body-late-number-chunk',
      sees: { status: 200, body: /^first,(?!.*(HTTP\/1|7$))/s },
    },
    ...failures,
    {
      id: 'raise-later',
      sentence: 'After an exception in mid-body no second head follows.',
      section: PEP.errors,
      level: 'must',
      words:
        'It is not safe for the application to attempt error output to the browser once the HTTP headers have already been sent.',
      app: 'raise-later',
      sees: { status: 200, body: /^first,(?!.*HTTP\/1)/s, framed: true },
    },
    {
      id: 'raise-later-cut',
      sentence:
        'A chunked body that an exception ended does not look whole; one that the end of the connection ends cannot but.',
      section: 'RFC 9112, 8',
      level: 'should',
      words:
        'A message body that uses the chunked transfer coding is incomplete if the zero-sized chunk that terminates the encoding has not been received. […] A response that has neither chunked transfer coding nor Content-Length is terminated by closure of the connection and, if the header section was received intact, is considered complete unless an error was indicated by the underlying connection',
      app: 'raise-later',
      sees: [
        { status: 200, complete: false },
        { outcome: 'close', status: 200, headers: { 'content-length': undefined, 'transfer-encoding': undefined } },
      ],
    },
    {
      id: 'raise-sized-cut',
      sentence: 'A body with Content-Length that an exception ended does not look whole.',
      section: PEP.length,
      level: 'should',
      words: TOO_SHORT,
      app: 'raise-sized',
      sees: { status: 200, headers: { 'content-length': '100' }, complete: false, recorded: ['close'] },
    },
    {
      id: 'raise-at-length',
      sentence: 'An exception behind the last byte of Content-Length leaves the body whole.',
      section: PEP.length,
      level: 'must',
      app: 'raise-at-length',
      sees: { status: 200, body: 'first,', complete: true, framed: true },
    },
    {
      id: 'raise-in-head',
      sentence: 'What a server itself answers to a HEAD whose application raised has no body.',
      section: 'RFC 9110, 9.3.2',
      level: 'must',
      words: 'The HEAD method is identical to GET except that the server MUST NOT send content in the response.',
      app: 'raise-in-call',
      request: { method: 'HEAD' },
      sees: { framed: true },
    },
    ...(['exit-in-call', 'exit-later'] as const).map(
      (app): Case => ({
        id: app,
        sentence: `SystemExit ${app === 'exit-in-call' ? 'in the call' : 'in mid-body'} ends the request, and the next is answered.`,
        section: PEP.errors,
        level: 'should',
        words:
          'Servers should trap and log any exception that aborts an application or the iteration of its return value.',
        languages: PYTHON,
        app,
        async run(talk) {
          const { status } = await talk.ask().catch(() => ({ status: 0 }));
          assert.ok(app === 'exit-later' || status === 0 || status >= 500, `status ${status}`);
          assert.equal((await talk.ask({ app: 'hello' })).body.toString(), 'hello');
        },
      }),
    ),
    {
      id: 'raise-then-next',
      sentence: 'After every kind of exception the next request is answered.',
      section: PEP.errors,
      level: 'must',
      app: 'raise-later',
      async run(talk) {
        for (const app of ['raise-in-call', 'raise-after-start', 'raise-first', 'raise-later', 'raise-sized']) {
          await talk.ask({ app }).catch(() => undefined);
          assert.equal((await talk.ask({ app: 'hello' })).body.toString(), 'hello', `after ${app}`);
        }
      },
    },
  ],
};
