/** Several applications as one: which is called, and with which SCRIPT_NAME and PATH_INFO. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatch, type Mount } from '../../../src/middleware/dispatch.ts';
import { toNative } from '../../../src/wsgi/environ.ts';
import type { Environ } from '../../../src/wsgi/types.ts';
import { environ, run } from '../wsgi/fake.ts';

function mount(path: string, host = ''): Mount {
  const app: Mount['app'] = (request, start) => {
    start('200 OK', []);
    return [[host + path, request.SCRIPT_NAME, request.PATH_INFO, request['stillhouse.app']].join(' ')];
  };
  return { name: `at ${path}`, path, host, app };
}

async function ask(mounts: readonly Mount[], path: string, host?: string): Promise<string> {
  const request: Environ = environ({});
  request.PATH_INFO = toNative(path);
  if (host !== undefined) request.HTTP_HOST = host;
  else delete request.HTTP_HOST;
  const { sink } = await run(dispatch(mounts), request);
  return sink.head?.status === '200 OK' ? sink.body : String(sink.head?.status);
}

test('the longest path by whole segments is called', async () => {
  for (const mounts of [
    [mount('/a'), mount('/a/b'), mount('/')],
    [mount('/'), mount('/a/b'), mount('/a')],
  ]) {
    assert.equal(await ask(mounts, '/a/b/c'), '/a/b /a/b /c at /a/b');
    assert.equal(await ask(mounts, '/a/b'), '/a/b /a/b  at /a/b');
    assert.equal(await ask(mounts, '/a/bc'), '/a /a /bc at /a');
    assert.equal(await ask(mounts, '/ab'), '/  /ab at /');
    assert.equal(await ask(mounts, '/a'), '/a /a  at /a');
    assert.equal(await ask(mounts, '/a/'), '/a /a / at /a');
    assert.equal(await ask(mounts, '//a'), '/  //a at /');
    assert.equal(await ask(mounts, '*'), '/  * at /');
  }
});

test('where nothing is mounted it is 404', async () => {
  for (const path of ['/', '/b', '/ab', '/A', '*']) assert.equal(await ask([mount('/a')], path), '404 Not Found', path);
  assert.equal(await ask([], '/'), '404 Not Found');
});

test('an app for this host is called before one for every host', async () => {
  const mounts = [mount('/a/b'), mount('/a', 'one.example'), mount('/', 'Two.Example:8080'), mount('/', '[::1]')];
  assert.match(await ask(mounts, '/a/b', 'one.example'), /^one\.example\/a \/a \/b /);
  assert.match(await ask(mounts, '/a/b', 'ONE.example.:81'), /^one\.example\/a /);
  assert.match(await ask(mounts, '/a/b', 'two.example'), /^Two\.Example:8080\/ {2}\/a\/b /);
  assert.match(await ask(mounts, '/a/b', '[::1]:8000'), /^\[::1\]\/ /);
  assert.match(await ask(mounts, '/a/b', 'three.example'), /^\/a\/b /);
  assert.match(await ask(mounts, '/a/b'), /^\/a\/b /, 'HTTP/1.0 has no Host');
  assert.equal(await ask(mounts, '/x', 'three.example'), '404 Not Found');
});

test('a mount is UTF-8, and a path is its bytes', async () => {
  const answer = await ask([mount('/café')], '/café/é');
  assert.equal(answer, `/café ${toNative('/café')} ${toNative('/é')} at /café`);
});

test('what stands in SCRIPT_NAME already stays before the mount', async () => {
  const request = environ({});
  Object.assign(request, { SCRIPT_NAME: '/outer', PATH_INFO: '/a/x' });
  const { sink } = await run(dispatch([mount('/a')]), request);
  assert.equal(sink.body, '/a /outer/a /x at /a');
});
