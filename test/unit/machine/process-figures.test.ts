import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { ProcessFigures } from '../../../src/machine/process-figures.ts';
import { METRICS, type MetricName } from '../../../src/observe/metrics.ts';
import { until } from '../../support/until.ts';

/** The value of a metric of the workers of `a`. */
function look(figures: ProcessFigures, pids: readonly number[]): Record<MetricName, number> {
  const families = figures.look([{ process: 'worker', app: 'a', pids }]);
  const values = Object.entries(METRICS).flatMap(([key, { name }]) => {
    const found = families.find((each) => each.name === name)?.values;
    return found === undefined ? [] : [[key, found[0]?.value]];
  });
  return Object.fromEntries(values) as Record<MetricName, number>;
}

function start(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
}

test('the CPU time of a kind never goes back, whoever of it dies', async () => {
  const figures = new ProcessFigures();
  const [one, other] = [start(), start()] as const;
  const pids = [one.pid as number, other.pid as number];
  try {
    const before = await until(() => {
      const seen = look(figures, pids);
      return seen.cpu >= 0.1 ? seen : undefined;
    }, 'CPU time');
    assert.equal(before.processes, 2);
    assert.ok(before.memory > 1e6 && before.descriptors >= 3);
    one.kill('SIGKILL');
    await once(one, 'exit');
    const after = look(figures, pids);
    assert.ok(after.cpu >= before.cpu);
    assert.equal(after.processes, 1);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const none = look(figures, []);
    assert.ok(none.cpu >= after.cpu);
    assert.deepEqual([none.memory, none.descriptors, none.processes], [0, 0, 0], 'gauges die with their process');
    assert.equal(look(figures, []).cpu, none.cpu, 'the dead are counted once');
  } finally {
    one.kill('SIGKILL');
    other.kill('SIGKILL');
  }
});

test('a process that is not there has no figures', () => {
  assert.deepEqual(look(new ProcessFigures(), [2 ** 22 + 1]), { cpu: 0, memory: 0, descriptors: 0, processes: 0 });
});
