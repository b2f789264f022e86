import { METRICS, type MetricName, type Sample } from './metrics.ts';

/** Upper bounds in seconds: from a fast answer to the longest that is waited for. */
export const BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Durations counted in buckets; an observation is a search in a short array and two additions. */
export class Histogram {
  readonly #counts = new Array<number>(BUCKETS.length + 1).fill(0);
  #sum = 0;

  /** @param seconds a duration */
  observe(seconds: number): void {
    let at = 0;
    while (at < BUCKETS.length && seconds > (BUCKETS[at] as number)) at++;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += seconds;
  }

  /** Buckets that include those before them, a sum and a count, as Prometheus has them. */
  samples(name: MetricName, labels: Readonly<Record<string, string>>): Sample[] {
    const full = METRICS[name].name;
    let count = 0;
    const buckets = this.#counts.map((inBucket, at) => {
      count += inBucket;
      return { labels: { le: BUCKETS[at] ?? '+Inf', ...labels }, value: count, metricName: `${full}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: this.#sum, metricName: `${full}_sum` },
      { labels, value: count, metricName: `${full}_count` },
    ];
  }
}
