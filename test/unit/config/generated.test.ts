/** What is made from the table of settings, and the example that is shipped with it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readFile } from '../../../src/config/file.ts';
import { defaults, type Faults } from '../../../src/config/layer.ts';
import { SETTING_NAMES, SETTINGS, type Setting } from '../../../src/config/settings.ts';
import { ROOT } from '../../support/server.ts';
import { breaches } from './json-schema.ts';

const SCRIPT = new URL('../../../scripts/generate.mjs', import.meta.url).href;
const { generate } = (await import(SCRIPT)) as { generate: () => Map<string, string> };

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const SCHEMAS = {
  server: JSON.parse(read('config/stillhouse.schema.json')) as Record<string, unknown>,
  app: JSON.parse(read('config/app.schema.json')) as Record<string, unknown>,
};
type Scope = keyof typeof SCHEMAS;

/** Reads a file as the server does, and checks it as an editor does: neither finds a fault. */
function assertValid(name: string, text: string, scope: Scope) {
  const faults: Faults = [];
  const layer = readFile(
    { name, path: join('/etc/stillhouse', name), text, scope },
    (variable) => (variable === 'LOG_LEVEL' ? undefined : 'filled'),
    faults,
  );
  assert.deepEqual(faults, []);
  assert.deepEqual(breaches(SCHEMAS[scope], parse(text)), []);
  return layer;
}

test('what is generated is up to date', () => {
  for (const [file, text] of generate()) assert.equal(read(file), text, `${file}: npm run generate`);
});

test('every setting stands in docs/configuration.md once, and in the schemas of its scope', () => {
  const reference = read('docs/configuration.md');
  for (const { key, scope } of Object.values(SETTINGS) as Setting[]) {
    assert.equal(reference.split(`\n| \`${key}\` |`).length, 2, key);
    const value = key
      .split('.')
      .reduceRight<unknown>((inner, word) => ({ [word]: inner }), { an: 'object, which nothing takes' });
    for (const each of ['server', 'app'] as const) {
      const isHere = scope === 'both' || scope === each;
      const path = `/${key.replaceAll('.', '/')}`;
      const [first = ''] = breaches(SCHEMAS[each], value);
      if (isHere && key !== 'environment') assert.equal(first, path);
      if (!isHere) assert(path.startsWith(first) && first !== '', `${key} in ${each}: ${first}`);
    }
  }
});

test('the example changes nothing as it stands', () => {
  assert.equal(assertValid('stillhouse.yaml', read('config/stillhouse.yaml'), 'server').size, 0);
});

test('what the example has as a comment is valid, and is the default in the image where there is one', () => {
  const text = read('config/stillhouse.yaml').replace(/^( *)# ([a-z_]+: [^ ].*)$/gm, (line, indent, setting) =>
    SETTING_NAMES.some((name) => SETTINGS[name].key.split('.').at(-1) === setting.split(':')[0])
      ? indent + setting
      : line,
  );
  const given = assertValid('stillhouse.yaml', text, 'server');
  assert(given.size >= 15, `${given.size} settings`);
  const standard = defaults('/', true);
  for (const [name, { value }] of given) {
    if (SETTINGS[name].default !== '') assert.deepEqual(value, standard.get(name)?.value, name);
  }
});

test('the examples of the reference are valid', () => {
  const blocks = [...read('docs/configuration.md').matchAll(/```yaml\n(# (\S+)[\s\S]*?)```/g)];
  assert.equal(blocks.length, 3);
  for (const [, text = '', name = ''] of blocks)
    assertValid('x.yaml', text, name.endsWith('app.yaml') ? 'app' : 'server');
});

test('a schema finds what the server refuses', async (t) => {
  const cases: readonly (readonly [scope: Scope, text: string, where: readonly string[]])[] = [
    ['server', 'wokers: 1', ['/wokers']],
    ['server', 'http: {keepalive: 1}', ['/http/keepalive']],
    ['server', 'path: /x', ['/path']],
    ['app', 'bind: :80', ['/bind']],
    ['server', 'workers: 0', ['/workers']],
    ['server', 'workers: many', ['/workers']],
    ['server', 'timeout: 5 days', ['/timeout']],
    ['server', 'bind: []', ['/bind']],
    ['server', 'bind: [":80", "80"]', ['/bind']],
    ['server', 'log: {level: loud}', ['/log/level']],
    ['server', 'http: 5', ['/http']],
    ['app', 'path: blog', ['/path']],
    ['app', 'environment: {STILLHOUSE_X: 1}', ['/environment/STILLHOUSE_X']],
    ['app', 'environment: {A: [1]}', ['/environment/A']],
    ['server', '[1]', ['/']],
  ];
  for (const [scope, text, where] of cases) {
    await t.test(`${scope}: ${text}`, () => {
      assert.deepEqual(breaches(SCHEMAS[scope], parse(text)), where);
      const faults: Faults = [];
      readFile({ name: 'x.yaml', path: '/x.yaml', text, scope }, () => undefined, faults);
      assert.equal(faults.length, 1);
    });
  }
});

test('a schema lets pass what the server takes', async (t) => {
  const cases: readonly (readonly [scope: Scope, text: string])[] = [
    ['server', ''],
    ['server', `bind: :80\nadmin: {bind: none}\nworkers: \${N}\ntimeout: 500ms\nlimit_request_body: 1.5 MB`],
    ['server', `bind: [":80", "[::1]:80", "\${HOST}:80"]\nadmin: {bind: []}\nhttp:\nlog: {access: off}\ntimeout: 0`],
    ['app', 'path: /\nenvironment: {A: 1, B: yes, C: }\nrequired: false\npython: {executable: python3}'],
  ];
  for (const [scope, text] of cases) {
    await t.test(text, () => {
      const faults: Faults = [];
      readFile({ name: 'x.yaml', path: '/x.yaml', text, scope }, () => '7', faults);
      assert.deepEqual([faults, breaches(SCHEMAS[scope], parse(text))], [[], []]);
    });
  }
});
