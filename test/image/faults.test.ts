/** Faults that one meets with the image, each with the message that says what to do. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { ask, get } from '../support/wire.ts';
import { buildImage, Container, docker, letIn, needsEngine } from './support/docker.ts';

const APP = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"well"]\n';
const YAML = 'config/stillhouse.yaml';

before(async () => {
  if (needsEngine.skip === false) await buildImage();
});

/** Faults of which nothing is served: the container ends, and its log says why. */
const ENDING = [
  { fault: 'nothing mounted at /apps', files: {}, said: /\/apps holds no application/ },
  {
    fault: 'a key that does not exist',
    files: { 'apps/one/app.py': APP, [YAML]: 'timout: 5\n' },
    said: /stillhouse\.yaml:1:1[\s\S]*timout[\s\S]*timeout/,
  },
  { fault: 'bad YAML', files: { 'apps/one/app.py': APP, [YAML]: 'timeout: [5\n' }, said: /stillhouse\.yaml:\d+:\d+/ },
  {
    fault: 'two apps on one path',
    files: { 'apps/one/app.py': APP, 'apps/two/app.py': APP, 'apps/two/app.yaml': 'path: /one\n' },
    said: /one .* and two .* are both mounted at \/one/,
  },
];

for (const { fault, files, said } of ENDING) {
  test(`${fault}: it does not start, and says why`, needsEngine, async () => {
    using folder = layOut(files);
    await using container = await Container.run(mountsOf(folder));
    await docker('wait', container.id);
    assert.match(await container.logs(), said);
    assert.notEqual(await container.inspect('{{.State.ExitCode}}'), '0');
  });
}

test('an app that needs what the image lacks fails alone, and its log says what', needsEngine, async () => {
  using folder = layOut({
    'apps/well/app.py': APP,
    'apps/old/app.py': APP,
    'apps/old/app.yaml': 'python:\n  executable: python3.9\n',
    'apps/node/app.js': 'exports.app = () => [];\n',
    'apps/node/package.json': '{"dependencies":{"left":"1.0.0"}}\n',
    'apps/node/package-lock.json': '{"lockfileVersion":3,"packages":{}}\n',
    'apps/missing/app.py': 'import nothing_of_this_name\n',
    'apps/both/app.py': APP,
    'apps/both/main.py': APP,
  });
  await using container = await Container.run([...mountsOf(folder), '-p', '127.0.0.1::8000']);
  await container.says('"kind":"ready"');
  const port = await container.port(8000);
  assert.equal(String((await ask(port, get('/well'))).body), 'well');
  for (const app of ['old', 'node', 'missing', 'both']) assert.equal((await ask(port, get(`/${app}`))).status, 503);
  const logs = await container.logs();
  assert.match(logs, /there is no python3\.9 on the PATH/);
  assert.match(logs, /stillhouse prepare.*there is no npm on the PATH/);
  assert.match(logs, /nothing_of_this_name/);
  assert.match(logs, /app\.py and main\.py/);
});

test('a data directory of another user is refused with the cure', needsEngine, async () => {
  using folder = layOut({ 'apps/one/app.py': APP });
  mkdirSync(join(folder.path, 'data'), { mode: 0o755 });
  await using container = await Container.run([
    ...mountsOf(folder),
    ...['-v', `${join(folder.path, 'data')}:/var/lib/stillhouse`],
  ]);
  await docker('wait', container.id);
  assert.match(await container.logs(), /data directory \/var\/lib\/stillhouse cannot be used[\s\S]*cure: /);
});

function layOut(files: Readonly<Record<string, string>>): Folder {
  const folder = new Folder(files);
  letIn(folder.path);
  for (const name of ['apps', 'config']) mkdirSync(join(folder.path, name), { recursive: true });
  return folder;
}

function mountsOf({ path }: Folder): string[] {
  return ['-v', `${path}/apps:/apps:ro`, '-v', `${path}/config:/etc/stillhouse:ro`];
}
