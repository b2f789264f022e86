/** The rounds of a run: in each, every contender is started, measured and ended in its turn. */
import { CONTENDERS, type Contender } from './contenders/index.ts';
import type { Figure, Row, WorkloadResult } from './results.ts';
import { BenchServer } from './server.ts';
import type { Group } from './workloads.ts';

interface Entry {
  readonly label: string;
  readonly contender: Contender;
  readonly accessLog: boolean;
}

export interface RunSettings {
  readonly rounds: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

/** Measures a group's workloads. A contender that fails in a round has no figure for it, and it is said why. */
export async function runGroup(group: Group, { rounds, seconds, say }: RunSettings): Promise<WorkloadResult[]> {
  const entries = entriesOf(group);
  const results = group.workloads.map(({ name, title }) => ({
    name,
    title,
    rows: entries.map(({ label }): Row => ({ contender: label, rounds: [] })),
  }));
  for (let round = 0; round < rounds; round++) {
    for (const step of entries.keys()) {
      // Another one begins in each round, so that none always runs on the machine that its predecessor has heated.
      const turn = (round + step) % entries.length;
      const entry = entries[turn] as Entry;
      say(`${group.name}, round ${round + 1} of ${rounds}: ${entry.label}`);
      const figures = await measureAll(group, entry, seconds, say);
      for (const [index, result] of results.entries()) result.rows[turn]?.rounds.push(figures[index] ?? {});
    }
  }
  return results;
}

async function measureAll(group: Group, entry: Entry, seconds: number, say: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  try {
    await using server = await BenchServer.start(entry.contender, group.app, entry.accessLog);
    for (const workload of group.workloads) figures.push(await workload.measure(server, seconds));
  } catch (error) {
    say(`  ${entry.label} failed: ${(error as Error).message}`);
  }
  return figures;
}

/** The contenders of a group that are on this machine. */
function entriesOf({ contenders }: Group): Entry[] {
  return contenders.flatMap((label) => {
    const contender = contenderNamed(label);
    return contender.absent() === undefined ? [{ label, contender, accessLog: label.endsWith('+log') }] : [];
  });
}

/** @throws where there is none of this name */
export function contenderNamed(label: string): Contender {
  const found = CONTENDERS.find(({ name }) => name === label.replace(/\+log$/, ''));
  if (found === undefined) throw new Error(`there is no contender ${label}`);
  return found;
}
