/** What a link tells its worker of requests whose time has passed, and of clients that have left. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { AppFailed } from '../../../src/errors.ts';
import { FLAG, TYPE } from '../../../src/pool/frames.ts';
import { PUSH } from '../../../src/wsgi/pushed-body.ts';
import { MemoryReceiver } from '../wsgi/fake-push.ts';
import { PlayedWorker } from './played-worker.ts';

/** Type, flags and id of the frames on the control link since the last call. */
async function told(worker: PlayedWorker): Promise<number[][]> {
  return (await worker.heard(worker.control)).map(({ type, flags, id }) => [type, flags, id]);
}

test('stacks are asked for before a request is interrupted, and its client is answered at once', async () => {
  const worker = new PlayedWorker();
  const [early, late] = [worker.run('/early', 100), worker.run('/late', 200)];
  const receiver = new MemoryReceiver();
  early[PUSH](receiver);
  await told(worker);
  assert.equal(worker.link.expire(150, 0), 1);
  assert.match(receiver.events.join(), /^last 504 Gateway Timeout\n/);
  assert.deepEqual([worker.lates, late.over], [[[early]], false]);
  assert.deepEqual(await told(worker), [
    [TYPE.STACKS, 0, 1],
    [TYPE.CANCEL, FLAG.INTERRUPT, 1],
  ]);
  assert.equal(worker.link.expire(150, 0), 0, 'once');
  assert.deepEqual([worker.lates.length, await told(worker), worker.broken], [1, [], []]);
});

test('several that are late together are told together', async () => {
  const worker = new PlayedWorker();
  const requests = [worker.run('/1', 100), worker.run('/2', 100)];
  await told(worker);
  assert.equal(worker.link.expire(100, 0), 2);
  assert.deepEqual(worker.lates, [requests]);
  assert.deepEqual(await told(worker), [
    [TYPE.STACKS, 0, 1],
    [TYPE.CANCEL, FLAG.INTERRUPT, 1],
    [TYPE.CANCEL, FLAG.INTERRUPT, 2],
  ]);
});

test('a request that runs on for the grace time breaks its link; one whose response has begun does not', async () => {
  const worker = new PlayedWorker();
  worker.run('/late', 100);
  worker.run('/streams', 100);
  await worker.say(TYPE.RESPONSE, 2, { head: '200 OK\0' });
  assert.equal(worker.link.expire(150, 50), 1);
  worker.link.expire(250, 99);
  assert.deepEqual(worker.broken, []);
  worker.link.expire(250, 100);
  assert.deepEqual(worker.broken, ['a request ran on after its timeout']);
});

test('a request that has freed its slot after its interruption breaks nothing', async () => {
  const worker = new PlayedWorker();
  worker.run('/late', 100);
  worker.link.expire(100, 0);
  await worker.say(TYPE.ABORT, 1, { flags: FLAG.FREE });
  worker.link.expire(1000, 900);
  assert.deepEqual([worker.broken, worker.link.freeSlots], [[], 2]);
});

test('a worker is told once that a client has gone, and only of what it has begun', async () => {
  const worker = new PlayedWorker();
  let gone = false;
  for (const path of ['/1', '/2', '/ahead']) worker.run(path, 1, () => gone && path !== '/2');
  await told(worker);
  worker.link.tellGone();
  assert.deepEqual(await told(worker), []);
  gone = true;
  worker.link.tellGone();
  worker.link.tellGone();
  assert.deepEqual(await told(worker), [[TYPE.GONE, 0, 1]]);
});

test('a client that had closed its side from the start is none that goes', async () => {
  const worker = new PlayedWorker();
  worker.run('/', 1, () => true);
  await told(worker);
  worker.link.tellGone();
  assert.deepEqual(await told(worker), []);
});

test('the traceback of a worker with debug goes to the client', async () => {
  const worker = new PlayedWorker(2, true);
  const request = worker.run();
  const receiver = new MemoryReceiver();
  request[PUSH](receiver);
  await worker.say(TYPE.ABORT, 1, { body: Buffer.from('Traceback: wörd'), flags: FLAG.FREE });
  assert(receiver.error instanceof AppFailed);
  assert.deepEqual([receiver.error.traceback, worker.broken], ['Traceback: wörd', []]);
});
