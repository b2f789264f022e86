/** A worker that stands still (SIGSTOP), as one does whose machine swaps or whose interpreter hangs in C code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

for (const { language, file, needed } of LANGUAGES) {
  test(
    `a ${language} worker stopped by SIGSTOP is found and replaced: what it ran gets 502, what it had not begun runs elsewhere, nothing else fails`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, ['--workers=2', '--threads=1', '--ping-timeout=1']);
      await using load = new Load(chaos.port);
      for (let count = times(3, 30); count > 0; count--) {
        await load.answered(50);
        // One that has answered: what stands still in its start is the boot timeout's.
        const victim = await until(
          () => chaos.server.processes().workers.find(({ pid }) => load.account.hasAnswerOf(pid))?.pid,
          'a worker that has answered',
        );
        process.kill(victim, 'SIGSTOP');
        await until(
          () => chaos.server.processes().workers.every(({ pid }) => pid !== victim),
          'the stopped worker to be gone',
        );
        await chaos.workers(2);
      }
      await load.answered(50);
      const account = await load.stop();
      await chaos.end();
      assert.ok(account.slowest > 500, 'requests waited in it until it was found');
      chaos.assertLostWithWorkers(account);
    },
  );
}
