/** Installations that fail, and one that is broken off. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerOf, answerOnceUp, serveApps } from '../support/apps.ts';
import { Folder } from '../support/folder.ts';
import { GOOD, GREETING_APP, greetingApps } from '../support/greeting-apps.ts';
import { environmentsOf } from '../support/packages.ts';
import { allGone } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** A package's own build backend (PEP 517), which needs no other package. */
const PROJECT =
  '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "held"\nversion = "1"\n';
/** It builds when the file GO is there; until then it waits, with a child of its own. */
const BACKEND = `
import os, pathlib, subprocess, time, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    app = pathlib.Path(os.environ['APP'])
    child = subprocess.Popen(['sleep', '1000'])
    (app / 'pids.part').write_text('%d %d' % (os.getpid(), child.pid))
    (app / 'pids.part').rename(app / 'pids')
    while not (app / 'GO').exists():
        time.sleep(0.01)
    child.kill()
    if (app / 'FAIL').exists():
        raise SystemExit('the compiler is missing')
    name = 'held-1-py3-none-any.whl'
    with zipfile.ZipFile(os.path.join(directory, name), 'w') as wheel:
        wheel.writestr('greeting.py', 'TEXT = "held"')
        wheel.writestr('held-1.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: held\\nVersion: 1\\n')
        wheel.writestr('held-1.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr('held-1.dist-info/RECORD', '')
    return name
`;

test('a package that is not there fails its app by name, and the others serve', needs('python3'), async () => {
  using folder = greetingApps();
  folder.write('apps/app/requirements.txt', 'greeting\nabsent-package>=9 ; python_version > "3"\n');
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path });
  const record = await server.record(({ kind }) => kind === 'app-failed');
  assert.deepEqual([record.app, record.code], ['app', 'APP_DEPENDENCIES_FAILED']);
  assert.match(
    String(record.msg),
    /^app: the package absent-package>=9 of \S*requirements\.txt could not be installed$/,
  );
  assert.match(String(record.cure), /python\.index, python\.wheels/);
  assert.match(String(record.traceback), /No matching distribution/);
  assert.match(await answerOf(server.port, '/app'), /^503 /);
  assert.match(await answerOf(server.port, '/good'), /^200 good/);
  assert.deepEqual(readdirSync(join(server.data, 'environments')), [], 'nothing half made is left');
});

/** An app whose one package is built for as long as the test likes. */
function heldApp(): { folder: Folder; app: string; pids: () => Promise<number[]> } {
  const folder = new Folder({
    'apps/app/app.py': GREETING_APP,
    'apps/app/requirements.txt': './held\n',
    'apps/app/held/pyproject.toml': PROJECT,
    'apps/app/held/backend.py': BACKEND,
    'apps/good/app.py': GOOD,
  });
  const app = join(folder.path, 'apps/app');
  folder.write('apps/app/app.yaml', `environment:\n  APP: ${app}\n`);
  const read = () => readFileSync(join(app, 'pids'), { encoding: 'utf8', flag: 'r' }).split(' ').map(Number);
  return {
    folder,
    app,
    pids: () => until(() => (readdirSync(app).includes('pids') ? read() : undefined), 'the build'),
  };
}

test('while an app’s packages are installed the others serve, and a stop ends it and leaves nothing', {
  ...needs('python3'),
}, async () => {
  const { folder, app, pids } = heldApp();
  using _ = folder;
  const data = join(folder.path, 'data');
  {
    await using server = await serveApps(join(folder.path, 'apps'), [], { data, cwd: folder.path });
    assert.match(await answerOf(server.port, '/app'), /^503 /);
    assert.match(await answerOf(server.port, '/good'), /^200 good/);
    const running = [...(await pids()), ...server.processes().all.map(({ pid }) => pid)];
    const { code } = await server.stop();
    assert.equal(code, 0);
    await allGone(running);
    assert.deepEqual(server.complaints, []);
  }
  assert.deepEqual(environmentsOf(data), [], 'what was not finished is no environment');
  folder.write('apps/app/GO', '');
  await using server = await serveApps(join(folder.path, 'apps'), [], { data, cwd: folder.path });
  assert.match(await answerOnceUp(server.port, '/app'), /^200 held/);
  assert.ok(app);
});

test('a package that cannot be built fails its app by name', needs('python3'), async () => {
  const { folder } = heldApp();
  using _ = folder;
  for (const file of ['GO', 'FAIL']) folder.write(`apps/app/${file}`, '');
  await using server = await serveApps(join(folder.path, 'apps'), [], { cwd: folder.path });
  const record = await server.record(({ kind }) => kind === 'app-failed');
  assert.equal(record.code, 'APP_DEPENDENCIES_FAILED');
  assert.match(String(record.msg), /requirements\.txt could not be installed; pip was at \.\/held/);
  assert.match(String(record.traceback), /the compiler is missing/);
});

test('a data directory that cannot be written to fails the app, and says so', needs('python3'), async () => {
  using folder = greetingApps();
  folder.write('data/environments', 'a file where a folder is to be');
  await using server = await serveApps(join(folder.path, 'apps'), [], {
    data: join(folder.path, 'data'),
    cwd: folder.path,
  });
  const record = await server.record(({ kind }) => kind === 'app-failed');
  assert.deepEqual([record.app, record.code], ['app', 'DATA_DIRECTORY_UNUSABLE']);
  assert.match(await answerOf(server.port, '/good'), /^200 good/);
});
