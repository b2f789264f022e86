/**
 * `stillhouse check` over folders as users have them. Each folder here is one case: `args` (a word on each line; without it `check`), `env` (a variable on
 * each line), and what is copied to a folder of its own, where `dot-` at the beginning of a name is a dot. `expected.txt` is what is printed: stdout where
 * there is no fault (but for defaults, which stand in one case alone), stderr, and the exit status. UPDATE_GOLDEN=1 writes it anew.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Folder } from '../support/folder.ts';
import { BIN } from '../support/server.ts';

const CASES = fileURLToPath(new URL('.', import.meta.url));
const OURS: ReadonlySet<string> = new Set(['args', 'env', 'expected.txt']);
const UPDATE = !['', undefined].includes(process.env.UPDATE_GOLDEN);

const names = readdirSync(CASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('golden', { concurrency: 2 }, () => {
  for (const name of names) {
    test(name, async () => {
      const printed = await runCase(join(CASES, name));
      const file = join(CASES, name, 'expected.txt');
      if (UPDATE) writeFileSync(file, printed);
      assert.equal(printed, readFileSync(file, 'utf8'));
    });
  }
});

test('there is a case for everything that can be wrong', () => assert(names.length >= 60, `${names.length} cases`));

test('no secret is printed in any of them', () => {
  for (const name of names)
    assert.doesNotMatch(readFileSync(join(CASES, name, 'expected.txt'), 'utf8'), /secret@|very.secret|postgres:\/\/s/);
});

async function runCase(path: string): Promise<string> {
  using folder = new Folder({ 'programs/python3': '' });
  chmodSync(join(folder.path, 'programs/python3'), 0o755);
  const home = join(folder.path, 'home');
  cpSync(path, home, { recursive: true, filter: (from) => dirname(from) !== path || !OURS.has(basename(from)) });
  for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((each) =>
    basename(each).startsWith('dot-'),
  ))
    renameSync(join(home, name), join(home, dirname(name), basename(name).replace('dot-', '.')));
  const env = Object.fromEntries(linesOf(join(path, 'env')).map((line) => line.split(/=(.*)/s, 2)));
  const args = existsSync(join(path, 'args')) ? linesOf(join(path, 'args')) : ['check'];
  const ran = await run(args, home, { ...env, PATH: join(folder.path, 'programs') });
  const told = [...(ran.status === 0 ? [ran.stdout] : []), ran.stderr, `exit status ${ran.status}\n`];
  const text = normalise(told.filter((each) => each !== '').join('\n'), home);
  return basename(path) === 'defaults' ? text : text.replace(/^.* {2}# default\n/gm, '');
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

function run(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ status: number; stdout: string; stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<{ status: number; stdout: string; stderr: string }>();
  execFile(process.execPath, [BIN, ...args], { cwd, env }, (error, stdout, stderr) =>
    resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
  );
  return promise;
}

/** What differs between machines. */
function normalise(text: string, folder: string): string {
  return text
    .replaceAll(folder, 'FOLDER')
    .replace(/stillhouse-[0-9]+\b/g, 'stillhouse-UID')
    .replace(/uid [0-9]+/g, 'uid UID')
    .replace(/ +(?=# )/g, '  ');
}
