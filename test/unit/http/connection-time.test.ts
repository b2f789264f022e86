/** Timeouts and the drain of one connection, on a clock that the test moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientError } from '../../../src/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/http/limits.ts';
import { get, header } from '../../support/wire.ts';
import { type Connected, connected, deaf, echo } from './one-connection.ts';
import { request } from './parse.ts';

const { headTime, bodyTime, bodyRate, idleTime } = DEFAULT_LIMITS;

test('a head that takes too long is 408, from its first byte on, however it trickles', async () => {
  await using one = await connected(echo);
  one.wire.send('GET / HT');
  await one.arrived();
  one.pass(headTime - 1);
  one.wire.send('TP/1.1\r\n');
  await one.arrived();
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
  await one.arrived();
  one.pass(headTime);
  assert.equal(String(await one.wire.rest()), '');
});

test('a body that stands still is 408, and the connection closed at once', async () => {
  await using one = await connected(echo);
  one.wire.send(`${request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 9')}half`);
  await one.arrived();
  await new Promise(setImmediate);
  one.pass(bodyTime - 1);
  one.wire.send('!');
  await one.arrived();
  await new Promise(setImmediate);
  one.pass(bodyTime - 1);
  one.pass(1);
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [408, 'close']);
  await one.wire.closed();
});

/** Lets the application wait for more of its body. */
async function arrived(one: Connected): Promise<void> {
  await one.arrived();
  await new Promise(setImmediate);
}

test('a body that trickles is 408 once it has been waited for longer than its rate allows', async () => {
  await using one = await connected(echo);
  one.wire.send(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 9999'));
  await arrived(one);
  one.pass(bodyTime - 1000);
  one.wire.send('a'.repeat(bodyRate));
  await arrived(one);
  one.pass(1999);
  assert.deepEqual(one.errors, []);
  one.pass(1);
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [408, 'close']);
  assert.deepEqual(
    one.errors.map((error) => (error as ClientError).code),
    ['BODY_TOO_SLOW'],
  );
});

test('a body that keeps its rate may take as long as it likes; with a rate of 0 any may', async () => {
  for (const [rate, size] of [
    [bodyRate, bodyRate],
    [0, 1],
  ] as const) {
    await using one = await connected(echo, { bodyRate: rate });
    const seconds = (3 * bodyTime) / 1000;
    one.wire.send(request('POST / HTTP/1.1', 'Host: a', `Content-Length: ${size * seconds}`));
    for (let second = 0; second < seconds; second++) {
      await arrived(one);
      one.pass(1000);
      one.wire.send('a'.repeat(size));
    }
    assert.equal((await one.wire.answer()).status, 200);
  }
});

test('the time in which nobody asks for the body is not the client’s', async () => {
  const gate = Promise.withResolvers<void>();
  await using one = await connected(async (environ, start) => {
    await environ['wsgi.input'].read(1);
    await gate.promise;
    return echo(environ, start);
  });
  one.wire.send(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 3'));
  await arrived(one);
  one.wire.send('a');
  await arrived(one);
  one.pass(10 * bodyTime);
  gate.resolve();
  await new Promise(setImmediate);
  one.wire.send('b');
  await arrived(one);
  one.pass(bodyTime - 1);
  one.wire.send('c');
  assert.equal((await one.wire.answer()).status, 200);
});

test('a connection that was closed is let go of, though the client keeps its side', async () => {
  await using one = await connected(echo);
  await one.wire.send(get('/', 'Connection: close')).answer();
  await one.wire.closed();
  one.wire.send(get('/late'));
  await one.arrived();
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
  await one.arrived();
  one.connection.drain();
  gate.resolve();
  const answer = await one.wire.answer();
  assert.deepEqual([String(answer.body), header(answer, 'connection')], ['/1', 'close']);
  assert.equal(String(await one.wire.rest()), '');
});

test('a drain waits for the head that has begun', async () => {
  await using one = await connected(echo);
  one.wire.send('GET /a HTTP/1.1\r\n');
  await one.arrived();
  one.connection.drain();
  one.wire.send('Host: a\r\n\r\n');
  const answer = await one.wire.answer();
  assert.deepEqual([answer.status, header(answer, 'connection')], [200, 'close']);
});
