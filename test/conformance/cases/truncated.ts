/** Bodies that end before they are complete: they are sent, and the client's side is closed. */
import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { answerOf, type Talk } from '../talk.ts';

const INCOMPLETE =
  'A message body that uses the chunked transfer coding is incomplete if the zero-sized chunk that terminates the encoding has not been received. A message that uses a valid Content-Length is incomplete if the size of the message body received (in octets) is less than the value given by Content-Length.';

/** @returns how many bytes the application took for the whole, where it had no way to tell; undefined where it could, or was not called */
async function takenForWhole(talk: Talk, header: string, body: string, size: number): Promise<string | undefined> {
  const wire = await talk.open();
  wire.send(talk.bytes({ method: 'POST', headers: [header], body }));
  wire.socket.end();
  const { status } = await answerOf(wire);
  wire.socket.destroy();
  const records = await talk.records();
  const read = records.find((what) => what.startsWith('read '));
  if (status >= 400 || status === 0 || read === undefined || records.includes('raised')) return undefined;
  // It was called, and read less than Content-Length: that it can see. A chunked body it takes for whole.
  const wholeLength = /^Content-Length: (\d+)$/.exec(header)?.[1];
  const canTell = wholeLength !== undefined && read === `read ${size}` && read !== `read ${wholeLength}`;
  return canTell ? undefined : read.slice(5);
}

function truncated(id: string, what: string, header: string, body: string, size: number): Case {
  const isSized = header.startsWith('Content');
  return {
    id: `truncated-${id}`,
    sentence: `${what}: the application is not called, has an error raised, or can tell by Content-Length.`,
    section: 'RFC 9112, 8',
    level: isSized ? 'must' : 'should',
    ...(isSized ? {} : { since: '1.1' as const }),
    words: INCOMPLETE,
    app: 'digest',
    async run(talk) {
      const taken = await takenForWhole(talk, header, body, size);
      assert.equal(taken, undefined, `the application took ${taken} bytes for the whole`);
    },
  };
}

const CHUNKED = 'Transfer-Encoding: chunked';

export const TRUNCATED: readonly Case[] = [
  truncated('sized', 'A body that is shorter than its Content-Length', 'Content-Length: 10', 'short', 5),
  truncated(
    'large',
    'A large body that is shorter than its Content-Length',
    'Content-Length: 300000',
    'x'.repeat(200_000),
    200_000,
  ),
  truncated('sized-empty', 'No body at all where Content-Length promises one', 'Content-Length: 10', '', 0),
  truncated('chunk', 'A chunked body that ends within a chunk', CHUNKED, 'a\r\nshort', 5),
  truncated('between-chunks', 'A chunked body that ends between chunks', CHUNKED, '5\r\nshort\r\n', 5),
  {
    id: 'truncated-last-chunk',
    sentence:
      'A chunked body that ends within its last chunk, behind the zero, is whole or not: its size has been received, its last line end has not.',
    section: 'RFC 9112, 8',
    level: 'may',
    since: '1.1',
    words: INCOMPLETE,
    app: 'digest',
    async run(talk) {
      const taken = await takenForWhole(talk, CHUNKED, '5\r\nshort\r\n0\r\n', 5);
      if (taken === undefined) return 'incomplete';
      assert.equal(taken, '5');
      return 'whole';
    },
  },
  truncated('malformed', 'A chunked body whose second chunk is none', CHUNKED, '5\r\nshort\r\nzz\r\nx\r\n0\r\n\r\n', 5),
];
