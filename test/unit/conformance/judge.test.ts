/** What the conformance suite makes of an answer, without a server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differs, differsInRecords } from '../../conformance/judge.ts';
import { NO_ANSWER, persists } from '../../conformance/talk.ts';
import type { Answer } from '../../support/wire.ts';

const ANSWER: Answer = {
  version: '1.1',
  status: 200,
  reason: 'OK',
  headers: [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['content-length', '8'],
  ],
  body: Buffer.from('{"a":[1]}'),
  complete: true,
};

test('an answer that is as it must be differs in nothing', () => {
  const headers = { 'set-cookie': 'a=1 | b=2', 'content-length': /^\d$/, date: undefined };
  assert.deepEqual(
    differs({ status: [200, 201], reason: 'OK', headers, json: { a: [1] }, complete: true }, ANSWER),
    [],
  );
});

test('each difference is named, with what was seen', () => {
  const headers = { 'set-cookie': undefined, date: /./ };
  assert.deepEqual(differs({ status: 201, reason: 'Created', body: 'x', headers, complete: false }, ANSWER), [
    'status: 200',
    'reason: "OK"',
    'body: "{\\"a\\":[1]}"',
    'set-cookie: "a=1 | b=2"',
    'date: "not there"',
    'complete: true',
  ]);
});

test('JSON is compared by its members', () => {
  assert.deepEqual(differs({ json: { a: [2], b: 1 } }, ANSWER), ['a: "[1]"', 'b: "not there"']);
  assert.match(differs({ json: {} }, { ...ANSWER, body: Buffer.from('<p>') })[0] as string, /no JSON/);
});

test('a failure is an error’s status, or no answer at all', () => {
  assert.deepEqual(differs({ status: 'failure' }, { ...ANSWER, status: 500 }), []);
  assert.deepEqual(differs({ status: 'failure' }, NO_ANSWER), []);
  assert.deepEqual(differs({ status: 'failure' }, ANSWER), ['status: 200']);
});

test('records are compared in order where they are listed, and by membership where they are named', () => {
  assert.deepEqual(differsInRecords({ records: ['a', 'b'] }, ['a', 'b']), []);
  assert.equal(differsInRecords({ records: ['a', 'b'] }, ['b', 'a']).length, 1);
  assert.deepEqual(differsInRecords({ recorded: ['b'], neverRecorded: ['c'] }, ['a', 'b']), []);
  assert.equal(differsInRecords({ neverRecorded: ['a'] }, ['a']).length, 1);
});

test('a connection persists as RFC 9112, 9.3 says', () => {
  const given = (version: string, ...headers: Answer['headers'][number][]) => persists({ ...ANSWER, version, headers });
  assert.ok(given('1.1'));
  assert.ok(!given('1.1', ['connection', 'close']));
  assert.ok(!given('1.0', ['content-length', '8']));
  assert.ok(given('1.0', ['content-length', '8'], ['connection', 'Keep-Alive']));
  assert.ok(!persists({ ...ANSWER, complete: false }));
});
