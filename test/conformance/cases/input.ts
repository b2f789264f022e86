import { createHash } from 'node:crypto';
import type { Case, Seen, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { FRAMINGS, type Framing, frame } from './framing.ts';
import { TRUNCATED } from './truncated.ts';

const TEXT = 'one\ntwo\n\nthree';
/** More than a server need keep in memory. */
const PAD = 'x'.repeat(200_000);
const READ =
  'The semantics of each method are as documented in the Python Library Reference […] The methods listed in the table above must be supported by all servers conforming to this specification.';
const PAST =
  'The server is not required to read past the client’s specified Content-Length, and should simulate an end-of-file condition if the application attempts to read past that point.';
const ALL =
  'A server should allow read() to be called without an argument, and return the remainder of the client’s input stream.';
const EMPTY =
  'A server should return empty bytestrings from any attempt to read from an empty or exhausted input stream.';
const SIZE =
  'Servers should support the optional "size" argument to readline(), but as in WSGI 1.0, they are allowed to omit support for it.';
const HINT = `The application is free not to supply it, and the server or gateway is free to ignore it. […] ${PAST}`;
const MAY_REFUSE =
  'A server MAY reject a request that contains a message body but not a Content-Length by responding with 411 (Length Required).';

interface Step {
  readonly id: string;
  readonly steps: string;
  readonly seen: readonly unknown[];
  readonly level: 'must' | 'should';
  readonly words: string;
}

/** What an application asks of its input, and what it gets. What stays within Content-Length is a must. */
const STEPS: readonly Step[] = [
  { id: 'read-size', steps: 'read:14', seen: [TEXT], level: 'must', words: READ },
  {
    id: 'read-sizes',
    steps: 'read:3,read:0,read:1,read:10',
    seen: ['one', '', '\n', TEXT.slice(4)],
    level: 'must',
    words: READ,
  },
  { id: 'read-beyond', steps: 'read:3,read:100', seen: ['one', TEXT.slice(3)], level: 'should', words: PAST },
  { id: 'read-all', steps: 'read', seen: [TEXT], level: 'should', words: ALL },
  { id: 'read-minus-one', steps: 'read:-1', seen: [TEXT], level: 'should', words: `${READ} […] ${PAST}` },
  { id: 'read-end', steps: 'read:14,read:5,read:1,read', seen: [TEXT, '', '', ''], level: 'should', words: EMPTY },
  { id: 'readline', steps: 'readline,readline,readline', seen: ['one\n', 'two\n', '\n'], level: 'must', words: READ },
  { id: 'readline-last', steps: 'read:9,readline', seen: [TEXT.slice(0, 9), 'three'], level: 'should', words: PAST },
  { id: 'readline-end', steps: 'read:14,readline,readline', seen: [TEXT, '', ''], level: 'should', words: EMPTY },
  {
    id: 'readline-size',
    steps: 'readline:2,readline:2,readline:100',
    seen: ['on', 'e\n', 'two\n'],
    level: 'should',
    words: SIZE,
  },
  { id: 'readlines', steps: 'readlines', seen: [['one\n', 'two\n', '\n', 'three']], level: 'should', words: PAST },
  {
    id: 'readlines-hint',
    steps: 'readlines:100',
    seen: [['one\n', 'two\n', '\n', 'three']],
    level: 'should',
    words: HINT,
  },
  { id: 'readlines-end', steps: 'read:14,readlines', seen: [TEXT, []], level: 'should', words: EMPTY },
  { id: 'iterate', steps: 'iterate', seen: [['one\n', 'two\n', '\n', 'three']], level: 'should', words: PAST },
  { id: 'iterate-end', steps: 'read:14,iterate', seen: [TEXT, []], level: 'should', words: EMPTY },
  { id: 'iterate-first', steps: 'next,read:3', seen: ['one\n', 'two'], level: 'must', words: READ },
  {
    id: 'interleaved',
    steps: 'readline,read:2,readline,read:1,iterate',
    seen: ['one\n', 'tw', 'o\n', '\n', ['three']],
    level: 'should',
    words: PAST,
  },
];

const NAMES: Readonly<Record<Framing, string>> = {
  sized: 'a body with Content-Length',
  chunked: 'a chunked body',
};

/** Of chunks the PEP speaks only in general ("if applicable"), and RFC 9112, 6.3 lets a server refuse them. */
function asked(framing: Framing, wanted: 'must' | 'should', seen: Seen) {
  return framing === 'sized'
    ? ({ level: wanted, sees: seen } as const)
    : ({ level: 'should', since: '1.1', sees: [seen, { outcome: 'refused', status: 411 }] } as const);
}

const methods = (Object.keys(FRAMINGS) as Framing[]).flatMap((framing) =>
  STEPS.flatMap((step): Case[] => {
    const shared = {
      section: framing === 'sized' ? PEP.streams : `${PEP.streams}; RFC 9112, 6.3`,
      words: framing === 'sized' ? step.words : `${step.words} […] ${MAY_REFUSE}`,
      app: 'steps',
    } as const;
    return [
      {
        ...shared,
        id: `input-${framing}-${step.id}`,
        sentence: `Of ${NAMES[framing]}, ${step.steps} gives what it should.`,
        request: frame(framing, TEXT, [`X-Steps: ${step.steps}`]),
        ...asked(framing, step.level, { status: 200, json: { seen: step.seen } }),
      },
      {
        ...shared,
        id: `input-${framing}-large-${step.id}`,
        sentence: `Of the end of ${NAMES[framing]} of 200 KB, ${step.steps} gives what it should.`,
        request: frame(framing, PAD + TEXT, [`X-Steps: skip:${PAD.length},${step.steps}`]),
        ...asked(framing, step.level, { status: 200, json: { seen: [PAD.length, ...step.seen] } }),
      },
    ];
  }),
);

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');

const sizes = [1, 65_535, 65_536, 65_537, 300_000].flatMap((size) =>
  (Object.keys(FRAMINGS) as Framing[]).map((framing): Case => {
    const body = Array.from({ length: size }, (_, at) => String.fromCharCode((at * 7) % 251)).join('');
    return {
      id: `input-${framing}-${size}`,
      sentence: `All ${size} bytes of ${NAMES[framing]} arrive, as they were sent.`,
      section: framing === 'sized' ? PEP.streams : `${PEP.other}; RFC 9112, 6.3`,
      words:
        framing === 'sized'
          ? READ
          : `WSGI servers must handle any supported inbound "hop-by-hop" headers on their own, such as by decoding any inbound Transfer-Encoding, including chunked encoding if applicable. […] ${MAY_REFUSE}`,
      app: 'digest',
      request: frame(framing, body),
      ...asked(framing, 'must', { status: 200, body: `${size} ${sha256(body)}` }),
    };
  }),
);

const NO_BODY: readonly (readonly [id: string, what: string, steps: string, seen: unknown])[] = [
  ['read', 'read()', 'read', ''],
  ['read-size', 'read(10)', 'read:10', ''],
  ['readline', 'readline()', 'readline', ''],
  ['readlines', 'readlines()', 'readlines', []],
  ['iterate', 'iteration', 'iterate', []],
];

const empty = NO_BODY.flatMap(([id, what, steps, seen]): Case[] => [
  {
    id: `input-none-${id}`,
    sentence: `Of a request without a body, ${what} gives nothing, at once.`,
    section: PEP.streams,
    level: 'should',
    words: EMPTY,
    app: 'steps',
    request: { headers: [`X-Steps: ${steps}`] },
    sees: { status: 200, json: { seen: [seen] } },
  },
  {
    id: `input-zero-${id}`,
    sentence: `Of a body with a Content-Length of 0, ${what} gives nothing, at once.`,
    section: PEP.streams,
    level: 'should',
    words: EMPTY,
    app: 'steps',
    request: { method: 'POST', headers: ['Content-Length: 0', `X-Steps: ${steps}`] },
    sees: { status: 200, json: { seen: [seen] } },
  },
]);

export const INPUT: Theme = {
  title: 'wsgi.input',
  cases: [
    ...methods,
    ...sizes,
    ...empty,
    ...TRUNCATED,
    {
      id: 'input-types',
      sentence: 'All that is read is bytes.',
      section: PEP.unicode,
      level: 'must',
      words: 'values read from wsgi.input […] must be of type bytes',
      app: 'types',
      request: frame('sized', 'a\nbc\nd\n'),
      sees: { status: 200, body: /^(bytes)$/ },
    },
    {
      id: 'input-while-answering',
      sentence: 'The input can be read while the response is on its way.',
      section: PEP.streams,
      level: 'must',
      words:
        'An input stream (file-like object) from which the HTTP request body bytes can be read. […] The input and error streams provided by the server must support the following methods: read(size)',
      app: 'answers-first',
      request: frame('sized', TEXT),
      sees: { status: 200, body: `got ${TEXT}`, complete: true },
    },
    {
      id: 'input-of-get',
      sentence: 'A GET may have a body too.',
      section: 'RFC 9110, 9.3.1',
      level: 'may',
      words:
        'content received in a GET request has no generally defined semantics, cannot alter the meaning or target of the request, and might lead some implementations to reject the request',
      app: 'echo',
      request: { ...frame('sized', 'hello'), method: 'GET' },
      allows: [
        { outcome: 'there', status: 200, body: 'hello' },
        { outcome: 'refused', status: [400, 411, 413] },
      ],
    },
    {
      id: 'input-in-pieces',
      sentence: 'A body that comes byte by byte is the same body.',
      section: PEP.streams,
      level: 'must',
      words: READ,
      app: 'echo',
      async run(talk) {
        const wire = await talk.open();
        wire.send(talk.bytes({ method: 'POST', headers: ['Content-Length: 5'] }));
        for (const letter of 'hello') {
          wire.send(letter);
          await new Promise((resolve) => setImmediate(resolve));
        }
        const { body } = await wire.answer();
        if (body.toString() !== 'hello') throw new Error(`the body was ${body.toString()}`);
      },
    },
  ],
};
