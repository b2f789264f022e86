/** What is read out of a report of the traffic client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureOf } from '../../bench/measures/traffic.ts';
import { TrafficAccount } from '../../traffic/support/account.ts';

function account(): TrafficAccount {
  const account = new TrafficAccount();
  for (const ms of [1, 2, 3]) account.addRight('json', ms);
  account.left = 1;
  return account;
}

test('CPU is for each request that was answered right or left by its client', () => {
  const figure = figureOf(account().report({ done: 4, seconds: 2 }), 0.004);
  assert.deepEqual(figure, { requestsPerSecond: 2, cpu: 1000, p50: 2, p99: 3, failed: 0 });
});

test('what is possible is compared with the rate', () => {
  assert.equal(figureOf(account().report({ done: 4, seconds: 2 }), 1, 8).ofPossible, 0.25);
});

test('wrong, unasked and lost answers are failures', () => {
  const bad = account();
  bad.addWrong('a');
  bad.addUnasked('b');
  bad.addLost('cut', 'c');
  bad.addLost('refused', 'd');
  assert.equal(figureOf(bad.report({ done: 4, seconds: 2 }), 1).failed, 4);
});
