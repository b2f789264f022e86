import { readdirSync, readFileSync } from 'node:fs';
import { type Family, family, type MetricName } from '../observe/metrics.ts';

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

interface Figures {
  /** In ticks: whole numbers, whose sum never goes back by a rounding. */
  readonly cpu: number;
  readonly memory: number;
  readonly descriptors: number;
  /** When it started, in ticks since the boot: a pid is given anew. */
  readonly started: string;
}

/** Linux has counted in hundredths of a second towards programs since 2.6 (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

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
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the command may hold anything, so fields are counted from its closing parenthesis; the first there is field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return {
      cpu: ticks,
      memory: residentMemory(pid),
      descriptors: countDescriptors(pid),
      started: fields[19] as string,
    };
  } catch {
    return undefined;
  }
}

/** Those of a process that has changed its user cannot be seen. */
function countDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
