/**
 * `npm run reliability`: reloads Stillhouse and its peers under load, in turn, and counts the requests that each loses. `--report` makes
 * docs/reliability.md of the last run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, readVersions } from '../bench/describe.ts';
import { ROOT } from '../bench/root.ts';
import { RELOADED, type Reloaded } from './contenders.ts';
import { measure } from './measure.ts';
import { renderReport, summaryTable } from './report.ts';
import { RATES, type Rate, type Results, withTurn } from './results.ts';

const FOLDER = import.meta.dirname;
const LATEST = join(FOLDER, 'results/latest.json');
const REPORT = join(ROOT, 'docs/reliability.md');
const USAGE = `npm run reliability [-- OPTIONS]

  --rounds=3         rounds; in each, every server has its turn at every rate
  --reloads=10       in each turn
  --only=NAME[,..]   these servers: ${RELOADED.map(({ name }) => name).join(', ')}
  --rates=NAME[,..]  these rates: ${Object.keys(RATES).join(', ')}
  --out=FILE         where the JSON goes: test/reliability/results/latest.json
  --add              add the turns to what the JSON has
  --report           make docs/reliability.md of the JSON, and measure nothing
`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    reloads: { type: 'string', default: '10' },
    only: { type: 'string' },
    rates: { type: 'string' },
    out: { type: 'string', default: LATEST },
    add: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) process.stdout.write(USAGE);
else if (options.report) writeReport(read(options.out));
else await run();

async function run(): Promise<void> {
  installPackages();
  const chosen = choose(
    RELOADED.map(({ name }) => name),
    options.only,
  );
  const rates = choose(Object.keys(RATES) as Rate[], options.rates);
  const contenders = RELOADED.filter(({ name }) => chosen.includes(name));
  let results = begin(options.add && existsSync(options.out) ? read(options.out) : undefined);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const rate of rates) {
      for (const contender of contenders) {
        results = { ...results, rows: await turn(results, contender, rate) };
        mkdirSync(dirname(options.out), { recursive: true });
        writeFileSync(options.out, `${JSON.stringify(results, undefined, 2)}\n`);
      }
    }
  }
  process.stdout.write(`\n${summaryTable(results)}\n`);
}

async function turn({ rows, absent }: Results, contender: Reloaded, rate: Rate): Promise<Results['rows']> {
  if (absent[contender.name] !== undefined) return rows;
  const measured = await measure(contender, rate, Number(options.reloads));
  const { sent, right, losses, took } = measured;
  const words = sent === right ? '' : ` ${JSON.stringify(losses)}`;
  process.stderr.write(`${contender.name}, ${rate}: ${sent - right} of ${sent} lost${words}; ${took.join(' ')} ms\n`);
  return withTurn(rows, contender.name, rate, measured);
}

function begin(kept: Results | undefined): Results {
  const absences = RELOADED.flatMap(({ name, absent }) => {
    const why = absent();
    return why === undefined ? [] : [[name, why] as const];
  });
  const pm2 = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).dependencies.pm2;
  return {
    at: new Date().toISOString(),
    machine: describeMachine(),
    versions: { ...readVersions('Python', 'gunicorn', 'uWSGI', 'nginx'), Node: process.versions.node, PM2: pm2 },
    setups: Object.fromEntries(RELOADED.map(({ name, setup }) => [name, setup])),
    absent: Object.fromEntries(absences),
    rows: kept?.rows ?? [],
  };
}

/** @throws where a name is unknown */
function choose<Name extends string>(all: readonly Name[], wanted: string | undefined): readonly Name[] {
  const names = wanted?.split(',') ?? all;
  const unknown = names.find((name) => !(all as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}: ${all.join(', ')}`);
  return all.filter((name) => names.includes(name));
}

function installPackages(): void {
  if (existsSync(join(FOLDER, 'node_modules/pm2'))) return;
  process.stderr.write('Installing the packages of test/reliability/package-lock.json (npm ci) ...\n');
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--ignore-scripts'];
  spawnSync('npm', args, { cwd: FOLDER, stdio: 'inherit' });
}

function read(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

function writeReport(results: Results): void {
  writeFileSync(REPORT, renderReport(results, readFileSync(join(FOLDER, 'notes.md'), 'utf8')));
  process.stderr.write(`${REPORT} is written.\n`);
}
