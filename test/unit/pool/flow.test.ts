/** A Node worker's sink and the front's request, back to back: no split of bytes and credit stops the flow. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { FLAG, FRAME_LIMIT, FrameReader, TYPE } from '../../../src/pool/frames.ts';
import { type Carrier, WorkerRequest } from '../../../src/pool/worker-request.ts';
import { LinkSink } from '../../../src/workers/node/link-sink.ts';
import { Outbox } from '../../../src/workers/node/outbox.ts';
import { Call } from '../../../src/wsgi/call.ts';
import type { Application, Body } from '../../../src/wsgi/types.ts';
import { environ, run } from '../wsgi/fake.ts';

/** An application in a worker, as an application in the front. */
function remote(app: Application, window: number, told: { freed: number; errors: unknown[] }): Application {
  return (given, startResponse) => {
    const request = new WorkerRequest(given, startResponse, window, 0);
    const reader = new FrameReader(FRAME_LIMIT.front);
    const data = {
      write: (bytes: Buffer) => {
        reader.receive(bytes);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          if (frame.type === TYPE.DONE || (frame.flags & FLAG.FREE) !== 0) told.freed++;
          if (frame.type !== TYPE.DONE) request.receive(frame);
        }
        return true;
      },
    };
    const sink = new LinkSink(new Outbox(data as unknown as Socket), 1, window, (error) => {
      told.errors.push(error);
      return '';
    });
    const inWorker = environ();
    const call = new Call(
      inWorker,
      sink,
      () => undefined,
      () => void sink.free(),
    );
    const carrier: Carrier = {
      grant: (_, size) => setImmediate(() => sink.grant(size)),
      feed: () => undefined,
      cancel: () => {
        sink.cancel();
        call.cancel();
      },
    };
    request.entrust(carrier);
    call.run(app, inWorker);
    return request;
  };
}

function bodyOf(kind: 'list' | 'iterable' | 'generator', chunks: readonly string[]): Body {
  if (kind === 'list') return [...chunks];
  if (kind === 'iterable') return { [Symbol.iterator]: () => chunks[Symbol.iterator]() };
  return (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  })();
}

test('every body arrives whole and in order, whatever the window, and its slot is freed once', async () => {
  const chunk = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 20 }),
    fc.integer({ min: 1, max: 200_000 }).map((size) => 'x'.repeat(size)),
  );
  const arrives = fc.asyncProperty(
    fc.constantFrom('list' as const, 'iterable' as const, 'generator' as const),
    fc.array(chunk, { maxLength: 6 }),
    fc.array(fc.string({ unit: 'binary-ascii', maxLength: 200 }), { maxLength: 3 }),
    fc.integer({ min: 2, max: 100_000 }),
    fc.boolean(),
    async (kind, chunks, written, window, waits) => {
      const told = { freed: 0, errors: [] };
      const { sink, problems } = await run(
        remote(
          async (_, start) => {
            const write = start('200 OK', []);
            for (const text of written) {
              const room = write(text);
              if (waits) await room;
            }
            return bodyOf(kind, chunks);
          },
          window,
          told,
        ),
      );
      assert.equal(sink.error, undefined);
      assert.equal(sink.body, [...written, ...chunks].join(''));
      await new Promise(setImmediate);
      assert.deepEqual([told.freed, told.errors, problems], [1, [], []]);
    },
  );
  await fc.assert(arrives, { numRuns: 60 });
});

test('a client that leaves while the worker waits for credit frees the slot', async () => {
  const told = { freed: 0, errors: [] };
  let closes = 0;
  const app = remote(
    (_, start) => {
      start('200 OK', []);
      return Object.assign(bodyOf('generator', ['x'.repeat(100_000), 'y'.repeat(100_000)]), {
        close: () => void closes++,
      });
    },
    1000,
    told,
  );
  const body = (await app(environ(), () => async () => undefined)) as WorkerRequest;
  const steps = body[Symbol.asyncIterator]();
  await steps.next();
  await steps.return();
  while (told.freed === 0) await new Promise(setImmediate);
  assert.deepEqual([told.freed, closes, told.errors], [1, 1, []]);
});

test('a failure behind bytes that wait for credit comes behind them', async () => {
  const told: { freed: number; errors: unknown[] } = { freed: 0, errors: [] };
  const fault = new Error('in the middle');
  const { sink } = await run(
    remote(
      async function* (_: unknown, start: Parameters<Application>[1]) {
        void start('200 OK', [])('x'.repeat(5000));
        yield 'y';
        throw fault;
      } as Application,
      1000,
      told,
    ),
  );
  assert.equal(sink.body, `${'x'.repeat(5000)}y`);
  assert.equal((sink.error as Error).name, 'AppFailed');
  assert.deepEqual(told.errors, [fault]);
});
