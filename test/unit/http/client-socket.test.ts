/** What a connection relies on in its socket, of both kinds of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { ClientSocket } from '../../../src/http/sockets/client-socket.ts';
import { HandleSocket } from '../../../src/http/sockets/handle-socket.ts';
import { byHandle, byStream } from './one-connection.ts';

const MIB = 2 ** 20;

interface Pair extends AsyncDisposable {
  readonly socket: ClientSocket;
  readonly client: Socket;
  /** The events of the socket, in their order. */
  readonly events: string[];
  /** What has been received. */
  readonly text: () => string;
  /** Resolves when the event has come, maybe before. */
  event(name: string): Promise<void>;
}

async function pair(make: (socket: Socket) => ClientSocket): Promise<Pair> {
  const listener = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection');
  const client = connect({ port: (listener.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => undefined);
  const socket = make(((await accepted) as [Socket])[0]);
  listener.close();
  const events: string[] = [];
  const waiting = new Map<string, () => void>();
  let text = '';
  const tell = (name: string) => {
    events.push(name);
    waiting.get(name)?.();
  };
  socket.start({
    received: (bytes) => {
      text += bytes.toString('latin1');
      tell('received');
    },
    inputEnded: () => tell('inputEnded'),
    drained: () => tell('drained'),
    outputEnded: () => tell('outputEnded'),
    closed: () => tell('closed'),
  });
  const event = async (name: string) => {
    if (!events.includes(name)) await new Promise<void>((resolve) => waiting.set(name, resolve));
  };
  return {
    socket,
    client,
    events,
    text: () => text,
    event,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      client.destroy();
      await event('closed');
    },
  };
}

/** All that the client gets until the end. */
async function readAll(client: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of client) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

for (const [kind, make] of [
  ['handle', byHandle],
  ['stream', byStream],
] as const) {
  test(`${kind}: what the client sends is received, and then its end`, async () => {
    await using one = await pair(make);
    one.client.end('bytes');
    await one.event('inputEnded');
    assert.equal(one.text(), 'bytes');
    assert.equal(one.socket.destroyed, false, 'it can still be written to');
    assert.equal(one.socket.remotePort, one.client.localPort);
    assert.equal(one.socket.localPort, one.client.remotePort);
    assert.deepEqual([one.socket.remoteAddress, one.socket.localAddress], ['127.0.0.1', '127.0.0.1']);
  });

  test(`${kind}: strings and bytes leave in their order, also those that had to wait, and each is done once`, async () => {
    await using one = await pair(make);
    const done: string[] = [];
    const large = Buffer.alloc(8 * MIB, 'a');
    one.client.pause();
    one.socket.write('first ', 'latin1');
    one.socket.write(large, () => done.push('large'));
    one.socket.cork();
    one.socket.write('\xe9 ', 'latin1');
    one.socket.write(Buffer.from('second '), () => done.push('second'));
    one.socket.uncork();
    one.socket.write(Buffer.from('third'), () => done.push('third'));
    assert(one.socket.writableNeedDrain);
    assert(one.socket.writableLength > large.length);
    assert.deepEqual(done, []);
    one.socket.end();
    const all = (await readAll(one.client)).toString('latin1');
    assert.equal(all, `first ${large.toString()}\xe9 second third`);
    await one.event('outputEnded');
    assert.deepEqual(done, ['large', 'second', 'third']);
    assert.equal(one.socket.writableLength, 0);
    one.client.end();
    await one.event('closed');
    assert.deepEqual(one.events.filter((name) => name === 'closed').length, 1);
  });

  test(`${kind}: drained() is called once the kernel has taken what waited`, async () => {
    await using one = await pair(make);
    one.client.pause();
    one.socket.write(Buffer.alloc(8 * MIB));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(one.events, []);
    one.client.resume();
    await one.event('drained');
    assert.deepEqual([one.socket.writableNeedDrain, one.socket.writableLength], [false, 0]);
    assert.equal(one.socket.takenBytes, 8 * MIB);
  });

  test(`${kind}: what is corked waits, and leaves when as many have let it go`, async () => {
    await using one = await pair(make);
    let got = '';
    one.client.on('data', (bytes) => {
      got += bytes;
    });
    one.socket.cork();
    one.socket.cork();
    one.socket.write('held', 'latin1');
    one.socket.uncork();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(got, '');
    one.socket.uncork();
    await once(one.client, 'data');
    assert.equal(got, 'held');
  });

  test(`${kind}: a paused socket receives nothing until it is resumed`, async () => {
    await using one = await pair(make);
    one.socket.pause();
    assert(one.socket.isPaused());
    one.client.write('bytes');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(one.text(), '');
    one.socket.resume();
    await one.event('received');
    assert.deepEqual([one.text(), one.socket.isPaused()], ['bytes', false]);
  });

  test(`${kind}: a client that half-closes and is answered sees one end, and the socket closes`, async () => {
    await using one = await pair(make);
    one.client.end('question');
    await one.event('inputEnded');
    one.socket.write('answer', 'latin1');
    one.socket.end();
    assert.equal(String(await readAll(one.client)), 'answer');
    await one.event('closed');
    assert(one.socket.destroyed);
  });

  test(`${kind}: destroySoon() sends what waits, and closes though the client does not`, async () => {
    await using one = await pair(make);
    one.client.pause();
    one.socket.write(Buffer.alloc(8 * MIB));
    one.socket.destroySoon();
    assert.equal(one.socket.destroyed, false);
    assert.equal((await readAll(one.client)).length, 8 * MIB);
    await one.event('closed');
  });

  test(`${kind}: destroy() lets go of every write, and closed() is called later, once`, async () => {
    await using one = await pair(make);
    const done: string[] = [];
    one.client.pause();
    one.socket.write(Buffer.alloc(8 * MIB), () => done.push('in flight'));
    one.socket.write(Buffer.from('waits'), () => done.push('waits'));
    one.socket.destroy();
    one.socket.destroy();
    assert.deepEqual(one.events, [], 'not from within a method');
    one.socket.write(Buffer.from('late'), () => done.push('late'));
    await one.event('closed');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(done.toSorted(), ['in flight', 'late', 'waits']);
    assert.deepEqual(one.events, ['closed']);
  });

  test(`${kind}: resetAndDestroy() is no end to the client`, async () => {
    await using one = await pair(make);
    one.client.on('data', () => undefined);
    const failed = once(one.client, 'error');
    one.socket.write('part', 'latin1');
    one.socket.resetAndDestroy();
    const [error] = (await failed) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    await one.event('closed');
  });

  test(`${kind}: a client that resets the connection closes it`, async () => {
    await using one = await pair(make);
    one.client.resetAndDestroy();
    await one.event('closed');
    assert(one.socket.destroyed);
    assert(!one.events.includes('inputEnded'), 'a reset is no end of the input');
  });

  test(`${kind}: a client that is gone is found out by a write`, async () => {
    await using one = await pair(make);
    one.socket.pause();
    one.client.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (let count = 0; count < 3 && !one.socket.destroyed; count++) {
      one.socket.write('bytes', 'latin1');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await one.event('closed');
  });
}

test('what is no handle of libuv’s makes no socket', () => {
  const lacking = { readStart: () => 0, readStop: () => 0, close: () => undefined };
  for (const handle of [undefined, null, 'handle', {}, lacking]) assert.equal(HandleSocket.of(handle), undefined);
});
