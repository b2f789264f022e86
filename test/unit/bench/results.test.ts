/** What is read out of a run's figures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excessOf, median, medianOf, type Row, ratioOf, ratioToBestOf, rowOf } from '../../bench/results.ts';

function row(contender: string, ...cpus: number[]): Row {
  return { contender, rounds: cpus.map((cpu) => ({ cpu })) };
}

test('a median is the middle value, the mean of the middle two, and NaN of none', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([Number.NaN, 7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test('a ratio is made within each round, before the median: a machine that drifts does not move it', () => {
  const [fast, slow] = [row('fast', 10, 30, 20), row('slow', 20, 60, 40)];
  assert.equal(ratioOf(slow, fast, 'cpu'), 2);
  assert.equal(excessOf(slow, fast, 'cpu'), 20);
});

test('a round in which one of the two failed is left out of their ratio', () => {
  const failed: Row = { contender: 'failed', rounds: [{}, { cpu: 30 }, { cpu: 10 }] };
  assert.equal(ratioOf(failed, row('base', 1, 10, 10), 'cpu'), 2);
});

test('the best of some rows is chosen in each round, by the metric that is asked for', () => {
  const mine: Row = { contender: 'mine', rounds: [{ p99: 6 }, { p99: 6 }] };
  const one: Row = {
    contender: 'one',
    rounds: [
      { rate: 10, p99: 3 },
      { rate: 30, p99: 2 },
    ],
  };
  const other: Row = { contender: 'other', rounds: [{ rate: 20, p99: 6 }, {}] };
  assert.equal(ratioToBestOf(mine, [one, other], 'p99', { by: 'rate', order: 'most' }), 2);
  assert.equal(ratioToBestOf(mine, [one, other], 'p99', { by: 'p99', order: 'least' }), 2.5);
  assert.equal(ratioToBestOf(mine, [undefined, one], 'p99', { by: 'rate', order: 'most' }), 2.5);
  assert.ok(Number.isNaN(ratioToBestOf(mine, [undefined], 'p99', { by: 'rate', order: 'most' })));
});

test('what was not measured is NaN', () => {
  assert.ok(Number.isNaN(medianOf(row('any', 1), 'p99')));
  assert.ok(Number.isNaN(ratioOf(undefined, row('any', 1), 'cpu')));
  assert.equal(rowOf({ workloads: [] }, 'hello', 'stillhouse'), undefined);
});
