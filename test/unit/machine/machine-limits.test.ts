/** Control groups as machines and containers show them, in the text of their files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineLimits } from '../../../src/machine/machine-limits.ts';

const GIB = 1 << 30;
const MACHINE = { cpus: 8, memory: 16 * GIB };
/** What version 1 says where there is no limit. */
const NONE = '9223372036854771712\n';

const V2_MOUNT = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const V1_MOUNTS = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:12 - cgroup cgroup rw,memory',
  '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
];
const V1_GROUPS = '5:memory:/jobs/one\n3:cpu,cpuacct:/jobs/one\n1:name=systemd:/jobs\n0::/\n';

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly cpus?: number;
  readonly memory?: number;
  readonly from?: { readonly cpus?: string; readonly memory?: string };
}

const CASES: readonly Case[] = [
  { name: 'no control groups at all', files: {} },
  {
    name: 'version 2, a container that sees itself as the root',
    files: {
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/memory.max': '314572800\n',
    },
    cpus: 1.5,
    memory: 314_572_800,
    from: { cpus: '/sys/fs/cgroup/cpu.max', memory: '/sys/fs/cgroup/memory.max' },
  },
  {
    name: 'version 2, max',
    files: {
      '/proc/self/cgroup': '0::/a\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/a/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/a/memory.max': 'max\n',
    },
  },
  {
    name: 'version 2, the least of all levels: the inner one has fewer processors, the outer one less memory',
    files: {
      '/proc/self/cgroup': '0::/kubepods.slice/pod1/c1\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/kubepods.slice/cpu.max': '600000 100000\n',
      '/sys/fs/cgroup/kubepods.slice/pod1/cpu.max': '400000 100000\n',
      '/sys/fs/cgroup/kubepods.slice/pod1/memory.max': '1073741824\n',
      '/sys/fs/cgroup/kubepods.slice/pod1/c1/cpu.max': '100000 50000\n',
      '/sys/fs/cgroup/kubepods.slice/pod1/c1/memory.max': '2147483648\n',
    },
    cpus: 2,
    memory: GIB,
    from: {
      cpus: '/sys/fs/cgroup/kubepods.slice/pod1/c1/cpu.max',
      memory: '/sys/fs/cgroup/kubepods.slice/pod1/memory.max',
    },
  },
  {
    name: 'version 2, a group outside of what is mounted',
    files: {
      '/proc/self/cgroup': '0::/../../other\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/cpu.max': '300000 100000\n',
    },
    cpus: 3,
  },
  {
    name: 'version 1, beside an empty version 2',
    files: {
      '/proc/self/cgroup': V1_GROUPS,
      '/proc/self/mountinfo': V1_MOUNTS.join('\n'),
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us': '250000\n',
      '/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': NONE,
      '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': '536870912\n',
      '/sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes': NONE,
    },
    cpus: 2.5,
    memory: GIB / 2,
  },
  {
    name: 'version 1, the group of a container that is mounted alone',
    files: {
      '/proc/self/cgroup': '4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n',
      '/proc/self/mountinfo': V1_MOUNTS.join('\n').replaceAll('0:29 / ', '0:29 /docker/abc '),
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': NONE,
    },
    cpus: 0.5,
  },
  {
    name: 'more than the machine has',
    files: {
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/cpu.max': '6400000 100000\n',
      '/sys/fs/cgroup/memory.max': String(64 * GIB),
    },
  },
  {
    name: 'a mount point with a space',
    files: {
      '/proc/self/cgroup': '0::/a b\n',
      '/proc/self/mountinfo': '30 23 0:26 / /mnt/c\\040g rw - cgroup2 none rw',
      '/mnt/c g/a b/cpu.max': '100000 100000\n',
    },
    cpus: 1,
  },
  {
    name: 'what is no number',
    files: {
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/cpu.max': '\n',
      '/sys/fs/cgroup/memory.max': 'plenty\n',
    },
  },
];

for (const { name, files, cpus = MACHINE.cpus, memory = MACHINE.memory, from = {} } of CASES) {
  test(`limits: ${name}`, () => {
    const found = machineLimits((path) => files[path], MACHINE);
    assert.deepEqual([found.cpus, found.memory], [cpus, memory]);
    assert.equal(found.from.cpus === 'machine', cpus === MACHINE.cpus);
    assert.equal(found.from.memory === 'machine', memory === MACHINE.memory);
    assert.deepEqual({ ...found.from, ...from }, found.from);
  });
}
