/** The environs of a Node worker: a head that repeats another but for its id gives what it would give alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Start } from '../../../src/pool/start.ts';
import { Environs } from '../../../src/workers/node/environs.ts';
import { RequestLife } from '../../../src/workers/node/request-life.ts';

const START = { threads: 1, multiprocess: true } as Start;
const PAIRS = {
  REQUEST_METHOD: 'GET',
  PATH_INFO: '/',
  HTTP_X_REQUEST_ID: 'a-1',
  'wsgi.url_scheme': 'http',
  HTTP_HOST: 'a',
};

function make(environs: Environs, pairs: Readonly<Record<string, string>>, life = new RequestLife()) {
  const head = Object.entries(pairs).map(([key, value]) => `${key}\0${value}\0`);
  return environs.make(head.join(''), head.length, life);
}

function strings(environ: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(environ).filter(([, value]) => typeof value === 'string'));
}

test('the same head with other ids gives environs of their own', () => {
  const environs = new Environs(START);
  for (const id of ['a-1', 'a-2', 'longer-3']) {
    const pairs = { ...PAIRS, HTTP_X_REQUEST_ID: id };
    const environ = make(environs, pairs);
    assert.deepEqual(strings(environ), pairs);
    assert.equal('REMOTE_ADDR' in environ, false);
    Object.assign(environ, { PATH_INFO: '/changed', 'wsgi.run_once': true });
  }
  assert.equal(make(environs, PAIRS)['wsgi.run_once'], false);
});

test('a value that reads as the key of the id is not taken for it', () => {
  const environs = new Environs(START);
  const before = { HTTP_A: 'HTTP_X_REQUEST_ID' };
  const first = { ...before, HTTP_B: 'v', HTTP_X_REQUEST_ID: 'HTTP_B' };
  const second = { ...before, HTTP_C: 'v', HTTP_X_REQUEST_ID: 'HTTP_B' };
  for (const pairs of [first, first, second])
    assert.deepEqual(strings(make(environs, { X: '', ...pairs })), { X: '', ...pairs });
});

test('a head of another number of strings is refused, also where it was known', () => {
  const environs = new Environs(START);
  make(environs, PAIRS);
  make(environs, PAIRS);
  const head = Object.entries(PAIRS).map(([key, value]) => `${key}\0${value}\0`);
  assert.throws(() => environs.make(head.join(''), head.length + 1, new RequestLife()), { name: 'ProtocolError' });
});

test('each has its own signal, and knows its own client', () => {
  const environs = new Environs(START);
  const [one, other] = [new RequestLife(), new RequestLife()];
  const environ = make(environs, PAIRS, one);
  const next = make(environs, PAIRS, other);
  one.end(false);
  assert.deepEqual([environ['stillhouse.signal']?.aborted, next['stillhouse.signal']?.aborted], [true, false]);
  assert.deepEqual([environ['stillhouse.client_gone'](), next['stillhouse.client_gone']()], [true, false]);
  assert.equal({ ...environ }['stillhouse.signal'], one.signal);
});
