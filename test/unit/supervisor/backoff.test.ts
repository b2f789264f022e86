import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKOFF, Backoff } from '../../../src/supervisor/backoff.ts';

const SETTINGS = { first: 100, most: 1000, forgiven: 10_000 };

function delays(...lives: number[]): number[] {
  const backoff = new Backoff(SETTINGS);
  return lives.map((lived) => backoff.died(lived));
}

test('the first death costs nothing, and from the second on the delay doubles up to its bound', () => {
  assert.deepEqual(delays(0, 0, 0, 0, 0, 0, 0, 0), [0, 100, 200, 400, 800, 1000, 1000, 1000]);
});

test('who lived long enough is forgiven', () => {
  assert.deepEqual(delays(0, 0, 9_999, 10_000, 0), [0, 100, 200, 0, 100]);
});

test('deaths in a row are counted', () => {
  const backoff = new Backoff(SETTINGS);
  assert.equal(backoff.deaths, 0);
  backoff.died(0);
  backoff.died(0);
  assert.equal(backoff.deaths, 2);
  backoff.died(20_000);
  assert.equal(backoff.deaths, 1);
});

test('no number of deaths gives anything but a delay', () => {
  const backoff = new Backoff();
  for (let deaths = 0; deaths < 3000; deaths++) {
    const delay = backoff.died(0);
    assert(delay >= 0 && delay <= BACKOFF.most);
  }
});
