/** What a server's processes have used, as the kernel counts it. */
import { readFileSync } from 'node:fs';
import { type Process, ProcessTree } from '../support/processes.ts';

const TICKS_PER_SECOND = 100;

export interface Usage {
  /** User and system time in seconds, that of dead children included. */
  readonly cpu: number;
  /** Resident MB (10^6 bytes). */
  readonly memory: number;
}

/** The processes of these roots and all that came of them. */
export function processesOf(roots: readonly number[]): readonly Process[] {
  return roots.flatMap((root) => ProcessTree.of(root).all);
}

/** Of these roots and all that came of them. */
export function usageOf(roots: readonly number[]): Usage {
  const pids = processesOf(roots).map(({ pid }) => pid);
  return { cpu: sum(pids.map(cpuSeconds)), memory: memoryOf(pids) };
}

/** Resident MB of these processes together; one that has ended counts nothing. */
export function memoryOf(pids: readonly number[]): number {
  return sum(pids.map((pid) => (Number(/VmRSS:\s+([0-9]+)/.exec(read(pid, 'status'))?.[1] ?? 0) * 1024) / 1e6));
}

/** proc(5): utime, stime, cutime, cstime are fields 14 to 17; the first after the name is field 3. */
function cpuSeconds(pid: number): number {
  const stat = read(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return sum(fields.slice(11, 15).map(Number)) / TICKS_PER_SECOND;
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
