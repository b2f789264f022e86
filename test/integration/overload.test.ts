/** More requests than an app can do: what is refused, when, and what its neighbours see of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../../src/observe/metrics.ts';
import { OBSERVED, observe, scrape } from '../support/admin.ts';
import { Barrier } from '../support/barrier.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { type Answer, ask, get, header, Wire } from '../support/wire.ts';

const needed = needs('python3', 'mkfifo');
/** So long that the pace does not decide: the time of a test is the machine's. */
const LONG = 'queue_timeout: 10m\n';

const HELD_TS = `
import { readFile } from 'node:fs/promises';
export const application = async (environ, startResponse) => {
  if (environ.PATH_INFO === '/hold') await readFile(environ.QUERY_STRING);
  startResponse('200 OK', [['Content-Type', 'text/plain']]);
  return ['0'];
};
`;

/** Requests on connections of their own, and what they were answered. */
class Crowd implements Disposable {
  readonly wires: readonly Wire[];
  readonly answers: Answer[] = [];
  readonly #all: Promise<unknown>;

  private constructor(wires: readonly Wire[], request: string) {
    this.wires = wires;
    this.#all = Promise.all(wires.map(async (wire) => this.answers.push(await wire.send(request).answer())));
    this.#all.catch(() => undefined);
  }

  static async of(count: number, port: number, request: string): Promise<Crowd> {
    return new Crowd(await Promise.all(Array.from({ length: count }, () => Wire.open(port))), request);
  }

  count(status: number): number {
    return this.answers.filter((answer) => answer.status === status).length;
  }

  /** Resolves when all are answered. */
  async done(): Promise<void> {
    await this.#all;
  }

  [Symbol.dispose](): void {
    for (const wire of this.wires) wire[Symbol.dispose]();
  }
}

function upload(path: string, size: number, ...more: string[]): string {
  return get(path, `Content-Length: ${size}`, ...more).replace('GET', 'POST');
}

const shed = async (port: number, app: string, code: string) =>
  (await scrape(port)).value(METRICS.shed.name, { app, code });

for (const [language, file, text, settings] of [
  ['Python', 'app.py', OBSERVED, ''],
  ['TypeScript', 'app.ts', HELD_TS, 'threads: 1\n'],
] as const) {
  test(
    `while one app is flooded and hangs, the other answers, and the flood is refused at once: ${language}`,
    needed,
    async () => {
      const files = {
        [`a/${file}`]: text,
        'a/app.yaml': `${LONG}${settings}queue_size: 5\n`,
        [`b/${file}`]: text,
        'b/app.yaml': settings,
      };
      await using seen = await observe(files);
      using barrier = new Barrier();
      using held = await Wire.open(seen.port);
      held.send(get(`/a/hold?${barrier.path}`));
      await barrier.reached();
      using crowd = await Crowd.of(200, seen.port, get('/a/', 'X-Request-Id: flood'));
      await until(() => crowd.count(503) === 195, 'the refusals');
      for (let count = 0; count < 20; count++) assert.equal((await ask(seen.port, get('/b/'))).status, 200);
      const [refused] = crowd.answers as [Answer];
      assert.match(header(refused, 'retry-after') ?? '', /^[1-9][0-9]?$/);
      assert.match(refused.body.toString(), /^503 Service Unavailable\nmore requests wait .*\nrequest id: flood\n$/);
      const record = await seen.server.record(({ kind, status }) => kind === 'access' && status === 503);
      assert.deepEqual([record.app, record.request, record.code], ['a', 'flood', 'QUEUE_FULL']);
      await until(async () => (await shed(seen.admin, 'a', 'QUEUE_FULL')) === 195, 'the count of refusals');
      assert.equal(await shed(seen.admin, 'b', 'QUEUE_FULL'), 0);
      barrier.open();
      await crowd.done();
      assert.deepEqual([crowd.count(200), (await held.answer()).status], [5, 200], 'who waits is served');
    },
  );
}

test('a burst is served whole', needed, async () => {
  await using seen = await observe({ 'one/app.py': OBSERVED, 'one/app.yaml': LONG });
  using crowd = await Crowd.of(100, seen.port, get('/one/thousand'));
  await crowd.done();
  assert.equal(crowd.count(200), 100);
});

test('who waits to the deadline is told so, and it is counted', needed, async () => {
  await using seen = await observe({ 'one/app.py': OBSERVED, 'one/app.yaml': 'queue_timeout: 300ms\n' });
  using barrier = new Barrier();
  using held = await Wire.open(seen.port);
  held.send(get(`/one/hold?${barrier.path}`));
  await barrier.reached();
  const late = await ask(seen.port, get('/one/'));
  assert.equal(late.status, 503);
  assert.match(late.body.toString(), /no worker was free in time/);
  const record = await seen.server.record(({ kind, status }) => kind === 'access' && status === 503);
  assert.equal(record.code, 'QUEUE_TIMEOUT');
  await until(async () => (await shed(seen.admin, 'one', 'QUEUE_TIMEOUT')) === 1, 'the count');
  barrier.open();
  await held.answer();
});

test('an upload for a queue that is full is refused before its body is asked for', needed, async () => {
  await using seen = await observe({ 'one/app.py': OBSERVED, 'one/app.yaml': `${LONG}queue_size: 1\n` });
  using barrier = new Barrier();
  using running = await Crowd.of(1, seen.port, get(`/one/hold?${barrier.path}`));
  await barrier.reached();
  using waiting = await Crowd.of(1, seen.port, get('/one/'));
  await until(async () => (await scrape(seen.admin)).value(METRICS.queued.name, { app: 'one' }) === 1, 'the queue');
  const refused = await ask(seen.port, upload('/one/', 1_000_000, 'Expect: 100-continue'));
  assert.deepEqual([refused.status, header(refused, 'retry-after') !== undefined], [503, true]);
  barrier.open();
  await Promise.all([running.done(), waiting.done()]);
  assert.deepEqual([running.count(200), waiting.count(200)], [1, 1]);
});

test(
  'limit_concurrency counts those whose body still comes, and refuses before another body is read',
  needed,
  async () => {
    const files = { 'a/app.py': OBSERVED, 'a/app.yaml': 'limit_concurrency: 2\n', 'b/app.py': OBSERVED };
    await using seen = await observe(files);
    using one = await Wire.open(seen.port);
    using other = await Wire.open(seen.port);
    for (const wire of [one, other]) {
      wire.send(upload('/a/', 5, 'Expect: 100-continue'));
      assert.equal((await wire.answer()).status, 100, 'its body is awaited');
    }
    const refused = await ask(seen.port, upload('/a/', 5, 'Expect: 100-continue', 'X-Request-Id: third'));
    assert.deepEqual([refused.status, header(refused, 'retry-after')], [503, '1']);
    assert.match(refused.body.toString(), /as many requests as it is allowed/);
    assert.equal((await ask(seen.port, get('/a/'))).status, 503, 'nor one without a body');
    assert.equal((await ask(seen.port, get('/b/'))).status, 200, 'its neighbour has a limit of its own');
    const record = await seen.server.record(({ request }) => request === 'third');
    assert.deepEqual([record.app, record.code, record.received], ['a', 'CONCURRENCY_LIMIT', 0]);
    assert.equal((await one.send('hello').answer()).body.toString(), '5');
    await until(async () => (await ask(seen.port, get('/a/'))).status === 200, 'the place of one that was answered');
    other[Symbol.dispose]();
    await until(async () => {
      using crowd = await Crowd.of(2, seen.port, upload('/a/', 1, 'Expect: 100-continue'));
      await until(() => crowd.answers.length === 2, 'their first answers');
      return crowd.count(100) === 2;
    }, 'the place of one whose client left');
  },
);
