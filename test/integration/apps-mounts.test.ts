/** Several applications behind one front: which of them gets a request, and with which SCRIPT_NAME and PATH_INFO. */
import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import { type AppsServer, answerOf, appsFolder, serveApps } from '../support/apps.ts';
import type { Folder } from '../support/folder.ts';
import { needs } from '../support/tools.ts';
import { ask, get } from '../support/wire.ts';

/** `200 NAME SCRIPT_NAME=… PATH_INFO=…`; what is not ASCII as the bytes that the application was given (latin-1). */
async function whereIs(port: number, path: string, host = 'test'): Promise<string> {
  const { status, body } = await ask(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return `${status} ${body.toString('latin1')}`;
}

describe('several applications', needs('python3'), () => {
  let folder: Folder;
  let server: AppsServer;
  before(async () => {
    folder = appsFolder({
      blog: '',
      'shop-ts': 'path: /shop',
      inner: 'path: /blog/admin',
      kaffee: 'path: /café/tür',
      site: 'host: Example.COM\npath: /',
      api: 'host: example.com\npath: /api',
    });
    server = await serveApps(folder.path);
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it('are reached under the names of their folders, by whole segments', async () => {
    const is = async (path: string, expected: string) => assert.equal(await whereIs(server.port, path), expected);
    await is('/blog', '200 blog SCRIPT_NAME=/blog PATH_INFO=');
    await is('/blog/', '200 blog SCRIPT_NAME=/blog PATH_INFO=/');
    await is('/blog/a/b?c', '200 blog SCRIPT_NAME=/blog PATH_INFO=/a/b');
    await is('/blog//a', '200 blog SCRIPT_NAME=/blog PATH_INFO=//a');
    await is('/shop/x', '200 shop-ts SCRIPT_NAME=/shop PATH_INFO=/x');
    await is('/shop', '200 shop-ts SCRIPT_NAME=/shop PATH_INFO=');
  });

  it('are reached by an absolute request target too', async () => {
    assert.equal(await whereIs(server.port, 'http://any/blog/a'), '200 blog SCRIPT_NAME=/blog PATH_INFO=/a');
  });

  it('stand one below the other: the longest mount takes the request', async () => {
    const is = async (path: string, expected: string) => assert.equal(await whereIs(server.port, path), expected);
    await is('/blog/admin', '200 inner SCRIPT_NAME=/blog/admin PATH_INFO=');
    await is('/blog/admin/x', '200 inner SCRIPT_NAME=/blog/admin PATH_INFO=/x');
    await is('/blog/administrator', '200 blog SCRIPT_NAME=/blog PATH_INFO=/administrator');
  });

  it('are found by the decoded path', async () => {
    const is = async (path: string, expected: string) => assert.equal(await whereIs(server.port, path), expected);
    await is('/%62log/%41', '200 blog SCRIPT_NAME=/blog PATH_INFO=/A');
    await is('/blog%2Fadmin/x', '200 inner SCRIPT_NAME=/blog/admin PATH_INFO=/x');
    const bytes = Buffer.from('/café/tür').toString('latin1');
    await is(
      '/caf%C3%A9/t%C3%BCr/%C3%A9',
      `200 kaffee SCRIPT_NAME=${bytes} PATH_INFO=/${Buffer.from('é').toString('latin1')}`,
    );
    assert.match(await whereIs(server.port, '/caf%E9/t%FCr'), /^404 /, 'another encoding is another path');
  });

  it('answer to a host alone where they name one, in any case and on any port', async () => {
    const is = async (path: string, host: string, expected: string) =>
      assert.equal(await whereIs(server.port, path, host), expected);
    await is('/x', 'example.com', '200 site SCRIPT_NAME= PATH_INFO=/x');
    await is('/x', 'EXAMPLE.com:8080', '200 site SCRIPT_NAME= PATH_INFO=/x');
    await is('/x', 'example.com.', '200 site SCRIPT_NAME= PATH_INFO=/x');
    await is('/api/x', 'example.com', '200 api SCRIPT_NAME=/api PATH_INFO=/x');
    await is('/blog', 'example.com', '200 site SCRIPT_NAME= PATH_INFO=/blog');
    await is('http://example.com/api', 'test', '200 api SCRIPT_NAME=/api PATH_INFO=');
    assert.match(await whereIs(server.port, '/api/x', 'www.example.com'), /^404 /);
    assert.match(await whereIs(server.port, '/api/x', 'example.com.evil'), /^404 /);
  });

  it('leave 404 where none is mounted', async () => {
    for (const path of ['/', '/blogger', '/Blog', '/shop-ts', '/nobody'])
      assert.match(await answerOf(server.port, path), /^404 /, path);
    const { status } = await ask(server.port, 'OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n');
    assert.equal(status, 404);
  });

  it('are named in their access records', async () => {
    await ask(server.port, get('/blog/recorded', 'X-Request-Id: recorded-1'));
    const { app, path } = await server.record(({ kind, request }) => kind === 'access' && request === 'recorded-1');
    assert.deepEqual([app, path], ['blog', '/blog/recorded']);
  });
});

test('an application at the root takes what no other is mounted at', needs('python3'), async () => {
  using folder = appsFolder({ home: 'path: /', 'blog-ts': 'path: /blog' });
  await using server = await serveApps(folder.path);
  assert.equal(await whereIs(server.port, '/'), '200 home SCRIPT_NAME= PATH_INFO=/');
  assert.equal(await whereIs(server.port, '/blogger'), '200 home SCRIPT_NAME= PATH_INFO=/blogger');
  assert.equal(await whereIs(server.port, '/blog'), '200 blog-ts SCRIPT_NAME=/blog PATH_INFO=');
});

test('an apps directory that is one application serves it at the root', needs('python3'), async () => {
  using folder = appsFolder({ alone: '' });
  folder.write('alone/templates/app.py', 'raise SystemExit("this is no application of its own")\n');
  await using server = await serveApps(`${folder.path}/alone`);
  assert.equal(await whereIs(server.port, '/alone'), '200 alone SCRIPT_NAME= PATH_INFO=/alone');
});
