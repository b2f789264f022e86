/** Results as a table of text, on a terminal and in Markdown alike. */
import { METRICS } from './metrics.ts';
import { medianOf, ratioOf, type WorkloadResult } from './results.ts';

/** A workload's rows: medians, and beside some metrics how many times the first row's they are. */
export function workloadTable({ rows }: WorkloadResult): string {
  const base = rows[0];
  const measured = Object.entries(METRICS).filter(([key]) =>
    rows.some((row) => row.rounds.some((figure) => figure[key] !== undefined)),
  );
  const head = measured.flatMap(([, { title, ratio }]) => (ratio ? [title, `× ${base?.contender}`] : [title]));
  const lines = rows.map((row) => [
    row.contender,
    ...measured.flatMap(([key, { digits, ratio }]) => {
      const value = formatNumber(medianOf(row, key), digits);
      return ratio ? [value, formatNumber(ratioOf(row, base, key), 2)] : [value];
    }),
  ]);
  return markdownTable(['', ...head], lines);
}

/** A Markdown table with its columns aligned: the first to the left. */
export function markdownTable(
  head: readonly string[],
  lines: readonly (readonly string[])[],
  others: 'left' | 'right' = 'right',
): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const isLeft = (column: number) => column === 0 || others === 'left';
  const pad = (text: string, width: number, column: number) =>
    isLeft(column) ? text.padEnd(width) : text.padStart(width);
  const format = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = widths.map((width, column) => (isLeft(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [format(head), `| ${rule.join(' | ')} |`, ...lines.map(format)].join('\n');
}

/** With so many digits after the point; a dash for what was not measured. */
export function formatNumber(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
