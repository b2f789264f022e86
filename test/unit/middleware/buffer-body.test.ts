/** Request bodies read before the application is called, in memory or in a file that has no name. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { BodyMemory } from '../../../src/middleware/body-memory.ts';
import { bufferBody, type SpoolFailed } from '../../../src/middleware/buffer-body.ts';
import { BUFFERED_BODY, type BufferedBody, type Release } from '../../../src/wsgi/buffered-body.ts';
import { Input } from '../../../src/wsgi/input.ts';
import type { Application, Body, Environ, Header } from '../../../src/wsgi/types.ts';
import { Folder } from '../../support/folder.ts';
import { heldMemory } from '../../support/memory.ts';
import { begin, environ, type Ran, run } from '../wsgi/fake.ts';

const TEXT: Header[] = [['Content-Type', 'text/plain']];
const MEMORY = 1000;
const SETTINGS = () => ({ mostInMemory: MEMORY, memory: new BodyMemory(1 << 20) });

/** A request whose body comes in pieces; `Content-Length` is there unless it is chunked. */
function upload(pieces: readonly string[], chunked = false, failure?: Error): Environ {
  const rest = pieces.map((piece) => Buffer.from(piece));
  const length = rest.reduce((sum, piece) => sum + piece.length, 0);
  const request = environ({
    method: 'POST',
    fields: chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(length)],
  });
  request['wsgi.input'] = new Input(async () => {
    const piece = rest.shift();
    if (piece === undefined && failure !== undefined) throw failure;
    return piece;
  });
  return request;
}

function openFilesIn(folder: Folder): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const name = readlinkSync(`/proc/self/fd/${fd}`);
      return name.startsWith(folder.path) ? [name] : [];
    } catch {
      return [];
    }
  });
}

function buffered(folder: Folder, app: Application): Application {
  return bufferBody({ ...SETTINGS(), directory: folder.path, failed: assert.fail })(app);
}

/** Answers with the body that it reads, and tells what it was given. */
function echo(seen: { body?: BufferedBody; environ?: Environ }): Application {
  return async (request, start) => {
    seen.environ = request;
    seen.body = request[BUFFERED_BODY] as BufferedBody;
    start('200 OK', TEXT);
    return [await request['wsgi.input'].read()];
  };
}

test('a body of up to the limit stays in memory', async (t) => {
  for (const [name, pieces] of [
    ['nothing', ['']],
    ['a byte', ['a']],
    ['the limit', ['x'.repeat(600), 'y'.repeat(400)]],
  ] as const) {
    await t.test(name, async () => {
      using folder = new Folder();
      const seen: Parameters<typeof echo>[0] = {};
      const { sink } = await run(buffered(folder, echo(seen)), upload(pieces));
      assert.equal(sink.body, pieces.join(''));
      assert(seen.body?.kind === 'memory');
      assert.equal(Buffer.from(seen.body.bytes).toString(), pieces.join(''));
    });
  }
});

test('a larger body is spooled to a file that has no name, and reads the same', async () => {
  using folder = new Folder();
  const pieces = ['a'.repeat(1001), 'b'.repeat(200_000), 'c'];
  const seen: Parameters<typeof echo>[0] = {};
  const { sink } = await run(
    buffered(folder, async (request, start) => {
      const { path, size } = request[BUFFERED_BODY] as BufferedBody & { kind: 'file' };
      assert.equal(size, 201_002);
      assert.deepEqual(readdirSync(folder.path), []);
      assert.equal(readFileSync(path, 'utf8'), pieces.join(''), 'another process opens it by its path');
      return echo(seen)(request, start);
    }),
    upload(pieces),
  );
  assert.equal(sink.body, pieces.join(''));
  assert.deepEqual(openFilesIn(folder), []);
});

test('what came chunked is given its length, and is no longer chunked', async () => {
  using folder = new Folder();
  for (const pieces of [['abc', 'def'], ['x'.repeat(2000)], []]) {
    const seen: Parameters<typeof echo>[0] = {};
    await run(buffered(folder, echo(seen)), upload(pieces, true));
    assert.equal(seen.environ?.CONTENT_LENGTH, String(pieces.join('').length));
    assert(seen.environ !== undefined && !('HTTP_TRANSFER_ENCODING' in seen.environ));
  }
});

test('a request without a body is handed on as it is', async () => {
  using folder = new Folder();
  const request = environ();
  const input = request['wsgi.input'];
  const { sink } = await run(
    buffered(folder, (given, start) => {
      assert.equal(given['wsgi.input'], input);
      assert(!('CONTENT_LENGTH' in given));
      start('200 OK', TEXT);
      return ['a'];
    }),
    request,
  );
  assert.equal(sink.body, 'a');
});

const BIG = ['x'.repeat(5000)];
const fault = new Error('no');

const ENDINGS: readonly (readonly [name: string, app: Application])[] = [
  [
    'exhausted',
    (_, start) => {
      start('200 OK', TEXT);
      return ['a'];
    },
  ],
  [
    'thrown at once',
    () => {
      throw fault;
    },
  ],
  ['rejected', () => Promise.reject(fault)],
  [
    'thrown by the body',
    async function* (_: unknown, start: Parameters<Application>[1]) {
      start('200 OK', TEXT);
      yield 'a';
      throw fault;
    } as Application,
  ],
  [
    'cut at its Content-Length',
    (_, start) => {
      start('200 OK', [['Content-Length', '1']]);
      return new Set(['ab', 'c']);
    },
  ],
  [
    'closed with an error',
    (_, start) => {
      start('200 OK', TEXT);
      return Object.assign(['a'], { close: () => Promise.reject(fault) });
    },
  ],
  ['a string', () => 'a' as unknown as Body],
  ['nothing', () => undefined as unknown as Body],
];

test('the spool file is closed however the response ends', async (t) => {
  for (const [name, app] of ENDINGS) {
    await t.test(name, async () => {
      using folder = new Folder();
      let wasOpen = 0;
      await run(
        buffered(folder, (request, start) => {
          wasOpen = openFilesIn(folder).length;
          return app(request, start);
        }),
        upload(BIG),
      );
      assert.deepEqual([wasOpen, openFilesIn(folder)], [1, []]);
    });
  }
});

test('a body that is none is refused by the server, with its own words', async () => {
  using folder = new Folder();
  const { sink } = await run(
    buffered(folder, () => 'a' as unknown as Body),
    upload(BIG),
  );
  assert.equal(sink.code, 'APP_BODY_IS_CHUNK');
});

test('an upload that breaks off never reaches the application, and leaves nothing', async (t) => {
  for (const [name, pieces] of [
    ['in memory', ['abc']],
    ['in its file', BIG],
  ] as const) {
    await t.test(name, async () => {
      using folder = new Folder();
      let calls = 0;
      const { sink } = await run(
        buffered(folder, () => {
          calls++;
          return [];
        }),
        upload(pieces, false, fault),
      );
      assert.deepEqual([calls, sink.error], [0, fault]);
      assert.deepEqual([readdirSync(folder.path), openFilesIn(folder)], [[], []]);
    });
  }
});

test('what comes a byte at a time takes no more memory than a few of itself while it waits for the disk', async () => {
  using folder = new Folder();
  const size = 200_000;
  const before = heldMemory();
  let given = 0;
  let after = 0;
  const request = upload(BIG);
  request['wsgi.input'] = new Input(() => {
    if (given++ < size) return Uint8Array.of(0x61);
    after = heldMemory();
    return undefined;
  });
  const seen: { body?: BufferedBody; environ?: Environ } = {};
  const { sink } = await run(buffered(folder, echo(seen)), request);
  assert.deepEqual([seen.body?.kind, sink.body.length], ['file', size]);
  assert(after - before < 8 * size, `${after - before} bytes are held for ${size}`);
});

test('a client that leaves closes the file, but not while a worker still holds it', async () => {
  using folder = new Folder();
  let release: Release | undefined;
  const step = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { call, done }: Ran & { done: Promise<void> } = begin(
    buffered(folder, async function* (request: Environ, start: Parameters<Application>[1]) {
      release = (request[BUFFERED_BODY] as BufferedBody & { kind: 'file' }).hold();
      start('200 OK', TEXT);
      begun.resolve();
      await step.promise;
      yield 'never';
    } as Application),
    upload(BIG),
  );
  await begun.promise;
  call.cancel();
  step.resolve();
  await done;
  assert.equal(openFilesIn(folder).length, 1);
  await release?.();
  await release?.();
  assert.deepEqual(openFilesIn(folder), []);
});

test('a spool that cannot be written is 507 and told, and the application never called', async () => {
  using folder = new Folder();
  const told: [SpoolFailed, Environ][] = [];
  const settings = {
    ...SETTINGS(),
    directory: `${folder.path}/none`,
    failed: (...all: (typeof told)[0]) => void told.push(all),
  };
  const request = upload(BIG);
  const { sink } = await run(bufferBody(settings)(assert.fail), request);
  assert.deepEqual([sink.status, sink.ending], ['507 Insufficient Storage', 'complete']);
  assert.doesNotMatch(sink.body, /none/, 'nothing of the inside');
  assert.equal(told.length, 1);
  assert.match(String(told[0]?.[0].message), /could not be spooled to .*none: ENOENT/);
  assert.equal(told[0]?.[1], request);
});
