/** Workers that lie when they start, and when they are to stop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allGone } from '../support/processes.ts';
import { needs } from '../support/tools.ts';
import { ask, get } from '../support/wire.ts';
import { Load, liar, serveHostile } from './support/hostile.ts';

const LIES = [
  'never-ready',
  'ready-without-json',
  'ready-of-another-version',
  'ready-of-a-megabyte',
  'failed-without-json',
  'failed-with-an-unknown-code',
  'failed-with-controls',
  'answers-before-it-is-asked',
  'data-before-it-is-ready',
  'credit-before-it-is-ready',
  'ready-on-the-data-link',
  'exits',
  'closes-a-link',
];
const skip = needs('python3');

test('each lie of a start: the app has failed, and its neighbour serves', skip, async () => {
  const settings = LIES.map((lie) => [lie, liar(`boot_timeout: 1\nenvironment: {LIE_AT_BOOT: ${lie}}\n`)]);
  await using hostile = await serveHostile(Object.fromEntries(settings));
  const { server } = hostile;
  await using load = new Load(server.port);
  const { front } = server.processes();
  for (const lie of LIES) {
    const failed = await server.record(
      ({ kind, app }) => kind === 'app-failed' && app === lie,
      `the failure of ${lie}`,
    );
    assert.match(String(failed.code), /^APP_(BOOT_DIED|BOOT_TIMEOUT|IMPORT_FAILED)$/, lie);
    assert.ok((failed.msg ?? '').length < 70_000 && String(failed.cure).length <= 1024, lie);
    assert.equal((await ask(server.port, get(`/${lie}/`))).status, 503);
  }
  await load.end();
  assert.equal(server.lines.length, server.records.length, 'each line of the log is one record');
  assert.equal(server.processes().front.pid, front.pid);
});

test(
  'a worker that names a timeout in what it says of its failure is not started the sooner for it',
  skip,
  async () => {
    using marker = { path: `/tmp/stillhouse-honest-once-${process.pid}`, [Symbol.dispose]: () => undefined };
    const environment = `environment: {LIE_AT_BOOT: ready-of-another-version, HONEST_ONCE: ${marker.path}}\n`;
    await using hostile = await serveHostile({ turncoat: liar(environment) });
    const { server } = hostile;
    assert.equal((await ask(server.port, get('/turncoat/'))).status, 200);
    assert.equal((await ask(server.port, get('/turncoat/lie?exit'))).status, 502);
    const late = await server.record(
      ({ app, delayMs }) => app === 'turncoat' && Number(delayMs) >= 400,
      'a longer pause',
    );
    assert.doesNotMatch(JSON.stringify(late), /by the server/);
  },
);

test('a worker that does not stop, and says what it likes instead, is killed when the time is over', skip, async () => {
  await using hostile = await serveHostile({ stubborn: liar() }, ['--graceful-timeout=0.5']);
  const { server } = hostile;
  assert.equal((await ask(server.port, get('/stubborn/stubborn'))).status, 200);
  const { all } = server.processes();
  assert.equal((await server.stop()).code, 0);
  await allGone(all.map(({ pid }) => pid));
});
