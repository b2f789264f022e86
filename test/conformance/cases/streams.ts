import assert from 'node:assert/strict';
import type { Case, Request, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { NO_ANSWER, type Talk } from '../talk.ts';

const METHODS =
  'The methods listed in the table above must be supported by all servers conforming to this specification.';
const UNICODE =
  'the error stream should accept and log arbitrary unicode without raising an error; it is allowed, however, to substitute characters that cannot be rendered in the stream’s encoding';

const errors = (
  [
    ['write', 'a line', 'must', METHODS],
    ['write-without-end', 'parts of a line', 'must', METHODS],
    ['writelines', 'a list of lines', 'must', METHODS],
    ['writelines-generator', 'a generator of lines', 'must', METHODS],
    ['flush', 'a line, and flush()', 'must', METHODS],
    ['unicode', 'characters of every kind', 'should', UNICODE],
    ['large', 'a line of 100 KB', 'must', METHODS],
    ['many', 'a hundred lines', 'must', METHODS],
    ['print', 'what print() gives it', 'must', METHODS],
  ] as const
).map(
  ([name, what, level, words]): Case => ({
    id: `errors-${name}`,
    sentence: `wsgi.errors takes ${what}, and the response is what it is.`,
    section: name === 'unicode' ? PEP.environ : PEP.streams,
    level,
    words,
    ...(name === 'print' ? { languages: ['python'] as const } : {}),
    app: 'errors',
    request: { target: `/?${name}` },
    sees: { status: 200, body: 'complained', complete: true, framed: true },
  }),
);

interface Flags {
  readonly process: number;
  readonly multithread: boolean;
  readonly multiprocess: boolean;
}

/** Whether two requests run at the same time is up to the server; that its flags say so is not. */
async function flagsAreTrue(talk: Talk): Promise<string> {
  const requests = await Promise.all(
    [0, 1].map(async () => {
      const [gate, wire] = [await talk.gate(), await talk.open()];
      wire.send(talk.bytes({ headers: [gate.header] }));
      return { gate, wire };
    }),
  );
  const [first, second] = requests as [(typeof requests)[0], (typeof requests)[0]];
  await Promise.any(requests.map(({ gate }) => gate.reached()));
  const [running, waiting] = first.gate.isReached ? [first, second] : [second, first];
  const atOnce = await waiting.gate.reached(500).then(
    () => true,
    () => false,
  );
  running.gate.pass();
  const seen = [await flagsOf(running.wire.answer())];
  if (!atOnce) await waiting.gate.reached();
  waiting.gate.pass();
  seen.push(await flagsOf(waiting.wire.answer()));
  const [one, other] = seen as [Flags, Flags];
  if (!atOnce) return 'one at a time';
  const flag = one.process === other.process ? 'multithread' : 'multiprocess';
  assert.ok(one[flag] && other[flag], `two requests ran at the same time, and wsgi.${flag} is false`);
  return 'at the same time';
}

async function flagsOf(answer: Promise<{ body: Buffer }>): Promise<Flags> {
  return JSON.parse((await answer).body.toString()) as Flags;
}

/** The PEP says nothing of it, so whatever happens is an answer; an application wants to know. */
function fromThread(app: string, what: string, status: number, body: string, request: Request = {}): Case {
  return {
    id: app,
    sentence: `${what} from a thread (in TypeScript: a task) of the application’s own works, or does not.`,
    section: PEP.threads,
    level: 'may',
    words: 'Thread support, or lack thereof, is also server-dependent.',
    app,
    async run(talk) {
      const answer = await talk.ask(request).catch(() => NO_ANSWER);
      return answer.status === status && answer.body.toString() === body ? 'works' : 'does not';
    },
  };
}

export const STREAMS: Theme = {
  title: 'wsgi.errors and threads',
  cases: [
    ...errors,
    {
      id: 'errors-in-body',
      sentence: 'wsgi.errors takes a line while the body is on its way.',
      section: PEP.streams,
      level: 'must',
      words: METHODS,
      app: 'errors-in-body',
      sees: { status: 200, body: 'one,two', complete: true },
    },
    {
      id: 'flags-are-true',
      sentence: 'Where two requests run at the same time, wsgi.multithread or wsgi.multiprocess says so.',
      section: PEP.environ,
      level: 'may',
      words:
        'This value should evaluate true if the application object may be simultaneously invoked by another thread in the same process, and should evaluate false otherwise.',
      app: 'flags',
      run: flagsAreTrue,
    },
    fromThread('thread-reads', 'Reading wsgi.input', 200, 'hello', {
      headers: ['Content-Length: 5'],
      body: 'hello',
    }),
    fromThread('thread-starts', 'Calling start_response', 201, 'hello'),
    fromThread('thread-writes', 'Calling write()', 200, 'one,two'),
    fromThread('thread-complains', 'Writing to wsgi.errors', 200, 'complained'),
    fromThread('thread-fills', 'Making what the iterable gives', 200, 'one,two,three'),
  ],
};
