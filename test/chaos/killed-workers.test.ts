/** Workers are killed all the time, and a client sees nothing of it but for what they ran. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const EVERY_MS = 200;
const WORKERS = 4;

for (const { language, file, needed } of LANGUAGES) {
  test(
    `kill -9 of a random ${language} worker every 200 ms: what ran in it gets 502, nothing else fails, and each is accounted for`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, [`--workers=${WORKERS}`, '--threads=1']);
      await using load = new Load(chaos.port);
      let killed = 0;
      for (let count = times(40, 300); count > 0; count--) {
        // On a machine so busy that no worker starts in that time, all would be dead, and nothing would be shown by it.
        await Promise.all([setTimeout(EVERY_MS), load.answered(10)]);
        const { workers } = chaos.server.processes();
        const victim = workers[Math.floor(Math.random() * workers.length)];
        if (victim === undefined) continue;
        process.kill(victim.pid, 'SIGKILL');
        killed++;
      }
      await chaos.workers(WORKERS);
      await load.answered(100);
      const account = await load.stop();
      await chaos.end();
      assert.ok(killed > 0);
      chaos.assertLostWithWorkers(account);
    },
  );
}
