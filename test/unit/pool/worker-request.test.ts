/** One request in a worker, seen from the front, and what a worker may not do to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppFailed } from '../../../src/errors.ts';
import { FLAG, type Frame, type FrameType, ProtocolError, TYPE } from '../../../src/pool/frames.ts';
import { type Carrier, WorkerRequest } from '../../../src/pool/worker-request.ts';
import { BUFFERED_BODY } from '../../../src/wsgi/buffered-body.ts';
import { PUSH, type PulledBody } from '../../../src/wsgi/pushed-body.ts';
import type { Environ, Header } from '../../../src/wsgi/types.ts';
import { environ } from '../wsgi/fake.ts';
import { MemoryReceiver } from '../wsgi/fake-push.ts';

const WINDOW = 100;

class FakeCarrier implements Carrier {
  readonly grants: number[] = [];
  readonly fed: Buffer[] = [];
  cancels = 0;

  grant(_: WorkerRequest, size: number): void {
    this.grants.push(size);
  }

  cancel(): void {
    this.cancels++;
  }

  feed(frame: Buffer): void {
    this.fed.push(frame);
  }
}

interface Made {
  readonly request: WorkerRequest;
  readonly carrier: FakeCarrier;
  readonly heads: { status: string; headers: Header[] }[];
}

function make(given: Partial<Environ> = {}, refuse?: Error): Made {
  const heads: Made['heads'] = [];
  const start = (status: string, headers: Header[]) => {
    if (refuse !== undefined) throw refuse;
    heads.push({ status, headers });
    return async () => undefined;
  };
  const request = new WorkerRequest(Object.assign(environ(), given), start, WINDOW, 0);
  const carrier = new FakeCarrier();
  request.entrust(carrier);
  return { request, carrier, heads };
}

function frame(type: FrameType, body: string, flags = 0, head = '', count = 0): Frame {
  return { type, flags, count, id: 1, head, body: Buffer.from(body, 'latin1') };
}

function response(body = '', flags = 0): Frame {
  return frame(TYPE.RESPONSE, body, flags, '200 OK\0A\0b\0', 1);
}

function data(body: string, flags = 0): Frame {
  return frame(TYPE.DATA, body, flags);
}

/** Takes the body as a server does. */
function push(request: WorkerRequest): MemoryReceiver {
  const receiver = new MemoryReceiver();
  request[PUSH](receiver);
  return receiver;
}

async function step(steps: PulledBody): Promise<string | undefined> {
  const { done, value } = await steps.next();
  return done === true ? undefined : Buffer.from(value).toString('latin1');
}

test('the head is given to start_response before the first chunk is given', async () => {
  const { request, heads } = make();
  const receiver = push(request);
  receiver.onChunk = () => assert.equal(heads.length, 1);
  request.receive(response('a'));
  assert.deepEqual(heads, [{ status: '200 OK', headers: [['A', 'b']] }]);
  request.receive(data('b', FLAG.END));
  assert.deepEqual(receiver.events, ['chunk a', 'last b']);
  assert.equal(request.over, true);
});

test('a head without a byte gives no chunk', () => {
  const { request, heads } = make();
  const receiver = push(request);
  request.receive(response());
  assert.deepEqual([heads.length, receiver.events], [1, []]);
  assert.throws(() => request.receive(data('')), ProtocolError, 'it would cost no credit, without end');
  request.receive(data('', FLAG.END));
  assert.deepEqual(receiver.events, ['last ']);
});

test('it can be iterated too', async () => {
  const { request, heads } = make();
  const steps = request[Symbol.asyncIterator]();
  const first = step(steps);
  request.receive(response('a'));
  assert.deepEqual([await first, heads.length], ['a', 1]);
  request.receive(data('b'));
  request.receive(data('c', FLAG.END));
  assert.deepEqual([await step(steps), await step(steps), await step(steps)], ['b', 'c', undefined]);
});

test('what came before anybody took it leaves in one piece, before the end or the failure', async () => {
  const ended = make().request;
  for (const given of [response('a'), data('b'), data('c', FLAG.END)]) ended.receive(given);
  assert.deepEqual(push(ended).events, ['last abc']);
  const failed = make().request;
  for (const given of [response('a'), data('b'), frame(TYPE.ABORT, '')]) failed.receive(given);
  const receiver = push(failed);
  assert.deepEqual(receiver.events, ['chunk ab', 'failed']);
  assert(receiver.error instanceof AppFailed);
});

test('what comes while there is no room leaves in one piece once there is', async (t) => {
  const ends: Record<string, readonly [Frame, string[]]> = {
    'the end': [data('', FLAG.END), ['chunk a', 'last bc']],
    'a chunk': [data('d'), ['chunk a', 'chunk bcd']],
    'the failure': [frame(TYPE.ABORT, ''), ['chunk a', 'chunk bc', 'failed']],
  };
  for (const [name, [last, expected]] of Object.entries(ends)) {
    await t.test(`before ${name}`, async () => {
      const { request } = make();
      const room = Promise.withResolvers<void>();
      const receiver = push(request);
      receiver.onChunk = () => (receiver.events.length === 1 ? room.promise : undefined);
      for (const given of [response('a'), data('b'), data('c'), last]) request.receive(given);
      assert.deepEqual(receiver.events, ['chunk a']);
      room.resolve();
      await new Promise(setImmediate);
      assert.deepEqual(receiver.events, expected);
    });
  }
});

test('a complete response says its head as the worker gave it: the length is the call’s to add', () => {
  const { request, heads } = make();
  request.receive(frame(TYPE.RESPONSE, 'abc', FLAG.END, '200 OK\0A\0b\0', 1));
  assert.deepEqual(heads[0]?.headers, [['A', 'b']]);
});

test('credit is given anew in halves of the window, for what was passed on alone', async () => {
  const { request, carrier } = make();
  request.receive(response('a'.repeat(60)));
  request.receive(data('b'.repeat(40)));
  assert.deepEqual(carrier.grants, [], 'nothing was passed on yet');
  const room = Promise.withResolvers<void>();
  const receiver = push(request);
  assert.deepEqual(carrier.grants, [100]);
  request.receive(data('c'.repeat(49)));
  assert.deepEqual(carrier.grants, [100], 'less than half of the window');
  receiver.onChunk = () => room.promise;
  request.receive(data('d'));
  await new Promise(setImmediate);
  assert.deepEqual(carrier.grants, [100], 'there is no room for it yet');
  room.resolve();
  await new Promise(setImmediate);
  assert.deepEqual(carrier.grants, [100, 50]);
});

test('a worker that has used its credit always gets more once all was passed on', () => {
  const { request, carrier } = make();
  push(request);
  let credit = WINDOW;
  let granted = 0;
  request.receive(response());
  for (let round = 0; round < 50; round++) {
    const size = Math.min(credit, 1 + ((round * 37) % 100));
    assert(size > 0, `no credit in round ${round}`);
    request.receive(data('x'.repeat(size)));
    const total = carrier.grants.reduce((sum, grant) => sum + grant, 0);
    credit += total - granted - size;
    granted = total;
  }
});

const LIES: readonly (readonly [name: string, frames: readonly Frame[], words: RegExp])[] = [
  ['a second head', [response(), response()], /second RESPONSE/],
  ['a body before its head', [data('a')], /DATA before RESPONSE/],
  ['an end before its head', [data('', FLAG.END)], /DATA before RESPONSE/],
  ['more after the end', [response('', FLAG.END), data('a')], /has ended/],
  ['a failure after the end', [response('', FLAG.END), frame(TYPE.ABORT, '')], /has ended/],
  ['a head of fewer strings', [frame(TYPE.RESPONSE, '', 0, '200 OK\0A\0', 1)], /were announced/],
  ['a head of more strings', [frame(TYPE.RESPONSE, '', 0, '200 OK\0A\0b\0', 0)], /were announced/],
  ['no head at all', [frame(TYPE.RESPONSE, '', 0, '', 0)], /were announced/],
  ['more bytes than the window, at once', [response('x'.repeat(WINDOW + 1))], /more body bytes/],
  ['more bytes than the window, in the end', [response('x'.repeat(WINDOW)), data('x')], /more body bytes/],
];

test('a worker that breaks the protocol is found out', async (t) => {
  for (const [name, frames, words] of LIES) {
    await t.test(name, () => {
      const { request } = make();
      const last = frames.at(-1) as Frame;
      for (const given of frames.slice(0, -1)) request.receive(given);
      assert.throws(
        () => request.receive(last),
        (error) => error instanceof ProtocolError && words.test(error.message),
      );
    });
  }
});

test('an ABORT fails the response, before its head and behind it', () => {
  const before = make();
  const first = push(before.request);
  before.request.receive(frame(TYPE.ABORT, ''));
  assert.deepEqual([first.events, before.heads], [['failed'], []]);
  assert(first.error instanceof AppFailed);
  const behind = make();
  const second = push(behind.request);
  behind.request.receive(response('a'));
  behind.request.receive(frame(TYPE.ABORT, ''));
  assert.deepEqual(second.events, ['chunk a', 'failed']);
  assert(second.error instanceof AppFailed);
});

test('a head that the front refuses cancels the request in the worker', () => {
  const refusal = new Error('CR in a header');
  const { request, carrier } = make({}, refusal);
  const receiver = push(request);
  request.receive(response('a', FLAG.END));
  assert.deepEqual([receiver.events, receiver.error], [['failed'], refusal]);
  assert.equal(carrier.cancels, 1);
  assert.equal(request.over, true);
});

test('a client that leaves cancels once, and its server hears nothing more', () => {
  const { request, carrier } = make();
  const receiver = push(request);
  request.close();
  request.close();
  assert.equal(carrier.cancels, 1);
  request.receive(response('late'));
  request.receive(data('later', FLAG.END));
  assert.deepEqual([request.over, receiver.events], [true, []]);
});

test('a client that leaves while there is no room hears nothing of what waits', async () => {
  const { request, carrier } = make();
  const room = Promise.withResolvers<void>();
  const receiver = push(request);
  receiver.onChunk = () => room.promise;
  request.receive(response('a'.repeat(60)));
  request.receive(data('b'));
  request.close();
  room.resolve();
  await new Promise(setImmediate);
  assert.deepEqual([receiver.events.length, carrier.cancels, carrier.grants], [1, 1, []]);
});

test('a server that closes the body as it takes a chunk hears no failure of its own making', async (t) => {
  const ways: Record<string, (request: WorkerRequest) => void> = {
    'as it comes': (request) => request.receive(response('a')),
    'that had waited': () => undefined,
  };
  for (const [name, act] of Object.entries(ways)) {
    await t.test(`a chunk ${name}`, () => {
      const { request, carrier } = make();
      if (name === 'that had waited') request.receive(response('a'));
      const receiver = new MemoryReceiver();
      receiver.onChunk = () => request.close();
      request[PUSH](receiver);
      act(request);
      assert.deepEqual([receiver.events, carrier.cancels], [['chunk a'], 1]);
    });
  }
});

test('who iterates and returns cancels once, and is woken', async () => {
  const { request, carrier } = make();
  const steps = request[Symbol.asyncIterator]();
  const pending = step(steps);
  await steps.return();
  await steps.return();
  assert.equal(await pending, undefined);
  assert.equal(carrier.cancels, 1);
});

test('a response that has ended is not cancelled', () => {
  const { request, carrier } = make();
  request.receive(response('a', FLAG.END));
  request.close();
  assert.equal(carrier.cancels, 0);
});

test('an answer in place of the worker is a page before the head, and a cut behind it', () => {
  const before = make({ HTTP_X_REQUEST_ID: 'id-1' });
  const first = push(before.request);
  before.request.answer(502, 'the worker died', [['Retry-After', '1']]);
  const page = '502 Bad Gateway\nthe worker died\nrequest id: id-1\n';
  assert.deepEqual(first.events, [`last ${page}`]);
  assert.equal(before.heads[0]?.status, '502 Bad Gateway');
  assert.deepEqual(before.heads[0]?.headers.slice(1), [
    ['Content-Length', String(page.length)],
    ['Retry-After', '1'],
  ]);
  const behind = make();
  const second = push(behind.request);
  behind.request.receive(response('a'));
  behind.request.answer(502, 'the worker died');
  assert.deepEqual(second.events, ['chunk a', 'failed']);
  assert.match(String(second.error), /the worker died/);
  assert.equal(behind.heads.length, 1);
});

test('a request that expires is answered and cancelled once, and what the worker still says is no lie', () => {
  const { request, carrier, heads } = make();
  const receiver = push(request);
  assert.equal(request.expire(504, 'too late'), true);
  assert.equal(request.expire(504, 'too late'), false);
  request.receive(response('late', FLAG.END));
  assert.deepEqual([heads[0]?.status, carrier.cancels, receiver.events.length], ['504 Gateway Timeout', 1, 1]);
});

test('an answer that has begun does not expire', () => {
  const { request, carrier } = make();
  request.receive(response('a'));
  assert.deepEqual([request.expire(504, 'too late'), request.over, carrier.cancels], [false, false, 0]);
});

test('a spooled body is held from when a worker has it until the worker has left it', () => {
  const events: string[] = [];
  const body = {
    kind: 'file',
    path: '/x',
    size: 1,
    hold: () => {
      events.push('held');
      return async () => void events.push('let go');
    },
  };
  const { request } = make({ [BUFFERED_BODY]: body });
  assert.deepEqual(events, ['held']);
  request.receive(response('', FLAG.END));
  assert.deepEqual(events, ['held'], 'close() of the application may still read it');
  request.left();
  assert.deepEqual(events, ['held', 'let go']);
});
