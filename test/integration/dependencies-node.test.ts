/** An app folder with a package.json and its lock: its packages, installed once and found from a folder that nothing is written to. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerOf, answerOnceUp, serveApps } from '../support/apps.ts';
import { Folder } from '../support/folder.ts';
import { environmentsOf, writeTarball } from '../support/packages.ts';
import type { LogRecord } from '../support/server.ts';
import { needs } from '../support/tools.ts';

const GREETING = {
  'package.json': JSON.stringify({
    name: 'greeting',
    version: '1.0.0',
    exports: { '.': { import: './index.mjs', require: './index.cjs' }, './deep': './deep.cjs' },
  }),
  'index.mjs': "export default 'by import';\n",
  'index.cjs': "module.exports = 'by require';\n",
  'deep.cjs': "module.exports = 'deep ' + require('greeting');\n",
};
const ESM = `
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import greeting from 'greeting';
import deep from 'greeting/deep';
import { makeServer } from 'stillhouse';
import { local } from './local.ts';

const required: string = createRequire(import.meta.url)('greeting');

export const application = (_environ: object, startResponse: (status: string, headers: object[]) => void) => {
  startResponse('200 OK', []);
  return [[greeting, required, deep, basename('a/path'), typeof makeServer, local].join(', ')];
};
`;
const CJS = `
const greeting = require('greeting');
const { local } = require('./local.cjs');
exports.application = async (environ, startResponse) => {
  startResponse('200 OK', []);
  const { default: imported } = await import('greeting');
  return [[greeting, imported, typeof require('stillhouse').makeServer, local].join(', ')];
};
`;
const GOOD = "export const application = (_, start) => (start('200 OK', []), ['good']);\n";

const MANIFEST = JSON.stringify({
  name: 'app',
  type: 'module',
  private: true,
  dependencies: { greeting: 'file:./greeting-1.0.0.tgz' },
});

const installs = (records: readonly LogRecord[]): LogRecord[] =>
  records.filter(({ msg }) => /install|added/.test(msg ?? ''));

function greetingApp(files: Readonly<Record<string, string>>): Folder {
  const folder = new Folder({ 'apps/app/package.json': MANIFEST, 'apps/good/app.mjs': GOOD });
  for (const [name, text] of Object.entries(files)) folder.write(`apps/app/${name}`, text);
  writeTarball(folder, 'greeting', GREETING);
  return folder;
}

test('the packages of a TypeScript app are installed once, and found by import and require', needs('npm'), async () => {
  using folder = greetingApp({ 'app.ts': ESM, 'local.ts': "export const local = 'local';\n" });
  const [apps, data] = [join(folder.path, 'apps'), join(folder.path, 'data')];
  const before = readdirSync(join(apps, 'app'));
  const expected = '200 by import, by require, deep by require, path, function, local';
  {
    await using server = await serveApps(apps, [], { data, cwd: folder.path });
    assert.equal(await answerOnceUp(server.port, '/app'), expected);
    await server.record(({ msg }) => msg?.startsWith('added ') === true, 'what npm says at its end');
    assert.ok(installs(server.records).every(({ app }) => app === 'app'));
  }
  const made = environmentsOf(data);
  assert.equal(made.length, 1);
  {
    await using server = await serveApps(apps, [], { data, cwd: folder.path });
    assert.equal(await answerOnceUp(server.port, '/app'), expected);
    assert.deepEqual(installs(server.records), []);
  }
  assert.deepEqual(readdirSync(join(apps, 'app')), before, 'nothing is written into the app’s folder');
  rmSync(join(data, 'environments', made[0] ?? '', 'node_modules'), { recursive: true });
  await using server = await serveApps(apps, [], { data, cwd: folder.path });
  assert.equal(await answerOnceUp(server.port, '/app'), expected, 'what is not whole is made anew');
});

test('a CommonJS app finds its packages too', needs('npm'), async () => {
  using folder = greetingApp({ 'app.cjs': CJS, 'local.cjs': "exports.local = 'local';\n" });
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path });
  assert.equal(await answerOnceUp(server.port, '/app'), '200 by require, by import, function, local');
});

test('what neither the app’s folder nor its packages have is named as ever', needs('npm'), async () => {
  using folder = greetingApp({ 'app.ts': "import 'greeting';\nimport 'not-there';\n" });
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path });
  const { msg, cure } = await server.record(({ kind }) => kind === 'app-failed');
  assert.match(String(msg), /Cannot find package 'not-there' imported from \S*app\.ts/);
  assert.match(String(cure), /npm install not-there/);
});

test('an app that brings its node_modules keeps them', needs('npm'), async () => {
  using folder = greetingApp({
    'app.mjs': `import greeting from 'greeting';\nexport const application = (_, start) => (start('200 OK', []), [greeting]);\n`,
  });
  folder.write('apps/app/node_modules/greeting/package.json', '{"name":"greeting","exports":"./own.mjs"}');
  folder.write('apps/app/node_modules/greeting/own.mjs', "export default 'its own';\n");
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path });
  assert.equal(await answerOnceUp(server.port, '/app'), '200 its own');
  assert.deepEqual(installs(server.records), []);
});

for (const { name, culprit, spoil } of [
  {
    name: 'a lock that does not fit its package.json',
    culprit: 'another@1.0.0',
    spoil: (folder: Folder) => folder.write('apps/app/package.json', MANIFEST.replace('"greeting"', '"another"')),
  },
  {
    name: 'a package that is gone',
    culprit: 'greeting-1.0.0.tgz',
    spoil: (folder: Folder) => rmSync(join(folder.path, 'apps/app/greeting-1.0.0.tgz')),
  },
]) {
  test(`${name} fails the app, by the package’s name, and the others serve`, needs('npm'), async () => {
    using folder = greetingApp({ 'app.mjs': GOOD });
    spoil(folder);
    await using server = await serveApps(join(folder.path, 'apps'), [], {
      cwd: folder.path,
      env: { npm_config_cache: join(folder.path, 'empty-cache') },
    });
    const record = await server.record(({ kind }) => kind === 'app-failed');
    assert.deepEqual([record.app, record.code], ['app', 'APP_DEPENDENCIES_FAILED']);
    const lock = join(folder.path, 'apps/app/package-lock.json');
    assert.equal(record.msg, `app: the package ${culprit} of ${lock} could not be installed`);
    assert.match(String(record.traceback), /npm error/);
    assert.match(await answerOf(server.port, '/app'), /^503 /);
    assert.match(await answerOf(server.port, '/good'), /^200 good/);
  });
}

test('without npm the app fails and says how it can be served', async () => {
  using folder = new Folder({
    'apps/app/package.json': MANIFEST,
    'apps/app/package-lock.json': '{}',
    'apps/app/app.mjs': GOOD,
    'apps/good/app.mjs': GOOD,
  });
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path, env: { PATH: folder.path } });
  const record = await server.record(({ kind }) => kind === 'app-failed');
  assert.deepEqual([record.app, record.code], ['app', 'APP_DEPENDENCIES_FAILED']);
  assert.match(String(record.msg), /package\.json asks for packages, and there is no npm on the PATH/);
  assert.match(String(record.cure), /stillhouse prepare/);
  assert.match(await answerOf(server.port, '/good'), /^200 good/);
});

test('a package.json that asks for nothing needs no npm', async () => {
  using folder = new Folder({
    'apps/app/package.json': '{"type":"module"}',
    'apps/app/package-lock.json': '{}',
    'apps/app/app.js': GOOD,
  });
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path, env: { PATH: folder.path } });
  assert.equal(await answerOnceUp(server.port, '/app'), '200 good');
});
