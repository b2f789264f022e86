/** What one app.yaml says is so for its app, and not for its neighbour. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AppsServer, appsFolder, serveApps } from '../support/apps.ts';
import { bodyOf } from '../support/misbehaving.ts';
import { PYTHON } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get, Wire } from '../support/wire.ts';

interface About {
  readonly pid: number;
  readonly directory: string;
  readonly executable: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly multithread: boolean;
  readonly multiprocess: boolean;
}

async function about(server: AppsServer, app: string): Promise<About> {
  return JSON.parse(await bodyOf(server.port, `/${app}/about`)) as About;
}

test('workers and threads are each app’s own', needs('python3'), async () => {
  using folder = appsFolder({ many: 'workers: 2\nthreads: 3', one: '' });
  await using server = await serveApps(folder.path);
  assert.equal(server.processes().workers.length, 3);
  const [many, one] = [await about(server, 'many'), await about(server, 'one')];
  assert.deepEqual([many.multiprocess, many.multithread], [true, true]);
  assert.deepEqual([one.multiprocess, one.multithread], [false, false]);
});

test('a file for all apps says what an app.yaml does not', needs('python3'), async () => {
  using folder = appsFolder({ many: 'workers: 2', one: '' });
  folder.write('stillhouse.yaml', 'workers: 1\nthreads: 2\n');
  await using server = await serveApps(folder.path, [`--config=${folder.path}/stillhouse.yaml`]);
  assert.equal(server.processes().workers.length, 3);
  assert.equal((await about(server, 'many')).multithread, true);
});

test('the interpreter is each app’s own, relative to its folder', needs('python3'), async () => {
  using folder = appsFolder({ own: 'python:\n  executable: ./bin/mine', other: '' });
  folder.write('own/bin/mine', `#!/bin/sh\nCHOSEN=yes exec ${PYTHON} "$@"\n`);
  chmodSync(join(folder.path, 'own/bin/mine'), 0o755);
  await using server = await serveApps(folder.path);
  assert.equal((await about(server, 'own')).environment.CHOSEN, 'yes');
  assert.equal((await about(server, 'other')).environment.CHOSEN, undefined);
});

test('an app’s variables reach its workers alone, and the server’s own reach none', needs('python3'), async () => {
  using folder = appsFolder({
    one: 'environment:\n  FROM_YAML: yaml\n  FROM_BOTH: yaml',
    two: '',
  });
  folder.write('one/.env', 'FROM_DOTENV="dot env"\nFROM_BOTH=dotenv\n');
  folder.write('.env', 'STILLHOUSE_ADMIN_TOKEN=secret\nOF_THE_SERVER=secret\n');
  await using server = await serveApps(folder.path, [], {
    cwd: folder.path,
    env: { STILLHOUSE_WORKERS: '1', OF_THE_CALLER: 'seen' },
  });
  const { environment: one } = await about(server, 'one');
  const { environment: two } = await about(server, 'two');
  assert.deepEqual([one.FROM_YAML, one.FROM_DOTENV, one.FROM_BOTH], ['yaml', 'dot env', 'yaml']);
  assert.deepEqual([two.FROM_YAML, two.FROM_DOTENV], [undefined, undefined]);
  for (const [app, environment] of Object.entries({ one, two })) {
    const ours = Object.keys(environment).filter((name) => name.startsWith('STILLHOUSE_'));
    assert.deepEqual(ours, ['STILLHOUSE_DATA_DIR']);
    assert.equal(environment.STILLHOUSE_DATA_DIR, join(server.data, 'apps', app));
    assert.equal(statSync(environment.STILLHOUSE_DATA_DIR).mode & 0o777, 0o700);
    assert.equal(environment.OF_THE_SERVER, undefined);
    assert.equal(environment.OF_THE_CALLER, 'seen');
    assert.doesNotMatch(Object.values(environment).join(), /secret/);
  }
});

test('the working directory is the app’s folder, or what it names', needs('python3'), async () => {
  using folder = appsFolder({ plain: '', moved: 'working_directory: files\napp: app.py' });
  folder.write('moved/files/app.py', 'from helper import application\n');
  folder.write('moved/files/helper.py', readFileSync(join(folder.path, 'plain/app.py'), 'utf8'));
  await using server = await serveApps(folder.path);
  assert.equal((await about(server, 'plain')).directory, realpathSync(join(folder.path, 'plain')));
  assert.equal((await about(server, 'moved')).directory, realpathSync(join(folder.path, 'moved/files')));
});

test(
  'the body limit is each app’s own, for bodies of a known size and for chunked ones',
  needs('python3'),
  async () => {
    using folder = appsFolder({ small: 'limit_request_body: 1KiB', large: 'limit_request_body: 200KiB' });
    await using server = await serveApps(folder.path);
    const sized = (app: string, size: number) =>
      ask(
        server.port,
        `POST /${app}/digest HTTP/1.1\r\nHost: test\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`,
      );
    const chunked = (app: string, size: number) => {
      const half = 'x'.repeat(size / 2);
      const chunk = `${half.length.toString(16)}\r\n${half}\r\n`;
      const head = `POST /${app}/digest HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n`;
      return ask(server.port, `${head}${chunk}${chunk}0\r\n\r\n`);
    };
    for (const upload of [sized, chunked]) {
      for (const [app, limit] of [
        ['small', 1024],
        ['large', 200 * 1024],
      ] as const) {
        const fits = await upload(app, limit);
        const sum = createHash('sha256').update('x'.repeat(limit)).digest('hex');
        assert.deepEqual([fits.status, fits.body.toString()], [200, sum], `${upload.name} ${app}`);
        assert.equal((await upload(app, limit + 2)).status, 413, `${upload.name} ${app}`);
      }
      assert.equal((await upload('large', 1 << 20)).status, 413, 'more than any app takes');
    }
    using wire = await Wire.open(server.port);
    wire.send('POST /small/digest HTTP/1.1\r\nHost: test\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n');
    assert.equal((await wire.answer()).status, 413, 'without asking for the body');
    assert.equal((await ask(server.port, get('/small/about'))).status, 200);
  },
);
