/** The metrics of a figure: their titles, units and digits in tables. */
export interface Metric {
  readonly title: string;
  readonly digits: number;
  /** Whether a table shows, beside the value, how many times Stillhouse's it is. */
  readonly ratio?: true;
}

export const METRICS: Readonly<Record<string, Metric>> = {
  requestsPerSecond: { title: 'requests/s', digits: 0, ratio: true },
  cpu: { title: 'CPU µs/request', digits: 1, ratio: true },
  p50: { title: 'p50 ms', digits: 2 },
  p99: { title: 'p99 ms', digits: 2, ratio: true },
  ofPossible: { title: 'of what is possible', digits: 3 },
  megabytesPerSecond: { title: 'MB/s', digits: 0, ratio: true },
  cpuPerMegabyte: { title: 'CPU µs/MB', digits: 0, ratio: true },
  rise: { title: 'front memory rise MB', digits: 1 },
  perConnection: { title: 'front memory/connection KB', digits: 1 },
  p99Without: { title: 'p99 ms without', digits: 2 },
  p99With: { title: 'p99 ms with', digits: 2 },
  p99Ratio: { title: 'p99 with/without', digits: 2 },
  served: { title: 'requests/s with/without', digits: 2 },
  peak: { title: 'peak requests/s', digits: 1 },
  goodput: { title: 'goodput requests/s', digits: 1 },
  goodputRatio: { title: 'goodput/peak', digits: 3 },
  refused: { title: '503/s', digits: 1 },
  goodP99: { title: '200 p99 ms', digits: 0 },
  refusedP99: { title: '503 p99 ms', digits: 1 },
  livezP50: { title: '/livez p50 ms', digits: 2 },
  livezP99: { title: '/livez p99 ms', digits: 2 },
  metricsP50: { title: '/metrics p50 ms', digits: 2 },
  metricsP99: { title: '/metrics p99 ms', digits: 2 },
  memory: { title: 'RSS MB', digits: 0 },
  failed: { title: 'failed', digits: 0 },
};
