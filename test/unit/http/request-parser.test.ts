/** What a RequestParser keeps between its calls; what it makes of bytes stands in cases/. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../src/http/limits.ts';
import { RequestParser } from '../../../src/http/request-parser.ts';
import { heldMemory } from '../../support/memory.ts';
import { line } from './cases/limits.ts';
import { latin1, oneByteAtATime, parse, parseBothWays, request } from './parse.ts';

test('a head of the default limits is read, whole and in small pieces', () => {
  const field = `\r\nX: ${'a'.repeat(1000)}`;
  const fill = field.repeat(65);
  const rest = DEFAULT_LIMITS.fieldBytes - fill.length - '\r\nHost: a\r\nY: '.length;
  const text = `${line(DEFAULT_LIMITS.requestLine)}\r\nHost: a${fill}\r\nY: ${'a'.repeat(rest)}\r\n\r\n`;
  const bytes = latin1(text);
  assert.equal(parse([bytes]).requests.length, 1);
  assert.equal(parse(oneByteAtATime(bytes)).requests.length, 1);
  assert.equal(parse([latin1(text.replace('Y: ', 'Y: a'))]).refused, '431 FIELDS_TOO_LARGE');
});

test('what was asked for is no longer kept', () => {
  const parser = new RequestParser(DEFAULT_LIMITS);
  parser.receive(latin1(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 8')));
  assert.equal(parser.next()?.type, 'head');
  assert.equal(parser.buffered, 0);
  parser.receive(latin1('01234567'));
  assert.equal(parser.buffered, 8);
  assert.equal(parser.next()?.type, 'data');
  assert.equal(parser.buffered, 0);
  assert.equal(parser.midRequest, true);
  assert.equal(parser.next()?.type, 'end');
  assert.equal(parser.midRequest, false);
});

test('nothing is left in memory that is used again', () => {
  const parser = new RequestParser(DEFAULT_LIMITS);
  const post = request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 4');
  const memory = latin1(`${post}0123${post}45`);
  parser.receive(memory);
  assert.equal(parser.next()?.type, 'head');
  const first = parser.next();
  parser.keep();
  memory.fill('?');
  assert(first?.type === 'data' && first.bytes.toString() === '0123');
  assert.deepEqual([parser.next()?.type, parser.next()?.type], ['end', 'head']);
  const second = parser.next();
  assert(second?.type === 'data' && second.bytes.toString() === '45');
  const more = latin1('67');
  parser.receive(more);
  parser.keep();
  more.fill('?');
  const third = parser.next();
  assert(third?.type === 'data' && third.bytes.toString() === '67');
});

test('a refusal stands, and what comes after it is not kept', () => {
  const parser = new RequestParser(DEFAULT_LIMITS);
  parser.receive(latin1(`nonsense\r\n\r\n${request('GET / HTTP/1.1', 'Host: a')}`));
  assert.throws(() => parser.next(), { code: 'REQUEST_LINE_INVALID' });
  parser.receive(latin1(request('GET / HTTP/1.1', 'Host: a')));
  assert.throws(() => parser.next(), { code: 'REQUEST_LINE_INVALID' });
  assert.equal(parser.buffered, 0);
});

test('what is not complete yet is neither ended nor refused', async (t) => {
  const whole = `${request('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}3;x\r\nabc\r\n0\r\nT: u\r\n\r\n`;
  for (let size = 0; size < whole.length; size++) {
    await t.test(`${size} of ${whole.length} bytes`, () => {
      const { requests, refused } = parseBothWays(whole.slice(0, size));
      assert.equal(refused, undefined);
      assert(requests.every(({ trailers }) => trailers === undefined));
    });
  }
});

test('a body that nobody asks for yet takes no more memory than a few of itself, however small its pieces', () => {
  const size = 60_000;
  const parser = new RequestParser(DEFAULT_LIMITS);
  parser.receive(latin1(request('POST / HTTP/1.1', 'Host: a', `Content-Length: ${size}`)));
  assert.equal(parser.next()?.type, 'head');
  const before = heldMemory();
  for (let count = 0; count < size; count++) {
    parser.receive(Buffer.of(count));
    parser.keep();
  }
  const held = heldMemory() - before;
  assert(held < 8 * size, `${held} bytes are held for ${size}`);
  let at = 0;
  for (let event = parser.next(); event?.type === 'data'; event = parser.next()) {
    for (const byte of event.bytes) assert.equal(byte, at++ % 256);
  }
  assert.deepEqual([at, parser.buffered, parser.midRequest], [size, 0, false]);
});
