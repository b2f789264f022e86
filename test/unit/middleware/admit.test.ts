/** What an app has no room for is refused before its body is read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OverloadCode, REFUSED_FOR } from '../../../src/errors.ts';
import { admit } from '../../../src/middleware/admit.ts';
import type { Application, Body, Environ } from '../../../src/wsgi/types.ts';
import { environ, run } from '../wsgi/fake.ts';

interface Gate {
  readonly ask: (app: Application, given?: Environ) => ReturnType<typeof run>;
  readonly refused: OverloadCode[];
}

function gate(most: number, isFull = () => false): Gate {
  const refused: OverloadCode[] = [];
  const middleware = admit(
    { most, isFull, retryAfter: () => 7, refused: (code) => void refused.push(code) },
    { count: 0 },
  );
  const inner: { app?: Application } = {};
  const application = middleware((request, start) => (inner.app as Application)(request, start));
  const ask = (app: Application, given?: Environ) => {
    inner.app = app;
    return run(application, given);
  };
  return { ask, refused };
}

const upload = () => environ({ method: 'POST', fields: ['Content-Length', '5'] }, 'hello');

const answerNext: Application = (_, start) => {
  start('200 OK', []);
  return ['next'];
};

/** An application that waits until it is let go, in the way that it returns. */
function held(kind: 'promise' | 'iterable'): { app: Application; letGo: (body?: Body) => void } {
  const { promise, resolve } = Promise.withResolvers<Body>();
  const app: Application = (_, start) => {
    start('200 OK', []);
    if (kind === 'promise') return promise;
    return (async function* () {
      yield* await promise;
    })();
  };
  return { app, letGo: (body = ['done']) => resolve(body) };
}

for (const kind of ['promise', 'iterable'] as const) {
  test(`a request is inside until its body has been closed: ${kind}`, async () => {
    const { ask, refused } = gate(1);
    const { app, letGo } = held(kind);
    const first = ask(app);
    const second = await ask(app);
    assert.equal(second.sink.head?.status, '503 Service Unavailable');
    assert.deepEqual(
      second.sink.head?.headers.filter(([name]) => name === 'Retry-After'),
      [['Retry-After', '7']],
    );
    assert.deepEqual(refused, ['CONCURRENCY_LIMIT']);
    letGo();
    assert.equal((await first).sink.body, 'done');
    assert.equal((await ask(answerNext)).sink.body, 'next');
  });
}

test('one that fails leaves its place, whenever it does', async () => {
  const { ask, refused } = gate(1);
  const failing: Application[] = [
    () => {
      throw new Error('at once');
    },
    () => Promise.reject(new Error('later')),
    () => 'no body' as unknown as Body,
    async function* (_: Environ, start: Parameters<Application>[1]) {
      start('200 OK', []);
      yield 'x';
      throw new Error('in the middle');
    } as Application,
  ];
  for (const app of failing) assert.notEqual((await ask(app)).sink.error, undefined);
  assert.deepEqual(refused, []);
});

test('where the queue is full, a request with a body is refused and its body not read; one without finds out itself', async () => {
  const { ask, refused } = gate(0, () => true);
  assert.equal((await ask(answerNext)).sink.body, 'next');
  const empty = environ({ method: 'POST', fields: ['Content-Length', '0'] });
  assert.equal((await ask(answerNext, empty)).sink.body, 'next');
  const given = upload();
  const { sink } = await ask(answerNext, given);
  assert.deepEqual([sink.head?.code, given[REFUSED_FOR], refused], [503, 'QUEUE_FULL', ['QUEUE_FULL']]);
  assert.equal((await given['wsgi.input'].read()).length, 5);
});
