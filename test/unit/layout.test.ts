/** The check of imports, over the repository and over a small tree that breaks each of its rules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Folder } from '../support/folder.ts';

interface Problem {
  readonly file: string;
  readonly line: number;
  readonly cause: string;
  readonly cure: string;
}

const SCRIPT = new URL('../../scripts/check-imports.mjs', import.meta.url).href;
const { checkImports } = (await import(SCRIPT)) as { checkImports: (root: string) => Problem[] };

function check(files: Readonly<Record<string, string>>): string[] {
  using folder = new Folder({ 'package.json': '{"dependencies":{"pino":"1"}}', ...files });
  return checkImports(folder.path).map(({ file, line, cause, cure }) => {
    assert.notEqual(cure, '');
    return `${file}:${line}: ${cause}`;
  });
}

test('imports in this repository go from the front and supervisor towards wsgi/, never back and never in a circle', () => {
  assert.deepEqual(checkImports(fileURLToPath(new URL('../..', import.meta.url))), []);
});

test('what keeps the rules is let pass', () => {
  assert.deepEqual(
    check({
      'src/wsgi/a.ts':
        "import { Buffer } from 'node:buffer';\nimport { E } from '../errors.ts';\nimport { b } from './b.ts';\n",
      'src/wsgi/b.ts': '',
      'src/errors.ts': '',
      'src/http/a.ts':
        "import net from 'node:net';\nimport type { A } from '../wsgi/a.ts';\nexport * from '../wsgi/b.ts';\n",
      'src/front/a.ts': "import pino from 'pino';\nconst { a } = await import('../http/a.ts');\n",
    }),
    [],
  );
});

const BREACHES: readonly (readonly [name: string, files: Readonly<Record<string, string>>, problem: RegExp])[] = [
  [
    'an import upwards',
    { 'src/wsgi/a.ts': "\nimport { b } from '../http/b.ts';\n", 'src/http/b.ts': '' },
    /^src\/wsgi\/a\.ts:2: .*above/,
  ],
  [
    'an import along a layer',
    { 'src/http/a.ts': "import { b } from '../observe/b.ts';\n", 'src/observe/b.ts': '' },
    /^src\/http\/a\.ts:1: .*beside/,
  ],
  [
    'a type from above',
    { 'src/http/a.ts': "import type { B } from '../front/b.ts';\n", 'src/front/b.ts': '' },
    /above/,
  ],
  [
    'an import over several lines',
    { 'src/http/a.ts': "import {\n  b,\n} from '../front/b.ts';\n", 'src/front/b.ts': '' },
    /^src\/http\/a\.ts:3: /,
  ],
  ['an export from above', { 'src/http/a.ts': "export { b } from '../front/b.ts';\n", 'src/front/b.ts': '' }, /above/],
  ['a dynamic import upwards', { 'src/http/a.ts': "await import('../front/b.ts');\n", 'src/front/b.ts': '' }, /above/],
  ['an import for its effect', { 'src/http/a.ts': "import '../front/b.ts';\n", 'src/front/b.ts': '' }, /above/],
  ['I/O in wsgi/', { 'src/wsgi/a.ts': "import fs from 'node:fs';\n" }, /node:fs, and the interface is pure/],
  ['a package in wsgi/', { 'src/wsgi/a.ts': "import pino from 'pino';\n" }, /pino, and the interface is pure/],
  [
    'a package that is no dependency',
    { 'src/http/a.ts': "import x from 'left-pad/x';\n" },
    /left-pad\/x, which is not among/,
  ],
  [
    'an import without .ts',
    { 'src/http/a.ts': "import { b } from './b.js';\n", 'src/http/b.ts': '' },
    /without its \.ts/,
  ],
  ['an import from outside', { 'src/http/a.ts': "import { b } from '../../test/b.ts';\n" }, /outside of src/],
  [
    'a folder without a layer',
    { 'src/new/a.ts': "import { b } from '../http/b.ts';\n", 'src/http/b.ts': '' },
    /src\/new has no place/,
  ],
  [
    'a circle',
    { 'src/http/a.ts': "import './b.ts';\n", 'src/http/b.ts': "import './a.ts';\n" },
    /circle: src\/http\/a\.ts > src\/http\/b\.ts > src\/http\/a\.ts/,
  ],
];

test('each breach is found, at its file and line, with a cure', async (t) => {
  for (const [name, files, problem] of BREACHES) {
    await t.test(name, () => {
      const found = check(files);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] as string, problem);
    });
  }
});
