/** A user that an app cannot be run as: said before anything is started, with the place and the cure; the other apps serve. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerOf, answerOnceUp, serveApps } from '../support/apps.ts';
import { greetingApps } from '../support/greeting-apps.ts';
import { give, needsUsers, OpenFolder, PROGRAM, serveIsolated, userNamed } from '../support/isolation.ts';
import { BIN, PYTHON, refused } from '../support/server.ts';
import { ask, get } from '../support/wire.ts';

const daemon = userNamed('daemon');
const nobody = userNamed('nobody');

const WRONG: readonly (readonly [what: string, yaml: string, mode: number, owner: string, message: RegExp])[] = [
  ['an unknown user', 'user: martian\n', 0o644, 'root', /app\.yaml:1:7: there is no user "martian"/],
  ['an unknown group', 'user: daemon\ngroup: martians\n', 0o644, 'root', /there is no group "martians"/],
  ['a number without a group', 'user: 54321\n', 0o644, 'root', /its group is not known/],
  ['an app.yaml of another user', 'user: daemon\n', 0o644, 'nobody', /others than that user may write to \S*app\.yaml/],
  ['an app.yaml that anyone may write', 'user: daemon\n', 0o666, 'root', /others than that user may write/],
];

for (const [what, yaml, mode, owner, message] of WRONG) {
  test(`${what}: the app has failed, and its neighbour serves`, needsUsers, async () => {
    using apps = new OpenFolder({ 'bad/app.py': PROGRAM, 'bad/app.yaml': yaml, 'good/app.py': PROGRAM });
    const file = join(apps.path, 'bad/app.yaml');
    give(file, userNamed(owner));
    chmodSync(file, mode);
    await using server = await serveApps(apps.path, [`--python=${PYTHON}`]);
    const failed = await server.record(({ kind }) => kind === 'app-failed');
    assert.equal(failed.app, 'bad');
    assert.match(String(failed.code), /^USER_(UNKNOWN|NOT_ALLOWED)$/);
    assert.match(failed.msg ?? '', message);
    assert.notEqual(failed.cure ?? '', '');
    assert.match(await answerOf(server.port, '/bad/identity'), /^503/);
    assert.match(await answerOf(server.port, '/good/identity'), /^200/);
  });
}

test('a folder that the user may not enter is named before anything is started', needsUsers, async () => {
  await using isolated = await serveIsolated({ good: '' });
  isolated.apps.write('shut/app.py', PROGRAM);
  chmodSync(join(isolated.apps.path, 'shut'), 0o700);
  const ended = await refused([
    `${isolated.apps.path}/shut/app.py`,
    `--python=${PYTHON}`,
    '--user=daemon',
    '--bind=127.0.0.1:0',
  ]);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /daemon \(uid [0-9]+\) may not read \S*\/shut\/app\.py\n/);
  assert.match(ended.stderr, /code: USER_NOT_ALLOWED/);
});

test('an interpreter that the user may not run', needsUsers, async () => {
  using apps = new OpenFolder({ 'app.py': PROGRAM });
  using hidden = new OpenFolder({ python: '#!/bin/sh\n' });
  chmodSync(join(hidden.path, 'python'), 0o700);
  const args = [`${apps.path}/app.py`, `--python=${hidden.path}/python`, '--user=daemon', '--bind=127.0.0.1:0'];
  const ended = await refused(args);
  assert.deepEqual([ended.code, /may not enter or run \S*\/python\n/.test(ended.stderr)], [2, true], ended.stderr);
});

test('a server that is not root may run nothing as another, and says so', needsUsers, async () => {
  using apps = new OpenFolder({ 'app.py': PROGRAM });
  const command = [
    'setpriv',
    `--reuid=${nobody.uid}`,
    `--regid=${nobody.gid}`,
    '--clear-groups',
    process.execPath,
    BIN,
  ] as const;
  const args = [`${apps.path}/app.py`, `--python=${PYTHON}`, '--bind=127.0.0.1:0'];
  const ended = await refused([...args, '--user=daemon'], { command, cwd: '/' });
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, new RegExp(`this server \\(uid ${nobody.uid}\\) may not run anything as daemon`));
  assert.match(ended.stderr, /cure: start the server as root, or leave user and group out/);
  const own = await refused([...args, '--user=nobody', '--bind=127.0.0.1:0', '--threads=x'], { command, cwd: '/' });
  assert.match(own.stderr, /--threads/, 'its own user it may name');
});

test('a folder of the app that belongs to another user is not given away', needsUsers, async () => {
  await using isolated = await serveIsolated({ one: `user: ${daemon.name}\n` });
  const { server, apps, data } = isolated;
  assert.equal((await ask(server.port, get('/one/keep'))).status, 200);
  await server.stop();
  apps.write('one/app.yaml', `user: ${nobody.name}\n`);
  await using next = await serveApps(apps.path, [`--python=${PYTHON}`], { data: data.path });
  const failed = await next.record(({ kind }) => kind === 'app-failed');
  assert.equal(failed.code, 'DATA_DIRECTORY_UNUSABLE');
  assert.match(failed.msg ?? '', new RegExp(`apps/one belongs to uid ${daemon.uid} and is not empty`));
  assert.match(String(failed.cure), new RegExp(`chown -R ${nobody.uid}:${nobody.gid} `));
});

test('packages are installed by the user who runs them', needsUsers, async () => {
  using folder = greetingApps();
  for (const path of [folder.path, join(folder.path, 'apps')]) chmodSync(path, 0o755);
  const data = join(folder.path, 'data');
  folder.write(
    'apps/app/app.yaml',
    `user: ${daemon.name}\npython: {wheels: ${join(folder.path, 'wheels')}, executable: ${PYTHON}}\n`,
  );
  await using server = await serveApps(join(folder.path, 'apps'), [`--python=${PYTHON}`], { data, cwd: folder.path });
  assert.match(await answerOnceUp(server.port, '/app'), /^200 hello/);
  const environments = join(data, 'environments');
  const made = readdirSync(environments).find((name) => name.endsWith(`-${daemon.uid}`));
  assert.ok(made !== undefined, 'an environment of that user');
  assert.equal(statSync(join(environments, made, 'bin')).uid, daemon.uid);
  assert.equal(statSync(environments).uid, 0);
});
