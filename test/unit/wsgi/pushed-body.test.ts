/** A pushed body that is iterated, by whoever does not know of pushing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPushed, type PulledBody } from '../../../src/wsgi/pushed-body.ts';
import { HandPushed } from './fake-push.ts';

function take(): { body: HandPushed; steps: PulledBody } {
  const body = new HandPushed();
  return { body, steps: body[Symbol.asyncIterator]() };
}

async function step(steps: PulledBody): Promise<string | undefined> {
  const { done, value } = await steps.next();
  return done === true ? undefined : Buffer.from(value).toString();
}

/** Whether there was room by the time that all promises of this turn have settled. */
async function hasRoom(room: void | Promise<void>): Promise<boolean> {
  let isFree = false;
  void Promise.resolve(room).then(() => {
    isFree = true;
  });
  await new Promise(setImmediate);
  return isFree;
}

test('a pushed body is told from every other', () => {
  assert.equal(isPushed(new HandPushed()), true);
  for (const body of [['a'], new Set(['a']), (async function* () {})()]) assert.equal(isPushed(body), false);
});

test('a chunk that is waited for needs no room', async () => {
  const { body, steps } = take();
  const first = step(steps);
  assert.equal(body.give('a'), undefined);
  assert.equal(await first, 'a');
});

test('what nobody has asked for waits, and holds the body back until it is taken', async () => {
  const { body, steps } = take();
  const room = body.give('a');
  assert.equal(await hasRoom(room), false);
  assert.equal(await step(steps), 'a');
  assert.equal(await hasRoom(room), true);
});

test('what has come unasked leaves in one piece', async () => {
  const { body, steps } = take();
  const rooms = [body.give('a'), body.give('b'), body.give('c', true)];
  assert.deepEqual([await step(steps), await step(steps), await step(steps)], ['abc', undefined, undefined]);
  for (const room of rooms) assert.equal(await hasRoom(room), true);
});

test('the end comes with the last chunk, or by itself', async () => {
  const withChunk = take();
  const chunk = step(withChunk.steps);
  void withChunk.body.give('a', true);
  assert.deepEqual([await chunk, await step(withChunk.steps)], ['a', undefined]);
  const alone = take();
  const end = step(alone.steps);
  void alone.body.give('', true);
  assert.deepEqual([await end, await step(alone.steps)], [undefined, undefined]);
});

test('a failure comes behind what was given before it, and wakes who waits', async () => {
  const fault = new Error('in the middle');
  const behind = take();
  void behind.body.give('a');
  behind.body.fail(fault);
  assert.equal(await step(behind.steps), 'a');
  await assert.rejects(step(behind.steps), fault);
  const waiting = take();
  const pending = assert.rejects(step(waiting.steps), fault);
  waiting.body.fail(fault);
  await pending;
});

test('return() closes the body once it is asked, and ends a step that pends', async () => {
  const { body, steps } = take();
  const pending = step(steps);
  assert.deepEqual(await steps.return(), { done: true, value: undefined });
  assert.equal(await pending, undefined);
  assert.equal(await step(steps), undefined);
  assert.equal(body.closes, 1);
});

test('a loop that is left closes the body, and one that came to its end does not', async () => {
  const left = new HandPushed();
  const leaving = (async () => {
    for await (const chunk of left) return Buffer.from(chunk).toString();
    return undefined;
  })();
  void left.give('a');
  assert.equal(await leaving, 'a');
  assert.equal(left.closes, 1);
  const ended = new HandPushed();
  const ending = (async () => {
    let text = '';
    for await (const chunk of ended) text += Buffer.from(chunk).toString();
    return text;
  })();
  void ended.give('a');
  void ended.give('b', true);
  assert.equal(await ending, 'ab');
  assert.equal(ended.closes, 0);
});

test('however steps and chunks alternate, the bytes arrive whole and in order', async () => {
  const action = fc.oneof(fc.constant(undefined), fc.string({ minLength: 1, maxLength: 4, unit: 'binary-ascii' }));
  const arrives = fc.asyncProperty(fc.array(action, { maxLength: 20 }), async (actions) => {
    const { body, steps } = take();
    const given: string[] = [];
    const taken: string[] = [];
    let pending: Promise<void> | undefined;
    const ask = () => {
      pending = step(steps).then((text) => {
        if (text !== undefined) taken.push(text);
        pending = undefined;
      });
    };
    for (const text of actions) {
      if (text === undefined) {
        if (pending === undefined) ask();
        await new Promise(setImmediate);
      } else {
        given.push(text);
        void body.give(text);
      }
    }
    void body.give('', true);
    await pending;
    for (let text = await step(steps); text !== undefined; text = await step(steps)) taken.push(text);
    assert.equal(taken.join(''), given.join(''));
  });
  await fc.assert(arrives, { numRuns: 100 });
});
