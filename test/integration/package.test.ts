/** The package as `npm run build` makes it: compiled, because Node removes no types from what is under node_modules. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { run } from '../support/packages.ts';
import { ROOT, RunningServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get } from '../support/wire.ts';

test('it runs from node_modules, with its production dependencies alone', needs('python3'), async () => {
  using folder = new Folder();
  const modules = join(folder.path, 'node_modules');
  const own = join(modules, 'stillhouse');
  run(process.execPath, [join(ROOT, 'scripts/build.mjs'), own]);
  linkProduction(modules);
  const sources = readdirSync(own, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.d)\.ts$/.test(file));
  assert.deepEqual(sources, []);

  const command = [process.execPath, join(own, 'bin/stillhouse.mjs')] as const;
  const apps = `--apps-directory=${join(ROOT, 'apps')}`;
  const data = `--data-directory=${join(folder.path, 'data')}`;
  await using server = new RunningServer(['serve', apps, data, '--bind=127.0.0.1:0', '--admin-bind=127.0.0.1:0'], {
    command,
    cwd: folder.path,
  });
  const port = await server.ready();
  const { apps: served } = await server.record(({ kind }) => kind === 'ready');
  for (const name of ['hello', 'hello-ts']) {
    const { path } = (served as { name: string; path: string }[]).find((app) => app.name === name) as { path: string };
    assert.equal(String((await ask(port, get(`${path.replace(/\/$/, '')}/there`))).body), 'Hello', name);
  }
});

/** What an installation without development packages has beside it. */
function linkProduction(modules: string): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  for (const [path, { dev, optional }] of Object.entries(packages)) {
    if (path === '' || dev || optional) continue;
    const name = path.slice('node_modules/'.length);
    if (name.includes('/')) mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(ROOT, path), join(modules, name));
  }
}
