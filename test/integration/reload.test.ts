/** A reload takes effect whole, or leaves all as it was; and no request notices it. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Observed, observe } from '../support/admin.ts';
import { answerOf } from '../support/apps.ts';
import { Barrier } from '../support/barrier.ts';
import { Folder } from '../support/folder.ts';
import { allGone } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { appStatusOf, reload, statusOf, version } from '../support/versions.ts';
import { ask, get, Wire } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');
const BROKEN = 'raise RuntimeError("broken on purpose")\n';

async function bodyOn(wire: Wire, path: string): Promise<string> {
  return (await wire.send(get(path)).answer()).body.toString();
}

test(
  'SIGHUP: a connection that stays open gets the new code, what runs ends on the old, whose workers then end',
  needed,
  async () => {
    await using seen = await observe({ 'one/app.py': version('old') }, ['--workers=2']);
    using kept = await Wire.open(seen.port);
    using held = await Wire.open(seen.port);
    using barrier = new Barrier();
    assert.equal(await bodyOn(kept, '/one/'), 'old');
    held.send(get(`/one/hold?${barrier.path}`));
    await barrier.reached();
    const workers = seen.server.processes().workers.map(({ pid }) => pid);

    seen.folder.write('one/app.py', version('new'));
    const record = await reload(seen.server);
    assert.deepEqual([record.kind, record.changes], ['reloaded', ['one: generation 2 serves']]);
    assert.equal(await bodyOn(kept, '/one/'), 'new');
    const during = await appStatusOf(seen, 'one');
    assert.deepEqual(
      during.generations.map(({ number, state }) => [number, state]),
      [
        [1, 'draining'],
        [2, 'serving'],
      ],
    );
    barrier.open();
    assert.equal((await held.answer()).body.toString(), 'old');
    await allGone(workers);
    await until(async () => (await appStatusOf(seen, 'one')).generations.length === 1, 'the end of the old generation');
    assert.equal(await bodyOn(kept, '/one/'), 'new');
  },
);

test(
  'code that does not start leaves the old serving, and the log, /status and the next reload tell',
  needed,
  async () => {
    await using seen = await observe({ 'one/app.py': version('old'), 'two/app.py': version('two') });
    seen.folder.write('one/app.py', BROKEN);
    seen.folder.write('two/app.py', version('two, changed'));
    const failed = await reload(seen.server);
    assert.equal(failed.kind, 'reload-failed');
    assert.equal(failed.code, 'APP_IMPORT_FAILED');
    assert.match(String(failed.msg), /what served goes on: .*one.app\.py:1: RuntimeError: broken on purpose/);
    assert.match(String(failed.traceback), /broken on purpose/);
    assert.equal(await answerOf(seen.port, '/one/'), '200 old');
    assert.equal(await answerOf(seen.port, '/two/'), '200 two', 'the whole reload was given up');
    assert.ok(!seen.server.records.some(({ code }) => code === 'WORKER_DIED'), 'nobody died who was to serve');
    const { state, generation, generations, lastReload } = await appStatusOf(seen, 'one');
    assert.deepEqual(
      [state, generation, lastReload?.ok, lastReload?.failure?.code],
      ['serving', 1, false, 'APP_IMPORT_FAILED'],
    );
    assert.deepEqual(
      generations.map((each) => [each.number, each.state, each.failure?.code]),
      [
        [1, 'serving', undefined],
        [2, 'failed', 'APP_IMPORT_FAILED'],
      ],
    );
    seen.folder.write('one/app.py', version('mended'));
    assert.equal((await reload(seen.server)).kind, 'reloaded');
    assert.equal(await answerOf(seen.port, '/one/'), '200 mended');
    assert.equal(await answerOf(seen.port, '/two/'), '200 two, changed');
    assert.equal((await appStatusOf(seen, 'one')).generations.length, 1);
  },
);

test('apps are added, removed and moved, and limits changed, without a connection lost', needed, async () => {
  const apps = { 'stays/app.py': version('stays'), 'moves/app.py': version('moves'), 'goes/app.py': version('goes') };
  await using seen = await observe(apps);
  using kept = await Wire.open(seen.port);
  using held = await Wire.open(seen.port);
  using barrier = new Barrier();
  assert.equal(await bodyOn(kept, '/goes/'), 'goes');
  held.send(get(`/goes/stream?${barrier.path}`));
  await barrier.reached();
  const [worker] = (await appStatusOf(seen, 'goes')).workers;

  seen.folder.write('comes/app.py', version('comes'));
  seen.folder.write('moves/app.yaml', 'path: /elsewhere\n');
  seen.folder.write('stays/app.yaml', 'limit_request_body: 3\n');
  rmSync(join(seen.folder.path, 'goes'), { recursive: true });
  const { changes } = await reload(seen.server);
  assert.deepEqual(changes, [
    'comes: generation 1 serves',
    'moves: generation 2 serves',
    'stays: generation 2 serves',
    'goes: removed',
  ]);
  for (const [path, body] of [
    ['/comes/', 'comes'],
    ['/elsewhere/', 'moves'],
    ['/stays/', 'stays'],
  ] as const) {
    assert.equal(await bodyOn(kept, path), body);
  }
  assert.equal((await kept.send(get('/moves/')).answer()).status, 404);
  assert.equal((await kept.send(get('/goes/')).answer()).status, 404);
  barrier.open();
  assert.equal((await held.answer()).body.toString(), 'first last', 'a removed app ends what it runs');
  await allGone([worker?.pid as number]);
  const long = await ask(seen.port, `${get('/stays/length', 'Content-Length: 4').replace('GET', 'POST')}four`);
  assert.equal(long.status, 413);
  assert.deepEqual(
    (await statusOf(seen)).apps.map(({ name, path }) => [name, path]),
    [
      ['comes', '/comes'],
      ['moves', '/elsewhere'],
      ['stays', '/stays'],
    ],
  );
});

test('a configuration with a fault is refused whole, with its place', needed, async () => {
  await using seen = await observe({ 'one/app.py': version('old') });
  seen.folder.write('one/app.py', version('new'));
  seen.folder.write('two/app.py', version('two'));
  seen.folder.write('two/app.yaml', 'path: /one\n');
  const failed = await reload(seen.server);
  assert.deepEqual([failed.kind, failed.code], ['reload-failed', 'MOUNT_TAKEN']);
  assert.equal(await answerOf(seen.port, '/one/'), '200 old');
  seen.folder.write('two/app.yaml', 'pathh: /two\n');
  const unknown = await reload(seen.server);
  assert.deepEqual([unknown.kind, unknown.code], ['reload-failed', 'CONFIG_KEY_UNKNOWN']);
  assert.match(String(unknown.msg), /app\.yaml:1:1/);
  assert.equal(await answerOf(seen.port, '/one/'), '200 old');
});

test('an app that was down before, and is still, keeps no other from changing', needed, async () => {
  await using seen = await observe({ 'bad/app.py': BROKEN, 'good/app.py': version('old') });
  seen.folder.write('good/app.py', version('new'));
  const { kind, changes } = await reload(seen.server);
  assert.deepEqual([kind, changes], ['reloaded', ['bad is failed still', 'good: generation 2 serves']]);
  assert.equal(await answerOf(seen.port, '/good/'), '200 new');
  assert.match(await answerOf(seen.port, '/bad/'), /^503/);
  const before = seen.server.records.length;
  seen.folder.write('good/app.py', BROKEN);
  assert.equal((await reload(seen.server)).kind, 'reload-failed');
  const told = seen.server.records.slice(before).filter(({ kind }) => kind === 'reload-failed');
  assert.equal(told.length, 1, 'and is not named as what did');
  assert.match(String(told[0]?.traceback), /good\/app\.py/);
  seen.folder.write('good/app.py', version('new'));
  seen.folder.write('bad/app.py', version('mended'));
  assert.equal((await reload(seen.server)).kind, 'reloaded');
  assert.equal(await answerOf(seen.port, '/bad/'), '200 mended');
});

test('what holds only from a start on is named', needed, async () => {
  using home = new Folder({ 'stillhouse.yaml': 'http:\n  body_memory: 64KiB\nlog:\n  access: yes\n' });
  await using seen = await observe({ 'one/app.py': version('one') }, [], { cwd: home.path });
  home.write('stillhouse.yaml', 'http:\n  body_memory: 32KiB\nlog:\n  access: no\n');
  assert.deepEqual((await reload(seen.server)).needsRestart, ['http.body_memory']);
  const { msg, level } = await seen.server.record(({ code }) => code === 'RELOAD_NEEDS_RESTART');
  assert.deepEqual([level, msg], ['warn', 'changed, and not taken over by a reload: http.body_memory']);
  assert.equal(await answerOf(seen.port, '/one/quiet'), '200 one');
  await seen.server.stop();
  assert.ok(!seen.server.records.some(({ kind, path }) => kind === 'access' && path === '/one/quiet'), 'log.access is');
});

test(
  'a warm-up request is answered before a generation serves, and fails its start where the answer is an error',
  needed,
  async () => {
    const warms = (status: string) => `
warm = []

def application(environ, start_response):
    if environ['PATH_INFO'] == '/warm':
        warm.append(environ['QUERY_STRING'])
        start_response('${status}', [])
    else:
        start_response('200 OK', [])
    return [','.join(warm).encode()]
`;
    await using seen = await observe({ 'one/app.py': warms('200 OK'), 'one/app.yaml': 'warm_up: /warm?a=b\n' });
    assert.equal(await answerOf(seen.port, '/one/'), '200 a=b');
    seen.folder.write('one/app.py', warms('500 Oh'));
    const failed = await reload(seen.server);
    assert.deepEqual([failed.kind, failed.code], ['reload-failed', 'APP_WARM_UP_FAILED']);
    assert.match(String(failed.msg), /one answered its warm-up request GET \/warm\?a=b with 500 Oh/);
    assert.equal(await answerOf(seen.port, '/one/'), '200 a=b');
  },
);

test('a stream of the old generation is cut when its time is over', needed, async () => {
  await using seen: Observed = await observe({ 'one/app.py': version('old') }, ['--graceful-timeout=0.2']);
  using barrier = new Barrier();
  using streaming = await Wire.open(seen.port);
  streaming.send(get(`/one/stream?${barrier.path}`));
  await barrier.reached();
  await reload(seen.server);
  await seen.server.record(({ msg }) => msg?.includes('generation 1 did not end in time') === true);
  assert.equal((await streaming.answer()).complete, false);
  assert.equal(await answerOf(seen.port, '/one/'), '200 old');
});

test('reloads that are asked for while one runs are one more, and the last code serves', needed, async () => {
  await using seen = await observe({ 'one/app.py': version('0') });
  for (let count = 1; count <= 20; count++) {
    seen.folder.write('one/app.py', version(String(count)));
    seen.server.signal('SIGHUP');
  }
  await until(async () => (await answerOf(seen.port, '/one/')) === '200 20', 'the last code');
  const reloads = seen.server.records.filter(({ kind }) => kind === 'reload');
  assert.ok(reloads.length <= 20);
});

test('--reload: a changed file reloads its app alone, and a new folder is a new app', needed, async () => {
  const apps = { 'one/app.py': version('old'), 'two/app.py': version('two') };
  await using seen = await observe(apps, ['--reload']);
  const two = (await appStatusOf(seen, 'two')).generation;
  seen.folder.write('one/app.py', version('new'));
  await until(async () => (await answerOf(seen.port, '/one/')) === '200 new', 'the changed code');
  const { app, why } = await seen.server.record(({ kind }) => kind === 'reloaded');
  assert.deepEqual([app, why], ['one', `${join(seen.folder.path, 'one/app.py')} changed`]);
  assert.equal((await appStatusOf(seen, 'two')).generation, two);
  seen.folder.write('one/app.py', BROKEN);
  await seen.server.record(({ kind, code }) => kind === 'reload-failed' && code === 'APP_IMPORT_FAILED');
  assert.equal(await answerOf(seen.port, '/one/'), '200 new');
  seen.folder.write('one/app.py', version('mended'));
  await until(async () => (await answerOf(seen.port, '/one/')) === '200 mended', 'the mended code');
  seen.folder.write('three/app.py', version('three'));
  await until(async () => (await answerOf(seen.port, '/three/')) === '200 three', 'the new app');
});
