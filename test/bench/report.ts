/** docs/performance.md, made of a run and of what was written by hand. */
import { barsTable } from './bars.ts';
import { WARM_UP_SECONDS } from './measures/requests.ts';
import type { Results } from './results.ts';
import { markdownTable, workloadTable } from './table.ts';

/** @param notes Markdown, put behind the bars as it is */
export function renderReport(results: Results, notes: string): string {
  const { rounds, seconds, node, machine, at, versions, setups, absent } = results;
  const contenders = Object.entries(setups).filter(([name]) => absent[name] === undefined);
  const left = Object.entries(absent).map(([name, why]) => `${name} was left out: ${why}.`);
  const sections = [
    '# Performance',
    'Made by `npm run bench -- --report` from `test/bench/results/latest.json` and `test/bench/performance-notes.md`: edit those.',
    `Measured on ${at.slice(0, 10)} with Node ${node}: ${machine}. Medians of ${rounds} rounds, in which every contender has its turn; ratios are made within each round. Each load of small requests lasts ${seconds} s after ${WARM_UP_SECONDS} s of warm-up. The load generator shares the machine, so read ratios before absolute figures.`,
    '## The bars',
    barsTable(results),
    notes.trim(),
    '## How it is measured',
    'CPU is the user and system time of a contender’s whole process tree, proxy and all, from `/proc`; RSS is the sum over that tree. Small requests are made by wrk over keep-alive connections, large bodies by a client of the suite, one at a time. Every contender has the same number of application processes where it can have several. The access log is off where the row does not end in `+log`. Stillhouse has metrics, request ids and its admin listener on.',
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    markdownTable(['contender', 'set-up'], contenders, 'left'),
    ...left,
    ...results.workloads.flatMap((workload) => [
      `## ${workload.title}`,
      `\`--only=${workload.name}\``,
      workloadTable(workload),
    ]),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}
