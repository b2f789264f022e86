/**
 * `npm run bench`: Stillhouse beside its peers, in one run, the contenders in turn in each round, medians over the rounds. Absolute figures
 * drift with the machine; ratios, made within each round, are what to quote. `--help` says more.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { barsTable } from './bars.ts';
import { lacksProgram } from './contenders/needs.ts';
import { describeRun, environmentsOf } from './describe.ts';
import { ensureEnvironments } from './environments.ts';
import { ensurePackages } from './node26.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { renderReport } from './report.ts';
import type { Results } from './results.ts';
import { ROOT } from './root.ts';
import { runGroup } from './run.ts';
import { workloadTable } from './table.ts';
import { GROUPS } from './workloads.ts';

const FOLDER = join(ROOT, 'test/bench');
const LATEST = join(FOLDER, 'results/latest.json');
const PARTIAL = join(FOLDER, 'results/partial.json');
const REPORT = join(ROOT, 'docs/performance.md');

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  say(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  if (options.action === 'help') return print(USAGE);
  if (options.action === 'list') return print(listNames());
  if (options.action === 'report') return writeReport(options.out ?? LATEST);
  await measure(options);
}

async function measure({
  groups,
  rounds,
  seconds,
  whole,
  out = whole ? LATEST : PARTIAL,
  merge,
}: Options): Promise<void> {
  const wrkProblem = lacksProgram('wrk');
  if (wrkProblem !== undefined) throw new Error(`${wrkProblem}, and makes the load (Debian: apt-get install wrk)`);
  const problem = ensurePackages();
  if (problem !== undefined) say(problem);
  ensureEnvironments(environmentsOf(groups), say);
  const results: Results = { ...describeRun(groups), rounds, seconds, workloads: [] };
  const kept = merge && existsSync(out) ? read(out) : undefined;
  say(`Node ${results.node}; ${results.machine}`);
  for (const [name, why] of Object.entries(results.absent)) say(`without ${name}: ${why}`);
  mkdirSync(dirname(out), { recursive: true });
  for (const group of groups) {
    for (const workload of await runGroup(group, { rounds, seconds, say })) {
      results.workloads.push(workload);
      print(`\n${workload.title} (${workload.name})\n\n${workloadTable(workload)}\n`);
    }
    // After each group: what has been measured is not lost with what follows.
    writeFileSync(out, `${JSON.stringify(kept === undefined ? results : merged(kept, results), undefined, 2)}\n`);
  }
  print(`\n${barsTable(results)}\n`);
  say(`The figures are in ${out}; npm run bench -- --report makes docs/performance.md of latest.json.`);
}

/** The newer run's workloads in the places of the older's, and the older's others. */
function merged(older: Results, newer: Results): Results {
  const all = [...older.workloads, ...newer.workloads];
  const order = GROUPS.flatMap(({ workloads }) => workloads.map(({ name }) => name));
  const workloads = order.flatMap((name) => all.findLast((workload) => workload.name === name) ?? []);
  return {
    ...newer,
    setups: { ...older.setups, ...newer.setups },
    absent: { ...older.absent, ...newer.absent },
    workloads,
  };
}

function writeReport(file: string): void {
  if (!existsSync(file)) throw new Error(`there is no ${file}: npm run bench makes it`);
  writeFileSync(REPORT, renderReport(read(file), readFileSync(join(FOLDER, 'performance-notes.md'), 'utf8')));
  say(`${REPORT} is written.`);
}

function read(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

function listNames(): string {
  return GROUPS.map(
    ({ name, workloads, contenders }) =>
      `${name}: ${workloads.map((workload) => workload.name).join(', ')}\n  ${contenders.join(', ')}\n`,
  ).join('');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}
