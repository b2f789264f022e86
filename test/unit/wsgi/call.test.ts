/** PEP 3333, point by point (DESIGN.md, section 8), without a server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, Body, Header } from '../../../src/wsgi/types.ts';
import { begin, environ, run } from './fake.ts';

const TEXT: Header[] = [['Content-Type', 'text/plain']];

test('a list leaves in one piece, with its length', async () => {
  const { sink } = await run((_, start) => {
    start('200 OK', TEXT);
    return ['Hello, ', new Uint8Array([0x57]), 'örld'];
  });
  assert.deepEqual(sink.events, ['start 200 Hello, Wörld', 'complete']);
  assert.equal(sink.header('Content-Length'), '13');
  assert.equal(sink.last, true);
});

test('a large list leaves in pieces, with its length all the same', async () => {
  const pieces = Array.from({ length: 3 }, (_, at) => String(at).repeat(50_000));
  const { sink } = await run((_, start) => {
    start('200 OK', TEXT);
    return ['', ...pieces];
  });
  assert.equal(sink.body, pieces.join(''));
  assert.equal(sink.header('Content-Length'), '150000');
  assert.equal(sink.ending, 'ended');
});

test('start_response may be called as late as the first next()', async () => {
  const { sink } = await run(async function* (_, start) {
    start('201 Created', TEXT);
    yield 'late';
  } as Application);
  assert.deepEqual(sink.events, ['start 201 late', 'ended']);
});

test('an application that never calls start_response fails, whatever its body', async (t) => {
  const bodies: Record<string, () => Body> = {
    'a list': () => ['a'],
    'an empty list': () => [],
    'an iterable': () => new Set(['a']),
    'an iterable of nothing': () => new Set<string>(),
  };
  for (const [name, body] of Object.entries(bodies)) {
    await t.test(name, async () => {
      const { sink } = await run(() => body());
      assert.equal(sink.code, 'APP_NO_START_RESPONSE');
      assert.equal(sink.head, undefined);
    });
  }
});

test('an empty chunk never sends the head', async () => {
  const { sink } = await run(async function* (_, start) {
    start('200 OK', TEXT);
    yield '';
    yield new Uint8Array(0);
    start('404 Not Found', TEXT, new Error('found out late'));
    yield 'gone';
  } as Application);
  assert.deepEqual(sink.events, ['start 404 gone', 'ended']);
});

test('a second start_response without an error fails the response', async () => {
  const { sink } = await run((_, start) => {
    start('200 OK', TEXT);
    start('200 OK', TEXT);
    return ['a'];
  });
  assert.equal(sink.code, 'APP_START_RESPONSE_TWICE');
  assert.equal(sink.head, undefined);
});

test('an error replaces status, headers and length while the head is here', async () => {
  const { sink } = await run((_, start) => {
    start('200 OK', [['Content-Length', '100']]);
    start('500 Internal Server Error', [['X-Page', 'error']], new Error('late'));
    return ['sorry'];
  });
  assert.equal(sink.status, '500 Internal Server Error');
  assert.deepEqual(sink.head?.headers, [
    ['X-Page', 'error'],
    ['Content-Length', '5'],
  ]);
  assert.equal(sink.body, 'sorry');
});

test('an error is thrown again once the head has gone', async () => {
  const late = new Error('late');
  const { sink } = await run(async function* (_, start) {
    start('200 OK', TEXT);
    yield 'a';
    start('500 Internal Server Error', TEXT, late);
    yield 'never';
  } as Application);
  assert.equal(sink.error, late);
  assert.deepEqual(sink.events, ['start 200 a', 'failed']);
});

test('what write() was given goes before the iterable', async () => {
  const { sink } = await run(async (_, start) => {
    const write = start('200 OK', TEXT);
    await write('a');
    await write('');
    void write('b');
    return ['c', 'd'];
  });
  assert.deepEqual(sink.events, ['start 200 a', 'write b', 'write c', 'write d', 'ended']);
});

test('write() resolves when there is room for more', async () => {
  const room = Promise.withResolvers<void>();
  const seen: string[] = [];
  const { sink, done } = begin(async (_, start) => {
    await null;
    const write = start('200 OK', TEXT);
    await write('a');
    seen.push('written');
    return [];
  });
  sink.onPiece = () => room.promise;
  await new Promise(setImmediate);
  assert.deepEqual([sink.body, seen], ['a', []]);
  room.resolve();
  await done;
  assert.deepEqual(seen, ['written']);
});

const WRONG_BODIES: readonly (readonly [name: string, body: unknown, code: string, cure: string])[] = [
  ['a string', 'Hello', 'APP_BODY_IS_CHUNK', 'return [body]'],
  ['bytes', new Uint8Array([1]), 'APP_BODY_IS_CHUNK', 'return [body]'],
  ['a Buffer', Buffer.from('a'), 'APP_BODY_IS_CHUNK', 'return [body]'],
  ['nothing', undefined, 'APP_BODY_NOT_ITERABLE', 'return an iterable of chunks, such as [body]'],
  ['null', null, 'APP_BODY_NOT_ITERABLE', 'return an iterable of chunks, such as [body]'],
  ['a number', 5, 'APP_BODY_NOT_ITERABLE', 'return an iterable of chunks, such as [body]'],
  ['an object', {}, 'APP_BODY_NOT_ITERABLE', 'return an iterable of chunks, such as [body]'],
  ['a list with a number', [5], 'APP_CHUNK_INVALID', 'yield a Uint8Array or a string'],
  ['an iterable with null', new Set([null]), 'APP_CHUNK_INVALID', 'yield a Uint8Array or a string'],
  ['a list with a promise', [Promise.resolve('a')], 'APP_CHUNK_INVALID', 'yield a Uint8Array or a string'],
];

test('a body that is none is refused with the cure', async (t) => {
  for (const [name, body, code, cure] of WRONG_BODIES) {
    await t.test(`${name}: ${code}`, async () => {
      const { sink } = await run((_, start) => {
        start('200 OK', TEXT);
        return body as Body;
      });
      assert.equal(sink.code, code);
      assert.equal((sink.error as { cure?: string }).cure, cure);
      assert.equal(sink.head, undefined);
    });
  }
});

test('an exception in mid-body fails the response, and nothing is glued on', async () => {
  const fault = new Error('in the middle');
  const { sink } = await run(async function* (_, start) {
    start('200 OK', TEXT);
    yield 'a';
    throw fault;
  } as Application);
  assert.equal(sink.error, fault);
  assert.deepEqual(sink.events, ['start 200 a', 'failed']);
});

test('an application that throws, at once or in its promise, fails before its head', async (t) => {
  const fault = new Error('no');
  const apps: Record<string, Application> = {
    'at once': () => {
      throw fault;
    },
    'in its promise': () => Promise.reject(fault),
    'after start_response': (_, start) => {
      start('200 OK', TEXT);
      throw fault;
    },
    'as its iterator is made': (_, start) => {
      start('200 OK', TEXT);
      return {
        [Symbol.iterator]: () => {
          throw fault;
        },
      };
    },
  };
  for (const [name, app] of Object.entries(apps)) {
    await t.test(name, async () => {
      const { sink } = await run(app);
      assert.equal(sink.error, fault);
      assert.equal(sink.head, undefined);
    });
  }
});

test('hop-by-hop headers are dropped, each with a report', async () => {
  const { sink, problems } = await run((_, start) => {
    start('200 OK', [['Connection', 'close'], ...TEXT, ['Transfer-Encoding', 'chunked'], ['kEEP-aLIVE', 'x']]);
    return ['a'];
  });
  assert.deepEqual(sink.head?.headers, [...TEXT, ['Content-Length', '1']]);
  assert.deepEqual(
    problems.map(({ code, message }) => [code, message]),
    [
      ['APP_HOP_BY_HOP', 'the header Connection was dropped'],
      ['APP_HOP_BY_HOP', 'the header Transfer-Encoding was dropped'],
      ['APP_HOP_BY_HOP', 'the header kEEP-aLIVE was dropped'],
    ],
  );
});

test('the input and the environ are the ones that the server made', async () => {
  const request = environ({ method: 'POST' }, 'body');
  const { sink } = await run(async (given, start) => {
    assert.equal(given, request);
    start('200 OK', TEXT);
    return [await given['wsgi.input'].read()];
  }, request);
  assert.equal(sink.body, 'body');
});
