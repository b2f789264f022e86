/** The image, and one container of it under `docker run`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Barrier } from '../support/barrier.ts';
import { ROOT } from '../support/server.ts';
import { ask, get, Wire } from '../support/wire.ts';
import { buildImage, Container, docker, folderOf, IMAGE, needsEngine } from './support/docker.ts';

const HELLO = join(ROOT, 'apps/hello');
const PORTS = ['-p', '127.0.0.1::8000', '-p', '127.0.0.1::9000'];

before(async () => {
  if (needsEngine.skip === false) await buildImage();
});

test('the image says what it is, and what an orchestrator asks of it', needsEngine, async () => {
  const [{ Config: config }] = JSON.parse(await docker('image', 'inspect', IMAGE));
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.equal(config.User, '10001:10001');
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.deepEqual(config.Healthcheck.Test, ['CMD', 'stillhouse', 'healthcheck']);
  assert.deepEqual(Object.keys(config.ExposedPorts), ['8000/tcp', '9000/tcp']);
  assert.deepEqual(Object.keys(config.Volumes), ['/var/lib/stillhouse']);
  assert.equal(config.Labels['org.opencontainers.image.title'], 'Stillhouse');
  assert.equal(config.Labels['org.opencontainers.image.version'], version);
  assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
});

test('nothing is in it to build or install with, and setpriv is', needsEngine, async () => {
  const look = 'for each in npm npx cc gcc g++ make tsc setpriv tini python3 node; do command -v $each || true; done';
  const found = await docker('run', '--rm', '--entrypoint', 'sh', IMAGE, '-c', look);
  const names = found.split('\n').map((path) => path.slice(path.lastIndexOf('/') + 1));
  assert.deepEqual(names, ['setpriv', 'tini', 'python3', 'node']);
  assert.match(await docker('run', '--rm', '--read-only', IMAGE, '--version'), /^stillhouse [0-9]/);
});

test('docker run IMAGE web_app:application --bind=0.0.0.0:8051 serves that one', needsEngine, async () => {
  await using container = await Container.run(
    ['-v', `${HELLO}:/apps:ro`, '-p', '127.0.0.1::8051'],
    ['web_app:application', '--bind=0.0.0.0:8051'],
  );
  await container.healthy();
  const answer = await ask(await container.port(8051), get('/'));
  assert.deepEqual([answer.status, String(answer.body)], [200, 'Index']);
});

test(
  'without an argument it serves /apps, becomes healthy, and needs no capability and no root',
  needsEngine,
  async () => {
    await using container = await Container.run(['-v', `${HELLO}:/apps:ro`, ...PORTS]);
    await container.healthy();
    const answer = await ask(await container.port(8000), get('/there'));
    assert.deepEqual([answer.status, String(answer.body)], [200, 'Hello']);
    assert.match(String((await ask(await container.port(9000), get('/readyz'))).body), /^ready/);
    assert.equal(await container.exec('id', '-u'), '10001');
    assert.equal(await container.exec('cat', '/proc/1/comm'), 'tini');
    await assert.rejects(container.exec('touch', '/opt/stillhouse/x'), /Read-only file system/);
    await assert.rejects(container.exec('touch', '/tmp/x'), /Read-only file system/);
    assert.match(await container.exec('grep', 'CapEff', '/proc/self/status'), /\b0{16}$/);
  },
);

test('a folder of the host as the data directory gets what the image’s own has', needsEngine, async () => {
  await using container = await Container.run([
    ...['-v', `${HELLO}:/apps:ro`, '--tmpfs', '/var/lib/stillhouse:uid=10001,gid=10001,mode=0700'],
  ]);
  await container.healthy();
  const command = 'import tempfile; print(tempfile.TemporaryFile().name, tempfile.gettempdir())';
  assert.match(await container.exec('python3', '-c', command), /\/var\/lib\/stillhouse\/tmp$/);
});

test('docker stop finishes a request that runs, and exits 0', needsEngine, async () => {
  using barrier = new Barrier();
  const folder = folderOf(barrier);
  await using container = await Container.run(
    ['-v', `${join(ROOT, 'test/fixtures/death')}:/apps:ro`, '-v', `${folder}:${folder}`, ...PORTS],
    ['app.py:application'],
  );
  await container.healthy();
  using wire = await Wire.open(await container.port(8000));
  wire.polite().send(get(`/stream?${barrier.path}`));
  await barrier.reached();
  const stopped = docker('stop', '--time', '30', container.id);
  await container.says('stopping');
  barrier.open();
  const answer = await wire.answer();
  assert.deepEqual([answer.status, answer.complete, String(answer.body)], [200, true, 'first last']);
  await stopped;
  assert.equal(await container.inspect('{{.State.ExitCode}}'), '0');
});

test(
  'a container with a limit of processors and memory tells them, and counts its workers by them',
  needsEngine,
  async () => {
    const limits = ['--cpus=1.5', '--memory=300m', '-v', `${HELLO}:/apps:ro`, ...PORTS];
    await using container = await Container.run(limits, ['serve', '--workers=auto', '--log-format=json']);
    await container.healthy();
    const status = JSON.parse((await ask(await container.port(9000), get('/status'))).body.toString());
    assert.deepEqual([status.limits.cpus, status.limits.memory], [1.5, 300 << 20]);
    assert.equal(status.apps[0].workers.length, 3, 'four for its processors, three for its memory');
  },
);
