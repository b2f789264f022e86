/** A body that gives its chunks as they come: the same rules as for one that is asked (PEP 3333). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Header } from '../../../src/wsgi/types.ts';
import { begin, environ, type Ran } from './fake.ts';
import { HandPushed } from './fake-push.ts';

interface Pushed extends Ran {
  readonly body: HandPushed;
  readonly done: Promise<void>;
  /** Whether `done` has come, once all promises of this turn have settled. */
  isDone(): Promise<boolean>;
}

function push(headers: Header[] = [], { status = '200 OK', method = 'GET', body = new HandPushed() } = {}): Pushed {
  const ran = begin((_, start) => {
    start(status, headers);
    return body;
  }, environ({ method }));
  let ended = false;
  void ran.done.then(() => {
    ended = true;
  });
  const isDone = async () => {
    await new Promise(setImmediate);
    return ended;
  };
  return { ...ran, body, isDone };
}

function length(size: number): Header[] {
  return [['Content-Length', String(size)]];
}

test('a body of one chunk leaves in one piece, with its length, before anything is awaited', () => {
  const { sink, body } = push([['A', 'b']]);
  void body.give('abc', true);
  assert.deepEqual(sink.events, ['start 200 abc', 'complete']);
  assert.deepEqual(sink.head?.headers, [
    ['A', 'b'],
    ['Content-Length', '3'],
  ]);
  assert.equal(sink.last, false, 'close() of the body is still to come');
});

test('a length that the application gave is not given again, whatever its case', () => {
  const { sink, body } = push([['cONTENT-LENGTH', '3']]);
  void body.give('abc', true);
  assert.deepEqual(sink.head?.headers, [['cONTENT-LENGTH', '3']]);
  assert.equal(sink.ending, 'complete');
});

test('chunks leave as they come, and their head with the first', async () => {
  const { sink, body, done } = push();
  void body.give('a');
  assert.deepEqual(sink.events, ['start 200 a']);
  assert.equal(sink.header('Content-Length'), undefined);
  void body.give('b');
  void body.give('c', true);
  await done;
  assert.deepEqual(sink.events, ['start 200 a', 'write b', 'write c', 'ended']);
  assert.equal(body.closes, 1);
});

test('an end without a chunk ends the response', async () => {
  const whole = push();
  void whole.body.give('', true);
  await whole.done;
  assert.deepEqual(whole.sink.events, ['start 200 ', 'complete']);
  assert.equal(whole.sink.header('Content-Length'), '0');
  const behind = push();
  void behind.body.give('a');
  void behind.body.give('', true);
  await behind.done;
  assert.deepEqual(behind.sink.events, ['start 200 a', 'ended']);
});

test('a body without start_response fails the response', async () => {
  const body = new HandPushed();
  const { sink, done } = begin(() => body);
  void body.give('a', true);
  await done;
  assert.deepEqual([sink.code, sink.head, body.closes], ['APP_NO_START_RESPONSE', undefined, 1]);
});

test('what write() was given goes first', async () => {
  const body = new HandPushed();
  const { sink, done } = begin(async (_, start) => {
    await start('200 OK', [])('a');
    return body;
  });
  await new Promise(setImmediate);
  void body.give('b', true);
  await done;
  assert.deepEqual(sink.events, ['start 200 a', 'write b', 'ended']);
});

test('a response without a body drops the chunks, and needs no more than the first', async (t) => {
  const cases = [
    ['HEAD', '200 OK', length(9), '9'],
    ['GET', '304 Not Modified', length(9), '9'],
    ['GET', '204 No Content', length(9), undefined],
    ['GET', '204 No Content', [], undefined],
  ] as const;
  for (const [method, status, headers, expected] of cases) {
    for (const last of [true, false]) {
      await t.test(`${method} ${status}, ${last ? 'whole' : 'in pieces'}`, async () => {
        const { sink, body, done, problems } = push([...headers], { status, method });
        assert.equal(body.give('abc', last), undefined);
        await done;
        assert.deepEqual([sink.body, sink.header('Content-Length'), body.closes], ['', expected, 1]);
        assert.notEqual(sink.ending, 'failed');
        assert.deepEqual(problems, []);
      });
    }
  }
});

test('HEAD tells the length that a GET would get, where the body came whole and was not empty', async () => {
  const full = push([], { method: 'HEAD' });
  void full.body.give('abc', true);
  assert.equal(full.sink.header('Content-Length'), '3');
  const empty = push([], { method: 'HEAD' });
  void empty.body.give('', true);
  assert.equal(empty.sink.header('Content-Length'), undefined);
});

test('a body longer than Content-Length is cut there, reported once, and closed', async (t) => {
  const ways: Record<string, (body: HandPushed) => void> = {
    'in one chunk': (body) => void body.give('abcdef', true),
    'in its first of many': (body) => {
      void body.give('abcdef');
      void body.give('ghi');
    },
    'in its second': (body) => {
      void body.give('ab');
      void body.give('cd');
      void body.give('ef', true);
    },
    'right behind it': (body) => {
      void body.give('abc');
      void body.give('def', true);
    },
  };
  for (const [name, act] of Object.entries(ways)) {
    await t.test(name, async () => {
      const { sink, body, done, problems } = push(length(3));
      act(body);
      await done;
      assert.deepEqual([sink.body, body.closes], ['abc', 1]);
      assert.notEqual(sink.ending, 'failed');
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['APP_BODY_TOO_LONG'],
      );
    });
  }
});

test('a body shorter than Content-Length never looks complete', async (t) => {
  for (const chunks of [[''], ['ab'], ['a', 'b'], ['a', '']]) {
    await t.test(JSON.stringify(chunks), async () => {
      const { sink, body, done } = push(length(3));
      chunks.forEach((chunk, at) => void body.give(chunk, at === chunks.length - 1));
      await done;
      assert.deepEqual([sink.code, sink.ending, body.closes], ['APP_BODY_TOO_SHORT', 'failed', 1]);
    });
  }
});

test('a failure before the head leaves it to the server, and behind it cuts the response', async () => {
  const fault = new Error('in the middle');
  const before = push();
  before.body.fail(fault);
  await before.done;
  assert.deepEqual([before.sink.events, before.sink.error, before.body.closes], [['failed'], fault, 1]);
  const behind = push();
  void behind.body.give('a');
  behind.body.fail(fault);
  behind.body.fail(fault);
  void behind.body.give('late');
  await behind.done;
  assert.deepEqual(behind.sink.events, ['start 200 a', 'failed']);
  assert.deepEqual([behind.sink.error, behind.body.closes], [fault, 1]);
});

test('a client that leaves closes the body once, and hears nothing more', async (t) => {
  const ways: Record<string, (body: HandPushed) => void> = {
    'before the first chunk': () => undefined,
    'behind a chunk': (body) => void body.give('a'),
  };
  for (const [name, act] of Object.entries(ways)) {
    await t.test(name, async () => {
      const { sink, body, call, done } = push();
      act(body);
      const before = [...sink.events];
      call.cancel();
      call.cancel();
      await done;
      void body.give('late');
      body.fail(new Error('too late'));
      void body.give('later', true);
      assert.deepEqual([sink.events, body.closes], [before, 1]);
    });
  }
});

test('a client that leaves before the application has answered closes what it answers with', async () => {
  const answer = Promise.withResolvers<void>();
  const body = new HandPushed();
  const { sink, call, done } = begin(async (_, start) => {
    await answer.promise;
    start('200 OK', []);
    return body;
  });
  call.cancel();
  answer.resolve();
  await done;
  assert.deepEqual([sink.events, body.closes], [[], 1]);
  assert.throws(() => body.give('a'), /nobody takes/, 'it is not asked for anything');
});

test('a chunk for which there is no room holds the next back', async () => {
  const room = Promise.withResolvers<void>();
  const { sink, body, isDone } = push();
  sink.onPiece = () => room.promise;
  const first = body.give('a');
  assert(first instanceof Promise);
  let free = false;
  void first.then(() => {
    free = true;
  });
  assert.deepEqual([await isDone(), free], [false, false]);
  room.resolve();
  await first;
  sink.onPiece = undefined;
  assert.equal(body.give('b'), undefined);
});

test('the call is done only when the last chunk has room, and the body is closed then', async (t) => {
  const ways: Record<string, (body: HandPushed) => void> = {
    'that is the only one': (body) => void body.give('a', true),
    'behind others': (body) => {
      void body.give('a');
      void body.give('b', true);
    },
    'that passes its Content-Length': (body) => void body.give('a longer one'),
  };
  for (const [name, act] of Object.entries(ways)) {
    await t.test(name, async () => {
      const room = Promise.withResolvers<void>();
      const { sink, body, isDone, done } = push(name.includes('passes') ? length(3) : []);
      sink.onPiece = () => room.promise;
      act(body);
      assert.deepEqual([await isDone(), body.closes], [false, 0]);
      room.resolve();
      await done;
      assert.equal(body.closes, 1);
    });
  }
});

test('a client that leaves while the last chunk has no room ends the call at once', async () => {
  const room = Promise.withResolvers<void>();
  const { sink, body, call, done } = push();
  sink.onPiece = () => room.promise;
  void body.give('a', true);
  call.cancel();
  await done;
  room.resolve();
  await new Promise(setImmediate);
  assert.deepEqual([sink.events, body.closes], [['start 200 a', 'complete'], 1]);
});

test('the call is done when close() is, and a close() that fails is reported', async () => {
  const closing = Promise.withResolvers<void>();
  const body = new HandPushed();
  body.onClose = () => closing.promise;
  const { isDone, done, problems } = push([], { body });
  void body.give('a', true);
  assert.equal(await isDone(), false);
  closing.reject(new Error('cannot close'));
  await done;
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['APP_CLOSE_FAILED'],
  );
});

test('nothing is awaited where nothing has to be: the call is over when the last chunk is given', () => {
  const { sink, body } = push();
  void body.give('a', true);
  assert.deepEqual([sink.ending, body.closes], ['complete', 1]);
});
