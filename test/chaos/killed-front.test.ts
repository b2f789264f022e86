/** The front and the supervisor are killed under load. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allGone, isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const CONNECTIONS = 8;
/** What a client that holds a connection sees when whoever held the other end dies. */
const LOST_WITH_ITS_CONNECTION = ['closed', 'cut', 'reset'];

for (const { language, file, needed } of LANGUAGES) {
  test(
    `kill -9 of one of two fronts of a ${language} application: what it held is lost, once, and the other goes on`,
    needed,
    async () => {
      for (let servers = times(1, 10); servers > 0; servers--) await killFronts(file, 4);
    },
  );

  test(
    `kill -9 of the front of a ${language} application: what it held is lost, once, and no connection is refused`,
    needed,
    async () => {
      const kills = times(4, 8);
      await using chaos = await ChaosServer.of(file, ['--workers=2']);
      await using load = new Load(chaos.port, { connections: CONNECTIONS });
      for (let count = 0; count < kills; count++) {
        await load.answered(100);
        const { front, workers } = chaos.server.processes();
        process.kill(front.pid, 'SIGKILL');
        await allGone([front.pid, ...workers.map(({ pid }) => pid)]);
      }
      await load.answered(100);
      const { lost, losses } = await load.stop();
      assert.deepEqual(
        Object.keys(losses).filter((kind) => !LOST_WITH_ITS_CONNECTION.includes(kind)),
        [],
        JSON.stringify(losses),
      );
      assert.ok(lost.length <= kills * CONNECTIONS, `${lost.length} requests in ${kills} kills`);
      await chaos.workers(2);
      await chaos.end();
    },
  );

  test(
    `kill -9 of the supervisor of a ${language} application: its children do not outlive it, and a restart works at once`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, ['--workers=2']);
      await using load = new Load(chaos.port, { connections: CONNECTIONS });
      for (let count = times(3, 30); count > 0; count--) {
        await load.answered(100);
        const pids = chaos.server.processes().all.map(({ pid }) => pid);
        chaos.server.signal('SIGKILL');
        await until(() => !isAlive(chaos.server.pid), 'the death of the supervisor');
        // Not a moment later: whoever restarts it does not wait for its children.
        await chaos.restart();
        await allGone(pids);
      }
      await load.answered(100);
      const { losses } = await load.stop();
      assert.deepEqual(
        Object.keys(losses).filter((kind) => ![...LOST_WITH_ITS_CONNECTION, 'refused'].includes(kind)),
        [],
        JSON.stringify(losses),
      );
      await chaos.end();
    },
  );
}

/** Each time another one of two. No more of one server: the pause before the next front doubles. */
async function killFronts(file: string, kills: number): Promise<void> {
  await using chaos = await ChaosServer.of(file, ['--workers=2', '--fronts=2']);
  await using load = new Load(chaos.port, { connections: CONNECTIONS });
  for (let count = 0; count < kills; count++) {
    await load.answered(100);
    const victim = await until(() => {
      const { fronts } = chaos.server.processes();
      return fronts.length === 2 ? fronts[count % 2] : undefined;
    }, 'two fronts');
    process.kill(victim.pid, 'SIGKILL');
    await load.answered(100);
    await allGone([victim.pid]);
  }
  await load.answered(100);
  const { lost, losses } = await load.stop();
  assert.deepEqual(
    Object.keys(losses).filter((kind) => !LOST_WITH_ITS_CONNECTION.includes(kind)),
    [],
    JSON.stringify(losses),
  );
  assert.ok(lost.length <= kills * CONNECTIONS, `${lost.length} requests in ${kills} kills`);
  await chaos.end();
}
