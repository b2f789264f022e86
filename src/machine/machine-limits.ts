import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Limits } from '../admin/status.ts';
import { type Family, family } from '../observe/metrics.ts';
import { groupLimits, type ReadText } from './cgroup.ts';

/** The least of what the machine has and of what the control groups of this process allow. */
export type MachineLimits = Limits;

/** What the machine has. */
export interface Machine {
  readonly cpus: number;
  readonly memory: number;
}

/**
 * Node's own figures leave the groups out: `availableParallelism()` gave 2 under a quota of one CPU, and `constrainedMemory()` 1.8e19 (DESIGN.md, section 12). The former
 * knows which processors a process is bound to, though.
 */
export function machineLimits(
  read: ReadText = readText,
  machine: Machine = { cpus: availableParallelism(), memory: totalmem() },
): MachineLimits {
  const { cpus, memory } = groupLimits(read);
  const fewer = cpus !== undefined && cpus.value < machine.cpus;
  const less = memory !== undefined && memory.value < machine.memory;
  return {
    cpus: fewer ? cpus.value : machine.cpus,
    memory: less ? memory.value : machine.memory,
    from: { cpus: fewer ? cpus.from : 'machine', memory: less ? memory.from : 'machine' },
  };
}

/** The limits as metrics. */
export function limitFamilies({ cpus, memory }: MachineLimits): Family[] {
  return [family('cpuLimit', [{ labels: {}, value: cpus }]), family('memoryLimit', [{ labels: {}, value: memory }])];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
