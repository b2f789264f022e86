/**
 * `npm run fuzz [-- --minutes=10 --seed=N]`: the request codec under inputs that are made by its grammar and by changing others, for so
 * long. Each is read whole, in pieces, a byte at a time and under small limits, written again, and held beside Node's parser. The
 * same seed makes the same inputs. Exit status 1 where anything was found.
 */
import { parseArgs } from 'node:util';
import { examine } from './examine.ts';
import { Inputs } from './inputs.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';

/** Enough to see what is wrong. */
const MOST_FINDINGS = 5;
const REPORT_MS = 30_000;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('fuzz: --minutes must be a number over 0, and --seed a whole number');
  process.exit(2);
}

console.log(`seed ${seed}, ${minutes} minutes, Node ${process.versions.node}, llhttp ${process.versions.llhttp}`);
const random = new Random(seed);
const inputs = new Inputs(random);
const explained = new Map<string, number>();
const started = performance.now();
let executions = 0;
let findings = 0;
let reported = started;

for (let now = started; now - started < minutes * 60_000 && findings < MOST_FINDINGS; now = performance.now()) {
  const text = inputs.next();
  const { finding, explanation, shape } = await examine(text, random);
  executions++;
  inputs.learn(text, shape);
  if (explanation !== undefined) explained.set(explanation.why, (explained.get(explanation.why) ?? 0) + 1);
  if (finding !== undefined) await report(text, finding);
  if (now - reported > REPORT_MS) {
    reported = now;
    console.log(summary());
  }
}

for (const [why, count] of [...explained].sort(([, one], [, other]) => other - one)) console.log(`${count}\t${why}`);
console.log(`seed ${seed}: ${summary()}`);
process.exitCode = findings > 0 ? 1 : 0;

function summary(): string {
  const seconds = Math.round((performance.now() - started) / 1000);
  return `${executions} executions in ${seconds} s, ${inputs.shapes} shapes, ${findings} findings`;
}

async function report(text: string, finding: string): Promise<void> {
  findings++;
  const again = new Random(seed);
  const smallest = await shrink(text, async (part) => (await examine(part, again)).finding !== undefined);
  const { finding: why = finding } = await examine(smallest, again);
  console.log(`finding ${findings}, seed ${seed}, execution ${executions}: ${JSON.stringify(smallest)}\n${why}\n`);
}
