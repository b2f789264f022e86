/** A request's body in a Node worker, as it comes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, ClientGone } from '../../../src/errors.ts';
import { StreamedBody } from '../../../src/workers/node/streamed-body.ts';
import { Input } from '../../../src/wsgi/input.ts';

const WINDOW = 100;

function make(): { body: StreamedBody; input: Input; grants: number[] } {
  const grants: number[] = [];
  const body = new StreamedBody(WINDOW, (size) => void grants.push(size));
  return { body, input: new Input(() => body.pull()), grants };
}

test('nothing is asked for before the first read, then a window, then what was read of it in halves', async () => {
  const { body, input, grants } = make();
  assert.deepEqual(grants, []);
  const first = input.read(10);
  assert.deepEqual(grants, [WINDOW]);
  body.receive(Buffer.alloc(30), false);
  body.receive(Buffer.alloc(19), false);
  assert.equal((await first).length, 10);
  await input.read(39);
  assert.deepEqual(grants, [WINDOW]);
  body.receive(Buffer.alloc(1), false);
  await input.read(1);
  assert.deepEqual(grants, [WINDOW, 50]);
});

test('what came is given before the end, which stays, and asks for nothing more', async () => {
  const { body, input, grants } = make();
  const all = input.read();
  body.receive(Buffer.from('ab'), false);
  body.receive(Buffer.alloc(80), false);
  body.receive(Buffer.from('c'), true);
  assert.equal((await all).length, 83);
  assert.equal((await input.read()).length, 0);
  assert.equal(await input.piece(), undefined);
  assert.deepEqual(grants, [WINDOW]);
});

test('two reads that wait are answered in their order', async () => {
  const { body, grants } = make();
  const reads = [body.pull(), body.pull(), body.pull()];
  for (const text of ['a', 'b']) body.receive(Buffer.from(text), false);
  body.receive(Buffer.alloc(0), true);
  assert.deepEqual(await Promise.all(reads), [Buffer.from('a'), Buffer.from('b'), undefined]);
  assert.deepEqual(grants, [WINDOW]);
});

test('a body that is cut short rejects, again and again, whether it is waited for or not', async () => {
  for (const waits of [true, false]) {
    const { body, input } = make();
    const read = waits ? input.read() : undefined;
    body.receive(Buffer.from('a part'), false);
    body.abort('BODY_TOO_SLOW: in any words');
    const fits = (error: unknown) => error instanceof ClientError && error.code === 'BODY_TOO_SLOW';
    await assert.rejects(read ?? input.read(), fits);
    await assert.rejects(input.read(), fits);
  }
});

test('a reason that is not the request’s fault is a client that is gone', async () => {
  for (const reason of ['CLIENT_GONE: it left', 'toString: no code', '']) {
    const { body, input } = make();
    body.abort(reason);
    await assert.rejects(input.read(), ClientGone);
  }
});
