/** What the command's first word names, over folders as users have them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTarget, type Target } from '../../../src/apps/target.ts';
import { Folder } from '../../support/folder.ts';

/** Finds in a folder with these (empty) files; paths come back relative to it. */
function find(files: readonly string[], text: string): Target {
  using folder = new Folder(Object.fromEntries(files.map((name) => [name, ''])));
  const { directory, file, ...rest } = findTarget(text, folder.path);
  assert.equal(directory, folder.path);
  return { ...rest, directory: '.', file: file === null ? null : file.slice(folder.path.length + 1) };
}

const FOUND: readonly (readonly [files: readonly string[], text: string, expected: Partial<Target>])[] = [
  [
    ['web_app.py'],
    'web_app:application',
    { language: 'python', module: 'web_app', file: null, callable: 'application' },
  ],
  [['web_app.py'], 'web_app', { language: 'python', module: 'web_app', file: null, callable: null }],
  [['web_app.ts'], 'web_app:application', { language: 'node', module: 'web_app', file: 'web_app.ts' }],
  [['a.mjs'], 'a:app', { language: 'node', file: 'a.mjs', callable: 'app' }],
  [['a.cjs'], 'a', { language: 'node', file: 'a.cjs' }],
  [
    ['web_app.py'],
    'web_app.py:application',
    { language: 'python', name: 'web_app', module: 'web_app', file: 'web_app.py' },
  ],
  [['web_app.py', 'web_app.ts'], 'web_app.ts:application', { language: 'node', file: 'web_app.ts' }],
  [['web_app.py', 'web_app.ts'], './web_app.py', { language: 'python', file: 'web_app.py', callable: null }],
  [['sub/web_app.py'], 'sub/web_app.py:application', { language: 'python', name: 'web_app', file: 'sub/web_app.py' }],
  [['site/wsgi.py'], 'site.wsgi:application', { language: 'python', name: 'wsgi', module: 'site.wsgi', file: null }],
  [['site/__init__.py'], 'site:app', { language: 'python', module: 'site', file: null }],
  [['site/app.ts'], 'site.app', { language: 'node', module: 'site.app', file: 'site/app.ts' }],
  [['site/__init__.py', 'site.py'], 'site', { language: 'python', module: 'site' }],
  [['app.py'], 'app:create_app()', { callable: 'create_app()' }],
  [['app.py'], "app:create_app('a:b')", { callable: "create_app('a:b')" }],
  [['app.py'], 'app:site.app', { callable: 'site.app' }],
  [[], 'installed_elsewhere:app', { language: 'python', module: 'installed_elsewhere', file: null }],
  [['other.py'], 'installed_elsewhere:app', { language: 'python', file: null }],
];

test('a module or a file is found, in its language', async (t) => {
  for (const [files, text, expected] of FOUND) {
    await t.test(`${text} among ${files.join(', ') || 'nothing'}`, () => {
      const found: Record<string, unknown> = { ...find(files, text) };
      for (const [key, value] of Object.entries(expected)) assert.equal(found[key], value, key);
    });
  }
});

test('an absolute path is taken as it stands', () => {
  using folder = new Folder({ 'web_app.ts': '' });
  const file = join(folder.path, 'web_app.ts');
  assert.equal(findTarget(`${file}:application`, '/').file, file);
});

const REFUSED: readonly (readonly [
  files: readonly string[],
  text: string,
  code: string,
  message: RegExp,
  cure: RegExp,
])[] = [
  [
    ['web_app.py', 'web_app.ts'],
    'web_app:application',
    'APP_TARGET_AMBIGUOUS',
    /web_app\.py or web_app\.ts/,
    /web_app\.py:application or web_app\.ts:application/,
  ],
  [['a.ts', 'a.js'], 'a:app', 'APP_TARGET_AMBIGUOUS', /a\.ts or a\.js/, /a\.ts:app or a\.js:app/],
  [['a/__init__.py', 'a.ts'], 'a', 'APP_TARGET_AMBIGUOUS', /a\/__init__\.py or a\.ts/, /name the file/],
  [['web_app.py'], 'webapp:application', 'APP_MODULE_MISSING', /there is no webapp in /, /did you mean web_app\?/],
  [['web_app.ts'], 'web_ap', 'APP_MODULE_MISSING', /there is no web_ap in /, /did you mean web_app\?/],
  [
    ['web_app.py'],
    'webapp.py:application',
    'APP_MODULE_MISSING',
    /there is no webapp\.py in /,
    /did you mean web_app\.py\?/,
  ],
  [
    ['sub/web_app.py'],
    'sub/webapp.py',
    'APP_MODULE_MISSING',
    /there is no sub\/webapp\.py/,
    /did you mean web_app\.py\?/,
  ],
  [[], 'web_app.py', 'APP_MODULE_MISSING', /there is no web_app\.py/, /--chdir/],
  [[], 'no/such/folder/a.py', 'APP_MODULE_MISSING', /there is no no\/such\/folder\/a\.py/, /--chdir/],
  [['a.py/b.txt'], 'a.py', 'APP_MODULE_MISSING', /there is no a\.py/, /--chdir/],
  [[], ':application', 'APP_TARGET_INVALID', /":application" does not name/, /MODULE:CALLABLE/],
  [[], 'web_app:', 'APP_TARGET_INVALID', /"web_app:" does not name/, /web_app:application/],
  [[], '', 'APP_TARGET_INVALID', /"" does not name/, /MODULE:CALLABLE/],
  [[], 'my-app:application', 'APP_TARGET_INVALID', /my-app is neither/, /name the file/],
  [[], 'sub/web_app', 'APP_TARGET_INVALID', /neither a module's name nor a file/, /path\/to/],
  [[], '.web_app', 'APP_TARGET_INVALID', /neither/, /name the file/],
];

test('what names no application, or more than one, says so with the cure', async (t) => {
  for (const [files, text, code, message, cure] of REFUSED) {
    await t.test(`${text || 'nothing'} among ${files.join(', ') || 'nothing'}`, () => {
      assert.throws(() => find(files, text), { name: 'StartError', code, message, cure });
    });
  }
});
