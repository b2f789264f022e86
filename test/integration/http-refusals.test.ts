/** What is ambiguous is refused and the connection closed, never repaired (RFC 9112). The app is TypeScript; none of it reaches one. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serveHttpApp } from '../support/http-app.ts';
import type { RunningServer } from '../support/server.ts';
import { get, Wire } from '../support/wire.ts';

const HOST = 'Host: test\r\n';
const post = (fields: string, body = '') => `POST /smuggled HTTP/1.1\r\n${HOST}${fields}\r\n\r\n${body}`;

const REFUSED: readonly (readonly [name: string, status: number, request: string])[] = [
  ['both framings (6.1)', 400, post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
  ['both framings, the other way round', 400, post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n')],
  ['a transfer coding that is not known (6.1)', 501, post('Transfer-Encoding: gzip, chunked')],
  ['chunked twice', 400, post('Transfer-Encoding: chunked, chunked')],
  ['a transfer coding that only looks like chunked', 400, post('Transfer-Encoding: \x0bchunked')],
  ['Transfer-Encoding in HTTP/1.0', 400, 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a Content-Length with a sign (RFC 9110, 8.6)', 400, post('Content-Length: +5', 'hello')],
  ['a Content-Length in hexadecimal', 400, post('Content-Length: 0x5', 'hello')],
  ['an empty Content-Length', 400, post('Content-Length: ', 'hello')],
  ['a Content-Length beyond what a number holds', 413, post('Content-Length: 99999999999999999999')],
  ['a space before the colon (5.1)', 400, post('Content-Length : 5', 'hello')],
  ['a folded field (5.2)', 400, post('X-A: b\r\n c')],
  ['a line that ends in LF alone (2.2)', 400, `GET / HTTP/1.1\n${HOST}\r\n`],
  ['a field that ends in LF alone', 400, `GET / HTTP/1.1\r\nX-A: b\n${HOST}\r\n`],
  ['a bare CR in a field', 400, post('X-A: b\rX-C: d')],
  ['a NUL in a field', 400, post('X-A: b\0c')],
  ['a field without a colon', 400, post('X-A')],
  ['a field without a name', 400, post(': a')],
  ['two spaces in the request line (3)', 400, `GET  / HTTP/1.1\r\n${HOST}\r\n`],
  ['a request line without a version', 400, `GET /\r\n${HOST}\r\n`],
  ['a method that is no token', 400, `G(T / HTTP/1.1\r\n${HOST}\r\n`],
  ['another major version', 505, `GET / HTTP/2.0\r\n${HOST}\r\n`],
  ['a version in lower case', 400, `GET / http/1.1\r\n${HOST}\r\n`],
  ['the preface of HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a TLS handshake', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['a tunnel', 501, `CONNECT test:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['a target that is no URI', 400, `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
  ['a relative target', 400, `GET a HTTP/1.1\r\n${HOST}\r\n`],
  ['a Host that is none', 400, 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a chunk size that is none (7.1)', 400, post('Transfer-Encoding: chunked', 'x\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size with 0x', 400, post('Transfer-Encoding: chunked', '0x5\r\nhello\r\n0\r\n\r\n')],
  ['a negative chunk size', 400, post('Transfer-Encoding: chunked', '-5\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size beyond what a number holds', 400, post('Transfer-Encoding: chunked', 'fffffffffffffffff\r\n')],
  ['a chunk longer than its size', 400, post('Transfer-Encoding: chunked', '4\r\nhello\r\n0\r\n\r\n')],
  ['a chunk that ends in LF alone', 400, post('Transfer-Encoding: chunked', '5\nhello\n0\n\n')],
  ['a trailer that is no field', 400, post('Transfer-Encoding: chunked', '0\r\nno field\r\n\r\n')],
];

describe('requests that are refused', () => {
  let server: RunningServer & { port: number };
  before(async () => {
    server = await serveHttpApp('app.ts');
  });
  after(() => server?.[Symbol.asyncDispose]());

  for (const [name, status, request] of REFUSED) {
    it(`${name} is ${status}, and nothing behind it is read`, async () => {
      using wire = await Wire.open(server.port);
      const answer = await wire.send(request + get('/behind')).answer();
      assert.equal(answer.status, status);
      assert.equal((await wire.rest()).length, 0);
    });
  }

  it('each of them is logged, and none has reached the app', async () => {
    using wire = await Wire.open(server.port);
    assert.equal((await wire.send(get('/last')).answer()).status, 200);
    await server.record(({ path }) => path === '/last', 'the access record of the last request');
    const called = server.records.filter(({ kind, status }) => kind === 'access' && status === 200);
    const refused = server.records.filter(({ kind }) => kind === 'refused');
    assert.deepEqual(
      refused.map(({ status }) => status),
      REFUSED.map(([, status]) => status),
    );
    assert.deepEqual(
      called.map(({ path }) => path),
      ['/last'],
    );
  });
});
