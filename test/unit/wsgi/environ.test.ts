/** The environ, key by key (PEP 3333, "environ Variables"; RFC 3875). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePath, fromNative, makeEnviron, toNative } from '../../../src/wsgi/environ.ts';
import { fieldKey } from '../../../src/wsgi/field-names.ts';
import { fileWrapper } from '../../../src/wsgi/file-wrapper.ts';
import { Input } from '../../../src/wsgi/input.ts';
import { environ, PEER, requestHead, SILENT } from './fake.ts';

test('an environ holds these keys, and no other', () => {
  const input = Input.of(new Uint8Array(0));
  const gone = () => true;
  const fields = ['Host', 'a:1', 'Content-Type', 'text/plain', 'Content-Length', '0', 'X-Some-Thing', '\xe9'];
  const head = requestHead({
    method: 'POST',
    target: '/a%2Fb?c=%64',
    path: '/a%2Fb',
    query: 'c=%64',
    version: 'HTTP/1.0',
    fields,
  });
  const flags = { multithread: true, multiprocess: false, errors: SILENT };
  assert.deepEqual(makeEnviron(head, { ...PEER, scheme: 'https', gone }, flags, input), {
    REQUEST_METHOD: 'POST',
    SCRIPT_NAME: '',
    PATH_INFO: '/a/b',
    QUERY_STRING: 'c=%64',
    SERVER_NAME: 'example.org',
    SERVER_PORT: '8051',
    SERVER_PROTOCOL: 'HTTP/1.0',
    REMOTE_ADDR: '192.0.2.1',
    REMOTE_PORT: '4711',
    RAW_URI: '/a%2Fb?c=%64',
    HTTP_HOST: 'a:1',
    CONTENT_TYPE: 'text/plain',
    CONTENT_LENGTH: '0',
    HTTP_X_SOME_THING: '\xe9',
    'wsgi.version': [1, 0],
    'wsgi.url_scheme': 'https',
    'wsgi.input': input,
    'wsgi.errors': SILENT,
    'wsgi.multithread': true,
    'wsgi.multiprocess': false,
    'wsgi.run_once': false,
    'wsgi.input_terminated': true,
    'wsgi.file_wrapper': fileWrapper,
    'stillhouse.client_gone': gone,
  });
});

test('a key that has no value is absent', () => {
  const request = environ();
  for (const key of ['CONTENT_TYPE', 'CONTENT_LENGTH', 'HTTP_HOST']) assert(!(key in request), key);
});

test('a path is decoded once, to bytes, and no further', async (t) => {
  const paths = [
    ['/', '/'],
    ['/caf%C3%A9', '/caf\xc3\xa9'],
    ['/%e2%82%ac', '/\xe2\x82\xac'],
    ['/a%2Fb', '/a/b'],
    ['/%2525', '/%25'],
    ['/a+b', '/a+b'],
    ['//a//b/../c/./', '//a//b/../c/./'],
    ['/%0d%0a', '/\r\n'],
    ['/%FF', '/\xff'],
    ['*', '*'],
  ] as const;
  for (const [path, expected] of paths) await t.test(path, () => assert.equal(decodePath(path), expected));
});

test('a path that does not decode is refused', async (t) => {
  const paths = [
    ['/%', 'PATH_ENCODING_INVALID'],
    ['/%4', 'PATH_ENCODING_INVALID'],
    ['/%zz', 'PATH_ENCODING_INVALID'],
    ['/%%41', 'PATH_ENCODING_INVALID'],
    ['/%u0041', 'PATH_ENCODING_INVALID'],
    ['/%00', 'PATH_NUL'],
    ['/x%00REMOTE_USER%00admin', 'PATH_NUL'],
  ] as const;
  for (const [path, code] of paths)
    await t.test(`${path}: ${code}`, () => assert.throws(() => decodePath(path), { code }));
});

test('a field name becomes a key, or is dropped', async (t) => {
  const names = [
    ['Accept', 'HTTP_ACCEPT'],
    ['x-forwarded-for', 'HTTP_X_FORWARDED_FOR'],
    ['content-type', 'CONTENT_TYPE'],
    ['CONTENT-LENGTH', 'CONTENT_LENGTH'],
    ['Content_Length', undefined],
    ['X_Forwarded_For', undefined],
    ['Proxy', undefined],
    ['pROXY', undefined],
    ['Proxy-Authorization', 'HTTP_PROXY_AUTHORIZATION'],
    ['a.b!', 'HTTP_A.B!'],
  ] as const;
  for (const [name, key] of names)
    await t.test(`${name}: ${key ?? 'dropped'}`, () => assert.equal(fieldKey(name), key));
});

test('repeated fields are joined in their order', () => {
  const fields = ['X', 'a', 'Cookie', 'b=1', 'x', '', 'cookie', 'c=2', 'X', 'd'];
  const request = environ({ fields });
  assert.equal(request.HTTP_X, 'a,,d');
  assert.equal(request.HTTP_COOKIE, 'b=1; c=2');
});

test('an underscore cannot pass for a hyphen', () => {
  const request = environ({ fields: ['X-User', 'real', 'X_User', 'forged', 'X_Other', 'forged'] });
  assert.equal(request.HTTP_X_USER, 'real');
  assert(!('HTTP_X_OTHER' in request));
});

test('a Proxy field never becomes HTTP_PROXY (CVE-2016-5385)', () => {
  assert(!('HTTP_PROXY' in environ({ fields: ['Proxy', 'http://evil/'] })));
});

test('the authority of an absolute target overrides Host (RFC 9112, 3.2.2)', () => {
  assert.equal(environ({ fields: ['Host', 'a'], authority: 'b:81' }).HTTP_HOST, 'b:81');
});

test('an https target is refused where the connection is not secured (RFC 9110, 7.4)', () => {
  const request = { target: 'HTTPS://b/', authority: 'b' };
  assert.throws(() => environ(request), { code: 'SCHEME_MISDIRECTED' });
  assert.equal(environ(request, '', { scheme: 'https' }).HTTP_HOST, 'b');
  assert.equal(environ({ target: 'http://b/', authority: 'b' }, '', { scheme: 'https' }).HTTP_HOST, 'b');
});

test('native strings hold the bytes of UTF-8, and give the text back', () => {
  assert.equal(toNative('€'), '\xe2\x82\xac');
  assert.equal(fromNative('\xe2\x82\xac'), '€');
  assert.equal(fromNative(toNative('aé€𐍈\0')), 'aé€𐍈\0');
});
