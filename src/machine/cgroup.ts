/** What control groups allow this process (cgroups(7), the kernel's cgroup-v1/ and cgroup-v2.rst). Pure: the texts of the files in, limits out. */

/** The text of a file; undefined where there is none. */
export type ReadText = (path: string) => string | undefined;

/** What all groups together allow; undefined: they set no limit. */
export interface GroupLimits {
  /** Processors, such as 1.5. */
  readonly cpus?: Limit;
  /** Bytes. */
  readonly memory?: Limit;
}

export interface Limit {
  readonly value: number;
  /** The file that says so. */
  readonly from: string;
}

/** Where a hierarchy is mounted, and which of its groups is there. */
interface Mount {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly root: string;
  readonly point: string;
}

/** The least of the limits of this process's group and of every group above it, up to the highest that can be seen. */
export function groupLimits(read: ReadText): GroupLimits {
  const groups = read('/proc/self/cgroup') ?? '';
  const mounts = readMounts(read('/proc/self/mountinfo') ?? '');
  const cpus = mounts.flatMap((mount) =>
    levels(mount, groups, 'cpu').flatMap((folder) => cpuLimit(mount, folder, read)),
  );
  const memory = mounts.flatMap((mount) =>
    levels(mount, groups, 'memory').flatMap((folder) => memoryLimit(mount, folder, read)),
  );
  return { ...least('cpus', cpus), ...least('memory', memory) };
}

function least<Name extends keyof GroupLimits>(name: Name, limits: readonly Limit[]): GroupLimits {
  const [first] = limits.toSorted((one, other) => one.value - other.value);
  return first === undefined ? {} : { [name]: first };
}

/** proc(5), /proc/PID/mountinfo: `36 35 98:0 ROOT POINT OPTIONS … - TYPE SOURCE SUPER_OPTIONS`. */
function readMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const [, , , root = '/', point = '/'] = before.split(' ').map(unescapeOctal);
    return [
      { version: type === 'cgroup2' ? (2 as const) : (1 as const), controllers: options.split(','), root, point },
    ];
  });
}

/** A space is `\040` there. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** The folders of this process's group and of those above it; a group that lies beyond what is mounted is the mount itself. */
function levels(mount: Mount, groups: string, controller: string): string[] {
  if (mount.version === 1 && !mount.controllers.includes(controller)) return [];
  const group = groupOf(mount.version === 2 ? '' : controller, groups);
  if (group === undefined) return [];
  const below = mount.root === '/' ? group : group === mount.root ? '' : group.replace(`${mount.root}/`, '/');
  const names = below.split('/').filter((name) => name !== '');
  const isSeen = !names.includes('..') && (mount.root === '/' || group.startsWith(mount.root));
  const depth = isSeen ? names.length : 0;
  return Array.from({ length: depth + 1 }, (_, up) => [mount.point, ...names.slice(0, depth - up)].join('/'));
}

/** proc(5), /proc/PID/cgroup: `4:cpu,cpuacct:/path`, and `0::/path` of version 2. */
function groupOf(controller: string, groups: string): string | undefined {
  for (const line of groups.split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    if (line !== '' && controllers.split(',').includes(controller)) return path.join(':');
  }
  return undefined;
}

/** Version 1: a quota of -1 is none; version 2: `max 100000`, or `150000 100000`, both in microseconds. */
function cpuLimit({ version }: Mount, folder: string, read: ReadText): Limit[] {
  const from = `${folder}/${version === 2 ? 'cpu.max' : 'cpu.cfs_quota_us'}`;
  const text = read(from);
  if (text === undefined) return [];
  const [quota = '', period = version === 2 ? '' : (read(`${folder}/cpu.cfs_period_us`)?.trim() ?? '')] = text
    .trim()
    .split(' ');
  const value = Number(quota) / Number(period);
  return value > 0 && Number.isFinite(value) ? [{ value, from }] : [];
}

/** Version 1: a huge number is none, which whoever clamps to the machine finds; version 2: `max`. */
function memoryLimit({ version }: Mount, folder: string, read: ReadText): Limit[] {
  const from = `${folder}/${version === 2 ? 'memory.max' : 'memory.limit_in_bytes'}`;
  const value = Number(read(from)?.trim() || 'none');
  return value > 0 ? [{ value, from }] : [];
}
