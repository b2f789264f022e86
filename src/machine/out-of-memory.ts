import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** `oom_kill 3`, in memory.events (cgroup v2), memory.oom_control (v1) and /proc/vmstat (the whole machine) alike. */
const KILLS = /^oom_kill (\d+)$/m;

/** Deaths that the kernel counts together are heard of one after the other, within so many milliseconds. */
const TOGETHER_MS = 1000;

/** Whether the kernel has killed for want of memory since it was last asked: it tells nobody whom, but counts. */
export class OutOfMemory {
  readonly #file: string | undefined;
  #kills: number;
  /** Kills that no death was told of yet, and when they were seen. */
  #untold = 0;
  #seen = 0;

  /** @param files where the kernel may count; the first that does is read */
  constructor(files: readonly string[] = counters(readText('/proc/self/cgroup'))) {
    this.#file = files.find((file) => killsIn(readText(file)) !== undefined);
    this.#kills = this.#read();
  }

  /** Asked after a death by SIGKILL that nobody here has sent. */
  happened(now = performance.now()): boolean {
    const kills = this.#read();
    if (now - this.#seen > TOGETHER_MS) this.#untold = 0;
    if (kills > this.#kills) {
      this.#untold += kills - this.#kills;
      this.#seen = now;
    }
    this.#kills = kills;
    if (this.#untold === 0) return false;
    this.#untold--;
    return true;
  }

  #read(): number {
    return this.#file === undefined ? 0 : (killsIn(readText(this.#file)) ?? 0);
  }
}

/**
 * Where the kernel counts, the narrowest first: this process's own group under both versions of cgroups, that of a container which sees no more than its own, and
 * the machine.
 * @param cgroup /proc/self/cgroup
 */
export function counters(cgroup: string): string[] {
  const [, second] = /^0::(\/.*)$/m.exec(cgroup) ?? [];
  const [, first] = /^[0-9]+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(cgroup) ?? [];
  return [
    ...(second === undefined ? [] : [`/sys/fs/cgroup${second}/memory.events`.replaceAll('//', '/')]),
    ...(first === undefined ? [] : [`/sys/fs/cgroup/memory${first}/memory.oom_control`.replaceAll('//', '/')]),
    '/sys/fs/cgroup/memory.events',
    '/sys/fs/cgroup/memory/memory.oom_control',
    '/proc/vmstat',
  ];
}

export function killsIn(text: string): number | undefined {
  const [, count] = KILLS.exec(text) ?? [];
  return count === undefined ? undefined : Number(count);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
