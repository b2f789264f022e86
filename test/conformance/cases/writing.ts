import assert from 'node:assert/strict';
import type { Case, Theme } from '../case.ts';
import { PEP } from '../sections.ts';
import { TOO_SHORT } from './lengths.ts';
import { firstIsThere } from './start.ts';

const ORDER =
  'any bytestrings yielded by the iterable are transmitted after all bytestrings passed to write() have been sent to the client';

const AS_YIELDED =
  'a bytestring to be written as part of the HTTP response body, that is treated exactly as though it had been yielded by the output iterable';

function gives(app: string, sentence: string, body: string, words = ORDER): Case {
  return {
    id: app,
    sentence,
    section: PEP.write,
    level: 'must',
    words,
    app,
    sees: { status: 200, body, complete: true, framed: true },
  };
}

/** The PEP binds the application alone: what its mistake leads to "is undefined". */
const wrong = (['write-wrong', 'write-text'] as const).map(
  (app): Case => ({
    id: app,
    sentence: `write() of ${app === 'write-text' ? 'a str' : 'a number'} raises, or else the request fails, or is answered all the same.`,
    section: PEP.unicode,
    level: 'may',
    words:
      'For values referred to in this specification as "bytestrings" (i.e., values read from wsgi.input, passed to write() or yielded by the application), the value must be of type bytes',
    // In TypeScript a chunk may be a string.
    ...(app === 'write-text' ? { languages: ['python'] as const } : {}),
    app,
    allows: [
      { outcome: 'raises', status: 'failure', recorded: ['raised'] },
      { outcome: 'fails', status: 'failure' },
      { outcome: 'answered', status: 200 },
    ],
  }),
);

export const WRITING: Theme = {
  title: 'write()',
  cases: [
    gives('write-only', 'write() alone makes the body.', 'written', AS_YIELDED),
    gives('write-then-list', 'What is written comes before what the list gives.', 'one,two,three,four'),
    gives('write-then-one', 'A list of one chunk behind write() does not give the length of the body.', 'one,two'),
    gives('write-then-generator', 'What is written comes before what the generator gives.', 'one,two,three'),
    gives('write-empty', 'write() of nothing adds nothing, and ends nothing.', 'one,two', AS_YIELDED),
    {
      id: 'write-only-head',
      sentence: 'What is written is not sent to a HEAD.',
      section: 'RFC 9110, 9.3.2',
      level: 'must',
      words: 'The HEAD method is identical to GET except that the server MUST NOT send content in the response.',
      app: 'write-only',
      request: { method: 'HEAD' },
      sees: { status: 200, framed: true },
    },
    {
      id: 'write-sized',
      sentence: 'Content-Length counts what is written.',
      section: PEP.length,
      level: 'must',
      app: 'write-sized',
      sees: { status: 200, headers: { 'content-length': '8' }, body: 'one,two,', complete: true, framed: true },
    },
    {
      id: 'write-large',
      sentence: 'What is written arrives whole and in order, if it is more than any buffer holds.',
      section: PEP.write,
      level: 'must',
      app: 'write-large',
      sees: { status: 200, body: 'a'.repeat(400_000) + 'b'.repeat(400_000) + 'c'.repeat(400_000), complete: true },
    },
    {
      id: 'write-bytes',
      sentence: 'Bytes of every value are written as they are.',
      section: PEP.details,
      level: 'should',
      words:
        'should treat the yielded bytestrings as binary byte sequences: in particular, it should ensure that line endings are not altered',
      app: 'write-bytes-of-all-values',
      sees: { status: 200, body: Buffer.from(Array.from({ length: 256 }, (_, value) => value)).toString('latin1') },
    },
    {
      id: 'write-leaves',
      sentence: 'What is written is on its way while the application goes on.',
      section: PEP.write,
      level: 'must',
      words:
        'before write() returns, it must guarantee that the passed-in bytestring was either completely sent to the client, or that it is buffered for transmission while the application proceeds onward',
      app: 'write-then-wait',
      run: firstIsThere,
    },
    {
      id: 'write-too-long-sent',
      sentence: 'No more is sent of what is written than Content-Length allows.',
      section: PEP.length,
      level: 'should',
      words: 'the server should not transmit more bytes to the client than the header allows',
      app: 'write-too-long',
      sees: { status: [0, 200, 500], body: /^(?!.*and more)/s, framed: true },
    },
    {
      id: 'write-too-long-raises',
      sentence: 'write() past Content-Length raises an error.',
      section: PEP.length,
      level: 'should',
      words: 'or raise an error if the application tries to write() past that point',
      app: 'write-too-long',
      sees: { recorded: ['raised'] },
    },
    {
      id: 'write-then-raise',
      sentence: 'An exception after write() leaves what was written, and no new head behind it.',
      section: PEP.errors,
      level: 'must',
      app: 'write-then-raise',
      sees: { status: 200, body: /^first,(?!.*HTTP\/1)/s },
    },
    {
      id: 'write-sized-then-raise',
      sentence: 'An exception after write() cuts a body with Content-Length: it is not filled up.',
      section: PEP.length,
      level: 'should',
      words: TOO_SHORT,
      app: 'write-sized-then-raise',
      sees: { status: 200, headers: { 'content-length': '100' }, complete: false },
    },
    ...wrong,
    {
      id: 'write-after-failure',
      sentence: 'A response that failed in write() does no harm to the next request.',
      section: PEP.errors,
      level: 'must',
      app: 'write-then-raise',
      async run(talk) {
        await talk.ask();
        assert.equal((await talk.ask({ app: 'write-then-list' })).body.toString(), 'one,two,three,four');
      },
    },
  ],
};
