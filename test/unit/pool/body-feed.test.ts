/** A request's body on its way to a worker that asks for it piece by piece. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, ClientGone } from '../../../src/errors.ts';
import { BodyFeed } from '../../../src/pool/body-feed.ts';
import {
  DATA_SIZE,
  FLAG,
  FRAME_LIMIT,
  type Frame,
  FrameReader,
  ProtocolError,
  TYPE,
} from '../../../src/pool/frames.ts';
import { Input } from '../../../src/wsgi/input.ts';

const ID = 7;
const WINDOW = 4 * DATA_SIZE;

interface Made {
  readonly feed: BodyFeed;
  /** Gives the client's next piece; undefined: the end. */
  give(piece: Uint8Array | undefined | Error): Promise<void>;
  /** How often the client was asked. */
  readonly asked: () => number;
  /** What the worker was sent since the last call. */
  sent(): Frame[];
}

function make(room: () => void | Promise<void> = () => undefined): Made {
  const reader = new FrameReader(FRAME_LIMIT.worker);
  const pieces: PromiseWithResolvers<Uint8Array | undefined>[] = [];
  let pulled = 0;
  const at = (number: number) => (pieces[number] ??= Promise.withResolvers());
  const input = new Input(() => at(pulled++).promise);
  const send = (frame: Buffer) => {
    reader.receive(frame);
    return room();
  };
  let given = 0;
  return {
    feed: new BodyFeed(ID, input, WINDOW, send),
    give: async (piece) => {
      if (piece instanceof Error) at(given++).reject(piece);
      else at(given++).resolve(piece);
      await new Promise(setImmediate);
    },
    asked: () => pulled,
    sent: () => {
      const frames: Frame[] = [];
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
      return frames;
    },
  };
}

const sizes = (frames: readonly Frame[]) => frames.map(({ type, id, flags, body }) => [type, id, flags, body.length]);
const data = (size: number, flags = 0) => [TYPE.DATA, ID, flags, size];

test('the client is asked for nothing before the worker asks', async () => {
  const { feed, give, asked, sent } = make();
  await give(Buffer.from('abc'));
  assert.deepEqual([asked(), sent()], [0, []]);
  feed.grant(100);
  await give(undefined);
  assert.deepEqual(sizes(sent()), [data(3), data(0, FLAG.END)]);
});

test('no more is sent than was granted, and no piece over 64 KiB; the rest waits, and the client', async () => {
  const { feed, give, asked, sent } = make();
  feed.grant(DATA_SIZE + 10);
  await give(Buffer.alloc(2 * DATA_SIZE));
  assert.deepEqual(sizes(sent()), [data(DATA_SIZE), data(10)]);
  await give(Buffer.alloc(5));
  assert.equal(asked(), 1);
  feed.grant(DATA_SIZE);
  await new Promise(setImmediate);
  assert.deepEqual(sizes(sent()), [data(DATA_SIZE - 10), data(5)]);
  assert.equal(asked(), 3);
});

test('a worker that does not take what it was sent gets no more of it', async () => {
  const room = Promise.withResolvers<void>();
  const { feed, give, sent } = make(() => room.promise);
  feed.grant(WINDOW);
  await give(Buffer.alloc(10));
  await give(Buffer.alloc(10));
  assert.deepEqual(sizes(sent()), [data(10)]);
  room.resolve();
  await new Promise(setImmediate);
  assert.deepEqual(sizes(sent()), [data(10)]);
});

test('a worker that asks for more than its window lies', async () => {
  const { feed } = make();
  feed.grant(WINDOW);
  assert.throws(() => feed.grant(1), ProtocolError);
});

test('a body that breaks off tells the worker why, once', async () => {
  for (const [error, reason] of [
    [new ClientError('BODY_TRUNCATED'), 'BODY_TRUNCATED: the client closed before the end of its body (RFC 9112, 8)'],
    [new ClientGone(), 'CLIENT_GONE: the client closed the connection'],
  ] as const) {
    const { feed, give, sent } = make();
    feed.grant(WINDOW);
    await give(Buffer.alloc(10));
    await give(error);
    feed.stop('again');
    const frames = sent();
    assert.deepEqual(
      frames.map(({ type }) => type),
      [TYPE.DATA, TYPE.ABORT],
    );
    assert.equal(String(frames[1]?.body), reason);
    assert.equal(feed.failure?.error, error);
  }
});

test('what comes after it was stopped goes nowhere, and a failure then is nobody’s', async () => {
  for (const late of [Buffer.alloc(10), new ClientGone()]) {
    const { feed, give, sent } = make();
    feed.grant(WINDOW);
    feed.stop('RESPONSE_ENDED: x');
    await give(late);
    feed.grant(0);
    assert.deepEqual(
      sent().map(({ type, body }) => [type, String(body)]),
      [[TYPE.ABORT, 'RESPONSE_ENDED: x']],
    );
    assert.equal(feed.failure, undefined);
  }
});

test('a body that has ended, or is not wanted, needs no word', async () => {
  const ended = make();
  ended.feed.grant(10);
  await ended.give(undefined);
  ended.feed.stop('late');
  assert.deepEqual(sizes(ended.sent()), [data(0, FLAG.END)]);
  const unwanted = make();
  unwanted.feed.forget();
  unwanted.feed.stop('late');
  assert.deepEqual(unwanted.sent(), []);
});

test('only the time in which the client is waited for counts as that', async () => {
  const { feed, give } = make();
  assert.equal(feed.waited, 0);
  feed.grant(5);
  const waited = feed.waited;
  assert.ok(waited >= 0);
  await give(Buffer.alloc(10));
  const before = feed.waited;
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(feed.waited, before, 'it has what the worker did not grant');
});
