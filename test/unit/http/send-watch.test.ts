/** Clients that take their response slowly, or not at all, on a clock that the test moves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { SendWatch } from '../../../src/http/send-watch.ts';
import type { ClientSocket } from '../../../src/http/sockets/client-socket.ts';
import { SlowReader } from '../../support/slow-reader.ts';
import { needs } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { byHandle } from './one-connection.ts';

const WRITE_TIME = 60_000;
const SECOND = 1000;
const MIB = 2 ** 20;

interface Slow extends AsyncDisposable {
  /** The server's end, which has more to send than all buffers hold. */
  readonly socket: ClientSocket;
  readonly closed: Promise<unknown>;
  /** Lets the client read. */
  read(size: number): Promise<void>;
  /** Moves the clock by steps of a second, and lets the watch look at each. */
  pass(ms: number): Promise<void>;
}

async function slow(): Promise<Slow> {
  const listener = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const accepted = once(listener, 'connection');
  const reader = new SlowReader(port);
  const [accepting] = (await accepted) as [Socket];
  listener.close();
  const socket = byHandle(accepting);
  const closed = Promise.withResolvers<void>();
  socket.start({
    received: () => undefined,
    inputEnded: () => undefined,
    drained: () => undefined,
    outputEnded: () => undefined,
    closed: closed.resolve,
  });
  socket.write(Buffer.alloc(64 * MIB));
  const watch = new SendWatch(socket, WRITE_TIME);
  let now = 0;
  const pass = async (ms: number) => {
    for (const end = now + ms; now < end && !socket.destroyed; ) {
      now += SECOND;
      watch.check(now);
      // What the watch reads of the kernel.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  return {
    socket,
    closed: closed.promise,
    read: (size) => reader.read(size),
    pass,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await reader[Symbol.asyncDispose]();
    },
  };
}

test('a client that takes nothing is cut', needs('python3'), async () => {
  await using client = await slow();
  await client.pass(WRITE_TIME);
  assert.equal(client.socket.destroyed, false);
  await until(async () => {
    await client.pass(SECOND);
    return client.socket.destroyed;
  }, 'the cut');
  await client.closed;
});

test(
  'a client that reads a few segments in each time is not, though nothing more leaves this process',
  needs('python3'),
  async () => {
    await using client = await slow();
    const before = client.socket.writableLength;
    for (let round = 0; round < 5; round++) {
      await client.pass(WRITE_TIME / 2);
      await client.read(16_384);
      await client.pass(WRITE_TIME / 2);
    }
    assert.equal(client.socket.destroyed, false);
    assert.equal(client.socket.writableLength, before);
  },
);
