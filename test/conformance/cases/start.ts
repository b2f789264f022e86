import assert from 'node:assert/strict';
import type { Case, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { answerOf, type Talk } from '../talk.ts';

const LATE =
  'this invocation may be performed by the iterable’s first iteration, so servers must not assume that start_response() has been called before they begin iterating';
const FATAL =
  'it is a fatal error to call start_response without the exc_info argument if start_response has already been called within the current invocation of the application';
const NOT_BEFORE =
  'response headers must not be sent until there is actual body data available, or until the application’s returned iterable is exhausted';

const late = { status: 201, reason: 'Created', body: 'late', complete: true } as const;

/** The application waits at its gate with a head stored, and replaces it behind the gate. */
async function nothingBeforeTheGate(talk: Talk): Promise<void> {
  const gate = await talk.gate();
  const wire = await talk.open();
  wire.send(talk.bytes({ headers: [gate.header] }));
  await gate.reached();
  assert.equal(wire.socket.bytesRead, 0, 'bytes on the wire while the application has given none');
  gate.pass();
  // A 200 with nothing behind it was under way. That exc_info should replace the head is asked by cases of its own.
  const { status, body } = await wire.answer();
  assert.ok(status === 503 || body.toString() === 'replaced', `status ${status}: the head was under way`);
}

/** What comes before the gate is on the wire while the application waits at it. */
export async function firstIsThere(talk: Talk): Promise<void> {
  const gate = await talk.gate();
  const wire = await talk.open();
  wire.send(talk.bytes({ headers: [gate.header] }));
  await gate.reached();
  let received = '';
  while (!received.includes('first,')) received += (await wire.some()).toString('latin1');
  gate.pass();
  while (!received.includes('second')) received += (await wire.some()).toString('latin1');
}

function never(id: string, what: string): Case {
  return {
    id,
    sentence: `Where start_response is never called, ${what} is no response: the server answers with an error.`,
    section: PEP.details,
    level: 'must',
    words:
      'the application must invoke the start_response() callable before the iterable yields its first body bytestring, so that the server can send the headers before any body content',
    app: id,
    sees: { status: 'failure' },
  };
}

export const START: Theme = {
  title: 'start_response',
  cases: [
    {
      id: 'start-in-call',
      sentence: 'Status, reason and headers are those that the application gave.',
      section: PEP.start,
      level: 'must',
      app: 'start-in-call',
      sees: { status: 299, reason: 'Quite Fine', headers: { 'x-first': '1', 'x-second': '2' }, body: 'hello' },
    },
    {
      id: 'start-in-next',
      sentence: 'A generator may call start_response before its first chunk.',
      section: PEP.details,
      level: 'must',
      words: LATE,
      app: 'start-in-next',
      sees: late,
    },
    {
      id: 'start-in-iter',
      sentence: 'An application may be a class whose instances are iterable, and call start_response in __iter__.',
      section: PEP.details,
      level: 'must',
      words: LATE,
      app: 'start-in-iter',
      sees: late,
    },
    {
      id: 'start-after-empty',
      sentence:
        'start_response called after an empty chunk is in time, or the empty chunk was the first and it is an error.',
      section: PEP.details,
      level: 'may',
      words: 'before the iterable yields its first body bytestring',
      app: 'start-after-empty',
      allows: [
        { outcome: 'in time', ...late },
        { outcome: 'error', status: 'failure' },
      ],
    },
    never('start-never', 'a list'),
    never('start-never-generator', 'a generator'),
    never('start-never-empty', 'an empty list'),
    {
      id: 'start-none',
      sentence: 'exc_info given as None is exc_info not given.',
      section: PEP.start,
      level: 'must',
      words: 'a callable of the form start_response(status, response_headers, exc_info=None)',
      app: 'start-none',
      sees: { status: 200, body: 'hello' },
    },
    {
      id: 'start-returns-write',
      sentence: 'start_response returns a callable.',
      section: PEP.start,
      level: 'must',
      app: 'start-returns-write',
      sees: { status: 200, records: ['callable'] },
    },
    {
      id: 'head-waits-in-call',
      sentence: 'start_response itself sends nothing: the head waits for a body.',
      section: PEP.start,
      level: 'must',
      words: 'the start_response callable must not actually transmit the response headers',
      app: 'start-then-wait',
      run: nothingBeforeTheGate,
    },
    {
      id: 'head-waits-for-a-byte',
      sentence: 'An empty chunk sends no head: it waits for the first chunk that is not empty.',
      section: PEP.start,
      level: 'must',
      words: NOT_BEFORE,
      app: 'empty-then-wait',
      run: nothingBeforeTheGate,
    },
    {
      id: 'head-of-length-zero',
      sentence: 'A head with a Content-Length of 0 may be sent at once; whoever replaces it then sees the error.',
      section: PEP.start,
      level: 'may',
      words:
        'The only possible exception to this rule is if the response headers explicitly include a Content-Length of zero.',
      app: 'empty-length-then-wait',
      async run(talk) {
        const gate = await talk.gate();
        const wire = await talk.open();
        wire.send(talk.bytes({ headers: [gate.header] }));
        await gate.reached();
        gate.pass();
        const { status } = await answerOf(wire);
        if (status === 503) return 'replaced';
        if (status === 0 || status >= 400) return 'fails';
        assert.equal(status, 200);
        await talk.recorded('raised');
        return 'sent at once';
      },
    },
    {
      id: 'only-empty-chunks',
      sentence: 'Where all chunks are empty the head is sent at the end, with an empty body.',
      section: PEP.start,
      level: 'must',
      words: 'until the application’s returned iterable is exhausted',
      app: 'only-empty',
      sees: { status: 200, body: '', complete: true, framed: true },
    },
    {
      id: 'first-chunk-leaves',
      sentence: 'A chunk is on its way before the application is done with the next.',
      section: PEP.buffering,
      level: 'must',
      words:
        'WSGI servers, gateways, and middleware must not delay the transmission of any block; they must either fully transmit the block to the client, or guarantee that they will continue transmission even while the application is producing its next block.',
      app: 'chunk-then-wait',
      run: firstIsThere,
    },
    ...(['start-twice', 'start-twice-none'] as const).map(
      (app): Case => ({
        id: app,
        sentence: `A second call ${app === 'start-twice' ? 'without exc_info' : 'with None as exc_info'} raises, and the request fails.`,
        section: PEP.start,
        level: 'must',
        words: FATAL,
        app,
        sees: { status: 'failure', records: ['raised'] },
      }),
    ),
    {
      id: 'start-twice-caught',
      sentence: 'An application that traps the error of its second call has its first head sent, or fails.',
      section: PEP.start,
      level: 'may',
      words: FATAL,
      app: 'start-twice-caught',
      allows: [
        { outcome: 'fails', status: 'failure', records: ['raised'] },
        {
          outcome: 'first head',
          status: 200,
          headers: { 'x-second': undefined },
          body: 'went on',
          records: ['raised'],
        },
      ],
    },
    {
      id: 'start-twice-later',
      sentence: 'A second call without exc_info raises also when the body is on its way.',
      section: PEP.start,
      level: 'must',
      words: FATAL,
      app: 'start-twice-later',
      sees: { status: 200, recorded: ['raised'], neverRecorded: ['returned'] },
    },
    {
      id: 'start-after-raise',
      sentence: 'A call without exc_info raises also where the first one raised.',
      section: PEP.start,
      level: 'must',
      words: 'This includes the case where the first call to start_response raised an error.',
      app: 'start-after-raise',
      sees: { status: 'failure', records: ['raised'] },
    },
  ],
};
