import { createRequire } from 'node:module';
import type { AggregatorRegistry, MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Family, Sample } from './metrics.ts';

type PromMetric = MetricObjectWithValues<MetricValue<string>>;

/**
 * The counters of processes that are dead: folded into one, so that what is exported never goes backwards. Gauges die with their process.
 * Not folded by prom-client, whose sum is a promise: a scrape between its begin and its end would see the dead twice, or not at all.
 */
export class DeadCounters {
  readonly #families = new Map<
    string,
    { readonly family: Omit<Family, 'values'>; readonly sums: Map<string, Sample> }
  >();

  /** Takes the last snapshot of a process that has died. */
  bury(last: readonly Family[]): void {
    for (const { values, ...family } of last) {
      if (family.type === 'gauge') continue;
      const { sums } = this.#families.get(family.name) ?? { sums: new Map<string, Sample>() };
      this.#families.set(family.name, { family, sums });
      for (const sample of values) {
        const key = keyOf(sample);
        sums.set(key, { ...sample, value: sample.value + (sums.get(key)?.value ?? 0) });
      }
    }
  }

  get families(): readonly Family[] {
    return [...this.#families.values()].map(({ family, sums }) => ({ ...family, values: [...sums.values()] }));
  }
}

/** Snapshots of several processes as the text that Prometheus reads (exposition format 0.0.4). */
export async function exposition(snapshots: readonly (readonly Family[])[]): Promise<string> {
  // prom-client's own cluster waits for every process, and forgets the dead; its static aggregation does neither.
  const copies = snapshots.map((snapshot) => [...snapshot]) as unknown as PromMetric[];
  return aggregatorRegistry().aggregate(copies).metrics();
}

let loaded: typeof AggregatorRegistry | undefined;

/** Loaded by the first scrape, and alone: the whole package brings Node's HTTP, TLS and cluster along, 9 MB with itself. So its version is pinned exactly. */
function aggregatorRegistry(): typeof AggregatorRegistry {
  loaded ??= createRequire(import.meta.url)('prom-client/lib/cluster.js') as typeof AggregatorRegistry;
  return loaded;
}

function keyOf({ metricName = '', labels }: Sample): string {
  return JSON.stringify([metricName, ...Object.entries(labels).sort()]);
}
