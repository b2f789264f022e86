/** The record of a response whose body is pushed: it says the same as of one that is iterated, and the body stays pushed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppFailed, ClientError, ClientGone } from '../../../src/errors.ts';
import { type RequestRecord, recordRequests } from '../../../src/middleware/record-requests.ts';
import { isPushed } from '../../../src/wsgi/pushed-body.ts';
import type { Application, Body } from '../../../src/wsgi/types.ts';
import { begin, environ } from '../wsgi/fake.ts';
import { HandPushed } from '../wsgi/fake-push.ts';

type Short = readonly [status: number, bytes: number, complete: boolean];

function record(app: Application) {
  const records: RequestRecord[] = [];
  const recorded = recordRequests(
    (each) => void records.push(each),
    () => 0,
  )(app);
  const short = (): Short[] => records.map(({ status, bytes, complete }) => [status, bytes, complete]);
  return { recorded, short };
}

function push(method = 'GET') {
  const body = new HandPushed();
  const { recorded, short } = record((_, start) => {
    start('200 OK', []);
    return body;
  });
  return { body, short, ...begin(recorded, environ({ method })) };
}

test('a pushed body stays one', () => {
  const { recorded } = record(() => new HandPushed());
  assert.equal(isPushed(recorded(environ(), () => async () => undefined) as Body), true);
});

test('chunks pass as they come and are counted; the record comes with the close', async () => {
  const { body, short, sink, done } = push();
  void body.give('abc');
  assert.deepEqual(sink.events, ['start 200 abc']);
  void body.give('de');
  assert.deepEqual(short(), []);
  void body.give('f', true);
  await done;
  assert.deepEqual([sink.events, short()], [['start 200 abc', 'write de', 'write f', 'ended'], [[200, 6, true]]]);
});

test('a whole response has its record at once', () => {
  const { body, short } = push();
  void body.give('abc', true);
  assert.deepEqual(short(), [[200, 3, true]]);
});

test('a receiver without room holds the body back through the record', async () => {
  const room = Promise.withResolvers<void>();
  const { body, sink } = push();
  sink.onPiece = () => room.promise;
  assert(body.give('abc') instanceof Promise);
  room.resolve();
});

test('a failure before the head is the record’s status, and behind it leaves what was sent', async (t) => {
  const cases = [
    ['before its head', '', new AppFailed(), [500, 0, false]],
    ['behind its head', 'abc', new AppFailed(), [200, 3, false]],
    ['by the client', '', new ClientGone(), [499, 0, false]],
    ['that is the client’s fault', '', new ClientError('BODY_TOO_LARGE'), [413, 0, false]],
  ] as const;
  for (const [name, text, fault, expected] of cases) {
    await t.test(name, async () => {
      const { body, short, sink, done } = push();
      if (text !== '') void body.give(text);
      body.fail(fault);
      await done;
      assert.equal(sink.error, fault);
      assert.deepEqual(short(), [expected]);
    });
  }
});

test('a client that leaves closes the body, and the record says that it is not complete', async () => {
  const { body, short, call, done } = push();
  void body.give('abc');
  call.cancel();
  await done;
  assert.deepEqual([body.closes, short()], [1, [[200, 3, false]]]);
});

test('a close() that fails, or takes its time, has one record all the same', async (t) => {
  const closing = Promise.withResolvers<void>();
  const ways = {
    'at once': () => {
      throw new Error('no');
    },
    'in its promise': () => Promise.reject(new Error('no')),
    'in a while': () => closing.promise,
  };
  for (const [name, close] of Object.entries(ways)) {
    await t.test(name, async () => {
      const { body, short, problems, done } = push();
      body.onClose = close;
      void body.give('abc', true);
      if (name === 'in a while') assert.deepEqual(short(), []);
      closing.resolve();
      await done;
      assert.deepEqual(short(), [[200, 3, true]]);
      assert.equal(problems.length, name === 'in a while' ? 0 : 1);
    });
  }
});

test('who iterates what was recorded is counted likewise', async () => {
  const body = new HandPushed();
  const { recorded, short } = record((_, start) => {
    start('200 OK', []);
    return body;
  });
  const iterated: Application = async function* (given: Parameters<Application>[0], start: Parameters<Application>[1]) {
    const inner = (await recorded(given, start)) as Body & AsyncIterable<Uint8Array>;
    try {
      yield* inner;
    } finally {
      await inner.close?.();
    }
  } as Application;
  const { sink, done } = begin(iterated);
  await new Promise(setImmediate);
  void body.give('abc');
  void body.give('de', true);
  await done;
  assert.deepEqual([sink.body, body.closes, short()], ['abcde', 1, [[200, 5, true]]]);
});
