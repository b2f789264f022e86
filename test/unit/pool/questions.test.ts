import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unanswered } from '../../../src/errors.ts';
import { Questions } from '../../../src/pool/questions.ts';

const LONG_MS = 600_000;

test('each answer goes to its question, in whatever order they come', async () => {
  const questions = new Questions<string>(LONG_MS);
  const asked: number[] = [];
  const answers = ['first', 'second'].map(() => questions.ask((question) => asked.push(question)));
  const [first = 0, second = 0] = asked;
  questions.answer(second, 'two');
  questions.answer(first, 'one');
  questions.answer(second + 1, 'to a question that nobody asked');
  questions.answer(first, 'again');
  assert.deepEqual(await Promise.all(answers), ['one', 'two']);
});

test('an answer that does not come is given up', async () => {
  const questions = new Questions<string>(1);
  let asked = 0;
  const send = (question: number) => {
    asked = question;
  };
  await assert.rejects(questions.ask(send), { name: 'Unanswered', message: 'no answer came within 0.001 s' });
  questions.answer(asked, 'too late');
});

test('who is gone answers nothing, neither what was asked before nor after', async () => {
  const questions = new Questions<string>(LONG_MS);
  const before = questions.ask(() => undefined);
  questions.end('it has died');
  await assert.rejects(before, new Unanswered('it has died'));
  const never = () => assert.fail('there is nobody to ask');
  await assert.rejects(questions.ask(never), new Unanswered('it has died'));
});
