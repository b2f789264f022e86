import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontsOf, workersOf } from '../../../src/machine/sizing.ts';

const MIB = 1 << 20;
const AMPLE = 64 * 1024 * MIB;

for (const [cpus, memory, slots, workers] of [
  [1, AMPLE, 1, 2],
  [1.5, AMPLE, 1, 4],
  [8, AMPLE, 1, 16],
  [8, AMPLE, 4, 8],
  [0.5, AMPLE, 64, 1],
  [1.5, AMPLE, 64, 2],
  [1.5, 300 * MIB, 1, 3],
  [8, 256 * MIB, 64, 2],
  [8, 64 * MIB, 1, 1],
] as const) {
  test(`auto workers on ${cpus} processors and ${memory / MIB} MiB, ${slots} requests at a time: ${workers}`, () => {
    assert.equal(workersOf('auto', slots, { cpus, memory }), workers);
  });
}

test('a number of workers is what it says', () => assert.equal(workersOf(7, 1, { cpus: 1, memory: 1 }), 7));

for (const [cpus, fronts] of [
  [0.5, 1],
  [4, 1],
  [7.9, 1],
  [8, 2],
  [64, 16],
] as const) {
  test(`auto fronts on ${cpus} processors: ${fronts}`, () => {
    assert.equal(frontsOf('auto', { cpus, memory: AMPLE }), fronts);
  });
}

test('a number of fronts is what it says', () => assert.equal(frontsOf(3, { cpus: 1, memory: 1 }), 3));
