import { readdirSync, readFileSync } from 'node:fs';
import { type Family, family, type MetricName } from '../observe/metrics.ts';
import { type ProcessStat, readStat, TICKS_PER_SECOND } from './process-stat.ts';

/** What a process is. */
export interface Kind {
  readonly process: 'supervisor' | 'front' | 'worker';
  /** Empty where it belongs to none. */
  readonly app: string;
}

/** The processes of a kind. */
export interface Looked extends Kind {
  readonly pids: readonly number[];
}

interface Figures extends ProcessStat {
  readonly memory: number;
  readonly descriptors: number;
}

/** CPU, memory and descriptors of every process by kind, from /proc. What the dead have used stays counted. */
export class ProcessFigures {
  /** The last CPU time of each process that lives. */
  readonly #alive = new Map<string, { readonly kind: string; readonly cpu: number }>();
  readonly #deadCpu = new Map<string, number>();

  /** @param kinds all of them, those without a process now too */
  look(kinds: readonly Looked[]): Family[] {
    const seen = new Set<string>();
    const sums = kinds.map(({ process, app, pids }) => {
      const kind = `${process}\0${app}`;
      const figures = pids.flatMap((pid) => {
        const found = readFigures(pid);
        if (found === undefined) return [];
        const key = `${pid} ${found.started}`;
        seen.add(key);
        this.#alive.set(key, { kind, cpu: found.cpu });
        return [found];
      });
      return { kind, labels: { process, app }, figures };
    });
    for (const [key, { kind, cpu }] of this.#alive) {
      if (seen.has(key)) continue;
      this.#alive.delete(key);
      this.#deadCpu.set(kind, (this.#deadCpu.get(kind) ?? 0) + cpu);
    }
    const each = (name: MetricName, value: (figures: readonly Figures[], kind: string) => number): Family =>
      family(
        name,
        sums.map(({ kind, labels, figures }) => ({ labels, value: value(figures, kind) })),
      );
    return [
      each('cpu', (figures, kind) => (sum(figures, 'cpu') + (this.#deadCpu.get(kind) ?? 0)) / TICKS_PER_SECOND),
      each('memory', (figures) => sum(figures, 'memory')),
      each('descriptors', (figures) => sum(figures, 'descriptors')),
      each('processes', (figures) => figures.length),
    ];
  }
}

function sum(figures: readonly Figures[], key: 'cpu' | 'memory' | 'descriptors'): number {
  return figures.reduce((total, each) => total + each[key], 0);
}

/** Bytes; 0 for a process that is gone. */
export function residentMemory(pid: number): number {
  try {
    return Number(/^VmRSS:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** A process that has just died has no figures any more. */
function readFigures(pid: number): Figures | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  return { ...stat, memory: residentMemory(pid), descriptors: countDescriptors(pid) };
}

/** Those of a process that has changed its user cannot be seen. */
function countDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
