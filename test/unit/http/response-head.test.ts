import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, delimit, serializeHead } from '../../../src/http/response-head.ts';
import type { Head, Header } from '../../../src/wsgi/types.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';

function head(code: number, length?: number, headers: Header[] = []): Head {
  return { status: `${code} Reason`, code, headers, length };
}

function asked(method = 'GET', version: Asked['version'] = 'HTTP/1.1', keepAlive = true): Asked {
  return { method, version, keepAlive };
}

const DELIMITED = [
  ['a length known', head(200, 5), asked(), 'length', true],
  ['a length of 0', head(200, 0), asked(), 'length', true],
  ['no length', head(200), asked(), 'chunked', true],
  ['no length, and the client closes', head(200), asked('GET', 'HTTP/1.1', false), 'chunked', false],
  ['no length in HTTP/1.0', head(200), asked('GET', 'HTTP/1.0'), 'close', false],
  ['a length in HTTP/1.0', head(200, 5), asked('GET', 'HTTP/1.0'), 'length', true],
  ['HEAD', head(200), asked('HEAD'), 'none', true],
  ['HEAD with a length', head(200, 5), asked('HEAD'), 'none', true],
  ['HEAD in HTTP/1.0', head(200), asked('HEAD', 'HTTP/1.0'), 'none', true],
  ['204', head(204), asked(), 'none', true],
  ['304 with a length', head(304, 5), asked(), 'none', true],
  ['205', head(205), asked(), 'chunked', true],
] as const;

test('how a body ends follows from the response and the request (RFC 9112, 6.3)', async (t) => {
  for (const [name, response, request, body, keepAlive] of DELIMITED) {
    await t.test(`${name}: ${body}`, () => {
      assert.deepEqual(delimit(response, request, false), { body, keepAlive });
      assert.deepEqual(delimit(response, request, true), { body, keepAlive: false });
    });
  }
});

const SERIALIZED = [
  ['a length', head(200, 5, [['Content-Length', '5']]), asked(), ['Content-Length: 5', `Date: ${DATE}`]],
  ['chunks', head(200), asked(), [`Date: ${DATE}`, 'Transfer-Encoding: chunked']],
  ['the end of the connection', head(200), asked('GET', 'HTTP/1.0'), [`Date: ${DATE}`, 'Connection: close']],
  [
    'HTTP/1.0 kept alive',
    head(200, 0, [['Content-Length', '0']]),
    asked('GET', 'HTTP/1.0'),
    ['Content-Length: 0', `Date: ${DATE}`, 'Connection: keep-alive'],
  ],
  ['a client that closes', head(204), asked('GET', 'HTTP/1.1', false), [`Date: ${DATE}`, 'Connection: close']],
  ['HEAD of unknown length', head(200), asked('HEAD'), [`Date: ${DATE}`]],
  ['a date of the application', head(204, undefined, [['dAte', 'then']]), asked(), ['dAte: then']],
  [
    'cookies in their order',
    head(204, undefined, [
      ['Set-Cookie', 'b=1'],
      ['Set-Cookie', 'a=2'],
    ]),
    asked(),
    ['Set-Cookie: b=1', 'Set-Cookie: a=2', `Date: ${DATE}`],
  ],
] as const;

test('a head on the wire', async (t) => {
  for (const [name, response, request, lines] of SERIALIZED) {
    await t.test(name, () => {
      const text = serializeHead(response, request, delimit(response, request, false), DATE);
      assert.equal(text, [`HTTP/1.1 ${response.code} Reason`, ...lines, '', ''].join('\r\n'));
    });
  }
});
