/** The metrics of a live server move as their help says, and never backwards. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { CLIENT_ERRORS } from '../../src/errors.ts';
import { METRICS, RESTART_CAUSES } from '../../src/observe/metrics.ts';
import { admin, OBSERVED, observe, type Scrape, scrape } from '../support/admin.ts';
import { Barrier } from '../support/barrier.ts';
import { allGone } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get, Wire } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');
const ONE = { 'one/app.py': OBSERVED };
const REQUESTS = METRICS.requests.name;
const ofOne = { app: 'one' };

/** The scrape in which something has come to be: figures are a second old. */
function scraped(port: number, holds: (scrape: Scrape) => boolean, what: string): Promise<Scrape> {
  return until(async () => {
    const found = await scrape(port);
    return holds(found) ? found : undefined;
  }, what);
}

function post(path: string, body: string): string {
  return `${get(path, `Content-Length: ${body.length}`).replace('GET', 'POST')}${body}`;
}

/** Names of the counters that are less than they were. */
function backwards(before: Scrape, after: Scrape): string[] {
  const counters = Object.values(METRICS).filter(({ type }) => type !== 'gauge');
  const isCounter = (series: string) => counters.some(({ name }) => series.startsWith(name));
  const now = after.series;
  return [...before.series]
    .filter(([series, value]) => isCounter(series) && !((now.get(series) ?? -1) >= value))
    .map(([series, value]) => `${series}: ${value} → ${now.get(series)}`);
}

test('every metric is there from the start, with its labels and no others', needed, async () => {
  await using seen = await observe({ ...ONE, 'bad/app.py': 'import nope\n' });
  const first = await scrape(seen.admin);
  for (const { name, type, labels, help } of Object.values(METRICS)) {
    assert.ok(first.text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
    const sample = type === 'histogram' ? `${name}_count` : name;
    const found = first.samples.filter((each) => each.name === sample);
    assert.ok(found.length > 0, `${name} has a sample`);
    for (const each of found) assert.deepEqual(Object.keys(each.labels).sort(), [...labels].sort(), name);
  }
  const names: string[] = Object.values(METRICS).map(({ name }) => name);
  for (const { name } of first.samples) {
    assert.ok(
      names.includes(name) || names.includes(name.replace(/_(bucket|sum|count)$/, '')),
      `${name} is in METRICS`,
    );
  }
  for (const app of ['one', 'bad']) {
    for (const cause of RESTART_CAUSES) assert.equal(first.value(METRICS.restarts.name, { app, cause }), 0);
    assert.equal(first.value(REQUESTS, { app, method: 'GET', status: '5xx' }), 0);
    assert.equal(first.value(METRICS.ready.name, { app }), Number(app === 'one'));
    assert.equal(first.value(METRICS.failed.name, { app }), Number(app === 'bad'));
  }
  for (const code of Object.keys(CLIENT_ERRORS)) assert.equal(first.value(METRICS.refused.name, { code }), 0);
  const version = seen.server.processes().all.length > 0 && process.versions.node;
  assert.equal(first.sum(METRICS.build.name, { node: String(version) }), 1);
});

test('requests, bytes, connections and refusals are counted', needed, async () => {
  await using seen = await observe(ONE);
  using wire = await Wire.open(seen.port);
  const requests = [
    get('/one/thousand'),
    get('/one/moved'),
    get('/one/missing'),
    get('/one/broken'),
    get('/one/raise'),
    post('/one/', 'x'.repeat(123)),
    get('/one/').replace('GET', 'BREW'),
    get('/nowhere'),
  ];
  for (const request of requests) await wire.send(request).answer();
  const head = await ask(seen.port, get('/one/thousand').replace('GET', 'HEAD'), 'HEAD');
  assert.equal(head.status, 200);
  const refused = await ask(seen.port, get('/one/', 'Content-Length: 1', 'Content-Length: 2'));
  assert.equal(refused.status, 400);

  const after = await scraped(seen.admin, (found) => found.sum(METRICS.refused.name) === 1, 'the refusal');
  const counted = (method: string, status: string) => after.value(REQUESTS, { app: 'one', method, status });
  assert.deepEqual(
    [counted('GET', '2xx'), counted('GET', '3xx'), counted('GET', '4xx'), counted('GET', '5xx')],
    [1, 1, 1, 2],
  );
  assert.deepEqual([counted('POST', '2xx'), counted('HEAD', '2xx'), counted('other', '2xx')], [1, 1, 1]);
  assert.equal(after.sum(REQUESTS), 8);
  assert.equal(after.value(METRICS.unmatched.name), 1);
  assert.equal(after.value(METRICS.refused.name, { code: 'CONTENT_LENGTH_REPEATED' }), 1);
  assert.equal(after.value(METRICS.requestBytes.name, ofOne), 123);
  const sent = after.value(METRICS.responseBytes.name, ofOne);
  assert.ok(sent >= 1000 && sent < 2000, `${sent} bytes: a HEAD has no body`);
  assert.equal(after.value(`${METRICS.latency.name}_count`, ofOne), 8);
  assert.equal(after.value(`${METRICS.queueTime.name}_count`, ofOne), 8);
  assert.equal(after.value(METRICS.accepted.name), 3);
  assert.equal(after.value(METRICS.connections.name), 1);
});

test('a held worker is in flight, what waits for it is queued, and its time is the queue’s', needed, async () => {
  await using seen = await observe(ONE);
  using barrier = new Barrier();
  using held = await Wire.open(seen.port);
  using waiting = await Wire.open(seen.port);
  held.send(get(`/one/hold?${barrier.path}`));
  await barrier.reached();
  waiting.send(get('/one/'));
  const during = await scraped(seen.admin, (found) => found.value(METRICS.queued.name, ofOne) === 1, 'the queue');
  assert.equal(during.value(METRICS.inFlight.name, ofOne), 2);
  assert.equal(during.sum(REQUESTS), 0, 'what is not answered is not counted yet');
  barrier.open();
  await Promise.all([held.answer(), waiting.answer()]);
  const after = await scraped(seen.admin, (found) => found.sum(REQUESTS) === 2, 'both');
  assert.equal(after.value(METRICS.inFlight.name, ofOne), 0);
  assert.equal(after.value(METRICS.queued.name, ofOne), 0);
  const waited = after.value(`${METRICS.queueTime.name}_sum`, ofOne);
  const took = after.value(`${METRICS.latency.name}_sum`, ofOne);
  // Both stood until the scrape above saw the queue, and figures come once a second at the most.
  assert.ok(waited > 0.001 && took > waited, `${waited} s waited, ${took} s in all`);
  assert.equal(after.value(`${METRICS.queueTime.name}_bucket`, { ...ofOne, le: '0.001' }), 1, 'one did not wait');
});

test('with every worker hanging and the front stopped, a scrape answers', needed, async () => {
  await using seen = await observe({ ...ONE, 'two/app.py': OBSERVED });
  using one = new Barrier();
  using two = new Barrier();
  using first = await Wire.open(seen.port);
  using second = await Wire.open(seen.port);
  first.send(get(`/one/hold?${one.path}`));
  second.send(get(`/two/hold?${two.path}`));
  await Promise.all([one.reached(), two.reached()]);
  const hanging = await scraped(seen.admin, (found) => found.sum(METRICS.inFlight.name) === 2, 'both');
  assert.ok(hanging.value(METRICS.frontSilence.name) < 10);
  const { pid } = seen.server.processes().front;
  process.kill(pid, 'SIGSTOP');
  try {
    const silent = (found: Scrape) => found.value(METRICS.frontSilence.name) > 2.5;
    const deaf = await scraped(seen.admin, silent, 'the silence of the front');
    assert.equal(deaf.sum(METRICS.inFlight.name), 2, 'what it told last');
    assert.equal((await admin(seen.admin, '/livez')).status, 200);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  one.open();
  two.open();
  assert.deepEqual([(await first.answer()).status, (await second.answer()).status], [200, 200]);
});

test('a timeout is counted, and the worker that goes on is replaced for it', needed, async () => {
  await using seen = await observe({ ...ONE, 'one/app.yaml': 'timeout: 0.5\ntimeout_grace: 0\n' });
  using barrier = new Barrier();
  const late = await ask(seen.port, get(`/one/hold?${barrier.path}`));
  assert.equal(late.status, 504);
  // The supervisor knows of the replacement before the front's next figures have come.
  const replaced = (found: Scrape) =>
    found.value(METRICS.restarts.name, { app: 'one', cause: 'timeout' }) === 1 &&
    found.value(REQUESTS, { app: 'one', method: 'GET', status: '5xx' }) === 1;
  const after = await scraped(seen.admin, replaced, 'the replacement');
  assert.equal(after.value(METRICS.timeouts.name, ofOne), 1);
  assert.equal(after.value(REQUESTS, { app: 'one', method: 'GET', status: '5xx' }), 1);
  assert.equal(after.sum(METRICS.restarts.name), 1);
});

test('a flood of odd methods, paths and hosts adds no series', needed, async () => {
  await using seen = await observe(ONE);
  const before = await scrape(seen.admin);
  using wire = await Wire.open(seen.port);
  for (let count = 0; count < 100; count++) {
    const odd = get(`/one/path-${count}?q=${count}`, `X-Odd-${count}: 1`)
      .replace('GET', `ODD${count}`)
      .replace('Host: test', `Host: host-${count}`);
    await wire.send(odd).answer();
    await wire.send(get(`/elsewhere-${count}`)).answer();
  }
  const after = await scraped(seen.admin, (found) => found.sum(REQUESTS) === 100, 'the flood');
  assert.deepEqual([...after.series.keys()].sort(), [...before.series.keys()].sort());
  assert.equal(after.value(REQUESTS, { app: 'one', method: 'other', status: '2xx' }), 100);
  assert.equal(after.value(METRICS.unmatched.name), 100);
});

test('no counter goes back when a worker dies, nor when the front dies', needed, async () => {
  await using seen = await observe(ONE, ['--workers=2']);
  for (const path of ['/one/burn?0.3', '/one/', '/nowhere']) await ask(seen.port, get(path));
  const burnt = (found: Scrape) => found.sum(REQUESTS) === 2 && found.value(METRICS.cpu.name, worker) >= 0.3;
  const worker = { process: 'worker', app: 'one' };
  let last = await scraped(seen.admin, burnt, 'the CPU time');
  /** Scrapes until it holds, and none of them is behind the one before it. */
  const watched = async (holds: (found: Scrape) => boolean, what: string) =>
    scraped(
      seen.admin,
      (found) => {
        assert.deepEqual(backwards(last, found), [], what);
        last = found;
        return holds(found);
      },
      what,
    );
  const restarts = (cause: string) => last.value(METRICS.restarts.name, { app: 'one', cause });
  const ready = () => last.value(METRICS.workers.name, { app: 'one', state: 'ready' });

  for (const { pid } of seen.server.processes().workers) process.kill(pid, 'SIGKILL');
  await watched(() => restarts('signal') === 2 && ready() === 2, 'the death of both workers');
  await ask(seen.port, get('/one/exit'));
  await watched(() => restarts('exit') === 1 && ready() === 2, 'the exit of a worker');

  for (let deaths = 1; deaths <= 2; deaths++) {
    const { front, workers } = seen.server.processes();
    process.kill(front.pid, 'SIGKILL');
    await watched(() => last.value(METRICS.frontRestarts.name) === deaths, `death ${deaths} of the front`);
    await watched(() => ready() === 2 && last.value(METRICS.ready.name, ofOne) === 1, 'the next front');
    await allGone(workers.map(({ pid }) => pid));
    assert.equal(restarts('front'), 2 * deaths, 'both workers, each time');
  }
  const before = last.sum(REQUESTS);
  await ask(seen.port, get('/one/'));
  await watched(() => last.sum(REQUESTS) === before + 1, 'a request of the third front');
  await watched(() => last.value(METRICS.processes.name, { process: 'front', app: '' }) === 1, 'its process');
  assert.deepEqual([restarts('signal'), restarts('exit'), restarts('front')], [2, 1, 4]);
  for (const [process, app, count] of [
    ['supervisor', '', 1],
    ['front', '', 1],
    ['worker', 'one', 2],
  ] as const) {
    assert.equal(last.value(METRICS.processes.name, { process, app }), count);
    assert.ok(last.value(METRICS.memory.name, { process, app }) > 1e6);
    assert.ok(last.value(METRICS.descriptors.name, { process, app }) > 3);
    assert.ok(last.value(METRICS.cpu.name, { process, app }) > 0);
  }
});

test('promtool finds nothing to say about the names and the format', needs('python3', 'promtool'), async () => {
  await using seen = await observe({ ...ONE, 'bad/app.py': 'import nope\n' });
  const { text } = await scrape(seen.admin);
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.deepEqual([status, stdout + stderr], [0, '']);
});
