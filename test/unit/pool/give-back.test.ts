/** What was sent ahead to one worker: it is begun as slots are freed, given back when it is asked for, and never begun twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FLAG, TYPE } from '../../../src/pool/frames.ts';
import { PUSH } from '../../../src/wsgi/pushed-body.ts';
import { MemoryReceiver } from '../wsgi/fake-push.ts';
import { PlayedWorker } from './played-worker.ts';

const DONE = { head: '200 OK\0', flags: FLAG.END | FLAG.FREE };

/** A worker of one slot with a request that runs since 1 ms, and two behind it. */
async function busy() {
  const worker = new PlayedWorker(1);
  const requests = ['/1', '/2', '/3'].map((path) => worker.run(path, 1));
  await worker.heard(worker.control);
  await worker.heard(worker.data);
  return { worker, requests };
}

async function asked() {
  const made = await busy();
  made.worker.link.askBack(1);
  await made.worker.heard(made.worker.control);
  return made;
}

test('the first have begun, as many as there are slots; each slot that is freed begins the next', async () => {
  const { worker, requests } = await busy();
  const began = () => requests.map((request) => request.slotSince);
  assert.deepEqual([worker.link.freeSlots, began()], [-2, [1, 0, 0]]);
  await worker.say(TYPE.RESPONSE, 1, DONE);
  assert.equal(worker.link.giveSlot(7), requests[1]);
  assert.deepEqual(began(), [0, 7, 0]);
  assert.equal(worker.link.giveSlot(7), requests[2], 'the pool asks once for each slot');
});

test('where nothing was sent ahead, nothing begins', async () => {
  const worker = new PlayedWorker();
  worker.run();
  assert.equal(worker.link.giveSlot(7), undefined);
  await worker.say(TYPE.RESPONSE, 1, DONE);
  assert.equal(worker.link.giveSlot(7), undefined);
});

test('it is prompt until what runs has run too long, or was asked back', async () => {
  const { worker } = await busy();
  assert.deepEqual([worker.link.isPrompt(0), worker.link.isPrompt(1)], [true, false]);
  worker.link.askBack(1);
  assert.equal(worker.link.isPrompt(0), false);
  assert.equal(new PlayedWorker().link.isPrompt(Number.MAX_VALUE), true, 'one that runs nothing');
});

test('what was sent ahead is asked for once, behind what was sent in the same turn', async () => {
  const { worker } = await busy();
  worker.run('/4');
  const before = worker.writes;
  let writes = 0;
  worker.control.on('data', () => {
    writes = worker.writes - before;
  });
  worker.link.askBack(1);
  worker.link.askBack(1);
  const asks = await worker.heard(worker.control);
  assert.deepEqual(
    asks.map(({ type, id }) => [type, id]),
    [[TYPE.GIVE_BACK, 0]],
  );
  assert.deepEqual([(await worker.heard(worker.data)).length, writes], [1, 1], 'the request was there before');
  await worker.giveBack();
  worker.link.askBack(1);
  assert.equal((await worker.heard(worker.control)).length, 1, 'once more after the answer');
});

test('nothing is asked for where nothing was sent ahead, or what runs is quick', async () => {
  const { worker } = await busy();
  worker.link.askBack(0);
  const full = new PlayedWorker(1);
  full.run();
  full.link.askBack(5);
  assert.deepEqual([(await worker.heard(worker.control)).length, (await full.heard(full.control)).length], [0, 1]);
});

test('what is returned is the pool’s again, in its order', async () => {
  const { worker, requests } = await asked();
  await worker.giveBack(2, 3);
  assert.deepEqual(worker.returned, [[requests[1], requests[2]]]);
  assert.deepEqual([worker.link.freeSlots, worker.link.isPrompt(0), worker.broken], [0, true, []]);
});

test('one may be returned that counts as begun: its slot was freed, and nothing took it', async () => {
  const { worker, requests } = await asked();
  await worker.say(TYPE.RESPONSE, 1, DONE);
  worker.link.giveSlot(7);
  await worker.giveBack(2, 3);
  assert.deepEqual(worker.returned, [[requests[1], requests[2]]]);
  assert.deepEqual([requests[1]?.slotSince, worker.link.freeSlots, worker.broken], [0, 1, []]);
});

test('an answer may cross with the question: less is returned then, or nothing', async () => {
  const { worker, requests } = await asked();
  await worker.say(TYPE.RESPONSE, 1, DONE);
  worker.link.giveSlot(7);
  await worker.say(TYPE.RESPONSE, 2, DONE);
  worker.link.giveSlot(8);
  await worker.giveBack();
  assert.deepEqual([worker.returned, worker.broken, requests[2]?.slotSince], [[[]], [], 8]);
});

test('who has gone while it waited is cancelled, and can be given back all the same', async () => {
  const { worker, requests } = await asked();
  requests[1]?.close();
  const [cancel] = await worker.heard(worker.control);
  assert.deepEqual([cancel?.type, cancel?.id], [TYPE.CANCEL, 2]);
  await worker.giveBack(2, 3);
  assert.deepEqual([worker.returned[0]?.length, worker.broken], [2, []]);
});

test('a death costs what was begun, and hands back what was not', async () => {
  const worker = new PlayedWorker(2);
  const requests = ['/1', '/2', '/3', '/4'].map((path) => worker.run(path));
  const receivers = requests.map((request) => {
    const receiver = new MemoryReceiver();
    request[PUSH](receiver);
    return receiver;
  });
  worker.progress.last = 2;
  const { cut, unbegun } = worker.link.fail();
  assert.deepEqual([cut.length, unbegun], [2, requests.slice(2)]);
  assert.deepEqual(
    receivers.map(({ events }) => events.length),
    [1, 1, 0, 0],
  );
  assert.deepEqual(worker.link.fail(), { cut: [], unbegun: [] });
});

test('what a worker had begun is told by its progress file, whatever came of other requests meanwhile', async () => {
  const worker = new PlayedWorker(2);
  const requests = ['/1', '/2', '/3', '/4'].map((path) => worker.run(path));
  worker.progress.last = 3;
  await worker.say(TYPE.RESPONSE, 3, DONE);
  assert.deepEqual(worker.broken, [], 'the third was begun by a thread while another stood still');
  const { cut, unbegun } = worker.link.fail();
  assert.deepEqual([cut.length, unbegun], [2, requests.slice(3)]);
  assert.equal(worker.progress.closed, true);
});

test('ids begin anew after the last, and what was begun is told all the same', async () => {
  const worker = new PlayedWorker(2);
  worker.link.lastId = 0xffff_fffd;
  const requests = ['/1', '/2', '/3'].map((path) => worker.run(path));
  assert.deepEqual(
    requests.map(({ id }) => id),
    [0xffff_fffe, 0xffff_ffff, 1],
  );
  worker.progress.last = 0xffff_ffff;
  const { cut, unbegun } = worker.link.fail();
  assert.deepEqual([cut.length, unbegun], [2, [requests[2]]]);
});

test('what a dead worker had finished and held back is answered, from where its link ended', async () => {
  const worker = new PlayedWorker(1);
  const requests = ['/1', '/2', '/3'].map((path) => worker.run(path));
  const receivers = requests.map((request) => {
    const receiver = new MemoryReceiver();
    request[PUSH](receiver);
    return receiver;
  });
  const first = encodeFrame(TYPE.RESPONSE, 1, DONE);
  const second = encodeFrame(TYPE.RESPONSE, 2, { ...DONE, body: Buffer.from('second') });
  worker.data.write(Buffer.concat([first, second.subarray(0, 20)]));
  await new Promise(setImmediate);
  worker.progress.position = first.length;
  worker.progress.held = second;
  worker.progress.last = 2;
  const { cut, unbegun } = worker.link.fail();
  assert.deepEqual([cut, unbegun], [[], [requests[2]]]);
  assert.deepEqual(
    receivers.map(({ events }) => events),
    [['last '], ['last second'], []],
  );
});

test('a worker that died as it closed a body that was answered costs nothing', async () => {
  const worker = new PlayedWorker(1);
  const request = worker.run('/1');
  const behind = worker.run('/2');
  await worker.heard(worker.data);
  await worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0', flags: FLAG.END });
  assert.equal(request.over, true);
  assert.deepEqual(worker.link.fail(), { cut: [], unbegun: [behind] });
});

const LIES: readonly (readonly [name: string, act: (worker: PlayedWorker) => Promise<void>, words: RegExp])[] = [
  ['an id that it was never given', (worker) => worker.giveBack(2, 9), /request 9 was returned/],
  ['the same one twice', (worker) => worker.giveBack(2, 2), /request 2 was returned/],
  ['half an id', (worker) => worker.say(TYPE.RETURNED, 0, { body: Buffer.alloc(6) }, worker.control), /not asked for/],
  [
    'one that it has begun to answer',
    async (worker) => {
      await worker.say(TYPE.RESPONSE, 1, { head: '200 OK\0' });
      await worker.giveBack(1);
    },
    /request 1 was returned/,
  ],
  [
    'one that it has answered',
    async (worker) => {
      await worker.say(TYPE.RESPONSE, 1, DONE);
      await worker.giveBack(1);
    },
    /request 1 was returned/,
  ],
  [
    'more than was asked for',
    async (worker) => {
      await worker.giveBack(3);
      await worker.giveBack(2);
    },
    /not asked for/,
  ],
  [
    'an answer to what it has given back',
    async (worker) => {
      await worker.giveBack(3);
      await worker.say(TYPE.RESPONSE, 3, DONE);
    },
    /request 3, which it does not have/,
  ],
];

test('a worker that lies about what was sent ahead is reported once, and takes nothing with it', async (t) => {
  for (const [name, act, words] of LIES) {
    await t.test(name, async () => {
      const { worker, requests } = await asked();
      await act(worker);
      assert.equal(worker.broken.length, 1);
      assert.match(worker.broken[0] as string, words);
      const { unbegun } = worker.link.fail();
      for (const [at, request] of requests.entries()) {
        const homes = [request.over, unbegun.includes(request), worker.returned.flat().includes(request)];
        assert.equal(homes.filter(Boolean).length, 1, `request ${at + 1} is answered, or waits in one place`);
      }
    });
  }
});

test('a RETURNED that nobody asked for breaks the link', async () => {
  const { worker } = await busy();
  await worker.giveBack(2);
  assert.match(worker.broken[0] as string, /not asked for/);
});
