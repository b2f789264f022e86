/** The watch over the files of applications, over real files. What is told is awaited; what is not told is seen by what is told after it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { watchFolders } from '../../../src/watch/file-watch.ts';
import { Folder } from '../../support/folder.ts';
import { until } from '../../support/until.ts';

/** A folder that is watched, and what was told of it. */
class Watched implements Disposable {
  readonly folder: Folder;
  readonly told: string[][] = [];
  readonly problems: object[] = [];
  readonly #watch: { close(): void };

  /** @param roots what is watched, in a folder with these files */
  constructor(files: Readonly<Record<string, string>>, roots: readonly string[] = ['app'], ignored: string[] = []) {
    this.folder = new Folder(files);
    const events = {
      changed: (paths: readonly string[]) => {
        this.told.push(paths.map((path) => path.slice(this.folder.path.length + 1)));
      },
      incomplete: (problem: object) => this.problems.push(problem),
    };
    const all = (names: readonly string[]) => names.map((name) => this.at(name));
    this.#watch = watchFolders(all(roots), events, all(ignored));
  }

  at(name: string): string {
    return join(this.folder.path, name);
  }

  /** What is told until, and with, this file: which is written when all that went before is on its way. */
  async until(last = 'app/last.py'): Promise<string[]> {
    this.folder.write(last, '');
    await until(() => this.told.flat().includes(last), last);
    const names = new Set(this.told.splice(0).flat());
    names.delete(last);
    return [...names].sort();
  }

  /** Waits until this file is told. */
  async tells(name: string): Promise<void> {
    await until(() => this.told.flat().includes(name), name);
    this.told.length = 0;
  }

  [Symbol.dispose](): void {
    this.#watch.close();
    this.folder[Symbol.dispose]();
    assert.deepEqual(this.problems, []);
  }
}

test('a file that is written, made, moved in or out, removed, or touched is told', async () => {
  using seen = new Watched({ 'app/a.py': '', 'app/b.py': '', 'app/c.py': '', 'app/sub/d.py': '', 'e.py': '' });
  for (const [what, change, files] of [
    ['written', () => appendFileSync(seen.at('app/a.py'), 'x'), ['app/a.py']],
    ['touched', () => utimesSync(seen.at('app/a.py'), 1, 1), ['app/a.py']],
    ['made', () => writeFileSync(seen.at('app/new.py'), ''), ['app/new.py']],
    ['removed', () => unlinkSync(seen.at('app/b.py')), ['app/b.py']],
    ['moved in', () => renameSync(seen.at('e.py'), seen.at('app/e.py')), ['app/e.py']],
    ['moved out', () => renameSync(seen.at('app/e.py'), seen.at('e.py')), ['app/e.py']],
    ['renamed', () => renameSync(seen.at('app/c.py'), seen.at('app/sub/c.py')), ['app/c.py', 'app/sub/c.py']],
    ['written below', () => appendFileSync(seen.at('app/sub/d.py'), 'x'), ['app/sub/d.py']],
  ] as const) {
    change();
    assert.deepEqual(await seen.until(), files, what);
  }
});

test('what one turn changes is told once, however many events it is', async () => {
  using seen = new Watched({ 'app/a.py': 'a', 'app/b.py': 'b' });
  for (let count = 0; count < 20; count++) appendFileSync(seen.at('app/a.py'), 'x');
  writeFileSync(seen.at('app/.b.py.tmp'), 'new');
  renameSync(seen.at('app/.b.py.tmp'), seen.at('app/b.py'));
  await until(() => seen.told.length > 0, 'the change');
  assert.deepEqual(seen.told, [['app/a.py', 'app/b.py']]);
});

test('changes that do not end are told all the same', async () => {
  using seen = new Watched({ 'app/a.py': '' });
  const timer = setInterval(() => appendFileSync(seen.at('app/a.py'), 'x'), 5);
  try {
    await seen.tells('app/a.py');
  } finally {
    clearInterval(timer);
  }
});

test('a file that is replaced by another of its name is still watched', async () => {
  using seen = new Watched({ 'app/a.py': '' });
  for (let count = 0; count < 3; count++) {
    writeFileSync(seen.at('next'), String(count));
    renameSync(seen.at('next'), seen.at('app/a.py'));
    assert.deepEqual(await seen.until(), ['app/a.py']);
    renameSync(seen.at('app/a.py'), seen.at('app/a.py~'));
    writeFileSync(seen.at('app/a.py'), 'as vim writes, with a backup');
    assert.deepEqual(await seen.until(), ['app/a.py']);
  }
});

test('folders that appear are watched with all that is in them', async () => {
  using seen = new Watched({ 'app/a.py': '', 'other/deep/b.py': '' });
  mkdirSync(seen.at('app/new/deep/er'), { recursive: true });
  writeFileSync(seen.at('app/new/deep/er/c.py'), '');
  await seen.tells('app/new/deep/er/c.py');
  renameSync(seen.at('other'), seen.at('app/other'));
  await seen.tells('app/other/deep/b.py');
  for (const name of ['app/new/deep/er/c.py', 'app/other/deep/b.py']) {
    appendFileSync(seen.at(name), 'x');
    assert.deepEqual(await seen.until(), [name]);
  }
});

test('a folder that vanishes is told, and watched when it is there again', async () => {
  using seen = new Watched({ 'app/sub/a.py': '' });
  for (let count = 0; count < 3; count++) {
    rmSync(seen.at('app/sub'), { recursive: true });
    assert.ok((await seen.until()).includes('app/sub/a.py'));
    seen.folder.write('app/sub/a.py', '');
    await seen.tells('app/sub/a.py');
    appendFileSync(seen.at('app/sub/a.py'), 'x');
    assert.deepEqual(await seen.until(), ['app/sub/a.py']);
    renameSync(seen.at('app/sub'), seen.at('away'));
    assert.ok((await seen.until()).includes('app/sub'));
    appendFileSync(seen.at('away/a.py'), 'x');
    assert.deepEqual(await seen.until(), [], 'it is not the app’s any more');
    renameSync(seen.at('away'), seen.at('app/sub'));
    await seen.tells('app/sub/a.py');
  }
});

test('a folder that is replaced within one turn is watched', async () => {
  using seen = new Watched({ 'app/sub/a.py': '' });
  rmSync(seen.at('app/sub'), { recursive: true });
  seen.folder.write('app/sub/b.py', '');
  await seen.tells('app/sub/b.py');
  appendFileSync(seen.at('app/sub/b.py'), 'x');
  assert.deepEqual(await seen.until(), ['app/sub/b.py']);
});

test('what is watched may vanish, be replaced and come again, and need not be there', async () => {
  using seen = new Watched({ 'app/a.py': '' }, ['app', 'later/on/app']);
  for (let count = 0; count < 3; count++) {
    renameSync(seen.at('app'), seen.at(`old${count}`));
    await seen.tells('app');
    seen.folder.write('app/a.py', '');
    await seen.tells('app/a.py');
    rmSync(seen.at('app'), { recursive: true });
    seen.folder.write('app/b.py', '');
    await seen.tells('app/b.py');
    appendFileSync(seen.at('app/b.py'), 'x');
    assert.deepEqual(await seen.until(), ['app/b.py']);
  }
  for (let count = 0; count < 3; count++) {
    seen.folder.write('later/on/app/c.py', '');
    await seen.tells('later/on/app/c.py');
    rmSync(seen.at('later'), { recursive: true });
    await seen.tells('later/on/app');
  }
});

test('a folder whose mode changes is told from a file of its own name in it', async () => {
  using seen = new Watched({ 'app/a.py': '', 'app/sub/b.py': '' });
  chmodSync(seen.at('app'), 0o700);
  chmodSync(seen.at('app/sub'), 0o700);
  assert.deepEqual(await seen.until(), []);
  seen.folder.write('app/app', '');
  seen.folder.write('app/sub/sub', '');
  assert.deepEqual(await seen.until(), ['app/app', 'app/sub/sub']);
  appendFileSync(seen.at('app/app'), 'x');
  appendFileSync(seen.at('app/sub/sub'), 'x');
  assert.deepEqual(await seen.until(), ['app/app', 'app/sub/sub']);
});

test('a single file can be watched, whoever replaces it', async () => {
  using seen = new Watched({ 'conf/stillhouse.yaml': '', 'conf/other.yaml': '', 'app/a.py': '' }, [
    'app',
    'conf/stillhouse.yaml',
  ]);
  appendFileSync(seen.at('conf/other.yaml'), 'x');
  appendFileSync(seen.at('conf/stillhouse.yaml'), 'x');
  assert.deepEqual(await seen.until(), ['conf/stillhouse.yaml']);
  renameSync(seen.at('conf/other.yaml'), seen.at('conf/stillhouse.yaml'));
  assert.deepEqual(await seen.until(), ['conf/stillhouse.yaml']);
  unlinkSync(seen.at('conf/stillhouse.yaml'));
  assert.deepEqual(await seen.until(), ['conf/stillhouse.yaml']);
});

test('what tools and the application itself write is not told', async () => {
  const kept = ['app/data/keep.py', 'app/env/lib/site.py', 'app/cache/big.py', 'app/node_modules/x/index.js'];
  const files = ['app/a.py', 'app/env/pyvenv.cfg', 'app/cache/CACHEDIR.TAG', ...kept];
  using seen = new Watched(Object.fromEntries(files.map((name) => [name, ''])), ['app'], ['app/data']);
  for (const name of [
    ...kept,
    'app/__pycache__/a.cpython-311.pyc',
    'app/.git/index',
    'app/.venv/lib/b.py',
    'app/.a.py.swp',
    'app/a.py~',
    'app/4913',
    'app/#a.py#',
    'app/.#a.py',
    'app/db.sqlite3-journal',
    'app/log/app.log',
  ]) {
    seen.folder.write(name, 'x');
  }
  assert.deepEqual(await seen.until(), []);
  for (const name of kept) appendFileSync(seen.at(name), 'x');
  mkdirSync(seen.at('app/fresh'));
  seen.folder.write('app/fresh/activate.py', '');
  seen.folder.write('app/fresh/pyvenv.cfg', '');
  assert.deepEqual(await seen.until(), [], 'a virtual environment that is made now');
  seen.folder.write('app/fresh/more.py', '');
  assert.deepEqual(await seen.until(), []);
});

test('links to folders are followed, and may lead back', async () => {
  using seen = new Watched({ 'elsewhere/b.py': '', 'app/a.py': '' }, ['app', 'linked']);
  symlinkSync(seen.at('app'), seen.at('app/again'));
  symlinkSync(seen.at('elsewhere'), seen.at('app/link'));
  await seen.tells('app/link/b.py');
  appendFileSync(seen.at('elsewhere/b.py'), 'x');
  assert.deepEqual(await seen.until(), ['app/link/b.py']);
  symlinkSync(seen.at('elsewhere'), seen.at('linked'));
  await seen.tells('linked/b.py');
  appendFileSync(seen.at('elsewhere/b.py'), 'x');
  assert.deepEqual(await seen.until(), ['app/link/b.py', 'linked/b.py']);
});

test('what is not told yet is not told after the end, and nothing holds the process', () => {
  const program = `
    import { watchFolders } from ${JSON.stringify(fileURLToPath(import.meta.resolve('../../../src/watch/file-watch.ts')))};
    const events = { changed: () => console.log('told'), incomplete: console.log };
    watchFolders([process.argv[1]], events);
    const { close } = watchFolders([process.argv[1]], events);
  `;
  using folder = new Folder({ 'app/a.py': '' });
  const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', program, folder.path], {
    encoding: 'utf8',
  });
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '', '']);
});

/** A user namespace has a limit of its own (sysctl user.max_inotify_watches). */
const LIMITED = [
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  'echo 3 > /proc/sys/user/max_inotify_watches && exec "$@"',
  'sh',
];
const canLimit = spawnSync('unshare', [...LIMITED, 'true']).status === 0;

test('where the system watches no more, it is said once with the limit and the cure', {
  skip: canLimit ? false : 'the limit cannot be lowered here',
}, () => {
  const program = `
    import { watchFolders } from ${JSON.stringify(fileURLToPath(import.meta.resolve('../../../src/watch/file-watch.ts')))};
    const incomplete = (problem) => console.log(JSON.stringify(problem));
    watchFolders([process.argv[1]], { changed() {}, incomplete });
  `;
  using folder = new Folder({ 'a/a.py': '', 'b/b.py': '', 'c/c.py': '', 'd/d.py': '' });
  const node = [process.execPath, '--input-type=module', '--eval', program, folder.path];
  const ran = spawnSync('unshare', [...LIMITED, ...node], { encoding: 'utf8' });
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  const { code, message, cure } = JSON.parse(ran.stdout) as Record<string, string>;
  assert.equal(code, 'WATCH_INCOMPLETE');
  assert.match(
    message ?? '',
    /^not every change .*\/[a-d] cannot be watched: fs\.inotify\.max_user_watches is [0-9]+, and used up$/,
  );
  assert.match(cure ?? '', /sysctl fs\.inotify\.max_user_watches=/);
});
