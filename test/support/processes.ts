/** Processes as the kernel has them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from './until.ts';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
}

/** A process and all that came of it, as they were when it was read. */
export class ProcessTree {
  readonly all: readonly Process[];

  private constructor(all: readonly Process[]) {
    this.all = all;
  }

  static of(root: number): ProcessTree {
    const every = readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name))
      .map((name) => readProcess(Number(name)));
    const known = every.filter((found) => found !== undefined);
    const members = new Set([root]);
    for (let before = 0; before !== members.size; ) {
      before = members.size;
      for (const { pid, parent } of known) if (members.has(parent)) members.add(pid);
    }
    return new ProcessTree(known.filter(({ pid }) => members.has(pid)));
  }

  get front(): Process {
    return this.#only('stillhouse: front');
  }

  get fronts(): Process[] {
    return this.all.filter(({ command }) => command.startsWith('stillhouse: front'));
  }

  /** Worker processes, in the order of their pids. */
  get workers(): Process[] {
    return this.all.filter(
      ({ command }) => command.includes('workers/python/boot') || /^stillhouse: (?!front|supervisor)/.test(command),
    );
  }

  #only(command: string): Process {
    const [found, ...others] = this.all.filter((process) => process.command.startsWith(command));
    if (found === undefined || others.length > 0)
      throw new Error(`${others.length + (found === undefined ? 0 : 1)} processes "${command}"`);
    return found;
  }
}

/** Whether a process runs (a zombie does not). */
export function isAlive(pid: number): boolean {
  const found = readProcess(pid);
  return found !== undefined && found.state !== 'Z';
}

/** Resolves when none of these processes runs any more. @throws where one still does after a while, and ends it */
export async function allGone(pids: readonly number[]): Promise<void> {
  try {
    await until(() => !pids.some(isAlive), 'the end of all processes');
  } finally {
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
  }
}

/** What each open descriptor of a process stands for, such as `socket:[123]`. */
export function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), state, command };
  } catch {
    return undefined;
  }
}

/** The most memory that a process has held resident, in bytes (proc(5), VmHWM). */
export function peakMemory(pid: number): number {
  const [, kib] = /^VmHWM:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}
