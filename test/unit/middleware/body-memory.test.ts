/** The memory of request bodies: one bound for all of a front, and buffers that are used again. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BodyMemory } from '../../../src/middleware/body-memory.ts';
import { bufferBody } from '../../../src/middleware/buffer-body.ts';
import { KeptBody } from '../../../src/middleware/kept-body.ts';
import { SharedBodies } from '../../../src/middleware/shared-bodies.ts';
import { BUFFERED_BODY, type BufferedBody } from '../../../src/wsgi/buffered-body.ts';
import { Input } from '../../../src/wsgi/input.ts';
import type { Application, Environ } from '../../../src/wsgi/types.ts';
import { Folder } from '../../support/folder.ts';
import { begin, environ, run } from '../wsgi/fake.ts';

test('a body is what was added, wherever it is kept and however often it had to move', () => {
  using shared = new SharedFolder();
  const memory = new BodyMemory(64 << 20);
  for (const expected of [0, 500, 9000, 104_950]) {
    for (const count of [0, 1, 8, 9, 100]) {
      const body = new KeptBody(memory, shared.open(memory), expected);
      const pieces = Array.from({ length: count }, (_, at) => Buffer.alloc(1000 + at, at));
      for (const piece of pieces) assert.equal(body.add(piece), true);
      assert.ok(Buffer.concat(pieces).equals(body.copy()));
      const finished = body.finish(() => () => undefined);
      assert.equal(finished.kind, body.size > 8192 ? 'shared' : 'memory');
      body.close();
    }
  }
});

test('bytes count when they have come, and not when they are announced', () => {
  using shared = new SharedFolder();
  const memory = new BodyMemory(210_000);
  const bodies = shared.open(memory);
  const announced = Array.from({ length: 10 }, () => new KeptBody(memory, bodies, 90_000));
  for (const body of announced) body.add(Buffer.alloc(1000));
  assert.equal(memory.used, 10_000);
  assert.equal(announced[0]?.add(Buffer.alloc(60_000)), true);
  assert.equal(announced[1]?.add(Buffer.alloc(60_000)), true);
  assert.equal(announced[2]?.add(Buffer.alloc(60_000)), false);
  assert.equal(announced[2]?.size, 1000, 'nothing is taken then');
  for (const body of announced) body.close();
  bodies.close();
  assert.equal(memory.used, 0);
});

test('a buffer that was given back is used again, and only then', () => {
  const memory = new BodyMemory(1 << 20);
  const [one, other] = [memory.take(), memory.take()];
  assert.notEqual(one.buffer, other.buffer);
  memory.giveBack(one);
  assert.equal(memory.take(), one);
});

/** Files of shared bodies. */
class SharedFolder implements Disposable {
  readonly #folder = new Folder();
  #count = 0;

  open(memory: BodyMemory): SharedBodies {
    const path = join(this.#folder.path, String(++this.#count));
    writeFileSync(path, '');
    return new SharedBodies(path, memory, () => ({ free: 0, total: 0 }));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

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
    using files = new SharedFolder();
    const memory = new BodyMemory(150_000);
    const shared = files.open(memory);
    const kinds: string[] = [];
    const step = Promise.withResolvers<void>();
    const app: Application = async (request, start) => {
      kinds.push((request[BUFFERED_BODY] as BufferedBody).kind);
      const body = await request['wsgi.input'].read();
      await step.promise;
      start('200 OK', []);
      return [String(body.length), ' ', body.every((byte) => byte === 0x78) ? 'right' : 'wrong'];
    };
    const buffered = bufferBody({ mostInMemory: 100_000, memory, shared, directory: folder.path, failed: assert.fail })(
      app,
    );
    const first = begin(buffered, upload(100_000, chunked));
    const second = begin(buffered, upload(60_000, chunked));
    step.resolve();
    await Promise.all([first.done, second.done]);
    assert.deepEqual([first.sink.body, second.sink.body], ['100000 right', '60000 right']);
    assert.deepEqual(kinds.sort(), ['file', 'shared']);
    shared.trim();
    shared.trim();
    assert.equal(memory.used, 0, 'all of it came back');
    await run(buffered, upload(60_000, chunked));
    assert.equal(kinds.at(-1), 'shared');
  });
}

test('memory that a worker may still be sent is not used again when the response is over', async () => {
  using folder = new Folder();
  using files = new SharedFolder();
  const memory = new BodyMemory(1 << 20);
  const shared = files.open(memory);
  let release: (() => void | Promise<void>) | undefined;
  const app: Application = (request, start) => {
    const body = request[BUFFERED_BODY] as BufferedBody & { kind: 'shared' };
    release ??= body.hold();
    start('200 OK', []);
    return ['done'];
  };
  const buffered = bufferBody({ mostInMemory: 100_000, memory, shared, directory: folder.path, failed: assert.fail })(
    app,
  );
  await run(buffered, upload(50_000));
  shared.trim();
  shared.trim();
  assert.equal(memory.used, 65_536);
  await release?.();
  shared.trim();
  shared.trim();
  assert.equal(memory.used, 0);
});

test('a body that breaks off leaves nothing behind', async () => {
  using folder = new Folder();
  using files = new SharedFolder();
  const memory = new BodyMemory(1 << 20);
  const shared = files.open(memory);
  const request = upload(50_000);
  let given = false;
  request['wsgi.input'] = new Input(() => {
    if (given) throw new Error('the client left');
    given = true;
    return Buffer.alloc(1000);
  });
  const buffered = bufferBody({ mostInMemory: 100_000, memory, shared, directory: folder.path, failed: assert.fail });
  await run(buffered(assert.fail), request);
  shared.close();
  assert.equal(memory.used, 0);
});
