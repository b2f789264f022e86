import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, ClientGone } from '../../../src/errors.ts';
import { APP_NAME, type RequestRecord, recordRequests } from '../../../src/middleware/record-requests.ts';
import { Input } from '../../../src/wsgi/input.ts';
import type { Application, Body, Environ, Header } from '../../../src/wsgi/types.ts';
import { begin, CountedBody, environ, type Ran, run } from '../wsgi/fake.ts';

const TEXT: Header[] = [['Content-Type', 'text/plain']];

/** Runs an application behind the records, on a clock that moves 1.5 ms at each look. */
async function logged(app: Application, request: Environ = environ()): Promise<Ran & { records: RequestRecord[] }> {
  const records: RequestRecord[] = [];
  let now = 0;
  const ran = await run(
    recordRequests(
      (record) => void records.push(record),
      () => (now += 1.5),
    )(app),
    request,
  );
  return { ...ran, records };
}

function give(body: Body): Application {
  return (_, start) => {
    start('404 Not Found', TEXT);
    return body;
  };
}

test('a record says who asked what, and what came of it', async () => {
  const request = environ({ method: 'POST', path: '/caf%C3%A9', query: 'secret=1', fields: ['Cookie', 'secret'] });
  request.HTTP_X_REQUEST_ID = 'id-1';
  request.SCRIPT_NAME = '/app';
  request.CONTENT_LENGTH = '7';
  request[APP_NAME] = 'blog';
  request['wsgi.input'] = Input.of(Buffer.from('a body!'));
  const reads: Application = async (environ, start) => {
    await environ['wsgi.input'].read();
    return give(['abc', 'é'])(environ, start);
  };
  const { records } = await logged(reads, request);
  assert.deepEqual(records, [
    {
      app: 'blog',
      request: 'id-1',
      remote: '192.0.2.1',
      method: 'POST',
      path: '/app/café',
      protocol: 'HTTP/1.1',
      status: 404,
      bytes: 5,
      received: 7,
      ms: 1.5,
      complete: true,
    },
  ]);
  assert.doesNotMatch(JSON.stringify(records), /secret/);
});

test('what was announced and never came is not counted, and its time neither', async () => {
  const request = environ({ method: 'POST' });
  request.CONTENT_LENGTH = '1000';
  let clock = 0;
  request['wsgi.input'] = new Input(() => {
    clock += 60_000;
    return clock > 60_000 ? undefined : Buffer.from('abc');
  });
  const records: RequestRecord[] = [];
  const reads: Application = async (environ, start) => {
    await environ['wsgi.input'].read();
    clock += 5;
    return give([])(environ, start);
  };
  await run(
    recordRequests(
      (record) => void records.push(record),
      () => clock,
    )(reads),
    request,
  );
  assert.deepEqual([records[0]?.received, records[0]?.ms], [3, 5]);
});

test('where there is no app and no body, a record says so', async () => {
  const { records } = await logged(give([]));
  assert.deepEqual([records[0]?.app, records[0]?.received], ['', 0]);
});

test('the response passes unchanged', async () => {
  const { sink } = await logged(give(new Set(['a', '', 'b'])));
  assert.deepEqual([sink.status, sink.body, sink.ending], ['404 Not Found', 'ab', 'ended']);
});

test('what write() was given is counted too', async () => {
  const { records } = await logged(async (_, start) => {
    const write = start('200 OK', TEXT);
    await write('abc');
    await write(new Uint8Array(2));
    return ['d'];
  });
  assert.deepEqual([records[0]?.bytes, records[0]?.status], [6, 200]);
});

test('the last status counts', async () => {
  const { records } = await logged((_, start) => {
    start('200 OK', TEXT);
    start('500 Internal Server Error', TEXT, new Error());
    return [];
  });
  assert.equal(records[0]?.status, 500);
});

const FAILURES: readonly (readonly [name: string, app: Application, status: number])[] = [
  [
    'an application that throws',
    () => {
      throw new Error();
    },
    500,
  ],
  ['an application that rejects', () => Promise.reject(new Error()), 500],
  [
    'a body that throws before its head',
    async function* () {
      yield Promise.reject(new Error());
    } as unknown as Application,
    500,
  ],
  [
    'a refused body',
    () => {
      throw new ClientError('BODY_TOO_LARGE');
    },
    413,
  ],
  [
    'a client that is gone',
    () => {
      throw new ClientGone();
    },
    499,
  ],
  ['a body that is a string', () => 'a' as unknown as Body, 500],
  [
    'no body at all',
    (_, start) => {
      start('200 OK', TEXT);
      return undefined as unknown as Body;
    },
    500,
  ],
  [
    'a body that throws behind its head',
    async function* (_: unknown, start: Parameters<Application>[1]) {
      start('200 OK', TEXT);
      yield 'a';
      throw new Error();
    } as Application,
    200,
  ],
];

test('a response that fails has one record too, and it is not complete', async (t) => {
  for (const [name, app, status] of FAILURES) {
    await t.test(`${name}: ${status}`, async () => {
      const { records, sink } = await logged(app);
      assert.equal(sink.ending, 'failed');
      assert.deepEqual(
        records.map((record) => [record.status, record.complete]),
        [[status, false]],
      );
    });
  }
});

test('a client that leaves closes the body, and the record says that it is not complete', async () => {
  const records: RequestRecord[] = [];
  const step = Promise.withResolvers<void>();
  const body = new CountedBody(async function* () {
    yield 'a';
    await step.promise;
    yield 'b';
    yield 'never';
  });
  const { call, done } = begin(
    recordRequests(
      (record) => void records.push(record),
      () => 0,
    )(give(body)),
  );
  await new Promise(setImmediate);
  call.cancel();
  step.resolve();
  await done;
  // The call does not wait for a step that may never come; this one has, and its `finally` runs.
  await new Promise(setImmediate);
  assert.deepEqual([body.closes, body.returned], [1, 1]);
  assert.deepEqual(
    records.map(({ status, complete }) => [status, complete]),
    [[404, false]],
  );
});

test('a client that leaves before the body is asked for is told to the body all the same', async () => {
  let returned = 0;
  const answer = Promise.withResolvers<void>();
  const { call, done } = begin(
    recordRequests(
      () => undefined,
      () => 0,
    )(async (_, start) => {
      await answer.promise;
      start('200 OK', TEXT);
      const steps: AsyncIterableIterator<string> = {
        next: async () => ({ done: true, value: undefined }),
        return: async () => {
          returned++;
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]: () => steps,
      };
      return steps;
    }),
  );
  call.cancel();
  answer.resolve();
  await done;
  assert.equal(returned, 1);
});

test('a close() that fails does not cost the record', async () => {
  const { records, problems } = await logged(give(Object.assign(['a'], { close: () => Promise.reject(new Error()) })));
  assert.equal(records.length, 1);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['APP_CLOSE_FAILED'],
  );
});
