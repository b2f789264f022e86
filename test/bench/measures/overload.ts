/** More requests than an application can do. */
import { Client } from '../clients/client.ts';
import type { OpenLoopCount } from '../clients/open-loop.ts';
import type { Figure } from '../results.ts';
import type { BenchServer } from '../server.ts';
import { loadOnce } from './requests.ts';

/** As many as keep two workers at work, and wait for nothing. */
const PEAK_CONNECTIONS = 8;
const TIMES = 3;
/** Until a server that lets a burst wait does so no more. */
const LEAD_SECONDS = 12;
/** A goodput of a hundred a second needs more seconds than that of thousands. */
const LONGER = 4;

/** The most that it answers, and what it answers when it is offered three times as much by clients that do not wait for each other. */
export async function measureOverload(server: BenchServer, path: string, seconds: number): Promise<Figure> {
  const time = seconds * LONGER;
  const { requestsPerSecond: peak = Number.NaN } = await loadOnce(server, {
    connections: PEAK_CONNECTIONS,
    seconds: time,
    path,
  });
  await using client = await Client.start('open-loop.ts', [server.port, peak * TIMES, LEAD_SECONDS, time, path]);
  const { goodput, refused, goodP99, refusedP99, failed } = JSON.parse(await client.line()) as OpenLoopCount;
  return { peak, goodput, goodputRatio: goodput / peak, refused, goodP99, refusedP99, failed };
}
