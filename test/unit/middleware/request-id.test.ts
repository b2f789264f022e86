import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestId, requestIds } from '../../../src/middleware/request-id.ts';
import { isRequestId } from '../../../src/wsgi/request-id.ts';
import type { Application, Header } from '../../../src/wsgi/types.ts';
import { environ, run } from '../wsgi/fake.ts';

function echo(headers: Header[] = []): Application {
  return (request, start) => {
    start('200 OK', headers);
    return [String(request.HTTP_X_REQUEST_ID)];
  };
}

const wrap = requestId(() => 'new-1');

test('a safe id of the client is kept, given to the application and sent back', async () => {
  const { sink } = await run(wrap(echo()), environ({ fields: ['X-Request-Id', 'Client_id.1-a'] }));
  assert.equal(sink.body, 'Client_id.1-a');
  assert.equal(sink.header('X-Request-Id'), 'Client_id.1-a');
});

test('an id that is not safe is replaced', async (t) => {
  for (const id of ['', 'a b', 'a\tb', '<script>', 'é', '"', 'a,b', 'x'.repeat(129), undefined]) {
    await t.test(JSON.stringify(id) ?? 'none', async () => {
      const { sink } = await run(wrap(echo()), environ({ fields: id === undefined ? [] : ['X-Request-Id', id] }));
      assert.deepEqual([sink.body, sink.header('X-Request-Id')], ['new-1', 'new-1']);
    });
  }
  assert.equal(isRequestId('x'.repeat(128)), true);
});

test('an id that the application sends itself stands alone', async () => {
  const { sink } = await run(wrap(echo([['x-request-ID', 'own']])));
  assert.deepEqual(
    sink.head?.headers.filter(([name]) => name.toLowerCase() === 'x-request-id'),
    [['x-request-ID', 'own']],
  );
});

test('the application’s own array of headers is not changed', async () => {
  const headers: Header[] = [];
  await run(wrap(echo(headers)));
  assert.deepEqual(headers, []);
});

test('headers that are none are left for the server to refuse', async () => {
  const { sink } = await run(wrap(echo('nonsense' as unknown as Header[])));
  assert.equal(sink.code, 'APP_HEADERS_INVALID');
});

test('ids never repeat, differ between processes, and are safe', () => {
  const [one, other] = [requestIds(), requestIds()];
  const ids = Array.from({ length: 2000 }, (_, at) => (at % 2 === 0 ? one() : other()));
  assert.equal(new Set(ids).size, ids.length);
  assert(ids.every(isRequestId));
});
