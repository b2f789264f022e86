/**
 * `npm run bench [-- --rounds=5 --seconds=4 --connections=64]`: CPU per request of Stillhouse beside its peers, in one run, the contenders in turn
 * in each round, medians over the rounds. Absolute figures drift with the machine; the ratios are what to quote.
 */
import { parseArgs } from 'node:util';
import { type Figure, measure } from './measure.ts';
import { CONTENDERS, isPresent } from './servers.ts';

const FIRST_PORT = 18_100;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
  },
});
const load = { connections: Number(values.connections), seconds: Number(values.seconds) };
const present = CONTENDERS.filter(isPresent);
const figures = new Map<string, Figure[]>(present.map(({ name }) => [name, []]));

for (let round = 0; round < Number(values.rounds); round++) {
  for (const [index, contender] of present.entries()) {
    process.stderr.write(`round ${round + 1} of ${values.rounds}: ${contender.name}\n`);
    figures.get(contender.name)?.push(await measure(contender, FIRST_PORT + index, load));
  }
}

console.log(
  `web_app:application, ${load.connections} connections, keep-alive, ${load.seconds} s, medians of ${values.rounds} rounds, Node ${process.versions.node}`,
);
const base = median(figures.get((present[0] as { name: string }).name) ?? [], 'cpuPerRequest');
console.table(
  Object.fromEntries(
    present.map(({ name }) => {
      const rows = figures.get(name) ?? [];
      const cpu = median(rows, 'cpuPerRequest');
      return [
        name,
        {
          'CPU µs/request': round(cpu),
          'CPU, times stillhouse': round(cpu / base),
          'requests/s': Math.round(median(rows, 'requestsPerSecond')),
          'p50 ms': round(median(rows, 'p50')),
          'p99 ms': round(median(rows, 'p99')),
          'RSS MB': Math.round(median(rows, 'memory')),
          failed: median(rows, 'failed'),
        },
      ];
    }),
  ),
);

function median(rows: readonly Figure[], key: keyof Figure): number {
  const sorted = rows.map((row) => row[key]).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
