/** An app folder with a requirements.txt: its packages, installed once from a folder of wheels. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerOf, answerOnceUp, serveApps } from '../support/apps.ts';
import { finishedInstall, GOOD, greetingApps, installs } from '../support/greeting-apps.ts';
import { environmentsOf, run } from '../support/packages.ts';
import { BIN } from '../support/server.ts';
import { needs } from '../support/tools.ts';

test(
  'its packages are installed at the first start, from a folder of wheels, and not again',
  needs('python3'),
  async () => {
    using folder = greetingApps();
    const apps = join(folder.path, 'apps');
    const data = join(folder.path, 'data');
    const before = readdirSync(join(apps, 'app'));
    {
      await using server = await serveApps(apps, [], { data, cwd: folder.path });
      const [, prefix = ''] = /^200 hello (\S+)$/.exec(await answerOnceUp(server.port, '/app')) ?? [];
      assert.ok(prefix.startsWith(join(data, 'environments/app-')), prefix);
      assert.match(await answerOf(server.port, '/good'), /^200 good/);
      const told = await finishedInstall(server);
      assert.ok(
        told.some(({ msg }) => /Successfully installed greeting-1\.0/.test(msg ?? '')),
        'progress is told',
      );
      assert.ok(told.every(({ app, level }) => app === 'app' && level === 'info'));
    }
    const own = run(join(data, 'environments/app/bin/python'), ['-c', 'import greeting; print(greeting.TEXT)']);
    assert.equal(own, 'hello\n', 'environments/NAME is for the app’s own commands');
    const made = environmentsOf(data);
    const marker = () => statSync(join(data, 'environments', made[0] ?? '', 'pyvenv.cfg')).ctimeMs;
    const since = marker();
    {
      await using server = await serveApps(apps, [], { data, cwd: folder.path });
      assert.match(await answerOnceUp(server.port, '/app'), /^200 hello/);
      assert.deepEqual(installs(server.records), []);
    }
    assert.deepEqual([environmentsOf(data), marker()], [made, since]);
    assert.deepEqual(readdirSync(join(apps, 'app')), before, 'nothing is written into the app’s folder');

    folder.write('apps/app/requirements.txt', '-r more.txt\n');
    folder.write('apps/app/more.txt', 'greeting==2.0\n');
    await using server = await serveApps(apps, [], { data, cwd: folder.path });
    assert.match(await answerOnceUp(server.port, '/app'), /^200 good day/);
    assert.equal(environmentsOf(data).length, 2, 'another content is another environment');
  },
);

test('stillhouse prepare installs them, and the first start has nothing to do', needs('python3'), async () => {
  using folder = greetingApps();
  const [apps, data] = [join(folder.path, 'apps'), join(folder.path, 'data')];
  const args = [BIN, 'prepare', `--apps-directory=${apps}`, `--data-directory=${data}`];
  const prepared = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: folder.path });
  assert.deepEqual([prepared.status, prepared.stderr], [0, '']);
  assert.match(prepared.stdout, /^app: installing the packages of .*requirements\.txt$/m);
  {
    await using server = await serveApps(apps, [], { data, cwd: folder.path });
    assert.match(await answerOnceUp(server.port, '/app'), /^200 hello/);
    assert.deepEqual(installs(server.records), []);
  }
  folder.write('apps/app/requirements.txt', 'absent-package==9\n');
  const failed = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: folder.path });
  assert.equal(failed.status, 3);
  assert.match(
    failed.stderr,
    /^stillhouse: app: the package absent-package==9 of .*requirements\.txt could not be installed$/m,
  );
  assert.match(failed.stderr, /^ {2}code: APP_DEPENDENCIES_FAILED$/m);
});

test('an environment that has lost its interpreter is made anew', needs('python3'), async () => {
  using folder = greetingApps();
  const [apps, data] = [join(folder.path, 'apps'), join(folder.path, 'data')];
  const first = await serveApps(apps, [], { data, cwd: folder.path });
  assert.match(await answerOnceUp(first.port, '/app'), /^200 hello/);
  await first.stop();
  const [name = ''] = environmentsOf(data);
  rmSync(join(data, 'environments', name, 'bin'), { recursive: true });
  await using server = await serveApps(apps, [], { data, cwd: folder.path });
  assert.match(await answerOnceUp(server.port, '/app'), /^200 hello/);
  assert.deepEqual(environmentsOf(data), [name]);
});

test('an app that names the interpreter of a virtual environment keeps that one', needs('python3'), async (t) => {
  using folder = greetingApps('python:\n  executable: .venv/bin/python\n');
  folder.write('apps/app/app.py', GOOD);
  const made = spawnSync('python3', ['-m', 'venv', '--without-pip', join(folder.path, 'apps/app/.venv')], {
    encoding: 'utf8',
  });
  if (made.status !== 0) return t.skip(`this Python makes no virtual environment: ${made.stderr}`);
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path });
  assert.match(await answerOnceUp(server.port, '/app'), /^200 good/);
  assert.deepEqual(installs(server.records), []);
});
