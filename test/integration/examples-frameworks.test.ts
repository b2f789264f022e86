/** The folders of examples/, each served as an apps directory of its own, with what Debian has of its requirements, checked against PEP 3333 on the way. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AppsServer, serveApps } from '../support/apps.ts';
import { Folder } from '../support/folder.ts';
import { readAll, send } from '../support/http-app.ts';
import { run } from '../support/packages.ts';
import { PYTHON, ROOT } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get, header } from '../support/wire.ts';

const EXAMPLES = join(ROOT, 'examples');
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

function missing(...modules: string[]): { skip: string | false } {
  if (!existsSync(PYTHON)) return { skip: `there is no ${PYTHON}` };
  const lacking = modules.filter((name) => spawnSync(PYTHON, ['-c', `import ${name}`]).status !== 0);
  return { skip: lacking.length > 0 && `${PYTHON} has no ${lacking.join(' and no ')}` };
}

/** Debian's packages as a virtual environment, which an app may bring in place of an installation. */
function debianEnvironment(folder: Folder): string {
  const directory = join(folder.path, 'venv');
  run(PYTHON, ['-m', 'venv', '--system-site-packages', '--without-pip', directory]);
  return join(directory, 'bin/python');
}

function assertNoBreach({ records }: AppsServer): void {
  assert.deepEqual(
    records.filter(({ code }) => code?.startsWith('APP_')),
    [],
  );
}

const textOf = async (server: AppsServer, path: string): Promise<string> =>
  String((await ask(server.port, get(path))).body);

test('examples/flask', missing('flask'), async () => {
  using folder = new Folder();
  await using server = await serveApps(join(EXAMPLES, 'flask'), ['--lint', `--python=${debianEnvironment(folder)}`]);
  const form = await send(server.port, { path: '/', headers: FORM, body: [Buffer.from('text=one+two+Two')] });
  const page = String(await readAll(form));
  assert.match(page, /<li>two: 2<\/li>\s*<li>one: 1<\/li>/);
  assert.match(page, /href="\/table\/1000"/);
  assert.equal(await textOf(server, '/table/3'), '1,1\n2,4\n3,9\n');
  assertNoBreach(server);
});

test('examples/flask in apps/ makes its links where it is mounted', missing('flask'), async () => {
  using folder = new Folder({ 'apps/.keep': '' });
  cpSync(join(EXAMPLES, 'flask'), join(folder.path, 'apps/flask'), { recursive: true });
  await using server = await serveApps(join(folder.path, 'apps'), ['--lint', `--python=${debianEnvironment(folder)}`]);
  assert.match(await textOf(server, '/flask/'), /action="\/flask\/"/);
});

for (const mount of ['', '/guestbook']) {
  test(
    `examples/django at ${mount || '/'}: migrations, a form, static files`,
    missing('django', 'whitenoise'),
    async () => {
      using folder = new Folder();
      const app = join(folder.path, 'django');
      cpSync(join(EXAMPLES, 'django'), app, { recursive: true, filter: (file) => !file.includes('__pycache__') });
      if (mount !== '') folder.write('django/app.yaml', `path: ${mount}\nenvironment:\n  GUESTBOOK_MOUNT: ${mount}\n`);
      const python = debianEnvironment(folder);
      const data = join(folder.path, 'data');
      const env = { ...process.env, STILLHOUSE_DATA_DIR: join(data, 'apps/django') };
      const migrated = spawnSync(python, ['-B', join(app, 'manage.py'), 'migrate'], { env, encoding: 'utf8' });
      assert.equal(migrated.status, 0, migrated.stderr);
      await using server = await serveApps(app, ['--lint', `--python=${python}`, '--workers=2'], {
        data,
        cwd: folder.path,
      });

      const host = { Host: 'localhost' };
      const empty = await send(server.port, { path: `${mount}/`, headers: host });
      assert.equal(empty.statusCode, 200);
      const [cookie = ''] = empty.headers['set-cookie'] ?? [];
      const page = String(await readAll(empty));
      const [, token = ''] = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(page) ?? [];
      const [, style = ''] = /href="([^"]+\.css)"/.exec(page) ?? [];
      assert.equal(style, `${mount}/static/guestbook/style.css`);
      const css = await send(server.port, { path: style, headers: host });
      assert.deepEqual([css.statusCode, css.headers['content-type']], [200, 'text/css; charset="utf-8"']);
      assert.match(String(await readAll(css)), /^:root/);

      const body = new URLSearchParams({ csrfmiddlewaretoken: token, name: 'Zoë <b>', text: 'Hello' }).toString();
      const headers = { ...host, ...FORM, Cookie: cookie.split(';')[0] };
      const signed = await send(server.port, { path: `${mount}/`, headers, body: [Buffer.from(body)] });
      assert.deepEqual([signed.statusCode, signed.headers.location], [302, `${mount}/`]);
      const full = await send(server.port, { path: `${mount}/`, headers: host });
      assert.match(String(await readAll(full)), /<h2>Zoë &lt;b&gt;<\/h2>\s*<p>Hello<\/p>/);

      const kept = (name: string) => statSync(join(data, 'apps/django', name));
      assert.ok(kept('guestbook.sqlite3').isFile());
      assert.equal(kept('secret-key').mode & 0o777, 0o600);
      assert.equal((await ask(server.port, get(`${mount}/`))).status, 400, 'another Host is refused');
      assertNoBreach(server);
    },
  );
}

/** Whether npm can install what the example's lock names, from its registry or its cache. */
function npmReason(): { skip: string | false } {
  const { skip } = needs('npm');
  if (skip !== false) return { skip };
  using folder = new Folder();
  cpSync(join(EXAMPLES, 'typescript-dependency'), folder.path, { recursive: true });
  const args = ['ci', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=0', '--fetch-timeout=5000'];
  const { status } = spawnSync('npm', args, { cwd: folder.path });
  return { skip: status !== 0 && 'npm reaches no registry' };
}

test('examples/typescript-dependency', npmReason(), async () => {
  await using server = await serveApps(join(EXAMPLES, 'typescript-dependency'), ['--lint']);
  assert.equal(await textOf(server, '/?time=2+days'), '172800000\n');
  const wrong = await ask(server.port, get('/?time=soon'));
  assert.deepEqual([wrong.status, header(wrong, 'content-type')], [400, 'text/plain; charset=utf-8']);
  assert.ok(!existsSync(join(EXAMPLES, 'typescript-dependency/node_modules')));
  assertNoBreach(server);
});
