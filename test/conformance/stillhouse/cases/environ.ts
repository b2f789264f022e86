import assert from 'node:assert/strict';
import { ask } from '../../../support/wire.ts';
import type { Exchange } from '../exchange.ts';
import type { Row } from '../rows.ts';
import type { Case, Theme } from '../suite.ts';

type Options = NonNullable<Parameters<Exchange['request']>[1]>;

/** The environ that the app saw: strings of latin-1 characters, and flags. */
async function environ(exchange: Exchange, target: string, options: Options = {}): Promise<Record<string, unknown>> {
  return JSON.parse(await exchange.text(target, options)) as Record<string, unknown>;
}

interface Expected {
  readonly [key: string]: string | boolean | undefined;
}

/** A request, and what stands in its environ; undefined: no such key. */
function has(row: Row, name: string, target: string, expected: Expected, options: Options = {}): Case {
  return {
    row,
    name,
    async run(exchange) {
      const seen = await environ(exchange, target, options);
      for (const [key, value] of Object.entries(expected)) assert.equal(seen[key], value, key);
    },
  };
}

function refused(row: Row, name: string, target: string, options: Options = {}): Case {
  return {
    row,
    name: `${name} is 400, and the app is not called`,
    async run(exchange) {
      const wire = await exchange.open();
      const answer = await wire.send(exchange.request(target, options)).answer();
      assert.equal(answer.status, 400);
      await wire.closed();
      assert.deepEqual(await exchange.saidAll(), []);
    },
  };
}

const headers = (...given: string[]): Options => ({ headers: given });

const PATHS: readonly (readonly [target: string, path: string, why: string])[] = [
  ['/', '/', 'the root'],
  ['/a%2Fb%25', '/a/b%', 'decoded, the slash too'],
  ['/%2541', '/%41', 'decoded once'],
  ['/caf%C3%A9', '/caf\xc3\xa9', 'UTF-8 as its bytes'],
  ['/%ff%FE', '/\xff\xfe', 'bytes that are no UTF-8'],
  ['//a//b/', '//a//b/', 'slashes are never collapsed'],
  ['/a/../b/./c', '/a/../b/./c', 'dots are the app’s business'],
  ['/a+b', '/a+b', 'a plus is a plus'],
  ['/a%0D%0Ab', '/a\r\nb', 'CR and LF are data'],
  ['http://test/absolute?x', '/absolute', 'of the absolute form'],
  ['http://test', '/', 'of the absolute form without a path'],
];

export const ENVIRON: Theme = {
  app: 'environ',
  title: 'environ',
  cases: [
    ...PATHS.map(([target, path, why]) =>
      has('PATH_INFO', `${target} (${why})`, target, { PATH_INFO: path, SCRIPT_NAME: '', RAW_URI: target }),
    ),
    has('PATH_INFO', 'QUERY_STRING is raw', '/p?a=%20b&c=+%zz?/', { PATH_INFO: '/p', QUERY_STRING: 'a=%20b&c=+%zz?/' }),
    has('PATH_INFO', 'QUERY_STRING may be empty', '/p?', { PATH_INFO: '/p', QUERY_STRING: '', RAW_URI: '/p?' }),
    has('PATH_INFO', 'QUERY_STRING is there without a query', '/p', { QUERY_STRING: '' }),
    refused('PATH_INFO', 'a NUL that would forge REMOTE_USER', '/x%00REMOTE_USER%00admin'),
    refused('PATH_INFO', 'half an encoding', '/a%4'),
    refused('PATH_INFO', 'an encoding that is none', '/a%zz'),
    refused('PATH_INFO', 'a byte that a URI cannot have', '/caf\xe9'),
    refused('PATH_INFO', 'a fragment', '/a#b'),
    ...['PROPFIND', 'M-SEARCH', 'get', "!#$%&'*+-.^_`|~7"].map((method) =>
      has(
        'strings',
        `REQUEST_METHOD is any token, as it came (${method})`,
        '/',
        { REQUEST_METHOD: method },
        { method },
      ),
    ),
    has(
      'strings',
      'SERVER_PROTOCOL is that of the request',
      '/',
      { SERVER_PROTOCOL: 'HTTP/1.0' },
      { version: 'HTTP/1.0' },
    ),
    {
      row: 'strings',
      name: 'server, client and interface',
      async run(exchange) {
        const seen = await environ(exchange, '/');
        assert.equal(seen.SERVER_NAME, '127.0.0.1');
        assert.equal(seen.SERVER_PORT, String(exchange.subject.port));
        assert.equal(seen.SERVER_PROTOCOL, 'HTTP/1.1');
        assert.equal(seen.REMOTE_ADDR, '127.0.0.1');
        assert.match(String(seen.REMOTE_PORT), /^[0-9]+$/);
        assert.equal(seen['wsgi.url_scheme'], 'http');
        assert.deepEqual(seen['wsgi.version'], [1, 0]);
        assert.equal(seen['wsgi.run_once'], false);
        assert.equal(seen['wsgi.input_terminated'], true);
        assert.deepEqual([seen.CONTENT_TYPE, seen.CONTENT_LENGTH, seen.HTTP_HOST], [undefined, undefined, 'test']);
      },
    },
    has('strings', 'a header value is latin-1', '/', { HTTP_X_NAME: 'caf\xe9 \xff' }, headers('X-Name: caf\xe9 \xff')),
    has(
      'strings',
      'CONTENT_TYPE and CONTENT_LENGTH have no HTTP_',
      '/',
      { CONTENT_TYPE: 'a/b; c=d', CONTENT_LENGTH: '2', HTTP_CONTENT_TYPE: undefined, HTTP_CONTENT_LENGTH: undefined },
      { method: 'POST', headers: ['Content-Type: a/b; c=d', 'content-length: 2'], body: 'ab' },
    ),
    has(
      'strings',
      'white space around a value is not part of it',
      '/',
      { HTTP_X_A: 'a  b' },
      headers('X-A: \t a  b \t'),
    ),
    has('strings', 'the authority of an absolute target is the host', 'http://other:81/', { HTTP_HOST: 'other:81' }),
    has(
      'duplicates',
      'are joined by a comma',
      '/',
      { HTTP_X_A: '1,2,3' },
      headers('X-A: 1', 'X-B: x', 'x-a: 2', 'X-A: 3'),
    ),
    has('duplicates', 'Cookie by a semicolon', '/', { HTTP_COOKIE: 'b=2; a=1' }, headers('Cookie: b=2', 'Cookie: a=1')),
    refused('duplicates', 'a second Host', '/', headers('Host: other')),
    refused('duplicates', 'the same Host twice', '/', headers('Host: test')),
    refused('duplicates', 'a second Content-Length', '/', {
      ...headers('Content-Length: 1', 'Content-Length: 2'),
      body: 'ab',
    }),
    refused('duplicates', 'a list as Content-Length', '/', { ...headers('Content-Length: 2, 2'), body: 'ab' }),
    refused('duplicates', 'a second Content-Type', '/', headers('Content-Type: a/b', 'Content-Type: a/b')),
    has(
      'dropped names',
      'names with an underscore',
      '/',
      { HTTP_X_USER: 'true', CONTENT_LENGTH: undefined },
      headers('X_User: forged', 'X-User: true', 'X_USER: forged', 'Content_Length: 5'),
    ),
    has('dropped names', 'Proxy', '/', { HTTP_PROXY: undefined }, headers('Proxy: http://evil', 'PROXY: http://evil')),
    {
      row: 'strings',
      name: 'the environ is the app’s to change',
      async run(exchange) {
        assert.equal(await exchange.text('/changed'), 'changed');
        assert.equal(await exchange.text('/changed'), 'changed');
      },
    },
    {
      row: 'strings',
      name: 'wsgi.errors has write, writelines and flush, and reaches the log',
      async run(exchange) {
        assert.equal(await exchange.text('/errors'), 'complained');
        await exchange.complaint(/^written, in parts$/m);
        await exchange.complaint(/^and flushed$/m);
      },
    },
    {
      row: 'strings',
      name: 'no variable of the server’s own environment is in it',
      async run(exchange) {
        const keys = Object.keys(await environ(exchange, '/'));
        assert.deepEqual(
          keys.filter((key) => ['PATH', 'HOME', 'REMOTE_USER', 'HTTP_PROXY'].includes(key)),
          [],
        );
      },
    },
    {
      row: 'duplicates',
      name: 'no Host at all is 400, but for HTTP/1.0',
      async run(exchange) {
        const answer = (version: string) =>
          ask(exchange.subject.port, `GET / HTTP/${version}\r\nX-Request-Id: ${exchange.id}\r\n\r\n`);
        assert.equal((await answer('1.1')).status, 400);
        assert.equal((await answer('1.0')).status, 200);
      },
    },
  ],
};
