/** Requests that take longer than their app allows. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerOf, appsFolder, serveApps } from '../support/apps.ts';
import { bodyOf } from '../support/misbehaving.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

const pidOf = async (port: number, app: string): Promise<number> =>
  (JSON.parse(await bodyOf(port, `/${app}/about`)) as { pid: number }).pid;

test('a request that takes too long gets 504, and its neighbours their own time', needs('python3'), async () => {
  using folder = appsFolder({ slow: 'timeout: 300ms', patient: '' });
  const gate = join(folder.path, 'gate');
  await using server = await serveApps(folder.path);
  const before = await pidOf(server.port, 'slow');
  using patient = await Wire.open(server.port);
  patient.send(get(`/patient/hold?${gate}`));
  const late = await ask(server.port, get(`/slow/hold?${gate}`, 'X-Request-Id: late-1'));
  assert.equal(late.status, 504);
  assert.equal(header(late, 'x-request-id'), 'late-1');
  assert.match(late.body.toString(), /late-1/);
  const record = await server.record(({ code }) => code === 'REQUEST_TIMEOUT');
  assert.deepEqual([record.app, record.request, record.level], ['slow', 'late-1', 'error']);
  assert.equal(await pidOf(server.port, 'slow'), before);
  folder.write('gate', '');
  assert.equal((await patient.answer()).body.toString(), 'held', 'its neighbour’s time is its own');
});

test('a response that has begun is not cut, however long it takes', needs('python3'), async () => {
  using folder = appsFolder({ app: 'timeout: 200ms\nthreads: 2' });
  await using server = await serveApps(folder.path);
  const gate = join(folder.path, 'gate');
  using wire = await Wire.open(server.port);
  wire.send(get(`/app/drip?${gate}`));
  const late = await ask(server.port, get(`/app/hold?${gate}`, 'X-Request-Id: beside'));
  assert.equal(late.status, 504, 'so long has passed that the timeout was looked at');
  folder.write('gate', '');
  const answer = await wire.answer();
  assert.deepEqual([answer.body.toString(), answer.complete], ['first,last', true]);
});

test('timeout: 0 is none', needs('python3'), async () => {
  using folder = appsFolder({ endless: 'timeout: 0', short: 'timeout: 300ms' });
  const gate = join(folder.path, 'gate');
  await using server = await serveApps(folder.path);
  using wire = await Wire.open(server.port);
  wire.send(get(`/endless/hold?${gate}`));
  assert.equal((await ask(server.port, get(`/short/hold?${gate}`))).status, 504);
  folder.write('gate', '');
  assert.equal((await wire.answer()).body.toString(), 'held');
});

test('a request that finds no free worker in the app’s queue time gets 503', needs('python3'), async () => {
  using folder = appsFolder({ busy: 'queue_timeout: 300ms', other: '' });
  const gate = join(folder.path, 'gate');
  await using server = await serveApps(folder.path);
  using wire = await Wire.open(server.port);
  wire.send(get(`/busy/hold?${gate}`));
  await until(() => answerOf(server.port, '/busy/').then((answer) => answer.startsWith('503')), 'a 503');
  const refused = await ask(server.port, get('/busy/'));
  assert.equal(refused.status, 503);
  assert.match(header(refused, 'retry-after') ?? '', /^[1-9][0-9]?$/);
  assert.match(await answerOf(server.port, '/other/'), /^200 /);
  folder.write('gate', '');
  assert.equal((await wire.answer()).body.toString(), 'held');
});
