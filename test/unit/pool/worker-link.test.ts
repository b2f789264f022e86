/** A link over two in-memory streams: the worker's side is played by the test. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import {
  encodeFrame,
  FLAG,
  type Frame,
  FrameReader,
  type FrameType,
  splitHead,
  TYPE,
} from '../../../src/pool/frames.ts';
import { encodeRequest, WorkerLink } from '../../../src/pool/worker-link.ts';
import { WorkerRequest } from '../../../src/pool/worker-request.ts';
import { BUFFERED_BODY } from '../../../src/wsgi/buffered-body.ts';
import { environ } from '../wsgi/fake.ts';

const START = {
  version: 1,
  app: 'a',
  directory: '/',
  module: 'a',
  file: null,
  callable: null,
  threads: 2,
  multiprocess: false,
  window: 1000,
  packages: null,
} as const;

class Worker {
  readonly link: WorkerLink;
  readonly broken: string[] = [];
  readonly controls: Frame[] = [];
  frees = 0;
  readonly frontData: Duplex;
  readonly data: Duplex;
  readonly control: Duplex;
  readonly #readers = new Map<Duplex, FrameReader>();

  constructor() {
    const [frontData, data] = duplexPair();
    const [frontControl, control] = duplexPair();
    this.frontData = frontData;
    this.data = data;
    this.control = control;
    this.link = new WorkerLink(
      { data: frontData as unknown as Socket, control: frontControl as unknown as Socket },
      START,
      {
        control: (frame) => void this.controls.push(frame),
        free: () => void this.frees++,
        broken: (reason) => void this.broken.push(reason),
      },
    );
    for (const stream of [data, control]) {
      const reader = new FrameReader(1 << 20);
      this.#readers.set(stream, reader);
      stream.on('data', (bytes: Buffer) => reader.receive(bytes));
    }
  }

  run(path = '/'): WorkerRequest {
    const request = new WorkerRequest(environ({ path }), () => async () => undefined, START.window, 0);
    this.link.send(request);
    return request;
  }

  async say(
    type: FrameType,
    id: number,
    given: Parameters<typeof encodeFrame>[2] = {},
    stream = this.data,
  ): Promise<void> {
    stream.write(encodeFrame(type, id, given));
    await new Promise(setImmediate);
  }

  /** The frames that came to the worker since the last call. */
  async heard(stream: Duplex): Promise<Frame[]> {
    await new Promise(setImmediate);
    const frames: Frame[] = [];
    const reader = this.#readers.get(stream) as FrameReader;
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
    return frames;
  }
}

const OK = { head: '200 OK\0', flags: FLAG.END };

test('a link begins with START, and gives requests with ids of their own', async () => {
  const worker = new Worker();
  worker.run('/1');
  worker.run('/2');
  const [start] = await worker.heard(worker.control);
  assert.deepEqual([start?.type, JSON.parse(String(start?.body))], [TYPE.START, START]);
  const requests = await worker.heard(worker.data);
  assert.deepEqual(
    requests.map(({ type, id }) => [type, id]),
    [
      [TYPE.REQUEST, 1],
      [TYPE.REQUEST, 2],
    ],
  );
  assert.deepEqual([worker.link.freeSlots, worker.link.runningCount], [0, 2]);
});

test('a slot is free with FREE, or with DONE after the end', async () => {
  const worker = new Worker();
  worker.run();
  worker.run();
  await worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0', flags: FLAG.END | FLAG.FREE });
  assert.deepEqual([worker.link.freeSlots, worker.frees], [1, 1]);
  await worker.say(TYPE.RESPONSE, 2, OK);
  assert.deepEqual([worker.link.freeSlots, worker.frees], [1, 1]);
  await worker.say(TYPE.DONE, 2);
  assert.deepEqual([worker.link.freeSlots, worker.frees, worker.broken], [2, 2, []]);
});

test('an ABORT with FREE frees its slot', async () => {
  const worker = new Worker();
  const request = worker.run();
  await worker.say(TYPE.ABORT, 1, { flags: FLAG.FREE });
  await assert.rejects(request.next());
  assert.equal(worker.link.freeSlots, 2);
});

test('a cancelled request holds its slot until the worker frees it', async () => {
  const worker = new Worker();
  const request = worker.run();
  await worker.heard(worker.control);
  await request.return();
  const [cancel] = await worker.heard(worker.control);
  assert.deepEqual([cancel?.type, cancel?.id], [TYPE.CANCEL, 1]);
  await worker.say(TYPE.DATA, 1, { body: Buffer.from('still') });
  assert.equal(worker.link.freeSlots, 1);
  await worker.say(TYPE.DONE, 1);
  assert.deepEqual([worker.link.freeSlots, worker.broken], [2, []]);
});

test('credit goes over the control link', async () => {
  const worker = new Worker();
  const request = worker.run();
  await worker.heard(worker.control);
  const step = request.next();
  await worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0', body: Buffer.alloc(600) });
  await step;
  const [credit] = await worker.heard(worker.control);
  assert.deepEqual([credit?.type, credit?.id, credit?.body.readUInt32LE()], [TYPE.CREDIT, 1, 600]);
});

const LIES: readonly (readonly [name: string, act: (worker: Worker) => Promise<void>, words: RegExp])[] = [
  ['a frame for a request that does not run', (worker) => worker.say(TYPE.DATA, 9), /request 9, which does not run/],
  ['a slot freed before the end', (worker) => worker.say(TYPE.DONE, 1), /freed before its response has ended/],
  [
    'a head freed before the end',
    (worker) => worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0', flags: FLAG.FREE }),
    /freed before/,
  ],
  ['a frame of the front on the data link', (worker) => worker.say(TYPE.REQUEST, 1), /type 1 on the data link/],
  ['a frame of the control link on the data link', (worker) => worker.say(TYPE.READY, 1), /type 17 on the data link/],
  [
    'a frame of the data link on the control link',
    (worker) => worker.say(TYPE.DATA, 1, {}, worker.control),
    /type 3 on the control link/,
  ],
  [
    'a START on the control link',
    (worker) => worker.say(TYPE.START, 0, {}, worker.control),
    /type 16 on the control link/,
  ],
  [
    'bytes that are no frame',
    async (worker) => {
      worker.data.write('GET / HTTP/1.1\r\n\r\n');
      await new Promise(setImmediate);
    },
    /unknown type/,
  ],
  [
    'more than its credit',
    (worker) => worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0', body: Buffer.alloc(1001) }),
    /more body bytes/,
  ],
];

test('a worker that lies is reported once, and is given nothing more', async (t) => {
  for (const [name, act, words] of LIES) {
    await t.test(name, async () => {
      const worker = new Worker();
      worker.run();
      await act(worker);
      await act(worker);
      assert.equal(worker.broken.length, 1);
      assert.match(worker.broken[0] as string, words);
      assert.equal(worker.link.freeSlots, 0);
    });
  }
});

test('an early end of the stream is reported, and what runs waits for the news of the death', async () => {
  const worker = new Worker();
  const request = worker.run();
  worker.frontData.destroy();
  await once(worker.frontData, 'close');
  assert.deepEqual(worker.broken, ['its stream ended']);
  assert.equal(request.over, false);
  worker.link.fail();
  assert.match(Buffer.from((await request.next()).value).toString(), /^502 Bad Gateway\n/);
  assert.deepEqual([worker.link.runningCount, worker.link.freeSlots], [0, 0]);
});

test('READY, FAILED and STACKS are handed on', async () => {
  const worker = new Worker();
  for (const type of [TYPE.READY, TYPE.FAILED, TYPE.STACKS])
    await worker.say(type, 0, { body: Buffer.from('x') }, worker.control);
  assert.deepEqual(
    worker.controls.map(({ type }) => type),
    [TYPE.READY, TYPE.FAILED, TYPE.STACKS],
  );
});

function decode(bytes: Buffer): { frame: Frame; pairs: Record<string, string> } {
  const reader = new FrameReader(1 << 20);
  reader.receive(bytes);
  const frame = reader.next() as Frame;
  const strings = splitHead(frame.head, 2 * frame.count);
  const pairs: Record<string, string> = {};
  for (let at = 0; at < strings.length; at += 2) pairs[strings[at] as string] = strings[at + 1] as string;
  return { frame, pairs };
}

test('a REQUEST holds every string of the environ, and nothing else of it', () => {
  const given = environ({ method: 'POST', path: '/caf%C3%A9', fields: ['X', ''] });
  const { frame, pairs } = decode(encodeRequest(1, given));
  assert.deepEqual(pairs, Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'string')));
  assert.equal(pairs.PATH_INFO, '/caf\xc3\xa9');
  assert.deepEqual([frame.flags, frame.body.length], [FLAG.INLINE, 0]);
});

test('a body goes inline, or by its path', () => {
  const given = environ();
  given[BUFFERED_BODY] = { kind: 'memory', bytes: Buffer.from('body') };
  const inline = decode(encodeRequest(1, given)).frame;
  assert.deepEqual([inline.flags, String(inline.body)], [FLAG.INLINE, 'body']);
  given[BUFFERED_BODY] = { kind: 'file', path: '/spööl', size: 9, hold: () => async () => undefined };
  const spooled = decode(encodeRequest(1, given)).frame;
  assert.deepEqual([spooled.flags, String(spooled.body)], [FLAG.PATH, '/spööl']);
});

test('no value can forge a key, not even a middleware’s', async (t) => {
  const forgeries = { PATH_INFO: '/x\0REMOTE_USER\0admin', 'a\0b': 'c', HTTP_X: '€' };
  for (const [key, value] of Object.entries(forgeries)) {
    await t.test(JSON.stringify([key, value]), () => {
      assert.throws(() => encodeRequest(1, Object.assign(environ(), { [key]: value })), { name: 'ProtocolError' });
    });
  }
});
