/** `stillhouse stacks APP`: where each worker of a server stands, asked over its control socket. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AppsServer, serveApps } from '../support/apps.ts';
import { Barrier } from '../support/barrier.ts';
import { control, type Printed } from '../support/fake-server.ts';
import { Folder } from '../support/folder.ts';
import { allGone } from '../support/processes.ts';
import { testRefusals } from '../support/refusals.ts';
import { BIN, type RunOptions } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Answer, ask, get } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');
const IDLE = '(nothing of the application runs here)';
/** Waits at the barrier that the query names. */
const APP = `def wait_here(path):
    return open(path).read()


def application(environ, start_response):
    if environ['QUERY_STRING']:
        wait_here(environ['QUERY_STRING'])
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'done']
`;
const WAITS = /File ".*\/app\.py", line 2, in wait_here\n/g;

const OTHER = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] as const;

/** Runs `stillhouse stacks ARGS`. */
function stacks(data: string, args: readonly string[], options?: RunOptions): Promise<Printed> {
  return control(data, ['stacks', ...args], options);
}

/** What is printed of each worker, by its process id. @throws where the command fails */
async function workersOf(data: string, ...args: readonly string[]): Promise<Map<number, string>> {
  const { code, text, stderr } = await stacks(data, args);
  assert.deepEqual([code, stderr], [0, '']);
  const parts = text.split(/^(?=worker [0-9]+, )/m);
  return new Map(parts.map((part) => [Number(/^worker ([0-9]+), /.exec(part)?.[1]), part]));
}

/** `runs ID, ID`. */
function runs(part: string): string {
  return /^worker [0-9]+, (.+)$/m.exec(part)?.[1] ?? part;
}

/** For a test that runs the command as another user. */
function asOther(): { skip: string | false } {
  if (needed.skip) return needed;
  const canRun =
    spawnSync(OTHER[0], [...OTHER.slice(1), process.execPath, BIN, '--version'], { cwd: '/' }).status === 0;
  return { skip: canRun ? false : 'the command cannot be run as another user here' };
}

/** Sends a request with this id, and resolves when it waits at the barrier. */
async function waitAt(barrier: Barrier, port: number, id: string): Promise<{ answer: Promise<Answer> }> {
  const answer = ask(port, get(`/blog?${barrier.path}`, `X-Request-ID: ${id}`));
  await barrier.reached();
  return { answer };
}

function pidsOf(server: AppsServer): Set<number> {
  return new Set(server.processes().workers.map(({ pid }) => pid));
}

function sockets(data: string): string[] {
  return readdirSync(data).filter((name) => name.startsWith('control-'));
}

test(
  'each worker is told with the request that it runs, and the file, line and function where it waits',
  needed,
  async () => {
    using folder = new Folder({ 'blog/app.py': APP, 'blog/app.yaml': 'workers: 3\n' });
    await using server = await serveApps(folder.path);
    using one = new Barrier();
    using two = new Barrier();
    const waiting = [await waitAt(one, server.port, 'first'), await waitAt(two, server.port, 'second')];
    const workers = await workersOf(server.data, 'blog');
    assert.deepEqual(new Set(workers.keys()), pidsOf(server));
    const parts = new Map([...workers.values()].map((part) => [runs(part), part]));
    for (const what of ['runs first', 'runs second']) assert.equal(parts.get(what)?.match(WAITS)?.length, 1, what);
    assert.ok(parts.get('runs nothing')?.includes(IDLE));
    for (const barrier of [one, two]) barrier.open();
    for (const { answer } of waiting) assert.equal((await answer).status, 200);
    for (const part of (await workersOf(server.data, 'blog')).values()) assert.equal(runs(part), 'runs nothing');
  },
);

test('a worker of several threads is told with the requests and the stack of each', needed, async () => {
  using folder = new Folder({ 'blog/app.py': APP, 'blog/app.yaml': 'threads: 3\n' });
  await using server = await serveApps(folder.path);
  using one = new Barrier();
  using two = new Barrier();
  await waitAt(one, server.port, 'first');
  await waitAt(two, server.port, 'second');
  const [[pid, part] = [0, '']] = await workersOf(server.data, 'blog');
  assert.deepEqual(new Set([pid]), pidsOf(server));
  assert.equal(runs(part), 'runs first, second');
  assert.equal(part.match(WAITS)?.length, 2, part);
  assert.equal(part.match(/^ {2}Thread .* \(most recent call last\):$/gm)?.length, 4, 'the main thread and the slots');
});

test('a worker that does not answer is told, and the others are none the worse', needed, async () => {
  using folder = new Folder({ 'blog/app.py': APP, 'blog/app.yaml': 'workers: 2\n' });
  await using server = await serveApps(folder.path);
  const [stopped = 0, other = 0] = pidsOf(server);
  process.kill(stopped, 'SIGSTOP');
  try {
    const workers = await workersOf(server.data, 'blog');
    const expected = `worker ${stopped}, runs nothing\n  no answer: it holds its interpreter (C code) or is stopped\n`;
    assert.equal(workers.get(stopped)?.trim(), expected.trim());
    assert.ok(workers.get(other)?.includes(IDLE));
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
});

test('a TypeScript worker is told with what it runs', needs('mkfifo'), async () => {
  const app = `import { readFile } from 'node:fs/promises';
export async function* application(environ, startResponse) {
  if (environ.QUERY_STRING !== '') await readFile(environ.QUERY_STRING);
  startResponse('200 OK', []);
}
`;
  using folder = new Folder({ 'blog/app.ts': app });
  await using server = await serveApps(folder.path);
  using barrier = new Barrier();
  await waitAt(barrier, server.port, 'first');
  const [[pid, part] = [0, '']] = await workersOf(server.data, 'blog');
  assert.deepEqual(new Set([pid]), pidsOf(server));
  assert.equal(runs(part), 'runs first');
  assert.doesNotMatch(part, /no answer/);
});

test('an app whose import hangs is told before the server serves', needed, async () => {
  using barrier = new Barrier();
  using folder = new Folder({ 'blog/app.py': `open(${JSON.stringify(barrier.path)}).read()\n${APP}` });
  using data = new Folder();
  const starting = serveApps(folder.path, [], { data: data.path });
  try {
    await barrier.reached();
    const [[, part] = [0, '']] = await workersOf(data.path, 'blog');
    assert.match(part, /File ".*\/app\.py", line 1, in <module>\n/);
  } finally {
    barrier.open();
    await using _ = await starting;
  }
});

test('an app that has failed has no workers, and others have theirs', needed, async () => {
  using folder = new Folder({ 'blog/app.py': APP, 'bad/app.py': 'raise RuntimeError\n' });
  await using server = await serveApps(folder.path);
  const { code, text } = await stacks(server.data, ['bad']);
  assert.deepEqual([code, text], [0, 'bad is failed, and has no worker now\n']);
  assert.equal((await workersOf(server.data, 'blog')).size, 1);
});

test('an app that is not there is refused with those that are', needed, async () => {
  using folder = new Folder({ 'blog/app.py': APP, 'shop/app.py': APP });
  await using server = await serveApps(folder.path);
  const { code, stderr, text } = await stacks(server.data, ['blgo']);
  assert.deepEqual([code, text], [2, '']);
  assert.match(stderr, new RegExp(`there is no app blgo; there is server ${server.pid} \\(blog, shop\\)\n`));
  assert.match(stderr, /cure: did you mean blog\?\n {2}code: APP_UNKNOWN/);
});

test(
  'the socket is the owner’s alone, is gone when the server has stopped, and is no obstacle when it was killed',
  needed,
  async () => {
    using folder = new Folder({ 'blog/app.py': APP });
    using data = new Folder();
    const killed = await serveApps(folder.path, [], { data: data.path });
    const name = `control-${hostname()}-${killed.pid}.sock`;
    assert.deepEqual(sockets(data.path), [name]);
    assert.equal(statSync(join(data.path, name)).mode & 0o777, 0o600);
    assert.equal(statSync(data.path).mode & 0o777, 0o700);
    const pids = killed.processes().all.map(({ pid }) => pid);
    await killed.stop('SIGKILL');
    await allGone(pids);
    assert.ok(existsSync(join(data.path, name)));
    const { code, stderr } = await stacks(data.path, ['blog']);
    assert.equal(code, 2);
    assert.match(stderr, /no server of this host runs with the data directory .+\n.*\n {2}code: SERVER_NOT_FOUND/);

    await using server = await serveApps(folder.path, [], { data: data.path });
    assert.deepEqual(sockets(data.path), [`control-${hostname()}-${server.pid}.sock`]);
    assert.equal((await workersOf(data.path, 'blog')).size, 1);
    assert.equal((await server.stop()).code, 0);
    assert.deepEqual(sockets(data.path), []);
  },
);

test('of servers that share a data directory the one is asked that has the app, or that is named', needed, async () => {
  using data = new Folder();
  using both = new Folder({ 'blog/app.py': APP, 'shop/app.py': APP });
  using single = new Folder({ 'blog/app.py': APP });
  await using one = await serveApps(both.path, [], { data: data.path });
  await using two = await serveApps(single.path, [], { data: data.path });
  const ofShop = await workersOf(data.path, 'shop');
  assert.ok([...ofShop.keys()].every((pid) => pidsOf(one).has(pid)));

  const { code, stderr } = await stacks(data.path, ['blog']);
  assert.equal(code, 2);
  assert.match(stderr, /several servers have an app blog: server [0-9]+ \(.+\), server [0-9]+ \(.+\)\n/);
  assert.match(stderr, /cure: .*--server=[0-9]+\n {2}code: SERVER_AMBIGUOUS/);
  for (const server of [one, two]) {
    assert.ok(stderr.includes(`server ${server.pid} (`));
    const named = await workersOf(data.path, 'blog', `--server=${server.pid}`);
    assert.ok([...named.keys()].every((pid) => pidsOf(server).has(pid)));
  }
  const other = await stacks(data.path, ['shop', `--server=${two.pid}`]);
  assert.match(other.stderr, new RegExp(`no app shop; there is server ${two.pid} \\(blog\\)`));
  const none = await stacks(data.path, ['shop', `--server=${process.pid}`]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, new RegExp(`no server ${process.pid} of this host .*; there is server `));
});

test('a front that does not answer is told, and the server lives on', needed, async () => {
  using folder = new Folder({ 'blog/app.py': APP });
  await using server = await serveApps(folder.path);
  const { pid } = server.processes().front;
  process.kill(pid, 'SIGSTOP');
  try {
    const { code, stderr } = await stacks(server.data, ['blog']);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`server ${server.pid} did not answer: no answer came within 5 s\n`));
    assert.match(stderr, /code: SERVER_SILENT/);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  assert.equal((await workersOf(server.data, 'blog')).size, 1);
});

test('another user is refused, and told so', asOther(), async () => {
  using folder = new Folder({ 'blog/app.py': APP });
  await using server = await serveApps(folder.path);
  const env = { NODE_COMPILE_CACHE: '', HOME: '/' };
  const run = () => stacks(server.data, ['blog'], { cwd: '/', env, command: [...OTHER, process.execPath, BIN] });
  for (const words of [
    /the data directory .+ may not be read/,
    /the control socket of server [0-9]+ may not be opened/,
  ]) {
    const { code, stderr } = await run();
    assert.equal(code, 2, stderr);
    assert.match(stderr, words);
    assert.match(stderr, /cure: run the command as the user of the server\n {2}code: SERVER_NOT_ALLOWED/);
    chmodSync(server.data, 0o755);
  }
});

testRefusals([
  {
    name: 'asking where no server runs',
    args: ['stacks', 'blog', '--data-directory=data'],
    status: 2,
    code: 'SERVER_NOT_FOUND',
    what: ['no server of this host runs with the data directory FOLDER/data'],
    cure: '--data-directory',
  },
  {
    name: 'stacks without an app',
    args: ['stacks'],
    status: 2,
    code: 'COMMAND_UNKNOWN',
    what: ['stillhouse stacks takes APP, and was given nothing'],
    cure: 'write stillhouse stacks APP',
  },
  {
    name: 'stacks of two apps',
    args: ['stacks', 'blog', 'shop'],
    status: 2,
    code: 'COMMAND_UNKNOWN',
    what: ['stillhouse stacks takes APP, and was given blog shop'],
    cure: 'write stillhouse stacks APP',
  },
  {
    name: 'naming a server for a command that asks none',
    args: ['check', '--server=12'],
    status: 2,
    code: 'OPTION_INVALID',
    what: ['--server'],
    cure: 'it is for stillhouse status, reload, scale, stacks, stop',
  },
]);
