/** The wall clock jumps. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adminPort, scrape } from '../support/admin.ts';
import { Folder } from '../support/folder.ts';
import { ROOT } from '../support/server.ts';
import { until } from '../support/until.ts';
import { ask, get, header } from '../support/wire.ts';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const DAY = 86_400_000;
const JUMPS = [DAY, -DAY, 3650 * DAY, -3650 * DAY, 1_000, -1_000, 0];
const PRELOAD = join(ROOT, 'test/chaos/support/jumping-clock.mjs');
/** Longer than any request here can have run, in milliseconds, and far less than any jump of a day. */
const PLAUSIBLE = 60_000;

for (const { language, file, needed } of LANGUAGES) {
  test(
    `the clock of a server with a ${language} application jumps back and forth: no request fails, and no time is made of it`,
    needed,
    async () => {
      using clock = new Folder({ offset: '0' });
      const offset = join(clock.path, 'offset');
      const env = { CLOCK_OFFSET: offset, NODE_OPTIONS: `--import=${PRELOAD}` };
      const args = ['--workers=2', '--threads=1', '--access-log', '--admin-bind=127.0.0.1:0'];
      await using chaos = await ChaosServer.of(file, args, { env });
      await using load = new Load(chaos.port);
      for (let round = times(1, 20); round > 0; round--) {
        for (const jump of JUMPS) {
          writeFileSync(offset, String(jump));
          await until(async () => {
            const date = Date.parse(header(await ask(chaos.port, get('/pid')), 'date') ?? '');
            return Math.abs(date - Date.now() - jump) < PLAUSIBLE / 2;
          }, `the answers to be dated ${jump} ms off`);
          await chaos.workers(2);
          // One that has answered: one that is killed in its start makes the next one wait, as a crash loop does.
          const victim = await until(
            () => chaos.server.processes().workers.find(({ pid }) => load.account.hasAnswerOf(pid))?.pid,
            'a worker that has answered',
          );
          process.kill(victim, 'SIGKILL');
          await load.answered(50);
          await chaos.workers(2);
        }
      }
      const account = await load.stop();
      const metrics = await scrape(await adminPort(chaos.server));
      await chaos.end();
      chaos.assertLostWithWorkers(account);
      const durations = chaos.server.records.filter(({ kind }) => kind === 'access').map(({ ms }) => ms as number);
      assert.ok(durations.length >= account.right);
      assert.deepEqual(
        durations.filter((ms) => !(ms >= 0 && ms < PLAUSIBLE)),
        [],
      );
      const seconds = metrics.sum('stillhouse_request_duration_seconds_sum');
      assert.ok(seconds >= 0 && seconds < (durations.length * PLAUSIBLE) / 1000, `${seconds} s in all`);
    },
  );
}
