import type { Case, Outcome, Theme } from '../case.ts';
import { PEP } from '../sections.ts';

const CONTROL =
  'Each header_value must not include any control characters, including carriage returns or linefeeds, either embedded or at the end.';
const TOKEN =
  'Each header_name must be a valid HTTP header field-name (as defined by RFC 2616, Section 4.2), without a trailing colon or other punctuation.';
const STATUS =
  'The string must not contain control characters, and must not be terminated with a carriage return, linefeed, or combination thereof.';
const FORM =
  'a string consisting of a Status-Code and a Reason-Phrase, in that order and separated by a single space, with no surrounding whitespace or other characters';
const NATIVE = 'all objects referred to in this specification as "strings" must be of type str';
const LATIN =
  'It is a fatal error for an application to supply strings containing any other Unicode character or code point.';
const LIST = 'The response_headers argument is a list of (header_name, header_value) tuples.';
const EARLY =
  'Servers should check for errors in the headers at the time start_response is called, so that an error can be raised while the application is still running.';
const GRAMMAR =
  'A sender MUST NOT generate protocol elements that do not match the grammar defined by the corresponding ABNF rules.';

const IN_VALUE =
  'a recipient of CR, LF, or NUL within a field value MUST either reject the message or replace each of those characters with SP before further processing or forwarding of that message';
const CLOSES =
  'A server that sends a "close" connection option MUST initiate closure of the connection (see below) after it sends the response containing the "close" connection option.';
const HOP =
  'a server or gateway should consider it a fatal error for an application to attempt sending them, and raise an error if they are supplied to start_response()';

type Wrong = readonly [name: string, what: string, words: string];

/** What would be another message on the wire if it were sent. */
const INJECTIONS: readonly Wrong[] = [
  ['value-cr', 'a CR in a header’s value', CONTROL],
  ['value-lf', 'an LF in a header’s value', CONTROL],
  ['value-crlf', 'a CRLF in a header’s value', CONTROL],
  ['value-crlf-at-end', 'a CRLF at the end of a header’s value', CONTROL],
  ['value-folded', 'a folded header', CONTROL],
  ['value-body', 'the end of the head in a header’s value', CONTROL],
  ['value-nul', 'a NUL in a header’s value', CONTROL],
  ['name-crlf', 'a CRLF in a header’s name', TOKEN],
  ['name-space', 'a space in a header’s name', TOKEN],
  ['name-empty', 'a header without a name', TOKEN],
  ['status-crlf', 'a CRLF in the status', STATUS],
  ['status-crlf-at-end', 'a CRLF at the end of the status', STATUS],
];

/** What the PEP forbids, and asks a server to find. */
const MISTAKES: readonly Wrong[] = [
  ['value-control', 'another control character in a header’s value', CONTROL],
  ['value-number', 'a number as a header’s value', NATIVE],
  ['value-bytes', 'bytes as a header’s value', NATIVE],
  ['value-none', 'nothing as a header’s value', NATIVE],
  ['name-colon', 'a colon behind a header’s name', TOKEN],
  ['name-not-ascii', 'a letter beyond ASCII in a header’s name', TOKEN],
  ['name-bytes', 'bytes as a header’s name', NATIVE],
  ['headers-mapping', 'a mapping of headers', LIST],
  ['headers-none', 'nothing in place of headers', LIST],
  ['header-alone', 'a header that is one string', LIST],
  ['header-of-three', 'a header of three strings', LIST],
  ['length-word', 'a Content-Length that is a word', EARLY],
  ['length-negative', 'a negative Content-Length', EARLY],
  ['length-different', 'two different Content-Lengths', EARLY],
  ['status-number', 'a number as status', NATIVE],
  ['status-bytes', 'bytes as status', NATIVE],
  ['status-without-reason', 'a status without a space behind its code', FORM],
  ['status-without-code', 'a status without a code', FORM],
  ['status-long-code', 'a status code of four digits', FORM],
];

const injections = INJECTIONS.flatMap(([name, what, words]): Case[] => [
  {
    id: `${name}-not-sent`,
    sentence: `An application that gives ${what} has nothing of its making on the wire behind it.`,
    section: words === CONTROL ? 'RFC 9110, 5.5' : 'RFC 9110, 2.2',
    level: 'must',
    words: `${words} […] ${words === CONTROL ? IN_VALUE : GRAMMAR}`,
    app: 'wrong-head',
    async run(talk) {
      const wire = await talk.open();
      wire.send(talk.bytes({ target: `/?${name}`, headers: ['Connection: close'] }));
      const bytes = (await wire.rest()).toString('latin1');
      if (/^HTTP\/1\.[01] 5\d\d/.test(bytes) || bytes === '') return;
      const [head = ''] = bytes.split('\r\n\r\n');
      const isBodyWhole = /^(hello|0*5\r\nhello\r\n0\r\n\r\n)?$/.test(bytes.slice(head.length + 4));
      const malformed = head
        .split('\r\n')
        .slice(1)
        .find((line) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*$/.test(line) || /^X-Injected/.test(line));
      const isStatusLine = /^HTTP\/1\.[01] \d{3} [\t -~\x80-\xff]*$/.test(head.split('\r\n')[0] ?? '');
      if (malformed !== undefined || !isStatusLine || !isBodyWhole)
        throw new Error(`on the wire: ${JSON.stringify(bytes.slice(0, 300))}`);
    },
  },
  raises([name, what, words]),
]);

/** That start_response itself raises. */
function raises([name, what, words]: Wrong): Case {
  return {
    id: name,
    sentence: `start_response raises for ${what}.`,
    section: PEP.start,
    level: 'should',
    words: words === EARLY ? EARLY : `${words} […] ${EARLY}`,
    app: 'wrong-head',
    request: { target: `/?${name}` },
    sees: { status: 'failure', records: ['raised'] },
  };
}

const HOP_BY_HOP = [
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'TE',
  'Trailer',
  'Upgrade',
];
const hopByHop = HOP_BY_HOP.flatMap((name): Case[] => {
  const key = name.toLowerCase();
  const answered = { status: 200, body: 'hello', complete: true, framed: true } as const;
  const allows: readonly Outcome[] = [
    { outcome: 'refused', status: 'failure', records: ['raised'] },
    { outcome: 'dropped', ...answered, headers: { [key]: undefined } },
    { outcome: 'sent', ...answered, headers: { [key]: /./ } },
  ];
  const shared = { app: 'wrong-head', request: { target: `/?${name}` } } as const;
  return [
    {
      ...shared,
      id: `hop-${key}`,
      sentence: `${name} of an application is refused, dropped or sent, and the response is framed as it says.`,
      section: name === 'Connection' ? `${PEP.start}; RFC 9112, 9.6` : PEP.start,
      level: 'may',
      words: name === 'Connection' ? `${HOP} […] ${CLOSES}` : HOP,
      allows,
    },
    {
      ...shared,
      id: `hop-${key}-refused`,
      sentence: `start_response raises for ${name}.`,
      section: PEP.start,
      level: 'should',
      words: HOP,
      sees: { status: 'failure', records: ['raised'] },
    },
  ];
});

function arrives(
  id: string,
  sentence: string,
  headers: Readonly<Record<string, string | undefined>>,
  section: string = PEP.other,
): Case {
  return {
    id,
    sentence,
    section,
    level: 'must',
    words: 'allow the application complete control over its output',
    app: 'odd-head',
    sees: { status: 418, headers, body: 'odd' },
  };
}

function statusArrives(status: string, more: Partial<Case> = {}): Case {
  const [code, ...reason] = status.split(' ');
  return {
    id: `status-${code}`,
    sentence: `The status ${status} arrives as it was given.`,
    section: PEP.start,
    level: 'must',
    words: FORM,
    app: 'status',
    request: { target: `/?${status.replaceAll(' ', '+')}` },
    sees: { status: Number(code), reason: reason.join(' '), body: 'hello', complete: true },
    ...more,
  } as Case;
}

export const HEADS: Theme = {
  title: 'statuses and headers',
  cases: [
    ...injections,
    ...MISTAKES.map(raises),
    ...(['value-not-latin-1', 'name-not-latin-1', 'status-not-latin-1'] as const).map(
      (name): Case => ({
        id: name,
        sentence: `A character beyond latin-1 in a ${name.startsWith('status') ? 'status' : `header’s ${name.slice(0, name.indexOf('-'))}`} has the request fail.`,
        section: PEP.unicode,
        level: 'must',
        words: LATIN,
        app: 'wrong-head',
        request: { target: `/?${name}` },
        sees: { status: 'failure' },
      }),
    ),
    ...hopByHop,
    {
      id: 'hop-transfer-encoding',
      sentence:
        'Transfer-Encoding of an application is refused, dropped or made true: the body is framed as the head says.',
      section: 'RFC 9112, 6.1; RFC 9110, 2.2',
      level: 'must',
      words: `The Transfer-Encoding header field lists the transfer coding names corresponding to the sequence of transfer codings that have been (or will be) applied to the content in order to form the message body. […] ${GRAMMAR}`,
      app: 'wrong-head',
      request: { target: '/?Transfer-Encoding' },
      async run(talk) {
        const answer = await talk.ask({ target: '/?Transfer-Encoding' }).catch((error: Error) => error);
        if (answer instanceof Error) throw new Error(`the body is not framed as its head says: ${answer.message}`);
        if (answer.status === 0 || answer.status >= 500) return;
        if (answer.body.toString() !== 'hello' || !answer.complete)
          throw new Error(`the body is ${JSON.stringify(answer.body.toString())}, whole: ${answer.complete}`);
      },
    },
    arrives('header-order', 'Headers of one name stay apart, and in their order.', { 'set-cookie': 'b=2 | a=1 | b=3' }),
    arrives('header-latin-1', 'A header’s value is sent as latin-1.', { 'x-latin': 'caf\xe9 \xff' }, PEP.unicode),
    arrives('header-token', 'A header’s name may have every character of a token.', { "!#$%&'*+-.^_`|~09az": 'token' }),
    arrives('header-empty', 'A header’s value may be empty.', { 'x-empty': '' }),
    arrives('header-long', 'A header’s value may be 4,000 characters long.', { 'x-long': 'x'.repeat(4000) }),
    arrives('header-values', 'Spaces and punctuation within a value stay.', {
      'x-spaces': 'a  b',
      'x-punctuation': '()<>@,;:\\"/[]?={}',
    }),
    arrives('header-case', 'A header’s name may be in any case, and its value keeps its own.', {
      'x-mixed-case': 'Mixed Case',
    }),
    {
      id: 'header-many',
      sentence: 'Sixty headers arrive.',
      section: PEP.other,
      level: 'must',
      app: 'many-headers',
      sees: { status: 200, headers: { 'x-number-0': '0', 'x-number-59': '59' }, body: 'hello' },
    },
    {
      id: 'header-none',
      sentence: 'A response needs no header of the application’s.',
      section: PEP.start,
      level: 'must',
      app: 'no-headers',
      sees: { status: 200, body: 'hello', complete: true, framed: true },
    },
    {
      id: 'no-content-type-added',
      sentence: 'A server adds no Content-Type to a response without one.',
      section: PEP.other,
      level: 'should',
      words: 'servers and gateways should "play dumb" and allow the application complete control over its output',
      app: 'no-headers',
      sees: { status: 200, headers: { 'content-type': undefined } },
    },
    {
      id: 'date-added',
      sentence: 'A server adds the Date that the application left out.',
      section: `${PEP.start}; RFC 9110, 6.6.1`,
      level: 'must',
      words:
        'if the application omits a header required by HTTP (or other relevant specifications that are in effect), the server or gateway must add it',
      app: 'no-headers',
      sees: { status: 200, headers: { date: /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/ } },
    },
    {
      id: 'date-once',
      sentence: 'A Date of the application is not sent a second time by the server.',
      section: 'RFC 9110, 5.3',
      level: 'must',
      words: 'a sender MUST NOT generate multiple field lines with the same name in a message',
      app: 'own-date',
      sees: { status: 200, headers: { date: /^[^|]*$/ } },
    },
    {
      id: 'server-once',
      sentence: 'A Server header of the application is the only one.',
      section: 'RFC 9110, 5.3',
      level: 'must',
      words: 'a sender MUST NOT generate multiple field lines with the same name in a message',
      app: 'own-date',
      sees: { status: 200, headers: { server: /^[^|]*$/ } },
    },
    statusArrives("418 I'm a teapot"),
    statusArrives('299 Two: Hundred, Ninety-Nine (yes)'),
    statusArrives('404 Not Found'),
    statusArrives('500 Mine'),
    statusArrives('599 Mine Too'),
    {
      id: 'reason-latin-1',
      sentence: 'The reason is sent as latin-1.',
      section: PEP.unicode,
      level: 'must',
      words: 'they must either be ISO-8859-1 characters, or use RFC 2047 MIME encoding',
      app: 'odd-head',
      sees: { status: 418, reason: "I'm a t\xe9apot, yes" },
    },
    {
      id: 'reason-empty',
      sentence: 'A status with an empty reason is sent, or refused.',
      section: `${PEP.start}; RFC 9112, 4`,
      level: 'may',
      words: FORM,
      app: 'empty-reason',
      allows: [
        { outcome: 'sent', status: 200, body: 'hello' },
        { outcome: 'refused', status: 'failure' },
      ],
    },
  ],
};
