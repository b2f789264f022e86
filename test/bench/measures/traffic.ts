/** Mixed traffic, or one kind of it, by the client of test/traffic: every answer is compared with what it must be. */
import type { TrafficReport } from '../../traffic/support/account.ts';
import { Client } from '../clients/client.ts';
import type { Figure } from '../results.ts';
import type { BenchServer } from '../server.ts';
import { usageOf } from '../usage.ts';
import { WARM_UP_SECONDS } from './requests.ts';

export interface TrafficLoad {
  /** `mix`, a kind of request, or kinds with weights, as test/traffic/client.ts reads them. */
  readonly mix: string;
  /** Further options of test/traffic/client.ts. */
  readonly options?: readonly string[];
  /** The most requests per second that the load allows, where it has such a bound. */
  readonly possible?: number;
}

export const TRAFFIC_CONNECTIONS = 48;

/** Loads a server that has been warmed up, and counts what its processes use for it. */
export async function measureTraffic(server: BenchServer, load: TrafficLoad, seconds: number): Promise<Figure> {
  const { mix, options = [], possible } = load;
  await using client = await Client.start('../../traffic/client.ts', [
    `--port=${server.port}`,
    `--connections=${TRAFFIC_CONNECTIONS}`,
    `--warm-up=${WARM_UP_SECONDS}`,
    `--seconds=${seconds}`,
    `--mix=${mix}`,
    ...options,
  ]);
  const before = usageOf(server.roots);
  const report = JSON.parse(await client.line()) as TrafficReport;
  const after = usageOf(server.roots);
  for (const problem of report.problems) process.stderr.write(`  ${problem}\n`);
  return { ...figureOf(report, after.cpu - before.cpu, possible), memory: after.memory };
}

/** @param cpu seconds that the server's processes have used. @param possible requests per second */
export function figureOf(report: TrafficReport, cpu: number, possible?: number): Figure {
  const { requestsPerSecond, right, left, wrong, unasked, lost, p50, p99 } = report;
  const failed = wrong + unasked + Object.values(lost).reduce((sum, count) => sum + count, 0);
  return {
    requestsPerSecond,
    cpu: (cpu * 1e6) / (right + left),
    p50,
    p99,
    ...(possible === undefined ? {} : { ofPossible: requestsPerSecond / possible }),
    failed,
  };
}
