import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { counters, killsIn, OutOfMemory } from '../../../src/machine/out-of-memory.ts';
import { Folder } from '../../support/folder.ts';

test('the kernel counts its kills in one form, in both versions of cgroups and for the machine', () => {
  assert.equal(killsIn('low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 0\n'), 3);
  assert.equal(killsIn('oom_kill_disable 0\nunder_oom 0\noom_kill 2\n'), 2);
  assert.equal(killsIn('pgfault 1\noom_kill 0\n'), 0);
  assert.equal(killsIn(''), undefined);
});

test('the narrowest group is asked first', () => {
  assert.equal(counters('0::/system.slice/a.service\n')[0], '/sys/fs/cgroup/system.slice/a.service/memory.events');
  assert.equal(counters('0::/\n')[0], '/sys/fs/cgroup/memory.events');
  const first = counters('5:cpu,cpuacct:/x\n4:memory:/docker/1\n')[0];
  assert.equal(first, '/sys/fs/cgroup/memory/docker/1/memory.oom_control');
  assert.equal(counters('').at(-1), '/proc/vmstat');
});

test('each kill tells of one death, those from before of none, and old ones of none', () => {
  using folder = new Folder();
  const file = join(folder.path, 'memory.events');
  const write = (kills: number) => writeFileSync(file, `oom 9\noom_kill ${kills}\n`);
  write(3);
  const outOfMemory = new OutOfMemory([join(folder.path, 'absent'), file]);
  assert.equal(outOfMemory.happened(0), false);
  write(5);
  assert.deepEqual([outOfMemory.happened(10), outOfMemory.happened(20), outOfMemory.happened(30)], [true, true, false]);
  write(7);
  assert.deepEqual([outOfMemory.happened(40), outOfMemory.happened(5000)], [true, false]);
});

test('where the kernel does not count, nothing is said', () => {
  assert.equal(new OutOfMemory([]).happened(), false);
});
