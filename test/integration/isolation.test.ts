/** Each app as a user of its own: who its workers are, and what they cannot reach. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adminPort } from '../support/admin.ts';
import { asked, attempt, needsUsers, serveIsolated, userNamed } from '../support/isolation.ts';
import { allGone, descriptors as descriptorsOf } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';

const [daemon, nobody, games] = ['daemon', 'nobody', 'games'].map(userNamed) as [
  ReturnType<typeof userNamed>,
  ReturnType<typeof userNamed>,
  ReturnType<typeof userNamed>,
];
const TOKEN = 'this-is-a-secret-of-the-server';
const ENV = { STILLHOUSE_ADMIN_TOKEN: TOKEN, STILLHOUSE_LOG_LEVEL: 'info' };

interface Identity {
  readonly uid: number[];
  readonly gid: number[];
  readonly groups: number[];
  readonly umask: number;
  readonly cwd: string;
  readonly pid: number;
  readonly front: number;
  readonly home: string;
  readonly environment: Record<string, string>;
  readonly descriptors: Record<string, string>;
  readonly capabilities: string[];
}

const identityOf = async (port: number, app: string) => (await asked(port, `/${app}/identity`)) as Identity;
const NO_RIGHTS = ['0000000000000000', '0000000000000000'];

/** What the kernel says of a process: real, effective and saved ids. */
function idsOf(pid: number): Record<'Uid' | 'Gid' | 'CapEff', string> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '';
  return { Uid: field('Uid'), Gid: field('Gid'), CapEff: field('CapEff') };
}

test(
  'two apps of two users, and a front of a third: who they are, and what they cannot reach',
  needsUsers,
  async () => {
    const yaml = `user: ${daemon.name}\numask: 027\nenvironment: {HOME: /somewhere}\n`;
    await using isolated = await serveIsolated(
      { one: yaml, two: `user: ${nobody.uid}\ngroup: ${games.gid}\n` },
      `user: ${games.name}`,
      { env: ENV },
    );
    const { server, apps, data } = isolated;
    const { port } = server;
    const one = await identityOf(port, 'one');
    const two = await identityOf(port, 'two');
    assert.deepEqual(one.uid, [daemon.uid, daemon.uid, daemon.uid]);
    assert.deepEqual(one.gid, [daemon.gid, daemon.gid, daemon.gid]);
    assert.deepEqual(one.groups, [daemon.gid], 'nothing of root’s groups');
    assert.deepEqual([one.umask, one.cwd, one.home], [0o027, join(apps.path, 'one'), '/somewhere']);
    assert.deepEqual([two.uid[0], two.gid[0], two.home], [nobody.uid, games.gid, nobody.home]);
    assert.equal(two.environment.USER, nobody.name);
    for (const { capabilities, descriptors, environment } of [one, two]) {
      assert.deepEqual(capabilities, NO_RIGHTS);
      // What the shell of this test leaves open is in every process.
      const own = Object.entries(descriptors).filter(([, what]) => !descriptorsOf(process.pid).includes(what));
      assert.deepEqual(own.map(([fd]) => fd).sort(), ['1', '2', '3', '4', '5', '6'], 'those of the protocol');
      const ours = Object.keys(environment).filter((name) => name.startsWith('STILLHOUSE_'));
      assert.deepEqual(ours, ['STILLHOUSE_DATA_DIR']);
      assert.ok(!JSON.stringify(environment).includes(TOKEN));
    }

    const { front } = server.processes();
    assert.equal(front.pid, one.front);
    assert.match(idsOf(front.pid).Uid, new RegExp(`^${games.uid}\\s+${games.uid}\\s+${games.uid}`));
    assert.equal(idsOf(front.pid).CapEff, '0000000000000020', 'CAP_KILL alone (capabilities(7), bit 5)');
    assert.ok(!readFileSync(`/proc/${front.pid}/environ`, 'utf8').includes(TOKEN), 'the front needs no secret either');

    const kept = (await asked(port, '/one/keep')) as { path: string; uid: number; mode: string };
    assert.deepEqual(kept, { path: join(data.path, 'apps/one/kept'), uid: daemon.uid, mode: '0o640' });
    const socket = readdirSync(data.path).find((name) => name.startsWith('control-'));
    const spool = readdirSync(data.path).find((name) => name.startsWith('spool-'));
    assert.ok(socket !== undefined && spool !== undefined);
    assert.equal(statSync(join(data.path, spool)).uid, games.uid);
    for (const [how, what] of [
      ['connect', join(data.path, socket)],
      ['list', data.path],
      ['write', join(data.path, 'planted')],
      // The file of request bodies is for the front to write.
      ['write', '/proc/self/fd/6'],
      ['list', join(data.path, spool)],
      ['list', join(data.path, 'apps')],
      ['list', join(data.path, 'apps/one')],
      ['read', kept.path],
      ['write', join(apps.path, 'two/app.yaml')],
      ['list', join(data.path, `pycache-${daemon.uid}`)],
      ['write', join(data.path, `pycache-${daemon.uid}`, 'planted')],
      ...[server.pid, front.pid, one.pid].flatMap((pid) => [
        ['read', `/proc/${pid}/environ`],
        ['list', `/proc/${pid}/fd`],
        ['kill', String(pid)],
      ]),
    ] as [string, string][]) {
      assert.equal(await attempt(port, 'two', how, what), 'PermissionError', `${how} ${what}`);
    }
    assert.equal(await attempt(port, 'one', 'read', kept.path), 'done', 'its own it can');

    const stopped = await server.stop();
    assert.equal(stopped.code, 0);
  },
);

test(
  'what was spooled reaches a worker of another user whole, with its length, and small bodies as ever',
  needsUsers,
  async () => {
    await using isolated = await serveIsolated({ one: `user: ${daemon.name}\n` });
    const { port } = isolated.server;
    for (const size of [0, 10, 65_537, 1_048_576, 1_048_577, 5_000_000]) {
      const body = Buffer.alloc(size, 'stillhouse ');
      const digest = createHash('sha256').update(body).digest('hex');
      const head = (...fields: string[]) => ['POST /one/digest HTTP/1.1', 'Host: test', ...fields, '', ''].join('\r\n');
      const plain = Buffer.concat([Buffer.from(head(`Content-Length: ${size}`)), body]);
      const chunked = Buffer.concat([
        Buffer.from(head('Transfer-Encoding: chunked')),
        ...(size === 0 ? [] : [Buffer.from(`${size.toString(16)}\r\n`), body, Buffer.from('\r\n')]),
        Buffer.from('0\r\n\r\n'),
      ]);
      for (const request of [plain, chunked]) {
        const answer = await ask(port, request);
        assert.deepEqual(JSON.parse(answer.body.toString()), { length: String(size), digest, coding: null });
      }
    }
  },
);

test('an upload that its app does not read ends with the answer, and the worker goes on', needsUsers, async () => {
  await using isolated = await serveIsolated({ one: `user: ${daemon.name}\n` });
  const { port } = isolated.server;
  const body = Buffer.alloc(3_000_000);
  const head = `POST /one/identity HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n`;
  const pids = new Set<number>();
  for (let times = 0; times < 5; times++) {
    const answer = await ask(port, Buffer.concat([Buffer.from(head), body]));
    pids.add((JSON.parse(answer.body.toString()) as Identity).pid);
  }
  assert.equal(pids.size, 1);
});

test('an app of the front’s own user is handed its bodies by path, and nobody keeps a right', needsUsers, async () => {
  await using isolated = await serveIsolated({ one: '', two: '' }, `user: ${daemon.name}`);
  const { server } = isolated;
  const { uid, capabilities } = await identityOf(server.port, 'one');
  assert.deepEqual([uid[0], capabilities], [daemon.uid, NO_RIGHTS]);
  const { front } = server.processes();
  assert.equal(idsOf(front.pid).CapEff, '0000000000000000');
  const body = Buffer.alloc(1_000_000, 'x');
  const head = `POST /one/digest HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answer = await ask(server.port, Buffer.concat([Buffer.from(head), body]));
  const { digest } = JSON.parse(answer.body.toString()) as { digest: string };
  assert.equal(digest, createHash('sha256').update(body).digest('hex'));
});

for (const [what, user, killed] of [
  ['the supervisor', `user: ${games.name}`, 'supervisor'],
  ['the front', `user: ${games.name}`, 'front'],
  ['the supervisor of a root front', '', 'supervisor'],
] as const) {
  test(`kill -9 of ${what}: no worker of another user outlives it, nor what that has forked`, needsUsers, async () => {
    await using isolated = await serveIsolated({ one: `user: ${daemon.name}\n`, two: `user: ${nobody.name}\n` }, user);
    const { server } = isolated;
    const forked = [await asked(server.port, '/one/fork'), await asked(server.port, '/two/fork')] as number[];
    const { all, front, workers } = server.processes();
    const doomed = [front, ...workers].map(({ pid }) => pid);
    if (killed === 'supervisor') {
      process.kill(server.pid, 'SIGKILL');
      await allGone([...all.map(({ pid }) => pid), ...forked]);
    } else {
      process.kill(front.pid, 'SIGKILL');
      await allGone([...doomed, ...forked]);
      await until(async () => (await ask(server.port, get('/one/identity'))).status === 200, 'the next front');
    }
  });
}

test('root is served by root only where nobody else was named, and the log says so', needsUsers, async () => {
  await using isolated = await serveIsolated({ one: '' });
  const warning = await isolated.server.record(({ code }) => code === 'RUNS_AS_ROOT');
  assert.equal(warning.level, 'warn');
  assert.ok((await adminPort(isolated.server)) > 0);
  await using named = await serveIsolated({ one: '' }, `user: ${daemon.name}`);
  await named.server.record(({ kind }) => kind === 'ready');
  assert.equal(
    named.server.records.find(({ code }) => code === 'RUNS_AS_ROOT'),
    undefined,
  );
});
