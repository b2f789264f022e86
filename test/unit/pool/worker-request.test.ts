/** One request in a worker, seen from the front, and what a worker may not do to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppFailed, ClientGone } from '../../../src/errors.ts';
import { FLAG, type Frame, type FrameType, ProtocolError, TYPE } from '../../../src/pool/frames.ts';
import { type Carrier, WorkerRequest } from '../../../src/pool/worker-request.ts';
import { BUFFERED_BODY } from '../../../src/wsgi/buffered-body.ts';
import type { Environ, Header } from '../../../src/wsgi/types.ts';
import { environ } from '../wsgi/fake.ts';

const WINDOW = 100;

class FakeCarrier implements Carrier {
  readonly grants: number[] = [];
  cancels = 0;

  grant(_: WorkerRequest, size: number): void {
    this.grants.push(size);
  }

  cancel(): void {
    this.cancels++;
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
  return { type, flags, count, id: 1, head: Buffer.from(head, 'latin1'), body: Buffer.from(body, 'latin1') };
}

function response(body = '', flags = 0): Frame {
  return frame(TYPE.RESPONSE, body, flags, '200 OK\0A\0b\0', 1);
}

function data(body: string, flags = 0): Frame {
  return frame(TYPE.DATA, body, flags);
}

async function step(request: WorkerRequest): Promise<string | undefined> {
  const { done, value } = await request.next();
  return done === true ? undefined : Buffer.from(value).toString('latin1');
}

test('the head is given to start_response before the first next() resolves', async () => {
  const { request, heads } = make();
  const first = step(request);
  request.receive(response('a'));
  assert.deepEqual(heads, [{ status: '200 OK', headers: [['A', 'b']] }]);
  assert.equal(await first, 'a');
  const second = step(request);
  request.receive(data('b', FLAG.END));
  assert.equal(await second, 'b');
  assert.equal(await step(request), undefined);
  assert.equal(request.over, true);
});

test('what has waited leaves in one piece, before the end or the failure', async () => {
  const ended = make().request;
  for (const given of [response('a'), data('b'), data(''), data('c', FLAG.END)]) ended.receive(given);
  assert.deepEqual([await step(ended), await step(ended)], ['abc', undefined]);
  const failed = make().request;
  for (const given of [response('a'), data('b'), frame(TYPE.ABORT, '')]) failed.receive(given);
  assert.equal(await step(failed), 'ab');
  await assert.rejects(step(failed), AppFailed);
});

test('a complete response in one frame is told its length, unless it says it', async (t) => {
  const cases = [
    [
      'A\0b\0',
      1,
      [
        ['A', 'b'],
        ['Content-Length', '3'],
      ],
    ],
    ['cONTENT-LENGTH\x003\0', 1, [['cONTENT-LENGTH', '3']]],
    ['', 0, [['Content-Length', '3']]],
  ] as const;
  for (const [head, count, headers] of cases) {
    await t.test(JSON.stringify(headers), () => {
      const { request, heads } = make();
      request.receive(frame(TYPE.RESPONSE, 'abc', FLAG.END, `200 OK\0${head}`, count));
      assert.deepEqual(heads[0]?.headers, headers);
    });
  }
  await t.test('not where more follows', () => {
    const { request, heads } = make();
    request.receive(response('abc'));
    assert.deepEqual(heads[0]?.headers, [['A', 'b']]);
  });
});

test('credit is given anew in halves of the window, for what was passed on alone', async () => {
  const { request, carrier } = make();
  request.receive(response('a'.repeat(60)));
  request.receive(data('b'.repeat(40)));
  assert.deepEqual(carrier.grants, [], 'nothing was passed on yet');
  await step(request);
  assert.deepEqual(carrier.grants, [100]);
  const pending = step(request);
  request.receive(data('c'.repeat(49)));
  await pending;
  assert.deepEqual(carrier.grants, [100], 'less than half of the window');
  const next = step(request);
  request.receive(data('d'));
  await next;
  assert.deepEqual(carrier.grants, [100, 50]);
});

test('a worker that has used its credit always gets more once all was passed on', async () => {
  const { request, carrier } = make();
  let credit = WINDOW;
  let granted = 0;
  request.receive(response());
  for (let round = 0; round < 50; round++) {
    const size = Math.min(credit, 1 + ((round * 37) % 100));
    assert(size > 0, `no credit in round ${round}`);
    const pending = step(request);
    request.receive(data('x'.repeat(size)));
    await pending;
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

test('an ABORT fails the response, before its head and behind it', async () => {
  const before = make();
  before.request.receive(frame(TYPE.ABORT, ''));
  await assert.rejects(step(before.request), AppFailed);
  assert.deepEqual(before.heads, []);
  const behind = make();
  behind.request.receive(response('a'));
  await step(behind.request);
  const pending = step(behind.request);
  behind.request.receive(frame(TYPE.ABORT, ''));
  await assert.rejects(pending, AppFailed);
});

test('a head that the front refuses cancels the request in the worker', async () => {
  const refusal = new Error('CR in a header');
  const { request, carrier } = make({}, refusal);
  request.receive(response('a', FLAG.END));
  await assert.rejects(step(request), refusal);
  assert.equal(carrier.cancels, 1);
  assert.equal(request.over, true);
});

test('a client that leaves wakes what pends, and cancels once', async () => {
  const { request, carrier } = make();
  const pending = assert.rejects(step(request), ClientGone);
  await request.return();
  await request.return();
  await pending;
  assert.equal(carrier.cancels, 1);
  request.receive(response('late'));
  request.receive(data('later', FLAG.END));
  assert.equal(request.over, true);
});

test('a response that has ended is not cancelled', async () => {
  const { request, carrier } = make();
  request.receive(response('a', FLAG.END));
  await request.return();
  assert.equal(carrier.cancels, 0);
});

test('an answer in place of the worker is a page before the head, and a cut behind it', async () => {
  const before = make({ HTTP_X_REQUEST_ID: 'id-1' });
  before.request.answer(502, 'the worker died', [['Retry-After', '1']]);
  const page = '502 Bad Gateway\nthe worker died\nrequest id: id-1\n';
  assert.deepEqual([await step(before.request), await step(before.request)], [page, undefined]);
  assert.equal(before.heads[0]?.status, '502 Bad Gateway');
  assert.deepEqual(before.heads[0]?.headers.slice(1), [
    ['Content-Length', String(page.length)],
    ['Retry-After', '1'],
  ]);
  const behind = make();
  behind.request.receive(response('a'));
  behind.request.answer(502, 'the worker died');
  assert.equal(await step(behind.request), 'a');
  await assert.rejects(step(behind.request), /the worker died/);
  assert.equal(behind.heads.length, 1);
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
