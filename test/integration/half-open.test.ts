/** Clients that keep their side of a connection open after the server has closed its own: pools that look late, and worse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { descriptors } from '../support/processes.ts';
import { type RunningServer, serve } from '../support/server.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';

const APP = 'apps/hello-ts/web_app.ts:application';

function paths(server: RunningServer): unknown[] {
  return server.records.filter(({ kind }) => kind === 'access').map(({ path }) => path);
}

test('a request that comes after Connection: close is not run (RFC 9112, 9.6)', async () => {
  await using server = await serve(APP);
  using wire = await Wire.open(server.port);
  assert.equal((await wire.send(get('/first', 'Connection: close')).answer()).status, 200);
  await wire.closed();
  wire.send(get('/second'));
  using other = await Wire.open(server.port);
  assert.equal((await other.send(get('/third')).answer()).status, 200);
  await server.record(({ path }) => path === '/third', 'the access record of the third request');
  assert.deepEqual(paths(server), ['/first', '/third']);
});

test('the server lets go of a connection that it has closed, though the client does not', async () => {
  await using server = await serve(APP);
  const front = server.processes().front.pid;
  const sockets = () => descriptors(front).filter((name) => name.startsWith('socket:')).length;
  const before = sockets();
  using wire = await Wire.open(server.port);
  assert.equal((await wire.send(get('/', 'Connection: close')).answer()).status, 200);
  await wire.closed();
  await until(() => sockets() <= before, 'the end of the descriptor');
});

test('a client that keeps its side open does not hold the stop', async () => {
  await using server = await serve(APP);
  using wire = await Wire.open(server.port);
  assert.equal((await wire.send(get('/')).answer()).status, 200);
  server.signal('SIGTERM');
  await wire.closed();
  const { code } = await server.ended;
  assert.equal(code, 0);
  const late = server.records.filter(({ msg }) => msg?.includes('not everything ended in time'));
  assert.deepEqual(late, []);
});
