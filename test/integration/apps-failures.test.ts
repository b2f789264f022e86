/** An app that cannot start, or does not stay up, and its neighbours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, appsFolder, serveApps } from '../support/apps.ts';
import type { LogRecord } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get, header } from '../support/wire.ts';

const GOOD = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"good"]\n';

const FAILURES = [
  {
    name: 'imports what is missing',
    file: 'app.py',
    text: 'import not_there\n',
    code: 'APP_IMPORT_FAILED',
    says: /not_there/,
    cure: /install not_there/,
  },
  {
    name: 'has a mistake in its syntax',
    file: 'app.py',
    text: 'def (:\n',
    code: 'APP_IMPORT_FAILED',
    says: /app\.py:1/,
    cure: /./,
  },
  {
    name: 'imports what is missing, in TypeScript',
    file: 'app.ts',
    text: "import 'not-there';\n",
    code: 'APP_IMPORT_FAILED',
    says: /not-there/,
    cure: /npm install not-there/,
  },
  {
    name: 'has no callable',
    file: 'app.py',
    text: 'x = 1\n',
    code: 'APP_CALLABLE_MISSING',
    says: /app has neither application nor app/,
    cure: /name the callable/,
  },
  {
    name: 'ends the process',
    file: 'app.py',
    text: 'import os\nos._exit(9)\n',
    code: 'APP_BOOT_DIED',
    says: /ended with status 9/,
    cure: /./,
  },
  {
    name: 'holds no application',
    file: 'notes.txt',
    text: '',
    code: 'APP_NOT_FOUND',
    says: /bad holds no application/,
    cure: /app\.yaml/,
  },
  {
    name: 'names an interpreter that is not there',
    file: 'app.py',
    text: GOOD,
    yaml: 'python:\n  executable: ./no/python',
    code: 'INTERPRETER_MISSING',
    says: /bad\/no\/python/,
    cure: /install Python/,
  },
  {
    name: 'names a folder that is not there',
    file: 'app.py',
    text: GOOD,
    yaml: 'working_directory: nowhere\napp: app:application',
    code: 'DIRECTORY_MISSING',
    says: /bad\/nowhere/,
    cure: /working_directory/,
  },
  {
    name: 'has a wrong app.yaml',
    file: 'app.py',
    text: GOOD,
    yaml: 'worker: 2',
    code: 'CONFIG_KEY_UNKNOWN',
    says: /app\.yaml:1:1: there is no setting worker/,
    cure: /did you mean workers/,
  },
] as const;

for (const failure of FAILURES) {
  test(
    `an app that ${failure.name} answers 503, its record says why, and the others serve`,
    needs('python3'),
    async () => {
      using folder = appsFolder({ good: '' });
      folder.write(`bad/${failure.file}`, failure.text);
      if ('yaml' in failure) folder.write('bad/app.yaml', failure.yaml);
      await using server = await serveApps(folder.path);
      const record = await server.record(({ kind }) => kind === 'app-failed');
      assert.deepEqual([record.app, record.code, record.level], ['bad', failure.code, 'error']);
      assert.match(String(record.msg), failure.says);
      assert.match(String(record.cure), failure.cure);
      const answer = await ask(server.port, get('/bad/x'));
      assert.equal(answer.status, 503);
      assert.match(header(answer, 'retry-after') ?? '', /^[0-9]+$/);
      assert.doesNotMatch(answer.body.toString(), /Traceback|not_there/);
      assert.match(await answerOf(server.port, '/good/'), /^200 good /);
      const ended = await server.stop();
      assert.deepEqual([ended.code, ended.stderr], [0, '']);
    },
  );
}

test('an app that dies again and again does not disturb its neighbour', needs('python3'), async () => {
  using folder = appsFolder({ good: '' });
  folder.write('bad/app.py', `import os, threading\nthreading.Timer(0.05, os._exit, [9]).start()\n${GOOD}`);
  await using server = await serveApps(folder.path);
  const [worker] = server.processes().workers.filter(({ command }) => command.includes('app'));
  assert.ok(worker);
  const deaths = (record: LogRecord) => record.app === 'bad' && Number(record.deaths) >= 4;
  let served = 0;
  const done = server.record(deaths, 'four deaths').then(() => true);
  for (let over = false; !over; served++) {
    assert.match(await answerOf(server.port, '/good/'), /^200 good /);
    over = await Promise.race([done, new Promise<false>((resolve) => setImmediate(resolve, false))]);
  }
  assert.ok(served > 0);
  assert.deepEqual(
    server.records.filter(({ app, deaths }) => app === 'good' && deaths !== undefined),
    [],
  );
});
