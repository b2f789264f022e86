import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import {
  closeSpool,
  controlSocketName,
  openSpool,
  pidOfControlSocket,
} from '../../../src/supervisor/data-directory.ts';
import { Folder } from '../../support/folder.ts';

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

test('a spool is made for this process alone, and nothing is left of it', async () => {
  using folder = new Folder();
  const data = join(folder.path, 'a', 'data');
  const spool = await openSpool(data);
  assert.equal(basename(spool), `spool-${hostname()}-${process.pid}`);
  assert.deepEqual([modeOf(data), modeOf(spool)], [0o700, 0o700]);
  await closeSpool(data, spool);
  assert.equal(existsSync(data), false);
});

test('a data directory with something else in it stays', async () => {
  using folder = new Folder({ 'mine.txt': '' });
  chmodSync(folder.path, 0o700);
  await closeSpool(folder.path, await openSpool(folder.path));
  assert.equal(existsSync(join(folder.path, 'mine.txt')), true);
});

test('spools of runs that are over are removed; those of others, and of other hosts, are left alone', async () => {
  using folder = new Folder();
  const { pid: dead } = spawnSync('true');
  const names = [`spool-${hostname()}-${dead}`, `spool-elsewhere-${dead}`, `spool-${hostname()}-1`, 'spool-x'];
  for (const name of names) folder.write(`${name}/body`, 'secret');
  const spool = await openSpool(folder.path);
  const left = [...names, basename(spool)].map((name) => existsSync(join(folder.path, name)));
  assert.deepEqual(left, [false, true, true, true, true]);
});

test('what has this process’s own id is left of an earlier one, and removed', async () => {
  using folder = new Folder();
  const names = [`spool-${hostname()}-${process.pid}/body`, controlSocketName(process.pid)];
  for (const name of names) folder.write(name, 'secret');
  await openSpool(folder.path);
  assert.deepEqual(
    names.map((name) => existsSync(join(folder.path, name))),
    [false, false],
  );
});

test('servers that end, and remove the directory that they leave empty, do not hinder one that starts', async () => {
  using folder = new Folder();
  const data = join(folder.path, 'data');
  for (let count = 0; count < 50; count++) {
    let over = false;
    const opened = openSpool(data).finally(() => {
      over = true;
    });
    for (let removals = 0; removals < 5 && !over; ) {
      await new Promise(setImmediate);
      if (removeEmpty(data)) removals++;
    }
    await closeSpool(data, await opened);
  }
});

function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

test('the control socket of a run that is over is removed, and nobody else’s', async () => {
  using folder = new Folder();
  const { pid: dead } = spawnSync('true');
  const names = [controlSocketName(dead), controlSocketName(1), `control-elsewhere-${dead}.sock`, 'control-x.sock'];
  for (const name of names) folder.write(name, '');
  await openSpool(folder.path);
  const left = names.map((name) => existsSync(join(folder.path, name)));
  assert.deepEqual(left, [false, true, true, true]);
  assert.deepEqual(names.map(pidOfControlSocket), [dead, 1, undefined, undefined]);
});

test('a data directory that others may write to, or that is none, is refused with the cure', async (t) => {
  using folder = new Folder({ file: '' });
  const open = join(folder.path, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  const cases = [
    [open, /other users may write/],
    [join(folder.path, 'file'), /cannot be used/],
    [join(folder.path, 'file', 'below'), /cannot be used/],
  ] as const;
  for (const [path, message] of cases) {
    await t.test(basename(path), () =>
      assert.rejects(openSpool(path), { code: 'DATA_DIRECTORY_UNUSABLE', message, cure: /--data-directory/ }),
    );
  }
});
