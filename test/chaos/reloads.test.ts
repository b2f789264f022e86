/** New code under load, again and again: SIGHUP. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';
import { ChaosServer, fixture, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const RELOADS = { Python: times(25, 1000), TypeScript: times(12, 1000) } as const;
/** What is no consequence of a reload. */
const ELSEWHERE = 'RUNS_AS_ROOT';
const SHAPES = LANGUAGES.flatMap((of) => [1, 2].map((fronts) => ({ ...of, fronts })));

for (const { language, file, needed, fronts } of SHAPES) {
  test(
    `${RELOADS[language]} reloads in a row of a ${language} application with ${fronts === 1 ? 'one front' : 'two fronts'}: 0 failed, 0 reset, 0 wrong bodies`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, ['--workers=2', `--fronts=${fronts}`]);
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
        chaos.server.records.filter(({ level, code }) => level !== 'info' && code !== ELSEWHERE),
        [],
      );
    },
  );
}
