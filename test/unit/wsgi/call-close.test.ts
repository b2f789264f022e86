/** close() of the body exactly once, and its generator at its end, on every path (PEP 3333, "Specification Details"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, Header } from '../../../src/wsgi/types.ts';
import { begin, CountedBody, environ, run } from './fake.ts';

const TEXT: Header[] = [['Content-Type', 'text/plain']];

function serve(body: CountedBody, headers: Header[] = TEXT): Application {
  return (_, start) => {
    start('200 OK', headers);
    return body;
  };
}

const PATHS: readonly (readonly [
  name: string,
  steps: () => AsyncGenerator<string>,
  headers?: Header[],
  method?: string,
])[] = [
  [
    'when it is exhausted',
    async function* () {
      yield 'a';
    },
  ],
  ['when it gave nothing', async function* () {}],
  [
    'when it threw at once',
    async function* () {
      yield Promise.reject(new Error());
    },
  ],
  [
    'when it threw in the middle',
    async function* () {
      yield 'a';
      throw new Error();
    },
  ],
  [
    'when it gave no chunk',
    async function* () {
      yield 5 as unknown as string;
    },
  ],
  [
    'when it was longer than its Content-Length',
    async function* () {
      yield 'abc';
      yield 'd';
    },
    [['Content-Length', '2']],
  ],
  [
    'when it was shorter',
    async function* () {
      yield 'a';
    },
    [['Content-Length', '2']],
  ],
  [
    'when HEAD was asked',
    async function* () {
      yield 'a';
      yield 'b';
    },
    TEXT,
    'HEAD',
  ],
];

test('a body is closed exactly once, and its generator ended', async (t) => {
  for (const [name, steps, headers, method] of PATHS) {
    await t.test(name, async () => {
      const body = new CountedBody(steps);
      await run(serve(body, headers), environ({ method: method ?? 'GET' }));
      assert.deepEqual([body.closes, body.returned], [1, 1]);
    });
  }
});

test('a body is closed though the application never called start_response', async () => {
  const body = new CountedBody(async function* () {});
  await run(() => body);
  assert.equal(body.closes, 1);
});

test('what is no iterable, and has a close(), is closed too', async () => {
  let closes = 0;
  await run(() => ({ close: () => void closes++ }) as never);
  assert.equal(closes, 1);
});

test('a list with a close() is closed, and its sink not told that nothing follows', async () => {
  let closes = 0;
  const { sink } = await run((_, start) => {
    start('200 OK', TEXT);
    return Object.assign(['a'], { close: () => void closes++ });
  });
  assert.equal(closes, 1);
  assert.equal(sink.ending, 'complete');
  assert.equal(sink.last, false);
});

test('a close() that fails is reported, and the response stands', async (t) => {
  const fault = new Error('cannot close');
  const ways = {
    'at once': () => {
      throw fault;
    },
    'in its promise': () => Promise.reject(fault),
  };
  for (const [name, close] of Object.entries(ways)) {
    await t.test(name, async () => {
      const { sink, problems } = await run((_, start) => {
        start('200 OK', TEXT);
        return Object.assign(['a'], { close });
      });
      assert.equal(sink.ending, 'complete');
      assert.deepEqual(
        problems.map(({ code, cause }) => [code, cause]),
        [['APP_CLOSE_FAILED', fault]],
      );
    });
  }
});

test('a return() that fails is reported, and close() called all the same', async () => {
  let closes = 0;
  const fault = new Error('cannot return');
  const { problems } = await run((_, start) => {
    start('200 OK', TEXT);
    return {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: 5 as unknown as string }),
        return: () => {
          throw fault;
        },
      }),
      close: () => void closes++,
    };
  });
  assert.deepEqual(
    problems.map(({ code, cause }) => [code, cause]),
    [['APP_CLOSE_FAILED', fault]],
  );
  assert.equal(closes, 1);
});

test('a call ends only when its generator has ended, and its close() after that', async () => {
  const events: string[] = [];
  const slow = Promise.withResolvers<void>();
  const { done } = begin((_, start) => {
    start('200 OK', [['Content-Length', '1']]);
    const steps = (async function* () {
      try {
        yield 'ab';
      } finally {
        await slow.promise;
        events.push('ended');
      }
    })();
    return Object.assign(steps, { close: () => void events.push('closed') });
  });
  void done.then(() => events.push('done'));
  await new Promise(setImmediate);
  assert.deepEqual(events, []);
  slow.resolve();
  await done;
  assert.deepEqual(events, ['ended', 'closed', 'done']);
});

test('a client that leaves while next() pends closes the body once, and hears nothing', async () => {
  const step = Promise.withResolvers<void>();
  const body = new CountedBody(async function* () {
    yield 'a';
    await step.promise;
    yield 'b';
  });
  const { sink, call, done } = begin(serve(body));
  await new Promise(setImmediate);
  call.cancel();
  call.cancel();
  step.resolve();
  await done;
  // The call does not wait for a step that may never come; this one has, and its `finally` runs.
  await new Promise(setImmediate);
  assert.deepEqual([body.closes, body.returned], [1, 1]);
  assert.deepEqual(sink.events, ['start 200 a']);
});

test('an iterator that pends is woken by return()', async () => {
  const woken = Promise.withResolvers<IteratorResult<string>>();
  let closes = 0;
  const { call, done, problems } = begin((_, start) => {
    start('200 OK', TEXT);
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => woken.promise,
        return: async () => {
          woken.reject(new Error('nobody waits'));
          return { done: true as const, value: undefined };
        },
      }),
      close: () => void closes++,
    };
  });
  await new Promise(setImmediate);
  call.cancel();
  await done;
  assert.equal(closes, 1);
  assert.deepEqual(problems, []);
});

test('a client that leaves before the application has answered closes what it answers with', async () => {
  const answer = Promise.withResolvers<void>();
  const body = new CountedBody(async function* () {
    yield 'never';
  });
  const { sink, call, done } = begin(async (_, start) => {
    await answer.promise;
    start('200 OK', TEXT);
    return body;
  });
  call.cancel();
  answer.resolve();
  await done;
  assert.deepEqual([body.closes, sink.events.length], [1, 0]);
});

test('a failure after the client has left is not the response’s', async () => {
  const { sink, call, done } = begin(async function* (_: unknown, start) {
    start('200 OK', TEXT);
    yield 'a';
    throw new Error('too late');
  } as Application);
  call.cancel();
  await done;
  assert.equal(sink.ending, undefined);
});
