/** Figures of a run, and what is read out of them: medians over the rounds, and ratios that were made within each round. */

/** One measurement: metrics by their names in metrics.ts. */
export type Figure = Readonly<Record<string, number>>;

/** One row: a contender's measurements, one for each round. */
export interface Row {
  readonly contender: string;
  readonly rounds: Figure[];
}

export interface WorkloadResult {
  readonly name: string;
  readonly title: string;
  readonly rows: Row[];
}

/** What a run writes as JSON. */
export interface Results {
  readonly at: string;
  readonly node: string;
  readonly machine: string;
  readonly rounds: number;
  readonly seconds: number;
  /** By contender: how it was set up. */
  readonly setups: Readonly<Record<string, string>>;
  /** By contender: why it was left out. */
  readonly absent: Readonly<Record<string, string>>;
  /** By program: what it says its version is. */
  readonly versions: Readonly<Record<string, string>>;
  readonly workloads: WorkloadResult[];
}

/** The middle of the values, the mean of the middle two where their count is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  if (!Number.isInteger(middle)) return sorted[Math.floor(middle)] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The value below which this part of the values lies; NaN of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** A metric of a row, the median of its rounds; NaN where it was not measured. */
export function medianOf(row: Row | undefined, metric: string): number {
  return median((row?.rounds ?? []).map((figure) => figure[metric] ?? Number.NaN));
}

/** How many times `base`'s value a row's is: the ratio of each round, and their median. */
export function ratioOf(row: Row | undefined, base: Row | undefined, metric: string): number {
  return compare(row, base, metric, (value, other) => value / other);
}

/** How the best of several rows is chosen: by the least or the most of a metric. */
export interface Best {
  readonly by: string;
  readonly order: 'least' | 'most';
}

/** How many times the value of the best of some rows a row's is: the best of each round, and the median of the ratios. */
export function ratioToBestOf(
  row: Row | undefined,
  bases: readonly (Row | undefined)[],
  metric: string,
  best: Best,
): number {
  const ratios = (row?.rounds ?? []).map((figure, round) => {
    const base = bestOf(
      bases.map((each) => each?.rounds[round] ?? {}),
      best,
    );
    return (figure[metric] ?? Number.NaN) / (base?.[metric] ?? Number.NaN);
  });
  return median(ratios);
}

function bestOf(figures: readonly Figure[], { by, order }: Best): Figure | undefined {
  const sign = order === 'least' ? 1 : -1;
  const measured = figures.filter((figure) => figure[by] !== undefined);
  return measured.toSorted((one, other) => sign * ((one[by] as number) - (other[by] as number)))[0];
}

/** How much more than `base`'s value a row's is, within each round, and the median of that. */
export function excessOf(row: Row | undefined, base: Row | undefined, metric: string): number {
  return compare(row, base, metric, (value, other) => value - other);
}

function compare(
  row: Row | undefined,
  base: Row | undefined,
  metric: string,
  by: (value: number, other: number) => number,
): number {
  return median(
    (row?.rounds ?? []).map((figure, round) =>
      by(figure[metric] ?? Number.NaN, base?.rounds[round]?.[metric] ?? Number.NaN),
    ),
  );
}

/** The row of a contender in a workload, where there is one. */
export function rowOf(results: Pick<Results, 'workloads'>, workload: string, contender: string): Row | undefined {
  const found = results.workloads.find(({ name }) => name === workload);
  return found?.rows.find((row) => row.contender === contender);
}
