import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Batches } from '../../../src/observe/batches.ts';

function gather(size: number) {
  const written: [string, number][] = [];
  return { written, batches: new Batches(size, (batch, lines) => written.push([batch, lines])) };
}

test('lines are written together, and never more bytes than the size', () => {
  const { written, batches } = gather(6);
  for (const line of ['a\n', 'é\n', 'b\n', 'c\n']) batches.add(line);
  assert.deepEqual(written, [['a\né\n', 2]]);
  batches.flush();
  assert.deepEqual(written[1], ['b\nc\n', 2]);
});

test('a line beyond the size is a batch of its own', () => {
  const { written, batches } = gather(4);
  for (const line of ['a\n', 'long\n', 'b\n']) batches.add(line);
  batches.flush();
  assert.deepEqual(
    written.map(([batch]) => batch),
    ['a\n', 'long\n', 'b\n'],
  );
});

test('no line waits longer than 100 ms, and nothing is written where there is none', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { written, batches } = gather(4096);
    batches.flush();
    batches.add('a\n');
    mock.timers.tick(99);
    assert.deepEqual(written, []);
    mock.timers.tick(1);
    assert.deepEqual(written, [['a\n', 1]]);
    batches.add('b\n');
    mock.timers.tick(100);
    assert.deepEqual(written[1], ['b\n', 1]);
  } finally {
    mock.timers.reset();
  }
});
