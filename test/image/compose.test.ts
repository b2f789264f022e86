/** `docker-compose up` with the files of the repository: apps in both languages, one that brings requirements, and Prometheus. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ask, get } from '../support/wire.ts';
import { COMPOSE_ENV, composeFolder, dropFlask, Project } from './support/compose.ts';
import { buildImage, docker, eventually, needsEngine, run } from './support/docker.ts';
import { writeFlaskWheels } from './support/flask-wheels.ts';

const FILES = ['docker-compose.yml', 'docker-compose.observability.yml'];
/** The folder of wheels, beside the apps and read by no app. */
const WHEELS = `version: "3.8"
services:
  stillhouse:
    volumes: ["./wheels:/wheels:ro"]
    environment: {STILLHOUSE_PYTHON_WHEELS: /wheels}
`;

before(async () => {
  if (needsEngine.skip === false) await buildImage();
});

test('docker-compose up serves what is in apps/, and Prometheus has scraped it', needsEngine, async (t) => {
  using folder = composeFolder();
  dropFlask(folder);
  mkdirSync(join(folder.path, 'wheels'));
  writeFlaskWheels(join(folder.path, 'wheels'));
  folder.write('wheels.yml', WHEELS);
  await using project = new Project(folder, [...FILES, 'wheels.yml']);
  // Not Grafana: its image is not to be had everywhere.
  await project.compose('up', '-d', '--no-build', 'stillhouse', 'prometheus');
  const id = await project.id('stillhouse');
  const logs = () => project.compose('logs', '--no-color');
  const health = async () => (await project.inspect(id, '{{.State.Health.Status}}')) === 'healthy';
  await eventually(health, 'the container to be healthy', 120, logs);
  const port = await project.port('stillhouse', 8000);

  await t.test('applications in Python and in TypeScript answer', async () => {
    const routes = (await docker('exec', id, 'stillhouse', 'routes')).split('\n').map((line) => line.split(/ +/));
    for (const name of ['hello', 'hello-ts']) {
      const [mount = ''] = routes.find(([, app]) => app === name) ?? [];
      const answer = await ask(port, get(`${mount.replace(/\/$/, '')}/there`));
      assert.deepEqual([answer.status, String(answer.body)], [200, 'Hello'], name);
    }
  });

  await t.test('a Flask app that was dropped in with a requirements.txt has its packages', async () => {
    const answer = await ask(port, get('/flask/greet/you'));
    assert.deepEqual([answer.status, String(answer.body)], [200, 'flask greets you at /flask'], await logs());
  });

  await t.test('the root is read-only, the user is not root, and no capability is left', async () => {
    assert.equal(await project.inspect(id, '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}'), 'true [ALL]');
    assert.equal(await docker('exec', id, 'id', '-u'), '10001');
    await assert.rejects(docker('exec', id, 'touch', '/here'), /Read-only file system/);
    await assert.rejects(docker('exec', id, 'touch', '/apps/here'), /Read-only file system/);
    await assert.rejects(docker('exec', id, 'touch', '/etc/stillhouse/here'), /Read-only file system/);
  });

  await t.test('Prometheus has scraped', async () => {
    const prometheus = await project.port('prometheus', 9090);
    const value = async (query: string) => {
      const answer = await ask(
        prometheus,
        get(`/api/v1/query?query=${encodeURIComponent(query)}`, 'Connection: close'),
      );
      const { data } = JSON.parse(String(answer.body)) as { data: { result: { value: [number, string] }[] } };
      return data.result[0]?.value[1];
    };
    const query = 'sum(stillhouse_requests_total{app="flask"})';
    await eventually(async () => Number(await value(query)) >= 1, `${query} in Prometheus`, 60, logs);
    assert.equal(await value('up{job="stillhouse"}'), '1');
  });

  await t.test('the next start finds what was installed', async () => {
    await project.compose('restart', 'stillhouse');
    await eventually(health, 'the container to be healthy again', 60, logs);
    const said = await docker('logs', id);
    assert.equal(said.match(/"msg":"installing [^"]*requirements\.txt/g)?.length, 1, said);
    assert.equal((await ask(await project.port('stillhouse', 8000), get('/flask/greet/you'))).status, 200);
  });

  await t.test('it stops by itself: nothing has to be killed', async () => {
    await project.compose('stop', 'stillhouse');
    assert.equal(await project.inspect(id, '{{.State.ExitCode}}'), '0');
  });
});

test('the admin listener is published on loopback only, and both files are a stack too', needsEngine, async () => {
  using folder = composeFolder();
  const project = new Project(folder, FILES);
  // v1 prints a port as it was written, v2 in its parts.
  const said = await project.composeWith({ ADMIN_ADDRESS: '', PROMETHEUS_ADDRESS: '', GRAFANA_ADDRESS: '' }, 'config');
  for (const port of [9000, 9090, 3000])
    assert.match(said, new RegExp(`127\\.0\\.0\\.1(:|\\n +target: )${port}\\b`), said);
  const args = FILES.flatMap((file) => ['-c', join(folder.path, file)]);
  const stack = await run('docker', ['stack', 'config', ...args], { ...COMPOSE_ENV, ADMIN_ADDRESS: '' });
  assert.match(stack, /order: start-first/);
});
