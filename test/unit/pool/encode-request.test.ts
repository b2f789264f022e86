/** What a frame holds of an environ that repeats the one before it on its connection. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRequest } from '../../../src/pool/encode-request.ts';
import { type Frame, FrameReader, splitHead } from '../../../src/pool/frames.ts';
import { makeEnviron } from '../../../src/wsgi/environ.ts';
import { Environs } from '../../../src/wsgi/environs.ts';
import { Input } from '../../../src/wsgi/input.ts';
import type { Environ } from '../../../src/wsgi/types.ts';
import { PEER, requestHead, SILENT } from '../wsgi/fake.ts';

const FLAGS = { multithread: false, multiprocess: true, errors: SILENT };
const INPUT = Input.of(Buffer.of());
const FIELDS = ['Host', 'a', 'Accept', '*/*', 'Content-Length', '0', 'X-Request-Id', 'given'];
const REPEATED = requestHead({ fields: FIELDS });

/** The environ of a request whose fields come the third time: it is a copy, and what repeats has been encoded once. */
function third(environs: Environs, path = '/third'): Environ {
  environs.make(REPEATED, INPUT);
  encodeRequest(1, environs.make(REPEATED, INPUT), undefined);
  return environs.make({ ...REPEATED, method: 'PUT', path, target: `${path}?q`, query: 'q' }, INPUT);
}

/** Keys and values, sorted: a frame's order means nothing. */
function sent(environ: Environ): string[] {
  const reader = new FrameReader(1 << 20);
  reader.receive(encodeRequest(1, environ, undefined));
  const { head, count } = reader.next() as Frame;
  const strings = splitHead(head, 2 * count);
  return Array.from({ length: count }, (_, at) => `${strings[2 * at]}=${strings[2 * at + 1]}`).sort();
}

function strings(environ: Environ): string[] {
  const pairs = Object.entries(environ).filter(([, value]) => typeof value === 'string');
  return pairs.map(([key, value]) => `${key}=${value}`).sort();
}

test('an environ that is a copy is what it would be without the one before, key by key', () => {
  const environs = new Environs(PEER, FLAGS);
  const copy = third(environs, '/caf%C3%A9');
  const head = { ...REPEATED, method: 'PUT', path: '/caf%C3%A9', target: '/caf%C3%A9?q', query: 'q' };
  assert.deepEqual(Object.entries(copy), Object.entries(makeEnviron(head, PEER, FLAGS, INPUT)));
});

test('a copy is its own: what is changed in it is in no other', () => {
  const environs = new Environs(PEER, FLAGS);
  Object.assign(third(environs), { HTTP_HOST: 'other', PATH_INFO: '/other', 'stillhouse.app': 'app' });
  const next = environs.make(REPEATED, INPUT);
  assert.deepEqual([next.HTTP_HOST, next.PATH_INFO, 'stillhouse.app' in next], ['a', '/', false]);
});

test('other fields, or an authority, are not taken for those before', () => {
  const environs = new Environs(PEER, FLAGS);
  third(environs);
  assert.equal(environs.make(requestHead({ fields: ['Host', 'b'] }), INPUT).HTTP_HOST, 'b');
  third(environs);
  assert.equal(environs.make({ ...REPEATED, authority: 'c', target: 'http://c/' }, INPUT).HTTP_HOST, 'c');
  environs.forget();
  assert.equal(environs.make(REPEATED, INPUT).HTTP_HOST, 'a');
});

test('every string is sent, once, whatever a middleware has made of the environ', async (t) => {
  const changes: Readonly<Record<string, (environ: Environ) => unknown>> = {
    nothing: () => undefined,
    'an id': (environ) => Object.assign(environ, { HTTP_X_REQUEST_ID: 'id' }),
    'a key more': (environ) => Object.assign(environ, { 'stillhouse.app': 'app', SCRIPT_NAME: '/app' }),
    'a field changed': (environ) => Object.assign(environ, { HTTP_ACCEPT: 'text/html' }),
    'the first and the last of those that repeat changed': (environ) =>
      Object.assign(environ, { SERVER_NAME: 'x', CONTENT_LENGTH: '1' }),
    'a field removed': (environ) => delete environ.HTTP_ACCEPT,
    'a field moved to the end': (environ) =>
      delete environ.HTTP_ACCEPT && Object.assign(environ, { HTTP_ACCEPT: '*/*' }),
    'a field that is no string': (environ) => Object.assign(environ, { HTTP_ACCEPT: 1 }),
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.test(name, () => {
      const environ = third(new Environs(PEER, FLAGS));
      change(environ);
      assert.deepEqual(sent(environ), strings(environ));
    });
  }
});

test('no value can forge a key in what repeats, nor beside it', () => {
  const forged = third(new Environs(PEER, FLAGS));
  forged.PATH_INFO = '/x\0REMOTE_USER\0admin';
  assert.throws(() => encodeRequest(1, forged, undefined), { name: 'ProtocolError' });
  const environs = new Environs({ ...PEER, serverName: 'x\0REMOTE_USER\0admin' }, FLAGS);
  environs.make(REPEATED, INPUT);
  assert.throws(() => encodeRequest(1, environs.make(REPEATED, INPUT), undefined), { name: 'ProtocolError' });
});
