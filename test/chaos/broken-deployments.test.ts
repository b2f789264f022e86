/** New code that cannot start: the old serves on, and it is said why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, get } from '../support/wire.ts';
import { ChaosServer, fixture, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const DEPLOYMENTS = times(8, 50);
const PATIENT = 'boot_timeout: 60\n';

/** Each way in which code can be broken, and the code of its error. */
const BROKEN = {
  Python: [
    ['def broken(:\n', 'APP_IMPORT_FAILED'],
    ['import not_installed_anywhere\n', 'APP_IMPORT_FAILED'],
    ['raise RuntimeError("not today")\n', 'APP_IMPORT_FAILED'],
    ['import os\nos._exit(9)\n', 'APP_BOOT_DIED'],
    ['application = 7\n', 'APP_NOT_CALLABLE'],
    ['nothing_here = 1\n', 'APP_CALLABLE_MISSING'],
    ['import time\ntime.sleep(60)\n', 'APP_BOOT_TIMEOUT'],
  ],
  TypeScript: [
    ['export const application = (;\n', 'APP_IMPORT_FAILED'],
    ["import 'not-installed-anywhere';\n", 'APP_IMPORT_FAILED'],
    ["throw new Error('not today');\n", 'APP_IMPORT_FAILED'],
    ['process.exit(9);\n', 'APP_BOOT_DIED'],
    ['export const application = 7;\n', 'APP_NOT_CALLABLE'],
    ['export const nothingHere = 1;\n', 'APP_CALLABLE_MISSING'],
    ['enum Unsupported { A }\nexport const application = () => [];\n', 'APP_SYNTAX_UNSUPPORTED'],
    ['while (true);\n', 'APP_BOOT_TIMEOUT'],
  ],
} as const;

for (const { language, file, needed } of LANGUAGES) {
  test(
    `${DEPLOYMENTS} broken deployments of a ${language} application: the old code serves throughout, each error is reported`,
    needed,
    async () => {
      const files = { [file]: fixture(file), 'stillhouse.yaml': PATIENT };
      const env = { STILLHOUSE_CONFIG: 'stillhouse.yaml' };
      await using chaos = await ChaosServer.start(file, files, ['--workers=2'], { env });
      await using load = new Load(chaos.port);
      const before = await chaos.workers(2);
      for (let count = 0; count < DEPLOYMENTS; count++) {
        const [text, code] = BROKEN[language][count % BROKEN[language].length] as readonly [string, string];
        const already = chaos.recordsOf(code).length;
        chaos.folder.write(file, text);
        // What is to be found broken must not be found slow, on a machine however busy.
        chaos.folder.write('stillhouse.yaml', code === 'APP_BOOT_TIMEOUT' ? 'boot_timeout: 1\n' : PATIENT);
        chaos.server.signal('SIGHUP');
        await chaos.server.record(() => chaos.recordsOf(code).length > already, `the record of ${code}`);
        assert.ok(chaos.recordsOf(code).at(-1)?.cure, 'with its cure');
        assert.equal((await ask(chaos.port, get('/generation'))).body.toString(), '0', 'the old code answers');
        await load.answered(20);
      }
      assert.deepEqual(await chaos.workers(2), before, 'its workers are the same');

      chaos.folder.write('stillhouse.yaml', PATIENT);
      chaos.folder.write(file, fixture(file));
      chaos.server.signal('SIGHUP');
      while ((await chaos.workers(2)).some((pid) => before.includes(pid))) await load.answered(1);
      await load.answered(20);
      assert.deepEqual((await load.stop()).losses, {});
      await chaos.end();
    },
  );
}
