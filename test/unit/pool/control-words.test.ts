import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlWords } from '../../../src/pool/control-words.ts';
import { ProtocolError, TYPE } from '../../../src/pool/frames.ts';

test('a worker is ready, or has failed, once', () => {
  for (const first of [TYPE.READY, TYPE.FAILED]) {
    for (const second of [TYPE.READY, TYPE.FAILED]) {
      const words = new ControlWords();
      words.check({ type: first, id: 0 });
      assert.throws(() => words.check({ type: second, id: 0 }), ProtocolError);
    }
  }
});

test('each question has one answer, of its type and id, however late', () => {
  const words = new ControlWords();
  assert.throws(() => words.check({ type: TYPE.STACKS, id: 0 }), ProtocolError);
  words.ask(TYPE.STACKS, 0);
  words.ask(TYPE.PING, 1);
  assert.throws(() => words.check({ type: TYPE.PING, id: 0 }), ProtocolError);
  words.check({ type: TYPE.PING, id: 1 });
  words.check({ type: TYPE.STACKS, id: 0 });
  assert.throws(() => words.check({ type: TYPE.STACKS, id: 0 }), ProtocolError);
});

test('what is no answer does not come there', () => {
  for (const type of [TYPE.RESPONSE, TYPE.DATA, TYPE.DONE, TYPE.START, TYPE.STOP, TYPE.CANCEL])
    assert.throws(() => new ControlWords().check({ type, id: 1 }), /on the control link/);
});

test('some credit crosses with the end of its request, and not without end', () => {
  const words = new ControlWords();
  const many = (count: number) => {
    for (let times = 0; times < count; times++) words.lateCredit();
  };
  many(64);
  words.ended();
  many(64);
  assert.throws(() => words.lateCredit(), ProtocolError);
});
