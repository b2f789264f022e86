/** New code under load, again and again: SIGHUP. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';
import { ChaosServer, fixture, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const RELOADS = { Python: times(25, 1000), TypeScript: times(15, 1000) } as const;

for (const { language, file, needed } of LANGUAGES) {
  test(
    `${RELOADS[language]} reloads in a row of a ${language} application: 0 failed, 0 reset, 0 wrong bodies`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, ['--workers=2']);
      await using load = new Load(chaos.port);
      const first = await chaos.workers(2);
      for (let generation = 1; generation <= RELOADS[language]; generation++) {
        chaos.folder.write(file, fixture(file).replace("GENERATION = '0'", `GENERATION = '${generation}'`));
        chaos.server.signal('SIGHUP');
        await until(async () => {
          const { status, body } = await ask(chaos.port, get('/generation'));
          assert.equal(status, 200);
          return body.toString() === String(generation);
        }, `generation ${generation} to answer`);
        await load.answered(10);
      }
      const last = await chaos.workers(2);
      const account = await load.stop();
      assert.deepEqual(account.losses, {});
      assert.equal(account.right, account.sent);
      assert.deepEqual(
        first.filter((pid) => last.includes(pid)),
        [],
      );
      await chaos.end();
      assert.deepEqual(
        chaos.server.records.filter(({ level }) => level === 'error' || level === 'warn'),
        [],
      );
    },
  );
}
