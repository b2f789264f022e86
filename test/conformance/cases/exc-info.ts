import type { Case, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { TOO_SHORT } from './lengths.ts';

const REPLACE =
  'If exc_info is supplied, and no HTTP headers have been output yet, start_response should replace the currently-stored HTTP response headers with the newly-supplied ones';
const RETURNS =
  'If no output has been written when an exception occurs, the call to start_response will return normally, and the application will return an error body to be sent to the browser.';
const RAISES =
  'if exc_info is provided, and the HTTP headers have already been sent, start_response must raise an error, and should re-raise using the exc_info tuple';

/** exc_info before anything was sent: it returns, so that the client has the error's body; and its head should replace the stored one. */
function before(app: string, where: string, status = 500): Case[] {
  return [
    {
      id: app,
      sentence: `start_response with exc_info ${where} returns: the body of the error is sent.`,
      section: PEP.errors,
      level: 'must',
      words: RETURNS,
      app,
      sees: { body: /^sorry/ },
    },
    {
      id: `${app}-head`,
      sentence: `exc_info ${where} gives the response a new head.`,
      section: PEP.start,
      level: 'should',
      words: REPLACE,
      app,
      sees: { status, headers: { 'x-replaced': /yes/ } },
    },
  ];
}

const after = (
  [
    ['exc-after-chunk', 'a chunk of the iterable'],
    ['exc-after-sized-chunk', 'a chunk of a body with Content-Length'],
    ['exc-after-write', 'write()'],
  ] as const
).flatMap(([app, what]): Case[] => [
  {
    id: app,
    sentence: `exc_info after ${what} raises.`,
    section: PEP.start,
    level: 'must',
    words: RAISES,
    app,
    sees: { recorded: ['raised'], neverRecorded: ['returned'] },
  },
  {
    id: `${app}-same`,
    sentence: `exc_info after ${what} raises the exception that it was given.`,
    section: PEP.start,
    level: 'should',
    words: RAISES,
    app,
    sees: { recorded: ['raised', 'the same'] },
  },
]);

export const EXC_INFO: Theme = {
  title: 'exc_info',
  cases: [
    {
      id: 'exc-first',
      sentence: 'exc_info on the first call is no hindrance: its head and its body are sent.',
      section: PEP.errors,
      level: 'must',
      words: RETURNS,
      app: 'exc-first',
      sees: { status: 503, headers: { 'x-replaced': 'yes' }, body: /^first/ },
    },
    ...before('exc-before-body', 'before the body'),
    ...before('exc-twice', 'twice', 503),
    ...before('exc-in-next', 'in a generator, after an empty chunk'),
    ...before('exc-after-raise', 'after a call that raised'),
    {
      id: 'exc-first-in-next',
      sentence:
        'exc_info on the first call, in a generator after an empty chunk, is in time, or the empty chunk was the first and it is an error.',
      section: PEP.details,
      level: 'may',
      words:
        'the application must invoke the start_response() callable before the iterable yields its first body bytestring',
      app: 'exc-first-in-next',
      allows: [
        { outcome: 'in time', status: 500, headers: { 'x-replaced': 'yes' }, body: 'sorry' },
        { outcome: 'error', status: 'failure' },
      ],
    },
    {
      id: 'exc-forgets-headers',
      sentence: 'The new headers replace the old ones: none of them is left.',
      section: PEP.start,
      level: 'should',
      words: REPLACE,
      app: 'exc-before-body',
      sees: {
        status: 500,
        headers: { 'x-first': undefined, 'content-encoding': undefined, 'x-replaced': 'yes' },
        complete: true,
      },
    },
    {
      id: 'exc-new-length',
      sentence: 'A Content-Length that was stored is replaced with the rest.',
      section: PEP.start,
      level: 'should',
      words: REPLACE,
      app: 'exc-with-length',
      sees: { status: 500, headers: { 'content-length': '5' }, body: 'sorry', complete: true, framed: true },
    },
    {
      id: 'exc-after-empty-write',
      sentence: 'write() of nothing may send the head, so exc_info after it replaces the head or raises.',
      section: PEP.start,
      level: 'may',
      words:
        'transmit only after the first iteration of the application return value that yields a non-empty bytestring, or upon the application’s first invocation of the write() callable',
      app: 'exc-after-empty-write',
      allows: [
        { outcome: 'replaces', status: 500, headers: { 'x-replaced': 'yes' }, body: 'sorry' },
        { outcome: 'raises', status: [0, 200, 500], recorded: ['raised'] },
      ],
    },
    ...after,
    {
      id: 'exc-after-sized-chunk-cut',
      sentence: 'A body with Content-Length that ends by exc_info does not look whole, and the connection closes.',
      section: PEP.length,
      level: 'should',
      words: TOO_SHORT,
      app: 'exc-after-sized-chunk',
      sees: { status: 200, headers: { 'content-length': '100' }, complete: false },
    },
    {
      id: 'exc-released',
      sentence: 'start_response keeps no reference to exc_info.',
      section: PEP.start,
      level: 'should',
      words:
        'should ensure that no reference is held to the exc_info parameter beyond the duration of the function’s execution',
      languages: ['python'],
      app: 'exc-released',
      sees: { status: 200, body: 'released' },
    },
  ],
};
