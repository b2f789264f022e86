/** One worker as the front sees it: what goes to it, what comes of it, and what it may not say. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { encodeRequest } from '../../../src/pool/encode-request.ts';
import { FLAG, type Frame, FrameReader, splitHead, TYPE } from '../../../src/pool/frames.ts';
import { WorkerRequest } from '../../../src/pool/worker-request.ts';
import { BUFFERED_BODY, type BufferedBody } from '../../../src/wsgi/buffered-body.ts';
import { Input } from '../../../src/wsgi/input.ts';
import { PUSH } from '../../../src/wsgi/pushed-body.ts';
import { environ } from '../wsgi/fake.ts';
import { MemoryReceiver } from '../wsgi/fake-push.ts';
import { PlayedWorker, START } from './played-worker.ts';

const OK = { head: '200 OK\0', flags: FLAG.END };

test('a link begins with START, and gives requests with ids of their own', async () => {
  const worker = new PlayedWorker();
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
  assert.deepEqual([worker.link.freeSlots, worker.link.givenCount], [0, 2]);
});

test('what is given in one turn of the event loop leaves in one write', async () => {
  const worker = new PlayedWorker(3);
  for (const path of ['/1', '/2', '/3']) worker.run(path);
  assert.equal((await worker.heard(worker.data)).length, 3);
  assert.equal(worker.writes, 1);
  worker.run('/4');
  assert.equal((await worker.heard(worker.data)).length, 1);
  assert.equal(worker.writes, 2);
});

test('a worker that is told to end has what it was given before that', async () => {
  const worker = new PlayedWorker();
  await worker.heard(worker.control);
  worker.run();
  worker.link.stop();
  const [stop] = await worker.heard(worker.control);
  assert.deepEqual([stop?.type, (await worker.heard(worker.data)).length], [TYPE.STOP, 1]);
});

test('a worker is as quick as its slots were freed', async () => {
  const worker = new PlayedWorker();
  const runMany = async (flags: number) => {
    for (let count = 0; count < 32; count++) {
      const { id } = worker.run();
      await worker.say(TYPE.RESPONSE, id, OK);
      await worker.say(TYPE.DONE, id, { flags });
    }
    return worker.link.pace.ahead(3);
  };
  assert.deepEqual([await runMany(0), await runMany(FLAG.SLOW), await runMany(0)], [3, 0, 3]);
  assert.deepEqual(worker.broken, []);
});

test('a request that was given back is not waited for: its worker is not held', async () => {
  const worker = new PlayedWorker(1);
  const { link, progress } = worker;
  worker.run('/1', 1000);
  progress.last = 1;
  assert.equal(link.isHeld(1010), false);
  worker.run('/2', 1020);
  link.askBack(1030);
  await worker.giveBack(2);
  assert.deepEqual([worker.broken, link.isHeld(1040)], [[], false]);
  worker.run('/3', 1050);
  assert.deepEqual([link.isHeld(1054), link.isHeld(1055)], [false, true]);
});

test('an event loop is held while it does not begin what came 5 ms ago', () => {
  const worker = new PlayedWorker(64);
  const { link, progress } = worker;
  assert.equal(link.isHeld(1000), false, 'it has nothing to begin');
  worker.run('/1', 1000);
  assert.deepEqual([link.isHeld(1004), link.isHeld(1005)], [false, true]);
  progress.last = 1;
  assert.equal(link.isHeld(1006), false);
  worker.run('/2', 1020);
  worker.run('/3', 1023);
  progress.last = 2;
  assert.deepEqual([link.isHeld(1025), link.isHeld(1029), link.isHeld(1030)], [false, false, true]);
});

test('a slot is free with FREE, or with DONE after the end', async () => {
  const worker = new PlayedWorker();
  worker.run();
  worker.run();
  await worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0', flags: FLAG.END | FLAG.FREE });
  assert.deepEqual([worker.link.freeSlots, worker.frees.length], [1, 1]);
  await worker.say(TYPE.RESPONSE, 2, OK);
  assert.deepEqual([worker.link.freeSlots, worker.frees.length], [1, 1]);
  await worker.say(TYPE.DONE, 2);
  assert.deepEqual([worker.link.freeSlots, worker.frees.length, worker.broken], [2, 2, []]);
});

test('an ABORT with FREE frees its slot', async () => {
  const worker = new PlayedWorker();
  const request = worker.run();
  await worker.say(TYPE.ABORT, 1, { flags: FLAG.FREE });
  assert.deepEqual([request.over, worker.link.freeSlots], [true, 2]);
});

test('a cancelled request holds its slot until the worker frees it', async () => {
  const worker = new PlayedWorker();
  const request = worker.run();
  await worker.heard(worker.control);
  request.close();
  const [cancel] = await worker.heard(worker.control);
  assert.deepEqual([cancel?.type, cancel?.id], [TYPE.CANCEL, 1]);
  await worker.say(TYPE.DATA, 1, { body: Buffer.from('still') });
  assert.equal(worker.link.freeSlots, 1);
  await worker.say(TYPE.DONE, 1);
  assert.deepEqual([worker.link.freeSlots, worker.broken], [2, []]);
});

test('credit goes over the control link', async () => {
  const worker = new PlayedWorker();
  const request = worker.run();
  await worker.heard(worker.control);
  request[PUSH](new MemoryReceiver());
  await worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0', body: Buffer.alloc(600) });
  const [credit] = await worker.heard(worker.control);
  assert.deepEqual([credit?.type, credit?.id, credit?.body.readUInt32LE()], [TYPE.CREDIT, 1, 600]);
});

const LIES: readonly (readonly [name: string, act: (worker: PlayedWorker) => Promise<void>, words: RegExp])[] = [
  [
    'a frame for a request that does not run',
    (worker) => worker.say(TYPE.DATA, 9),
    /request 9, which it does not have/,
  ],
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
  [
    'a traceback where nobody asked for one',
    (worker) => worker.say(TYPE.ABORT, 1, { body: Buffer.from('Traceback'), flags: FLAG.FREE }),
    /an ABORT with a body/,
  ],
];

test('a worker that lies is reported once, and is given nothing more', async (t) => {
  for (const [name, act, words] of LIES) {
    await t.test(name, async () => {
      const worker = new PlayedWorker();
      worker.run();
      await act(worker);
      await act(worker);
      assert.equal(worker.broken.length, 1);
      assert.match(worker.broken[0] as string, words);
      assert.equal(worker.link.freeSlots, Number.NEGATIVE_INFINITY);
    });
  }
});

test('an early end of the stream is reported, and what runs waits for the news of the death', async () => {
  const worker = new PlayedWorker();
  const request = worker.run();
  worker.progress.last = 1;
  worker.frontData.destroy();
  await once(worker.frontData, 'close');
  assert.deepEqual(worker.broken, ['its stream ended']);
  assert.equal(request.over, false);
  const receiver = new MemoryReceiver();
  request[PUSH](receiver);
  assert.deepEqual(worker.link.fail(), { cut: [''], unbegun: [] });
  assert.match(receiver.events.join(), /^last 502 Bad Gateway\n/);
  assert.deepEqual([worker.link.givenCount, worker.link.freeSlots], [0, Number.NEGATIVE_INFINITY]);
});

test('READY or FAILED, and the stacks that were asked for, are handed on', async () => {
  for (const first of [TYPE.READY, TYPE.FAILED]) {
    const worker = new PlayedWorker();
    worker.link.askStacks(0);
    for (const type of [first, TYPE.STACKS]) await worker.say(type, 0, { body: Buffer.from('x') }, worker.control);
    assert.deepEqual(
      worker.controls.map(({ type }) => type),
      [first, TYPE.STACKS],
    );
    await worker.say(TYPE.STACKS, 0, { body: Buffer.from('x') }, worker.control);
    assert.equal(worker.broken.length, 1, 'an answer more than questions');
  }
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
  const { frame, pairs } = decode(encodeRequest(1, given, undefined));
  assert.deepEqual(pairs, Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'string')));
  assert.equal(pairs.PATH_INFO, '/caf\xc3\xa9');
  assert.deepEqual([frame.flags, frame.body.length], [FLAG.INLINE, 0]);
});

test('a body goes inline, by its path, or by its place in a file that the worker has', () => {
  const given = environ();
  given[BUFFERED_BODY] = { kind: 'memory', bytes: Buffer.from('body'), hold: () => () => undefined };
  const inline = decode(encodeRequest(1, given, undefined)).frame;
  assert.deepEqual([inline.flags, String(inline.body)], [FLAG.INLINE, 'body']);
  given[BUFFERED_BODY] = { kind: 'file', path: '/spööl', size: 9, hold: () => async () => undefined };
  const spooled = decode(encodeRequest(1, given, undefined)).frame;
  assert.deepEqual([spooled.flags, String(spooled.body)], [FLAG.PATH, '/spööl']);
  const file = {};
  const read = () => Buffer.from('read');
  given[BUFFERED_BODY] = { kind: 'shared', file, offset: 0x4000, size: 4, read, hold: () => () => undefined };
  const shared = decode(encodeRequest(1, given, file)).frame;
  assert.deepEqual([shared.flags, shared.body.toString('hex')], [FLAG.SHARED, '0040000004000000']);
  const foreign = decode(encodeRequest(1, given, {})).frame;
  assert.deepEqual([foreign.flags, String(foreign.body)], [FLAG.INLINE, 'read'], 'its worker has another file');
});

test('no value can forge a key, not even a middleware’s', async (t) => {
  const forgeries = { PATH_INFO: '/x\0REMOTE_USER\0admin', 'a\0b': 'c', HTTP_X: '€' };
  for (const [key, value] of Object.entries(forgeries)) {
    await t.test(JSON.stringify([key, value]), () => {
      assert.throws(() => encodeRequest(1, Object.assign(environ(), { [key]: value }), undefined), {
        name: 'ProtocolError',
      });
    });
  }
});

/** A request whose body is still to come. */
function upload(worker: PlayedWorker, pull: () => Promise<Uint8Array | undefined>): WorkerRequest {
  const request = environ({ method: 'POST', fields: ['Transfer-Encoding', 'chunked'] });
  request[BUFFERED_BODY] = { kind: 'stream' } satisfies BufferedBody;
  request['wsgi.input'] = new Input(pull);
  const given = new WorkerRequest(request, () => async () => undefined, START.window, 1);
  worker.link.send(given, 1);
  return given;
}

const credit = (size: number) => {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(size);
  return { body };
};

test('a body that streams goes down as it is asked for', async () => {
  const worker = new PlayedWorker();
  const pieces = [Buffer.from('abc'), undefined];
  upload(worker, async () => pieces.shift());
  const [request] = await worker.heard(worker.data);
  assert.deepEqual([request?.type, request?.flags, request?.body.length], [TYPE.REQUEST, FLAG.STREAM, 0]);
  assert.deepEqual(await worker.heard(worker.data), []);
  await worker.say(TYPE.CREDIT, 1, credit(100), worker.control);
  assert.deepEqual(
    (await worker.heard(worker.data)).map(({ type, id, flags, body }) => [type, id, flags, String(body)]),
    [
      [TYPE.DATA, 1, 0, 'abc'],
      [TYPE.DATA, 1, FLAG.END, ''],
    ],
  );
  assert.deepEqual(worker.broken, []);
});

test('an application that waits for a body of which nobody waits for the answer is told', async () => {
  const worker = new PlayedWorker();
  const request = upload(worker, () => new Promise(() => undefined));
  await worker.say(TYPE.CREDIT, 1, credit(100), worker.control);
  await worker.heard(worker.control);
  request.close();
  assert.deepEqual(
    (await worker.heard(worker.control)).map(({ type, id }) => [type, id]),
    [[TYPE.CANCEL, 1]],
  );
  assert.deepEqual(
    (await worker.heard(worker.data)).map(({ type }) => type),
    [TYPE.REQUEST, TYPE.ABORT],
  );
});

test('a worker may not ask for more than its window, for a body that does not stream, nor in another form', async () => {
  for (const [given, streams] of [
    [credit(START.window + 1), true],
    [credit(1), false],
    [{ body: Buffer.alloc(3) }, true],
  ] as const) {
    const worker = new PlayedWorker();
    if (streams) upload(worker, async () => undefined);
    else worker.run();
    await worker.say(TYPE.CREDIT, 1, given, worker.control);
    assert.equal(worker.broken.length, 1);
  }
  const worker = new PlayedWorker();
  await worker.say(TYPE.CREDIT, 9, credit(1), worker.control);
  assert.deepEqual(worker.broken, [], 'it may cross with the end of its request');
});
