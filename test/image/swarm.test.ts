/** A rolling update in Swarm, on one node, under keep-alive load. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ROOT } from '../support/server.ts';
import { COMPOSE_ENV, composeFolder } from './support/compose.ts';
import { buildImage, docker, eventually, IMAGE, needsEngine, run } from './support/docker.ts';

const LOAD = join(ROOT, 'test/image/support/load.mjs');
const CONNECTIONS = 8;
/** The network that Swarm makes and leaves behind. */
const GATEWAY = 'docker_gwbridge';
/** So that the load can join the network of the stack. The load goes to the tasks themselves: the routing mesh needs a kernel with IPVS. */
const ATTACHABLE = `version: "3.8"
networks:
  default:
    driver: overlay
    attachable: true
`;

interface Figures {
  readonly answered: number;
  readonly lost: number;
  readonly connections: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly servers: Readonly<Record<string, number>>;
}

before(async () => {
  if (needsEngine.skip === false) await buildImage();
});

test('a rolling update under keep-alive load loses no request', needsEngine, async (t) => {
  using folder = composeFolder();
  folder.write('attachable.yml', ATTACHABLE);
  await using stack = new AsyncDisposableStack();
  const isActive = (await docker('info', '--format', '{{.Swarm.LocalNodeState}}')) === 'active';
  if (!isActive) {
    await docker('swarm', 'init', '--advertise-addr', '127.0.0.1');
    const before = await docker('network', 'ls', '--format', '{{.Name}}');
    stack.defer(async () => {
      await docker('swarm', 'leave', '--force');
      if (!before.split('\n').includes(GATEWAY)) await docker('network', 'rm', GATEWAY);
    });
  }
  const name = `stillhouse-test-${randomBytes(4).toString('hex')}`;
  const service = `${name}_stillhouse`;
  const files = ['docker-compose.yml', 'attachable.yml'].flatMap((file) => ['-c', join(folder.path, file)]);
  const deploy = (logLevel: string) =>
    run('docker', ['stack', 'deploy', '--detach=true', '--resolve-image=never', ...files, name], {
      ...COMPOSE_ENV,
      REPLICAS: '2',
      LOG_LEVEL: logLevel,
    });
  const tasks = () => docker('service', 'ps', '--no-trunc', service);
  stack.defer(() => removeStack(name));

  await deploy('info');
  const running = async () =>
    (await docker('service', 'ls', '--filter', `name=${service}`, '--format', '{{.Replicas}}')) === '2/2';
  await eventually(running, 'two healthy tasks', 120, tasks);

  const load = await docker(
    ...['run', '-d', '--network', `${name}_default`, '-v', `${LOAD}:/load.mjs:ro`, '--entrypoint', 'node'],
    ...[IMAGE, '/load.mjs', 'http://tasks.stillhouse:8000/hello-ts/there', String(CONNECTIONS)],
  );
  stack.defer(async () => void (await docker('rm', '--force', '--volumes', load)));

  // Every task is replaced: it is told another level of its log.
  await deploy('warn');
  const state = () =>
    docker('service', 'inspect', '--format', '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}', service);
  await eventually(async () => (await state()) === 'completed', 'the update to be completed', 180, tasks);
  await docker('kill', '--signal', 'TERM', load);
  await docker('wait', load);
  const figures = JSON.parse(await docker('logs', load)) as Figures;
  t.diagnostic(JSON.stringify(figures));
  assert.equal(figures.lost, 0, JSON.stringify(figures));
  assert.ok(figures.answered > 100, JSON.stringify(figures));
  assert.equal(Object.keys(figures.servers).length, 4, 'both tasks were replaced, and all four were asked');
});

/** Until nothing of it is left: the network cannot go before the tasks. */
async function removeStack(name: string): Promise<void> {
  const label = `label=com.docker.stack.namespace=${name}`;
  await docker('stack', 'rm', name);
  const left = () => docker('ps', '-aq', '--filter', label);
  await eventually(async () => (await left()) === '', 'the end of all tasks', 120);
  const volumes = await docker('volume', 'ls', '-q', '--filter', label);
  for (const volume of volumes.split('\n').filter(Boolean)) await docker('volume', 'rm', volume);
}
