/** docs/reliability.md, made of a run. */
import { median } from '../bench/results.ts';
import { markdownTable } from '../bench/table.ts';
import { RATES, type Rate, type Results, type Row } from './results.ts';

const KINDS: Readonly<Record<string, string>> = {
  closed: 'closed before an answer',
  reset: 'reset before an answer',
  cut: 'cut in an answer',
  refused: 'refused',
  silent: 'no answer in 10 s',
  wrong: 'wrong body',
};

export function renderReport(results: Results, notes: string): string {
  const { at, machine, versions, setups, absent, rows } = results;
  const sections = [
    '# Reliability',
    'Made by `npm run reliability -- --report` from `test/reliability/results/latest.json` and `test/reliability/notes.md`: edit those.',
    `Requests lost while new code is put into service, under load, beside the peers. Measured on ${at.slice(0, 10)}: ${machine}. ${list(versions)}.`,
    summaryTable(results),
    notes.trim(),
    ...(Object.keys(RATES) as Rate[]).flatMap((rate) => {
      const ofRate = rows.filter((row) => row.rate === rate);
      return ofRate.length === 0 ? [] : [`## ${RATES[rate].title}`, rateTable(ofRate)];
    }),
    '## Set-ups',
    markdownTable(
      ['server', 'how'],
      Object.entries(setups).filter(([name]) => absent[name] === undefined),
      'left',
    ),
    ...Object.entries(absent).map(([name, why]) => `${name} was left out: ${why}.`),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Requests lost, by server and rate. */
export function summaryTable({ rows, setups }: Results): string {
  const rates = Object.keys(RATES) as Rate[];
  const names = Object.keys(setups).filter((name) => rows.some(({ contender }) => contender === name));
  const lines = names.map((name) => {
    const cells = rates.map((rate) => {
      const row = rows.find((each) => each.contender === name && each.rate === rate);
      return row === undefined ? '' : `${total(row).lost} of ${total(row).sent}`;
    });
    return [name, ...cells];
  });
  return markdownTable(['requests lost', ...rates], lines, 'right');
}

function rateTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { reloads, sent, lost, losses, took, slowest } = total(row);
    const kinds = Object.entries(losses).map(([kind, count]) => `${count} ${KINDS[kind] ?? kind}`);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
    return [row.contender, reloads, sent, lost, kinds.join(', ') || '-', seconds(median(took)), seconds(slowest)].map(
      String,
    );
  });
  const heads = ['server', 'reloads', 'requests', 'lost', 'how', 'a reload took', 'slowest answer'];
  return markdownTable(heads, lines, 'right');
}

function total({ turns }: Row) {
  const losses: Record<string, number> = {};
  for (const turn of turns) {
    for (const [kind, count] of Object.entries(turn.losses)) losses[kind] = (losses[kind] ?? 0) + count;
  }
  const sum = (of: (turn: Row['turns'][number]) => number) => turns.reduce((all, turn) => all + of(turn), 0);
  return {
    reloads: sum(({ reloads }) => reloads),
    sent: sum(({ sent }) => sent),
    lost: sum(({ sent, right }) => sent - right),
    losses,
    took: turns.flatMap(({ took }) => took),
    slowest: Math.max(...turns.map(({ slowest }) => slowest)),
  };
}

function list(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
