/** One connection: what keeps it, what ends it, and how (RFC 9112, 9). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Application } from '../../../src/wsgi/types.ts';
import { get, header } from '../../support/wire.ts';
import { connected, deaf, echo } from './one-connection.ts';
import { request } from './parse.ts';

function post(path: string, body: string, ...fields: string[]): string {
  return request(`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${body.length}`, ...fields) + body;
}

test('pipelined requests are answered one after the other, each with its own body', async () => {
  await using one = await connected(echo);
  const chunked = request('POST /c HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked');
  one.wire.send(
    `${post('/a', 'A') + get('/b') + chunked}1\r\nC\r\n0\r\n\r\n${get('/d', 'Connection: close')}${get('/e')}`,
  );
  for (const expected of ['/a A', '/b ', '/c C', '/d ']) assert.equal(String((await one.wire.answer()).body), expected);
  assert.equal(String(await one.wire.rest()), '', 'nothing is answered behind Connection: close');
});

test('a second request waits while the first one runs', async () => {
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  await using one = await connected(async (environ, start) => {
    seen.push(environ.PATH_INFO);
    await gate.promise;
    return deaf(environ, start);
  });
  one.wire.send(get('/1') + get('/2'));
  await one.arrived();
  assert.deepEqual(seen, ['/1']);
  gate.resolve();
  await one.wire.answer();
  await one.wire.answer();
  assert.deepEqual(seen, ['/1', '/2']);
});

test('a head larger than what is read ahead is read all the same', async () => {
  await using one = await connected(echo);
  const text = get(`/${'p'.repeat(8000)}`, ...Array.from({ length: 60 }, (_, at) => `X-${at}: ${'v'.repeat(1060)}`));
  assert(text.length > 65536 + 4096);
  one.wire.send(text.slice(0, 66_000));
  await new Promise(setImmediate);
  one.wire.send(text.slice(66_000));
  assert.equal((await one.wire.answer()).status, 200);
});

test('a body that nobody reads is thrown away, and the connection kept', async () => {
  await using one = await connected(deaf);
  one.wire.send(post('/1', 'x'.repeat(100_000)) + get('/2'));
  assert.equal(String((await one.wire.answer()).body), '/1');
  assert.equal(String((await one.wire.answer()).body), '/2');
});

test('a body that is too large to throw away ends the connection, after its answer', async () => {
  await using one = await connected(deaf);
  one.wire.send(post('/1', 'x'.repeat(1_000_000)) + get('/2'));
  assert.equal(String((await one.wire.answer()).body), '/1');
  assert.equal(String(await one.wire.rest()), '');
});

test('what an application reads after its response is never the next request’s', async () => {
  const late: Promise<unknown>[] = [];
  await using one = await connected((environ, start) => {
    if (environ.PATH_INFO === '/2') return echo(environ, start);
    late.push(new Promise((resolve) => setImmediate(resolve)).then(() => environ['wsgi.input'].read()));
    return deaf(environ, start);
  });
  one.wire.send(post('/1', 'x'.repeat(10)));
  assert.equal(String((await one.wire.answer()).body), '/1');
  one.wire.send(post('/2', 'secret'));
  assert.equal(String((await one.wire.answer()).body), '/2 secret');
  const [read] = await Promise.allSettled(late);
  assert(read?.status === 'rejected' || !String(Buffer.from(read?.value as Uint8Array)).includes('secret'));
});

test('two reads at a time both end', async () => {
  await using one = await connected(async (environ, start) => {
    const input = environ['wsgi.input'];
    const both = await Promise.all([input.read(3), input.read(3)]);
    start('200 OK', []);
    return [Buffer.concat(both)];
  });
  one.wire.send(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 6'));
  for (const piece of ['ab', 'cd', 'ef']) {
    await new Promise(setImmediate);
    one.wire.send(piece);
  }
  assert.equal((await one.wire.answer()).body.length, 6);
});

test('100 Continue is sent when the body is first wanted, and once', async () => {
  await using one = await connected(echo);
  one.wire.send(request('POST /a HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Expect: 100-continue'));
  assert.equal((await one.wire.answer()).status, 100);
  one.wire.send('bo');
  await one.arrived();
  one.wire.send('dy');
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, String(answer.body), header(answer, 'connection')], [200, '/a body', undefined]);
  one.wire.send(get('/b'));
  assert.equal(String((await one.wire.answer()).body), '/b ');
});

test('a body that was never asked for by 100 closes the connection, and the answer says so', async () => {
  await using one = await connected(deaf);
  one.wire.send(request('POST /a HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Expect: 100-continue'));
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [200, 'close']);
  assert.equal(String(await one.wire.rest()), '');
});

test('a client that half-closes behind its request is answered', async () => {
  await using one = await connected(echo);
  one.wire.socket.end(post('/a', 'body') + get('/b'));
  assert.equal(String((await one.wire.answer()).body), '/a body');
  assert.equal(String((await one.wire.answer()).body), '/b ');
  await one.closed;
});

test('a client that half-closes in its body gets 400', async () => {
  await using one = await connected(echo);
  one.wire.socket.end(`${request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 9')}half`);
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [400, 'close']);
  await one.closed;
});

test('a body that turns out to be malformed is refused, and the connection closed with the word', async () => {
  await using one = await connected(echo);
  one.wire.send(`${request('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}1\r\naX${get('/smuggled')}`);
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [400, 'close']);
  assert.equal(String(await one.wire.rest()), '');
});

test('a refused client can read the refusal though it goes on sending', async () => {
  await using one = await connected(echo, { body: 10 });
  one.wire.send(post('/', 'x'.repeat(3_000_000)));
  assert.equal((await one.wire.answer()).status, 413);
  await one.wire.closed();
});

test('a client that is slow loses nothing, however small the buffer', async () => {
  const piece = 'x'.repeat(100_000);
  await using one = await connected(
    async function* (_: unknown, start: Parameters<Application>[1]) {
      start('200 OK', []);
      for (let at = 0; at < 60; at++) yield piece;
    } as Application,
    { responseBuffer: 1 },
  );
  one.wire.socket.pause();
  one.wire.send(get('/'));
  await one.arrived();
  await new Promise(setImmediate);
  one.wire.socket.resume();
  const { body, complete } = await one.wire.answer();
  assert.deepEqual([body.length, complete], [60 * piece.length, true]);
});

test('an application that gives more than a slow client takes is held back', async () => {
  let given = 0;
  await using one = await connected(async function* (_: unknown, start: Parameters<Application>[1]) {
    start('200 OK', []);
    for (; ; given++) yield Buffer.alloc(100_000);
  } as Application);
  one.wire.socket.pause();
  one.wire.send(get('/'));
  await one.arrived();
  for (let before = -1; before !== given || one.socket.writableLength === 0; ) {
    before = given;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(one.socket.writableLength < 1_000_000, `${one.socket.writableLength} bytes wait`);
});

test('a body that only the end of the connection ends is reset where it fails', async () => {
  await using one = await connected(async function* (_: unknown, start: Parameters<Application>[1]) {
    start('200 OK', []);
    yield 'a';
    throw new Error('in the middle');
  } as Application);
  const failed = once(one.wire.socket, 'error');
  one.wire.send('GET / HTTP/1.0\r\n\r\n');
  const [error] = (await failed) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});

test('a body of chunks that fails goes out as far as it came, and is not ended', async () => {
  await using one = await connected(async function* (_: unknown, start: Parameters<Application>[1]) {
    start('200 OK', []);
    yield 'a';
    throw new Error('in the middle');
  } as Application);
  one.wire.send(get('/'));
  const { body, complete } = await one.wire.answer();
  assert.deepEqual([String(body), complete], ['a', false]);
  assert.equal(one.errors.length, 1);
});
