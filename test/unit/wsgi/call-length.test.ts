/** Content-Length and bodies that have none (PEP 3333, "Handling the Content-Length Header"; RFC 9110, 8.6 and 9.3.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, Body, Header } from '../../../src/wsgi/types.ts';
import { environ, run } from './fake.ts';

function give(status: string, headers: Header[], body: () => Body): Application {
  return (_, start) => {
    start(status, headers);
    return body();
  };
}

function length(size: number): Header[] {
  return [['Content-Length', String(size)]];
}

/** The same chunks as each kind of body that there is. */
function kinds(...chunks: string[]): Record<string, () => Body> {
  return {
    'a list': () => [...chunks],
    'an iterable': () => new Set(chunks),
    'a generator': () =>
      (async function* () {
        yield* chunks;
      })(),
  };
}

test('a body longer than Content-Length is cut there, and reported once', async (t) => {
  const big = 'x'.repeat(100_000);
  for (const [size, chunks, expected] of [
    [3, ['ab', 'cd', 'ef'], 'abc'],
    [0, ['ab'], ''],
    [70_000, [big, 'more'], big.slice(0, 70_000)],
  ] as const) {
    for (const [kind, body] of Object.entries(kinds(...chunks))) {
      await t.test(`${kind} for ${size} bytes`, async () => {
        const { sink, problems } = await run(give('200 OK', length(size), body));
        assert.equal(sink.body, expected);
        assert.notEqual(sink.ending, 'failed');
        assert.deepEqual(
          problems.map(({ code }) => code),
          ['APP_BODY_TOO_LONG'],
        );
      });
    }
  }
});

test('the iteration stops where Content-Length is reached and passed', async () => {
  let steps = 0;
  const { sink } = await run(
    give('200 OK', length(3), () =>
      (function* () {
        for (; steps < 100; steps++) yield 'ab';
      })(),
    ),
  );
  assert.equal(sink.body, 'aba');
  assert.equal(steps, 1);
});

test('write() past Content-Length is cut likewise', async () => {
  const { sink, problems } = await run(async (_, start) => {
    const write = start('200 OK', length(3));
    await write('abcd');
    await write('efgh');
    return ['ijkl'];
  });
  assert.equal(sink.body, 'abc');
  assert.equal(sink.ending, 'ended');
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['APP_BODY_TOO_LONG'],
  );
});

test('a body shorter than Content-Length never looks complete', async (t) => {
  for (const chunks of [[], ['ab', 'c'], ['x'.repeat(70_000)]]) {
    for (const [kind, body] of Object.entries(kinds(...chunks))) {
      await t.test(`${kind} of ${chunks.join('').length} bytes`, async () => {
        const { sink } = await run(give('200 OK', length(80_000), body));
        assert.equal(sink.code, 'APP_BODY_TOO_SHORT');
        assert.deepEqual(
          sink.events.filter((event) => ['complete', 'ended', 'failed'].includes(event)),
          ['failed'],
        );
      });
    }
  }
});

test('a body as long as its Content-Length is complete', async (t) => {
  for (const [kind, body] of Object.entries(kinds('ab', 'c'))) {
    await t.test(kind, async () => {
      const { sink, problems } = await run(give('200 OK', length(3), body));
      assert.equal(sink.body, 'abc');
      assert.notEqual(sink.ending, 'failed');
      assert.deepEqual(problems, []);
      assert.equal(sink.head?.headers.length, 1);
    });
  }
});

test('a response without a body drops what the application gives', async (t) => {
  const cases = [
    ['HEAD with a length', 'HEAD', '200 OK', length(3), '3'],
    ['304 with a length', 'GET', '304 Not Modified', length(3), '3'],
    ['304 without one', 'GET', '304 Not Modified', [], undefined],
    ['204 with a length', 'GET', '204 No Content', length(3), undefined],
    ['204 without one', 'GET', '204 No Content', [], undefined],
  ] as const;
  for (const [name, method, status, headers, expected] of cases) {
    for (const [kind, body] of Object.entries(kinds('ab', 'c'))) {
      await t.test(`${name}, ${kind}`, async () => {
        const { sink, problems } = await run(give(status, [...headers], body), environ({ method }));
        assert.equal(sink.body, '');
        assert.notEqual(sink.ending, 'failed');
        assert.equal(sink.header('Content-Length'), expected);
        assert.deepEqual(problems, []);
      });
    }
  }
});

test('HEAD tells the length of the list that a GET would get', async () => {
  const { sink } = await run(
    give('200 OK', [], () => ['abc']),
    environ({ method: 'HEAD' }),
  );
  assert.equal(sink.header('Content-Length'), '3');
});

test('HEAD with a body of nothing says nothing of a GET', async (t) => {
  for (const [kind, body] of Object.entries(kinds())) {
    await t.test(kind, async () => {
      const { sink } = await run(give('200 OK', [], body), environ({ method: 'HEAD' }));
      assert.equal(sink.header('Content-Length'), undefined);
      assert.equal(sink.ending, 'complete');
    });
  }
});

test('HEAD does not ask for more than the first chunk', async () => {
  let steps = 0;
  await run(
    give('200 OK', [], () =>
      (function* () {
        for (; steps < 100; steps++) yield 'ab';
      })(),
    ),
    environ({ method: 'HEAD' }),
  );
  assert.equal(steps, 0);
});

test('an empty body has the length 0', async (t) => {
  for (const [kind, body] of Object.entries(kinds())) {
    await t.test(kind, async () => {
      const { sink } = await run(give('200 OK', [], body));
      assert.equal(sink.header('Content-Length'), '0');
      assert.equal(sink.ending, 'complete');
    });
  }
});

test('an iterable of unknown length is given none', async () => {
  const { sink } = await run(give('200 OK', [], () => new Set(['a', 'b'])));
  assert.equal(sink.header('Content-Length'), undefined);
  assert.deepEqual(sink.events, ['start 200 a', 'write b', 'ended']);
});
