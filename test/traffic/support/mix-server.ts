/** A server of an application of test/traffic/apps, asked for the mix while its workers change, and what must hold of it then. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChaosServer } from '../../chaos/support/chaos-server.ts';
import { times } from '../../chaos/support/form.ts';
import { isAlive } from '../../support/processes.ts';
import { type LogRecord, ROOT } from '../../support/server.ts';
import { until } from '../../support/until.ts';
import { reload } from '../../support/versions.ts';
import type { TrafficAccount } from './account.ts';
import { LEFT_OF_MIX, MIX, type MixOptions, QUICK } from './mix.ts';
import type { Shape } from './shapes.ts';
import { Traffic } from './traffic.ts';

export const WHOLE_MIX: MixOptions = { weights: MIX, left: LEFT_OF_MIX, seed: 1 };

const MIXES = { whole: WHOLE_MIX, quick: { weights: QUICK, left: 0.001, seed: 1 } } as const;
const REQUESTS = { whole: times(800, 40_000), quick: times(4_000, 200_000) } as const;
const RELOADS = times(2, 60);
const BETWEEN_RELOADS = times(150, 2_000);
const RECYCLED_AFTER = 300;
const MAX_WORKERS = 4;
const CONNECTIONS = 64;

const ARGS: Readonly<Record<Shape['change'], readonly string[]>> = {
  steady: ['--workers=2'],
  reloads: ['--workers=2'],
  recycling: ['--workers=2', `--max-requests=${RECYCLED_AFTER}`],
  // Whatever waits at all asks for another worker: how fast the machine is does not matter then.
  scaling: ['--min-workers=1', `--max-workers=${MAX_WORKERS}`, '--scale-wait=0', '--scale-idle=0.5'],
};

/** An application of test/traffic/apps as the files of a folder. */
export function filesOf(app: string): Record<string, string> {
  const text = (file: string) => readFileSync(join(ROOT, 'test/traffic/apps', file), 'utf8');
  if (app.endsWith('.py')) return { [app]: text(app), 'traffic_pattern.py': text('traffic_pattern.py') };
  return {
    [app]: text(app)
      .replaceAll("'../../../src/", `'${ROOT}src/`)
      .replaceAll("'../support/", `'${ROOT}test/traffic/support/`),
  };
}

/**
 * Serves an application in a shape, sends it the mix while its workers change, and ends it.
 * @throws where an answer is wrong or lost, or the log has a complaint that is not the application's own
 */
export async function serveTheMix(app: string, shape: Shape, args: readonly string[] = []): Promise<void> {
  const { threads, streaming, change } = shape;
  const flags = [`--threads=${threads}`, streaming ? '--streaming' : '--no-streaming', ...ARGS[change], ...args];
  await using chaos = await ChaosServer.start(app, filesOf(app), flags);
  const account = await runs[change](chaos, shape);
  // The exceptions of the last answers are in the log by then.
  await chaos.end();
  assertRight(account);
  assert.deepEqual(complaintsOf(chaos.server.complaints), [], 'the log has no complaint of the server');
}

type Run = (chaos: ChaosServer, shape: Shape) => Promise<TrafficAccount>;

const runs: Readonly<Record<Shape['change'], Run>> = {
  async steady({ port }, { asked }) {
    const load = { mix: MIXES[asked], connections: CONNECTIONS, requests: REQUESTS[asked] };
    await using traffic = new Traffic({ port, ...load });
    return await traffic.done();
  },
  async reloads({ port, server }, { asked }) {
    await using traffic = new Traffic({ port, mix: MIXES[asked], connections: CONNECTIONS });
    for (let left = RELOADS; left > 0; left--) {
      const { kind, msg } = await reload(server);
      assert.equal(kind, 'reloaded', msg);
      await traffic.reached(traffic.account.ended + BETWEEN_RELOADS);
    }
    await traffic.stop();
    return traffic.account;
  },
  async recycling(chaos, { asked }) {
    const first = await chaos.workers(2);
    await using traffic = new Traffic({ port: chaos.port, mix: MIXES[asked], connections: CONNECTIONS });
    // The next worker starts while the first one serves on: how many requests that takes is the machine's affair.
    await until(() => !first.some(isAlive), 'the first workers to be recycled');
    await traffic.reached(traffic.account.ended + REQUESTS[asked]);
    await traffic.stop();
    await chaos.workers(2);
    return traffic.account;
  },
  async scaling(chaos, { asked, threads }) {
    // More than the slots of all workers but the last: some wait whatever the machine's pace is.
    const connections = Math.max(CONNECTIONS, threads * MAX_WORKERS);
    await using traffic = new Traffic({ port: chaos.port, mix: MIXES[asked], connections });
    const counts = () => chaos.server.processes().workers.length;
    await until(() => counts() === MAX_WORKERS, `${MAX_WORKERS} workers`);
    await traffic.reached(traffic.account.ended + REQUESTS[asked]);
    await traffic.stop();
    await chaos.workers(1);
    return traffic.account;
  },
};

/** Every request is right, or was left by its client. */
export function assertRight(account: TrafficAccount): void {
  const { sent, right, left, wrong, unasked, lost, problems } = account;
  assert.deepEqual(problems, []);
  assert.deepEqual(
    { wrong, unasked, ...lost },
    { wrong: 0, unasked: 0, cut: 0, reset: 0, closed: 0, refused: 0, silent: 0 },
  );
  assert.equal(right + left, sent, 'each request is accounted for');
}

/** What the server itself has complained of: not the exceptions that the mix asks for, and not the machine's pace. */
export function complaintsOf(records: readonly LogRecord[]): LogRecord[] {
  return records.filter(({ code, msg }) => code !== 'APP_BOOT_SLOW' && !msg?.includes('asked for by request'));
}
