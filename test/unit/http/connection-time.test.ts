/** Timeouts and the drain of one connection, on a clock that the test moves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../src/http/limits.ts';
import { get, header } from '../../support/wire.ts';
import { connected, deaf, echo } from './one-connection.ts';
import { request } from './parse.ts';

/** Resolves when a number over 0 has stood still for half a second. */
async function quiet(look: () => number): Promise<void> {
  for (let still = 0, before = 0; still < 25; still = before > 0 && before === look() ? still + 1 : 0) {
    before = look();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const { headTime, bodyTime, idleTime, writeTime } = DEFAULT_LIMITS;

test('a head that takes too long is 408, from its first byte on, however it trickles', async () => {
  await using one = await connected(echo);
  one.wire.send('GET / HT');
  await once(one.socket, 'data');
  one.pass(headTime - 1);
  one.wire.send('TP/1.1\r\n');
  await once(one.socket, 'data');
  one.pass(1);
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [408, 'close']);
});

test('a connection that sends nothing is closed without a word', async () => {
  await using one = await connected(echo);
  one.pass(headTime);
  assert.equal(String(await one.wire.rest()), '');
  await one.closed;
});

test('an idle connection is closed without a word, and an empty line makes it wait no longer', async () => {
  await using one = await connected(echo);
  await one.wire.send(get('/')).answer();
  one.pass(idleTime - 1);
  one.wire.send(get('/again'));
  assert.equal((await one.wire.answer()).status, 200);
  one.pass(1);
  one.wire.send('\r\n');
  await once(one.socket, 'data');
  one.pass(headTime);
  assert.equal(String(await one.wire.rest()), '');
});

test('a body that stands still is 408, and the connection closed at once', async () => {
  await using one = await connected(echo);
  one.wire.send(`${request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 9')}half`);
  await once(one.socket, 'data');
  await new Promise(setImmediate);
  one.pass(bodyTime - 1);
  one.wire.send('!');
  await once(one.socket, 'data');
  await new Promise(setImmediate);
  one.pass(bodyTime - 1);
  one.pass(1);
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [408, 'close']);
  await one.wire.closed();
});

test('a client that takes nothing of its response is cut', async () => {
  await using one = await connected((_, start) => {
    start('200 OK', []);
    return [Buffer.alloc(20_000_000)];
  });
  one.wire.socket.pause();
  one.wire.send(get('/'));
  await once(one.socket, 'data');
  await quiet(() => one.socket.writableLength);
  one.pass(1000);
  one.pass(writeTime);
  assert.equal(one.socket.destroyed, false);
  one.pass(1);
  await one.closed;
});

test('a connection that was closed is let go of, though the client keeps its side', async () => {
  await using one = await connected(echo);
  await one.wire.send(get('/', 'Connection: close')).answer();
  await one.wire.closed();
  one.wire.send(get('/late'));
  await once(one.socket, 'data');
  one.pass(4999);
  assert.equal(one.socket.destroyed, false);
  one.pass(1);
  await one.closed;
});

test('a drain closes an idle connection now, whatever the client does', async () => {
  await using one = await connected(echo);
  await one.wire.send(get('/')).answer();
  one.connection.drain();
  await one.closed;
});

test('a drain with a grace answers the request that is on its way, and closes', async () => {
  await using one = await connected(echo);
  await one.wire.send(get('/')).answer();
  one.pass(999);
  one.connection.drain(1000);
  assert.equal(one.socket.destroyed, false);
  const answer = await one.wire.send(get('/late')).answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [200, 'close']);
});

test('a drain with a grace closes what has rested for longer, and what goes on resting', async () => {
  for (const rested of [1000, 999]) {
    await using one = await connected(echo);
    await one.wire.send(get('/')).answer();
    one.pass(rested);
    one.connection.drain(1000);
    if (rested < 1000) one.pass(1000);
    await one.closed;
  }
});

test('a drain lets what runs end, and its answer says that it was the last', async () => {
  const gate = Promise.withResolvers<void>();
  await using one = await connected(async (environ, start) => {
    await gate.promise;
    return deaf(environ, start);
  });
  one.wire.send(get('/1') + get('/2'));
  await once(one.socket, 'data');
  one.connection.drain();
  gate.resolve();
  const answer = await one.wire.answer();
  assert.deepEqual([String(answer.body), header(answer, 'connection')], ['/1', 'close']);
  assert.equal(String(await one.wire.rest()), '');
});

test('a drain waits for the head that has begun', async () => {
  await using one = await connected(echo);
  one.wire.send('GET /a HTTP/1.1\r\n');
  await once(one.socket, 'data');
  one.connection.drain();
  one.wire.send('Host: a\r\n\r\n');
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [200, 'close']);
});
