/** The bars of the project: what is to be reached on Node 26, each with its formula over the rows of a run. */
import { excessOf, medianOf, type Results, ratioOf, ratioToBestOf, rowOf } from './results.ts';
import { formatNumber, markdownTable } from './table.ts';

type Measured = Pick<Results, 'workloads'>;

export interface Bar {
  readonly work: string;
  readonly what: string;
  readonly limit: number;
  readonly direction: 'at most' | 'at least';
  /** Printed behind the figures; none for a ratio. */
  readonly unit?: string;
  measure(results: Measured): number;
}

export interface Verdict {
  readonly bar: Bar;
  /** NaN where the run has not what it is made of. */
  readonly measured: number;
  readonly met: boolean;
}

const [CPU, REQUESTS, THROUGHPUT, P99] = ['cpu', 'requestsPerSecond', 'megabytesPerSecond', 'p99'] as const;
const GRANIAN = ['granian-t1', 'granian-t4'];

const NOUNS: Readonly<Record<string, string>> = {
  cpu: 'CPU/request',
  requestsPerSecond: 'requests/s',
  megabytesPerSecond: 'MB/s',
  p99: 'p99',
};

export const BARS: readonly Bar[] = [
  ratio('hello', CPU, 'stillhouse', 'gunicorn-gthread', 'at most', 1 / 7),
  ratio('hello', CPU, 'stillhouse', 'nginx-uwsgi', 'at most', 1 / 2),
  ratio('hello', CPU, 'stillhouse', 'node-http', 'at most', 1.4),
  ratio('hello', REQUESTS, 'stillhouse', 'nginx-uwsgi', 'at least', 1.8),
  ratio('flask', REQUESTS, 'stillhouse', 'gunicorn-gthread', 'at least', 2.7),
  ratio('flask', REQUESTS, 'stillhouse', 'nginx-uwsgi', 'at least', 1.15),
  ratio('flask', CPU, 'stillhouse', 'nginx-uwsgi', 'at most', 0.85),
  ratio('typescript', CPU, 'stillhouse-ts', 'node-http', 'at most', 1.3),
  ratio('typescript', CPU, 'make-server', 'node-http', 'at most', 0.8),
  accessLog('stillhouse'),
  accessLog('stillhouse-ts'),
  value('idle', 'perConnection', 'front memory for a connection', 'at most', 10, 'KB'),
  value('idle', 'p99Ratio', 'p99 of active requests with them, times without', 'at most', 1.2),
  value('slow-heads', 'p99Ratio', 'p99 of fast requests with them, times without', 'at most', 1.2),
  value('slow-heads', 'served', 'no worker held: fast requests/s with them, times without', 'at least', 0.5),
  value('slow-bodies', 'p99Ratio', 'p99 of fast requests with them, times without', 'at most', 1.2),
  value('slow-bodies', 'served', 'no worker held: fast requests/s with them, times without', 'at least', 0.5),
  value('up-1g', 'rise', 'rise of the front’s memory', 'at most', 64, 'MB'),
  ratio('up-1g', THROUGHPUT, 'stillhouse', 'nginx-gunicorn', 'at least', 1),
  ratio('down-1g', THROUGHPUT, 'stillhouse', 'nginx-gunicorn', 'at least', 1),
  ...['overload-wait', 'overload-cpu'].flatMap((work) => [
    value(work, 'goodputRatio', 'goodput at three times the load, times the peak', 'at least', 0.95),
    value(work, 'refusedP99', 'p99 of the time to a 503', 'at most', 250, 'ms'),
  ]),
  value('health', 'livezP99', 'p99 of /livez with every worker hanging', 'at most', 5, 'ms', 'stillhouse-apps'),
  value('health', 'metricsP99', 'p99 of /metrics with every worker hanging', 'at most', 5, 'ms', 'stillhouse-apps'),
  ...traffic('mix-t8', 'stillhouse-t8', ['granian-t8'], 1, 1.15),
  ...traffic('mix-t32', 'stillhouse-t32', ['granian-t32'], 1, 1.15),
  ...traffic('mix-t8', 'stillhouse-t8', ['gunicorn-gthread-t8'], 1.5, 0.6),
  ...traffic('flask-json', 'stillhouse', GRANIAN, 1, 1),
  ratio('flask-json', REQUESTS, 'stillhouse-t8', 'stillhouse', 'at least', 0.9),
  ratio('flask-json', CPU, 'stillhouse-t8', 'stillhouse', 'at most', 1.1),
  ...traffic('flask-chunks', 'stillhouse', GRANIAN, 1.2, 0.9),
  ...traffic('ts-chunks', 'stillhouse-ts', ['node-cluster'], 0.7, 2.5),
  ...['flask-up-10k', 'flask-up-60k', 'flask-up-300k'].flatMap((work) => [
    ...traffic(work, 'stillhouse', GRANIAN, 0.7, 1.4),
    ...traffic(work, 'stillhouse', ['gunicorn-gthread'], 1.2, 0.9),
  ]),
  ...traffic('flask-down-100k', 'stillhouse', GRANIAN, 0.9, 1.2),
  ...traffic('flask-connections', 'stillhouse', GRANIAN, 0.9, 1.2),
  ...traffic('hello', 'stillhouse', GRANIAN, 0.9, 1.2),
  ...traffic('ts-mix', 'stillhouse-ts', ['node-cluster'], 0.6, 2.2),
  value('ts-waits', 'ofPossible', 'requests/s, times what is possible', 'at least', 0.95, undefined, 'stillhouse-ts'),
  bestRatio('ts-waits', P99, 'stillhouse-ts', ['node-cluster'], 'at most', 1),
];

/** What a run says of each bar. */
export function judge(results: Measured): Verdict[] {
  return BARS.map((bar) => {
    const measured = bar.measure(results);
    return { bar, measured, met: bar.direction === 'at most' ? measured <= bar.limit : measured >= bar.limit };
  });
}

/** The bars as a table; those that the run has nothing on are left out. */
export function barsTable(results: Measured): string {
  const verdicts = judge(results).filter(({ measured }) => !Number.isNaN(measured));
  const lines = verdicts.map(({ bar, measured, met }) => [
    `${bar.work}: ${bar.what}`,
    `${bar.direction} ${withUnit(bar.limit, bar)}`,
    withUnit(measured, bar),
    met ? 'met' : `missed by ${formatNumber(Math.abs(measured / bar.limit - 1) * 100, 0)}%`,
  ]);
  return markdownTable(['bar', 'wanted', 'measured', 'verdict'], lines);
}

function withUnit(number: number, { unit }: Bar): string {
  return unit === undefined ? formatNumber(number, 3).replace(/0$/, '') : `${formatNumber(number, 1)} ${unit}`;
}

function ratio(
  work: string,
  metric: string,
  contender: string,
  base: string,
  direction: Bar['direction'],
  limit: number,
): Bar {
  return {
    work,
    what: `${NOUNS[metric]} of ${contender}, times ${base}’s`,
    limit,
    direction,
    measure: (results) => ratioOf(rowOf(results, work, contender), rowOf(results, work, base), metric),
  };
}

/** Beside the best of some peers: its rate, its CPU, and a p99 that is no worse. */
function traffic(work: string, contender: string, peers: readonly string[], rate: number, cpu: number): Bar[] {
  return [
    bestRatio(work, REQUESTS, contender, peers, 'at least', rate),
    bestRatio(work, CPU, contender, peers, 'at most', cpu),
    bestRatio(work, P99, contender, peers, 'at most', 1),
  ];
}

function bestRatio(
  work: string,
  metric: string,
  contender: string,
  peers: readonly string[],
  direction: Bar['direction'],
  limit: number,
): Bar {
  // The latency is that of the fastest: a peer that is slow has no queue.
  const best = metric === CPU ? ({ by: CPU, order: 'least' } as const) : ({ by: REQUESTS, order: 'most' } as const);
  const rows = (results: Measured) => peers.map((peer) => rowOf(results, work, peer));
  return {
    work,
    what: `${NOUNS[metric]} of ${contender}, times ${peers.length === 1 ? peers[0] : `the best of ${peers.join(' and ')}`}’s`,
    limit,
    direction,
    measure: (results) => ratioToBestOf(rowOf(results, work, contender), rows(results), metric, best),
  };
}

/** Of Stillhouse alone. */
function value(
  work: string,
  metric: string,
  what: string,
  direction: Bar['direction'],
  limit: number,
  unit?: string,
  contender = 'stillhouse',
): Bar {
  const measure = (results: Measured) => medianOf(rowOf(results, work, contender), metric);
  return { work, what, limit, direction, measure, ...(unit === undefined ? {} : { unit }) };
}

function accessLog(contender: string): Bar {
  const work = 'access-log';
  return {
    work,
    what: `CPU/request that it adds to ${contender}`,
    limit: 4,
    direction: 'at most',
    unit: 'µs',
    measure: (results) => excessOf(rowOf(results, work, `${contender}+log`), rowOf(results, work, contender), 'cpu'),
  };
}
