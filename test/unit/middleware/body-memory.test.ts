/** The memory of request bodies: one bound for all of a front, and buffers that are used again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyMemory } from '../../../src/middleware/body-memory.ts';
import { bufferBody } from '../../../src/middleware/buffer-body.ts';
import { BUFFERED_BODY, type BufferedBody } from '../../../src/wsgi/buffered-body.ts';
import { Input } from '../../../src/wsgi/input.ts';
import type { Application, Environ } from '../../../src/wsgi/types.ts';
import { Folder } from '../../support/folder.ts';
import { begin, environ, run } from '../wsgi/fake.ts';

test('a body is what was added, however often it had to grow', () => {
  const body = new BodyMemory(1 << 20).open(0);
  const pieces = Array.from({ length: 100 }, (_, at) => Buffer.alloc(1000 + at, at));
  for (const piece of pieces) assert.equal(body.add(piece), true);
  assert.deepEqual(body.bytes, Buffer.concat(pieces));
});

test('bytes count when they have come, and not when they are announced', () => {
  const memory = new BodyMemory(100_000);
  const announced = Array.from({ length: 10 }, () => memory.open(90_000));
  assert.equal(memory.used, 0);
  assert.equal(announced[0]?.add(Buffer.alloc(60_000)), true);
  assert.equal(announced[1]?.add(Buffer.alloc(40_001)), false);
  assert.equal(announced[1]?.add(Buffer.alloc(40_000)), true);
  assert.equal(memory.used, 100_000);
  for (const body of announced) body.close();
  assert.equal(memory.used, 0);
});

test('a buffer that was given back is used again, and only then', () => {
  const memory = new BodyMemory(1 << 20);
  const [one, other] = [memory.open(20_000), memory.open(20_000)];
  one.add(Buffer.alloc(1, 'a'));
  other.add(Buffer.alloc(1, 'b'));
  assert.notEqual(one.bytes.buffer, other.bytes.buffer);
  const { buffer } = one.bytes;
  one.close();
  const next = memory.open(30_000);
  next.add(Buffer.alloc(1, 'c'));
  assert.equal(next.bytes.buffer, buffer);
  assert.deepEqual([String(other.bytes), String(next.bytes)], ['b', 'c']);
});

/** A request whose body comes in one piece of `size` bytes. */
function upload(size: number, chunked = false): Environ {
  const request = environ({
    method: 'POST',
    fields: chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(size)],
  });
  request['wsgi.input'] = Input.of(Buffer.alloc(size, 'x'));
  return request;
}

for (const chunked of [false, true]) {
  const how = chunked ? 'chunked' : 'with its length';
  test(`what goes beyond the bound of all bodies is spooled, whole and unharmed (${how})`, async () => {
    using folder = new Folder();
    const memory = new BodyMemory(150_000);
    const kinds: string[] = [];
    const step = Promise.withResolvers<void>();
    const app: Application = async (request, start) => {
      kinds.push((request[BUFFERED_BODY] as BufferedBody).kind);
      const body = await request['wsgi.input'].read();
      await step.promise;
      start('200 OK', []);
      return [String(body.length), ' ', body.every((byte) => byte === 0x78) ? 'right' : 'wrong'];
    };
    const buffered = bufferBody({ mostInMemory: 100_000, memory, directory: folder.path, failed: assert.fail })(app);
    const first = begin(buffered, upload(100_000, chunked));
    const second = begin(buffered, upload(60_000, chunked));
    step.resolve();
    await Promise.all([first.done, second.done]);
    assert.deepEqual([first.sink.body, second.sink.body], ['100000 right', '60000 right']);
    assert.deepEqual(kinds.sort(), ['file', 'memory']);
    assert.equal(memory.used, 0, 'all of it came back');
    await run(buffered, upload(60_000, chunked));
    assert.equal(kinds.at(-1), 'memory');
  });
}

test('memory that a worker may still be sent is not used again when the response is over', async () => {
  using folder = new Folder();
  const memory = new BodyMemory(1 << 20);
  let release: (() => void | Promise<void>) | undefined;
  const app: Application = (request, start) => {
    const body = request[BUFFERED_BODY] as BufferedBody & { kind: 'memory' };
    release ??= body.hold();
    start('200 OK', []);
    return ['done'];
  };
  const buffered = bufferBody({ mostInMemory: 100_000, memory, directory: folder.path, failed: assert.fail })(app);
  await run(buffered, upload(50_000));
  assert.equal(memory.used, 50_000);
  await release?.();
  assert.equal(memory.used, 0);
});

test('a body that breaks off leaves nothing behind', async () => {
  using folder = new Folder();
  const memory = new BodyMemory(1 << 20);
  const request = upload(50_000);
  let given = false;
  request['wsgi.input'] = new Input(() => {
    if (given) throw new Error('the client left');
    given = true;
    return Buffer.alloc(1000);
  });
  const buffered = bufferBody({ mostInMemory: 100_000, memory, directory: folder.path, failed: assert.fail });
  await run(buffered(assert.fail), request);
  assert.equal(memory.used, 0);
});
