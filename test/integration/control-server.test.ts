/** The commands that ask a server which runs, against one that does. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ServerStatus } from '../../src/admin/status.ts';
import { type AppsServer, answerOf, serveApps } from '../support/apps.ts';
import { Barrier } from '../support/barrier.ts';
import { control } from '../support/fake-server.ts';
import { Folder } from '../support/folder.ts';
import { allGone } from '../support/processes.ts';
import { RunningServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');

/** An app that says a word, or waits at the barrier that its query names. */
function saying(word: string): string {
  return `def application(environ, start_response):
    if environ['QUERY_STRING']:
        open(environ['QUERY_STRING']).read()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'${word}']
`;
}

async function statusOf({ data }: AppsServer): Promise<ServerStatus> {
  const { code, text, stderr } = await control(data, ['status', '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(text) as ServerStatus;
}

test('status tells of every process, of requests and of apps, as they are', needed, async () => {
  using folder = new Folder({
    'blog/app.py': saying('blog'),
    'blog/app.yaml': 'workers: 2\n',
    'bad/app.py': 'raise RuntimeError("as it is")\n',
  });
  await using server = await serveApps(folder.path);
  using barrier = new Barrier();
  const answer = ask(server.port, get(`/blog?${barrier.path}`));
  await barrier.reached();
  const status = await until(async () => {
    const now = await statusOf(server);
    return now.apps.some(({ inFlight }) => inFlight === 1) ? now : undefined;
  }, 'the request');
  const { front, workers } = server.processes();
  assert.deepEqual([status.pid, status.fronts.map(({ pid }) => pid)], [server.pid, [front.pid]]);
  const [bad, blog] = [...status.apps].sort((one, other) => one.name.localeCompare(other.name));
  assert.deepEqual(new Set(blog?.workers.map(({ pid }) => pid)), new Set(workers.map(({ pid }) => pid)));
  assert.deepEqual([blog?.state, blog?.scale.wanted, blog?.generations.length], ['serving', 2, 1]);
  assert.ok(blog?.workers.every((each) => each.front === front.pid && each.memory > 1_000_000));
  assert.deepEqual([bad?.state, bad?.failure?.code], ['failed', 'APP_IMPORT_FAILED']);
  const table = await control(server.data, ['status']);
  assert.match(table.text, /^blog +\/blog +serving +[0-9]+ +2 of 2 /m);
  assert.match(table.text, /^ +.*as it is$/m);
  barrier.open();
  assert.equal((await answer).status, 200);
});

test('stop finishes what runs, and returns when the server has ended', needed, async () => {
  using folder = new Folder({ 'blog/app.py': saying('blog') });
  using data = new Folder();
  await using server = await serveApps(folder.path, [], { data: data.path });
  const pids = server.processes().all.map(({ pid }) => pid);
  using barrier = new Barrier();
  const answer = ask(server.port, get(`/blog?${barrier.path}`));
  await barrier.reached();
  await using stop = new RunningServer(['stop', `--data-directory=${data.path}`], { cwd: data.path });
  await server.record(({ msg }) => msg?.startsWith('stopping') === true, 'the record of the stop');
  assert.deepEqual(stop.lines, [], 'it waits');
  assert.doesNotMatch(readFileSync(`/proc/${stop.pid}/cmdline`, 'utf8'), /supervisor/);
  barrier.open();
  const { status, body } = await answer;
  assert.equal(`${status} ${body}`, '200 blog');
  const { code, stderr } = await stop.ended;
  assert.deepEqual([code, stop.lines, stderr], [0, [`server ${server.pid} has stopped`], '']);
  assert.equal((await server.ended).code, 0);
  await allGone(pids);
  assert.deepEqual(
    readdirSync(data.path).filter((name) => name.startsWith('control-')),
    [],
  );
});

test('one of several servers is named', needed, async () => {
  using folder = new Folder({ 'blog/app.py': saying('blog') });
  using data = new Folder();
  await using one = await serveApps(folder.path, [], { data: data.path });
  await using two = await serveApps(folder.path, [], { data: data.path });
  for (const command of ['status', 'reload', 'stop']) {
    const { code, stderr } = await control(data.path, [command]);
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /several servers run with this data directory: server [0-9]+ \(blog\), server [0-9]+ \(blog\)/,
    );
    assert.match(stderr, /cure: .*--server=[0-9]+\n {2}code: SERVER_AMBIGUOUS/);
  }
  const { code } = await control(data.path, ['stop', `--server=${one.pid}`]);
  assert.equal(code, 0);
  assert.equal((await one.ended).code, 0);
  assert.equal((await statusOf(two)).pid, two.pid);
});

test('a reload of one app takes over its new code, and that of no other', needed, async () => {
  using folder = new Folder({ 'blog/app.py': saying('old'), 'shop/app.py': saying('old') });
  await using server = await serveApps(folder.path);
  for (const app of ['blog', 'shop']) folder.write(`${app}/app.py`, saying('new'));
  const { code, text, stderr } = await control(server.data, ['reload', 'blog']);
  assert.deepEqual([code, text, stderr], [0, 'blog: generation 2 serves\n', '']);
  assert.equal(await answerOf(server.port, '/blog'), '200 new');
  assert.equal(await answerOf(server.port, '/shop'), '200 old');
  const { apps } = await statusOf(server);
  assert.deepEqual(apps.map(({ name, generation, lastReload }) => [name, generation, lastReload?.ok]).sort(), [
    ['blog', 2, true],
    ['shop', 1, undefined],
  ]);
});

test('a reload of everything adds, removes and moves apps', needed, async () => {
  using folder = new Folder({ 'blog/app.py': saying('blog'), 'shop/app.py': saying('shop') });
  await using server = await serveApps(folder.path);
  folder.write('news/app.py', saying('news'));
  folder.write('blog/app.yaml', 'path: /weblog\n');
  folder.remove('shop');
  const { code, text, stderr } = await control(server.data, ['reload']);
  assert.deepEqual([code, stderr], [0, '']);
  for (const change of ['blog: generation 2 serves', 'news: generation 1 serves', 'shop: removed']) {
    assert.ok(text.split('\n').includes(change), text);
  }
  assert.equal(await answerOf(server.port, '/weblog'), '200 blog');
  assert.equal(await answerOf(server.port, '/news'), '200 news');
  assert.match(await answerOf(server.port, '/shop'), /^404 /);
  assert.match(await answerOf(server.port, '/blog'), /^404 /);
});

test('a reload that fails is told, leaves the old serving, and status shows both', needed, async () => {
  using folder = new Folder({ 'blog/app.py': saying('old') });
  await using server = await serveApps(folder.path);
  folder.write('blog/app.py', `import no_such_module\n${saying('new')}`);
  const { code, text, stderr } = await control(server.data, ['reload', 'blog']);
  assert.deepEqual([code, text], [3, '']);
  assert.match(stderr, /ModuleNotFoundError: No module named 'no_such_module'/);
  assert.match(stderr, /\n {2}cure: .+\n {2}code: APP_IMPORT_FAILED\n.*what served before serves on\n$/);
  assert.equal(await answerOf(server.port, '/blog'), '200 old');
  const [blog] = (await statusOf(server)).apps;
  assert.deepEqual([blog?.state, blog?.generation, blog?.lastReload?.ok], ['serving', 1, false]);
  assert.equal(blog?.lastReload?.failure?.code, 'APP_IMPORT_FAILED');
  const states = blog?.generations.map(({ number, state }) => [number, state]);
  assert.deepEqual(states, [
    [1, 'serving'],
    [2, 'failed'],
  ]);
  const table = await control(server.data, ['status']);
  assert.match(table.text, /generation 2 failed at [-0-9: ]+ UTC\n[\s\S]+no_such_module/);

  folder.write('blog/app.py', saying('new'));
  assert.equal((await control(server.data, ['reload', 'blog'])).code, 0);
  assert.equal(await answerOf(server.port, '/blog'), '200 new');
});

test('a configuration that is wrong is told by the reload, and nothing changes', needed, async () => {
  using folder = new Folder({ 'blog/app.py': saying('old') });
  await using server = await serveApps(folder.path);
  folder.write('blog/app.yaml', 'wrkers: 2\n');
  folder.write('blog/app.py', saying('new'));
  const { code, stderr } = await control(server.data, ['reload']);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /app\.yaml:1:1.*wrkers[\s\S]*code: CONFIG_KEY_UNKNOWN/);
  assert.equal(await answerOf(server.port, '/blog'), '200 old');
});

test('scaling gives an app so many workers, and no other', needed, async () => {
  using folder = new Folder({ 'blog/app.py': saying('blog'), 'shop/app.py': saying('shop') });
  await using server = await serveApps(folder.path);
  for (const [count, said] of [
    [3, 'blog: 3 workers\n'],
    [1, 'blog: 1 worker\n'],
  ] as const) {
    const { code, text, stderr } = await control(server.data, ['scale', 'blog', String(count)]);
    assert.deepEqual([code, text, stderr], [0, said, '']);
    const ready = await until(async () => {
      const { apps } = await statusOf(server);
      const workers = apps.find(({ name }) => name === 'blog')?.workers ?? [];
      return workers.length === count && workers.every(({ state }) => state === 'ready') ? apps : undefined;
    }, `${count} workers`);
    assert.equal(ready.find(({ name }) => name === 'shop')?.workers.length, 1);
  }
  assert.equal(await answerOf(server.port, '/blog'), '200 blog');
});
