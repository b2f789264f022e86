/** The admin listener, asked from outside: DESIGN.md, section 9, "Admin". */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ServerStatus } from '../../src/admin/status.ts';
import { admin, OBSERVED, type Observed, observe, type Scrape, scrape } from '../support/admin.ts';
import { Barrier } from '../support/barrier.ts';
import { BIN, RunningServer } from '../support/server.ts';
import { freePort, needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');
const HEALTHY = ['/livez', '/readyz', '/readyz/good', '/healthz', '/health'];
const ALL = [...HEALTHY, '/status', '/', '/metrics'];
const FAILS = 'raise RuntimeError("<script>alert(1)</script>")\n';

function status(port: number, path: string): Promise<number> {
  return admin(port, path).then((answer) => answer.status);
}

/** The exit status of `stillhouse healthcheck`, and what it printed. */
async function healthcheck(port: number, cwd: string): Promise<string> {
  await using command = new RunningServer(['healthcheck', `--admin-bind=127.0.0.1:${port}`], { cwd });
  const { code } = await command.ended;
  return `${code} ${command.lines.join(' ')}`;
}

test('every endpoint of a server that is well answers 200, to GET and HEAD alike', needed, async () => {
  await using seen = await observe({ 'good/app.py': OBSERVED });
  for (const path of ALL) {
    const answer = await admin(seen.admin, path);
    assert.equal(answer.status, 200, path);
    const head = await ask(seen.admin, get(path).replace('GET', 'HEAD'), 'HEAD');
    assert.deepEqual([head.status, head.body.length], [200, 0], path);
    assert.equal(header(head, 'content-type'), header(answer, 'content-type'));
    assert.equal(header(answer, 'content-length'), String(answer.body.length), path);
    assert.equal(header(answer, 'cache-control'), 'no-store');
    assert.equal(await status(seen.admin, `${path}?verbose=1`), 200, 'a query changes nothing');
  }
  assert.equal((await admin(seen.admin, '/livez')).text, 'ok\n');
  assert.equal((await admin(seen.admin, '/readyz')).text, 'ready\n');
  const state = JSON.parse((await admin(seen.admin, '/status')).text);
  assert.equal(state.state, 'serving');
  assert.equal(state.fronts[0].pid, seen.server.processes().front.pid);
  assert.deepEqual(
    state.apps.map(({ name, path, state }: Record<string, string>) => ({ name, path, state })),
    [{ name: 'good', path: '/good', state: 'serving' }],
  );
  assert.equal(state.apps[0].workers[0].pid, seen.server.processes().workers[0]?.pid);
});

test('what is not there is told, and nothing can be changed', needed, async () => {
  await using seen = await observe({ 'good/app.py': OBSERVED });
  for (const path of ['/nope', '/livez/good', '/metrics/x', '/constructor', '//']) {
    const missing = await admin(seen.admin, path);
    assert.equal(missing.status, 404, path);
    for (const endpoint of ['/', '/livez', '/readyz', '/readyz/APP', '/healthz', '/health', '/status', '/metrics']) {
      assert.ok(missing.text.split('\n').includes(endpoint), endpoint);
    }
  }
  const unknown = await admin(seen.admin, '/readyz/bad');
  assert.deepEqual([unknown.status, unknown.text], [404, 'there is no app of this name; there are: good\n']);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const wrong = await ask(seen.admin, get('/status').replace('GET', method));
    assert.deepEqual([wrong.status, header(wrong, 'allow')], [405, 'GET, HEAD'], method);
  }
  assert.equal((await admin(seen.port, '/metrics')).status, 404, 'the public listener has none of it');
});

test('a token guards all but the health endpoints', needed, async () => {
  const env = { STILLHOUSE_ADMIN_TOKEN: 'open-sesame' };
  await using seen = await observe({ 'good/app.py': OBSERVED }, [], { env });
  for (const path of HEALTHY) assert.equal(await status(seen.admin, path), 200, path);
  for (const path of ['/status', '/', '/metrics', '/nope']) {
    for (const given of [[], ['Authorization: Bearer wrong'], ['Authorization: Basic b3Blbi1zw6lzYW1l']]) {
      const answer = await admin(seen.admin, path, ...given);
      assert.equal(answer.status, 401, path);
      assert.match(header(answer, 'www-authenticate') ?? '', /^Bearer /);
      assert.doesNotMatch(answer.text, /good|stillhouse_/);
    }
    const borne = await admin(seen.admin, path, 'Authorization: Bearer open-sesame');
    assert.equal(borne.status, path === '/nope' ? 404 : 200, path);
  }
  assert.doesNotMatch(seen.server.lines.join('\n'), /sesame/);
});

test('an app that fails makes the server not ready, and is named', needed, async () => {
  await using seen = await observe({ 'good/app.py': OBSERVED, 'bad/app.py': FAILS });
  for (const path of ['/readyz', '/healthz', '/health']) {
    const answer = await admin(seen.admin, path);
    assert.deepEqual([answer.status, answer.text], [503, 'not ready:\nbad is failed\n'], path);
  }
  assert.equal(await status(seen.admin, '/livez'), 200);
  assert.equal(await status(seen.admin, '/readyz/good'), 200);
  const bad = await admin(seen.admin, '/readyz/bad');
  assert.equal(bad.status, 503);
  assert.match(bad.text, /^bad is failed, with 0 of [01] workers ready; see \/status\n$/);
  assert.match(await healthcheck(seen.admin, seen.folder.path), /^1 not ready: bad is failed$/);
  const { apps } = JSON.parse((await admin(seen.admin, '/status')).text);
  assert.equal(apps[0].failure.code, 'APP_IMPORT_FAILED');

  const page = await admin(seen.admin, '/');
  assert.match(page.text, /&lt;script&gt;alert\(1\)/, 'the error is there, and does nothing');
  assert.doesNotMatch(page.text, /<script/i);
  assert.match(header(page, 'content-security-policy') ?? '', /default-src 'none'/);
});

test('an app that is not required does not matter to readiness', needed, async () => {
  const files = { 'good/app.py': OBSERVED, 'bad/app.py': FAILS, 'bad/app.yaml': 'required: no\n' };
  await using seen = await observe(files);
  assert.equal(await status(seen.admin, '/readyz'), 200);
  assert.equal(await status(seen.admin, '/readyz/bad'), 503);
  assert.match(await healthcheck(seen.admin, seen.folder.path), /^0 ok$/);
});

test('before it listens a server lives, and is not ready', needed, async () => {
  using barrier = new Barrier();
  const slow = `open(${JSON.stringify(barrier.path)}).read()\n${OBSERVED}`;
  const port = await freePort();
  const starting = observe({ 'slow/app.py': slow }, [`--admin-bind=127.0.0.1:${port}`]);
  await barrier.reached();
  assert.equal(await status(port, '/livez'), 200);
  const answer = await admin(port, '/readyz');
  assert.deepEqual([answer.status, answer.text], [503, 'not ready:\nslow is starting\n']);
  assert.equal(await status(port, '/readyz/slow'), 503);
  assert.match(await healthcheck(port, '/'), /^1 /);
  barrier.open();
  await using seen = await starting;
  assert.equal(await status(seen.admin, '/readyz'), 200);
});

test('once ready, an app that fails later does not turn readiness: it is not ready alone', needed, async () => {
  await using seen = await observe({ 'good/app.py': OBSERVED, 'later/app.py': OBSERVED });
  assert.equal(await status(seen.admin, '/readyz'), 200);
  seen.folder.write('later/app.py', FAILS);
  await ask(seen.port, get('/later/exit'));
  await until(async () => (await status(seen.admin, '/readyz/later')) === 503, 'a worker that does not start');
  await until(
    async () => (await scrape(seen.admin)).value('stillhouse_worker_restarts_total', { app: 'later', cause: 'start' }),
    'the worker in its place, which fails',
  );
  assert.equal(await status(seen.admin, '/readyz'), 200);
  assert.match(await healthcheck(seen.admin, seen.folder.path), /^0 ok$/);

  // The next front listens as soon as it is known that they do not start.
  process.kill(seen.server.processes().front.pid, 'SIGKILL');
  const died = (found: Scrape) => found.value('stillhouse_front_restarts_total') === 1;
  await until(async () => died(await scrape(seen.admin)), 'the death of the front');
  assert.equal((await ask(seen.port, get('/good/'))).status, 200);
  assert.equal((await ask(seen.port, get('/later/'))).status, 503);
  assert.equal(await status(seen.admin, '/readyz'), 200);
  const after = await scrape(seen.admin);
  assert.equal(after.value('stillhouse_app_ready', { app: 'later' }), 0);
  const { apps } = JSON.parse((await admin(seen.admin, '/status')).text) as ServerStatus;
  assert.equal(apps.find(({ name }) => name === 'later')?.failure?.code, 'APP_IMPORT_FAILED');

  seen.folder.write('later/app.py', OBSERVED);
  await until(async () => (await status(seen.admin, '/readyz/later')) === 200, 'the app once it is mended');
  assert.equal((await ask(seen.port, get('/later/'))).status, 200);
});

test('a server that stops is not ready, lives, and finishes its requests', needed, async () => {
  await using seen = await observe({ 'good/app.py': OBSERVED });
  using barrier = new Barrier();
  using held = await Wire.open(seen.port);
  held.polite().send(get(`/good/hold?${barrier.path}`));
  await barrier.reached();
  seen.server.signal('SIGTERM');
  await until(async () => (await status(seen.admin, '/readyz')) === 503, 'the turn of readiness');
  assert.equal((await admin(seen.admin, '/readyz')).text, 'not ready:\nthe server is stopping\n');
  assert.equal(await status(seen.admin, '/readyz/good'), 503);
  assert.equal(await status(seen.admin, '/livez'), 200);
  assert.match(await healthcheck(seen.admin, seen.folder.path), /^0 ok$/, 'nobody kills it for that');
  const state = JSON.parse((await admin(seen.admin, '/status')).text);
  assert.deepEqual([state.state, state.apps[0].state], ['stopping', 'draining']);
  barrier.open();
  assert.equal((await held.answer()).status, 200);
  assert.equal((await seen.server.ended).code, 0);
  assert.match(await healthcheck(seen.admin, seen.folder.path), /^1 .*ECONNREFUSED/);
});

test('no secret is told: not in an answer, not on the page, not in the log', needed, async () => {
  const secret = 'hush-4711';
  const env = { APP_SECRET: secret };
  const files = {
    'good/app.py': OBSERVED,
    'good/app.yaml': `environment:\n  OWN_SECRET: ${secret}\n`,
    'good/.env': `DOTENV_SECRET=${secret}\n`,
    'bad/app.py': 'import os\nos.environ["NO_SUCH_VARIABLE"]\n',
  };
  await using seen: Observed = await observe(files, [], { env });
  const headers = [`Cookie: session=${secret}`, `Authorization: Bearer ${secret}`, `X-Api-Key: ${secret}`];
  const paths = ['/good/', '/good/raise', '/good/exit', '/nowhere', '/bad/'];
  for (const path of paths) await ask(seen.port, get(`${path}?token=${secret}`, ...headers));
  await ask(seen.port, get(`/good/?token=${secret}`, `Cookie: ${secret}`).replace('Host: test', `Host : ${secret}`));
  for (const path of [...ALL, '/readyz/bad', '/nope', `/status?token=${secret}`]) {
    const answer = await admin(seen.admin, path, ...headers);
    assert.doesNotMatch(answer.text, /hush/, path);
  }
  await seen.server.record(({ kind, status }) => kind === 'refused' && status === 400, 'the refusal');
  await seen.server.record(({ traceback }) => String(traceback).includes('as asked'), 'the traceback');
  await seen.server.stop();
  assert.ok(seen.server.records.filter(({ kind }) => kind === 'access').length >= paths.length);
  assert.doesNotMatch(seen.server.lines.join('\n') + seen.server.stderr, /hush/);
});

test('the health check says what is wrong where nobody listens', async () => {
  const port = await freePort();
  assert.match(await healthcheck(port, join(BIN, '..')), /^1 http:\/\/127\.0\.0\.1:[0-9]+\/readyz: .*ECONNREFUSED/);
});
