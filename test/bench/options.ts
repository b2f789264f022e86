import { parseArgs } from 'node:util';
import { GROUPS, type Group, type Workload } from './workloads.ts';

export const USAGE = `npm run bench [-- OPTIONS]: measures Stillhouse beside its peers (an hour; --quick some twenty minutes).

  --rounds=5             rounds; in each, every contender has its turn
  --seconds=2            of load in each turn
  --only=NAME[,..]       these workloads, or groups of them
  --contenders=NAME[,..] these contenders
  --quick                two rounds of one second, without the bodies of 1 GB
  --out=FILE             where the JSON goes: test/bench/results/latest.json of a whole run, else partial.json
  --merge                keep what the JSON has of other workloads
  --report               make docs/performance.md of latest.json (or --out), and measure nothing
  --list                 the names of workloads and contenders
  --help
`;

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly groups: readonly Group[];
  /** Whether it is all that there is, in full length. */
  readonly whole: boolean;
  readonly out: string | undefined;
  readonly merge: boolean;
  readonly action: 'measure' | 'report' | 'list' | 'help';
}

/** Reads the words after `npm run bench --`. @throws where one is unknown */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      contenders: { type: 'string' },
      out: { type: 'string' },
      merge: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rounds: count('rounds', values.rounds ?? (values.quick ? '2' : '5')),
    seconds: count('seconds', values.seconds ?? (values.quick ? '1' : '2')),
    groups: choose(values.only?.split(','), values.contenders?.split(','), values.quick),
    whole: values.only === undefined && values.contenders === undefined && !values.quick,
    out: values.out,
    merge: values.merge,
    action: (['help', 'list', 'report'] as const).find((name) => values[name]) ?? 'measure',
  };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name}=${text}: a whole number from 1 up is expected`);
}

function choose(
  only: readonly string[] | undefined,
  contenders: readonly string[] | undefined,
  quick: boolean,
): Group[] {
  refuseUnknown(
    '--only',
    only,
    GROUPS.flatMap(({ name, workloads }) => [name, ...workloads.map((each) => each.name)]),
  );
  refuseUnknown(
    '--contenders',
    contenders,
    GROUPS.flatMap((group) => group.contenders.map(withoutLog)),
  );
  return GROUPS.map((group) => ({
    ...group,
    contenders: group.contenders.filter((name) => contenders?.includes(withoutLog(name)) ?? true),
    workloads: group.workloads.filter((workload) => isChosen(group, workload, only, quick)),
  })).filter((group) => group.contenders.length > 0 && group.workloads.length > 0);
}

function isChosen(group: Group, workload: Workload, only: readonly string[] | undefined, quick: boolean): boolean {
  if (only?.includes(workload.name)) return true;
  // A group that is named as one of its workloads stands for that one alone.
  const namedAlone = group.workloads.some(({ name }) => name === group.name);
  return only === undefined ? !(quick && workload.long) : only.includes(group.name) && !namedAlone;
}

function withoutLog(name: string): string {
  return name.replace(/\+log$/, '');
}

function refuseUnknown(option: string, names: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new Error(`${option}: ${unknown} is unknown; there are ${[...new Set(known)].join(', ')}`);
}
