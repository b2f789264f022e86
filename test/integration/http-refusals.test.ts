/** What is ambiguous is refused and the connection closed, never repaired (RFC 9112). The app is TypeScript; none of it reaches one. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CLIENT_ERRORS } from '../../src/errors.ts';
import { METRICS } from '../../src/observe/metrics.ts';
import { adminPort, scrape } from '../support/admin.ts';
import { serveHttpApp } from '../support/http-app.ts';
import type { RunningServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { get, header, Wire } from '../support/wire.ts';

const HOST = 'Host: test\r\n';
const post = (fields: string, body = '') => `POST /smuggled HTTP/1.1\r\n${HOST}${fields}\r\n\r\n${body}`;

/** Refusals for what a connection does, not for what it says: http-timeouts.test.ts and bodies-requests.test.ts. */
const OF_CONNECTION = ['HEAD_TIMEOUT', 'BODY_TIMEOUT', 'BODY_TOO_SLOW', 'BODY_TRUNCATED'];
const chunked = (bytes: string) => post('Transfer-Encoding: chunked', bytes);

/** Each code of the codec once at least; every case there is stands in test/unit/http/cases. */
const REFUSED: readonly (readonly [name: string, answer: string, request: string])[] = [
  [
    'both framings (6.1)',
    '400 LENGTH_AND_CODING',
    post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  ],
  [
    'both framings, the other way round',
    '400 LENGTH_AND_CODING',
    post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'),
  ],
  [
    'a transfer coding that is not known (6.1)',
    '501 TRANSFER_CODING_UNKNOWN',
    post('Transfer-Encoding: gzip, chunked'),
  ],
  ['chunked twice', '400 TRANSFER_CODING_INVALID', post('Transfer-Encoding: chunked, chunked')],
  ['a transfer coding that only looks like chunked', '400 CONTROL_CHARACTER', post('Transfer-Encoding: \x0bchunked')],
  [
    'Transfer-Encoding in HTTP/1.0',
    '400 TRANSFER_CODING_IN_1_0',
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a Content-Length with a sign (RFC 9110, 8.6)', '400 CONTENT_LENGTH_INVALID', post('Content-Length: +5', 'hello')],
  ['a Content-Length in hexadecimal', '400 CONTENT_LENGTH_INVALID', post('Content-Length: 0x5', 'hello')],
  ['an empty Content-Length', '400 CONTENT_LENGTH_INVALID', post('Content-Length: ', 'hello')],
  ['a list as Content-Length', '400 CONTENT_LENGTH_INVALID', post('Content-Length: 5, 5', 'hello')],
  ['two Content-Lengths', '400 CONTENT_LENGTH_REPEATED', post('Content-Length: 5\r\nContent-Length: 5', 'hello')],
  ['two Content-Types', '400 CONTENT_TYPE_REPEATED', post('Content-Type: a/b\r\nContent-Type: a/b')],
  ['a Content-Length beyond what a number holds', '413 BODY_TOO_LARGE', post('Content-Length: 99999999999999999999')],
  ['no Host (3.2)', '400 HOST_MISSING', 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', '400 HOST_REPEATED', post(HOST.trimEnd())],
  ['a Host that is none', '400 HOST_INVALID', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a space before the colon (5.1)', '400 FIELD_NAME_INVALID', post('Content-Length : 5', 'hello')],
  ['a folded field (5.2)', '400 FIELD_FOLDED', post('X-A: b\r\n c')],
  ['a line that ends in LF alone (2.2)', '400 LINE_ENDING_INVALID', `GET / HTTP/1.1\n${HOST}\r\n`],
  ['a field that ends in LF alone', '400 LINE_ENDING_INVALID', `GET / HTTP/1.1\r\nX-A: b\n${HOST}\r\n`],
  ['a bare CR in a field', '400 LINE_ENDING_INVALID', post('X-A: b\rX-C: d')],
  ['a NUL in a field', '400 CONTROL_CHARACTER', post('X-A: b\0c')],
  ['a field without a colon', '400 FIELD_NAME_INVALID', post('X-A')],
  ['a field without a name', '400 FIELD_NAME_INVALID', post(': a')],
  ['two spaces in the request line (3)', '400 REQUEST_LINE_INVALID', `GET  / HTTP/1.1\r\n${HOST}\r\n`],
  ['a request line without a version', '400 REQUEST_LINE_INVALID', `GET /\r\n${HOST}\r\n`],
  ['a method that is no token', '400 METHOD_INVALID', `G(T / HTTP/1.1\r\n${HOST}\r\n`],
  ['another major version', '505 VERSION_UNSUPPORTED', `GET / HTTP/2.0\r\n${HOST}\r\n`],
  ['a version in lower case', '400 REQUEST_LINE_INVALID', `GET / http/1.1\r\n${HOST}\r\n`],
  ['the preface of HTTP/2', '505 VERSION_UNSUPPORTED', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a TLS handshake, at once', '400 REQUEST_LINE_INVALID', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a tunnel', '501 CONNECT_UNSUPPORTED', `CONNECT test:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['a target with a fragment', '400 TARGET_INVALID', `GET /a#b HTTP/1.1\r\n${HOST}\r\n`],
  ['a relative target', '400 TARGET_FORM_INVALID', `GET a HTTP/1.1\r\n${HOST}\r\n`],
  [
    'an https target on a plain connection (RFC 9110, 7.4)',
    '421 SCHEME_MISDIRECTED',
    `GET https://a/ HTTP/1.1\r\n${HOST}\r\n`,
  ],
  ['a malformed percent-encoding (RFC 3986, 2.1)', '400 PATH_ENCODING_INVALID', get('/%zz')],
  ['an encoded NUL', '400 PATH_NUL', get('/%00')],
  ['an expectation that is not known', '417 EXPECTATION_UNKNOWN', post('Expect: 200-ok')],
  ['a request line that is too long', '414 REQUEST_LINE_TOO_LONG', get(`/${'a'.repeat(8200)}`)],
  ['too many fields', '431 TOO_MANY_FIELDS', get('/', ...Array.from({ length: 100 }, (_, at) => `X-${at}: a`))],
  ['fields that are too large', '431 FIELDS_TOO_LARGE', get('/', `X: ${'a'.repeat(65536)}`)],
  ['a chunk size that is none (7.1)', '400 CHUNK_SIZE_INVALID', chunked('x\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size with 0x', '400 CHUNK_SIZE_INVALID', chunked('0x5\r\nhello\r\n0\r\n\r\n')],
  ['a negative chunk size', '400 CHUNK_SIZE_INVALID', chunked('-5\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size beyond what a number holds', '400 CHUNK_SIZE_INVALID', chunked('fffffffffffffffff\r\n')],
  ['chunks beyond the limit of the body', '413 BODY_TOO_LARGE', chunked('fffffffff\r\n')],
  ['a chunk extension that is none (7.1.1)', '400 CHUNK_EXTENSION_INVALID', chunked('5;=\r\nhello\r\n0\r\n\r\n')],
  [
    'a chunk extension that is too long',
    '400 CHUNK_EXTENSION_TOO_LONG',
    chunked(`5;${'e'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`),
  ],
  ['a chunk longer than its size', '400 CHUNK_END_INVALID', chunked('4\r\nhello\r\n0\r\n\r\n')],
  ['a chunk size line that ends in LF alone', '400 LINE_ENDING_INVALID', chunked('5\nhello\n0\n\n')],
  ['a trailer that is no field', '400 FIELD_NAME_INVALID', chunked('0\r\nno field\r\n\r\n')],
];

describe('requests that are refused', () => {
  let server: RunningServer & { port: number };
  before(async () => {
    server = await serveHttpApp('app.ts', '--admin-bind=127.0.0.1:0');
  });
  after(() => server?.[Symbol.asyncDispose]());

  for (const [name, answer, request] of REFUSED) {
    it(`${name} is ${answer}, and nothing behind it is read`, async () => {
      using wire = await Wire.open(server.port);
      const { status, headers } = await wire.send(request + get('/behind')).answer();
      assert.equal(status, Number(answer.slice(0, 3)));
      assert.deepEqual(
        headers.filter(([key]) => key === 'connection'),
        [['connection', 'close']],
      );
      assert.equal((await wire.rest()).length, 0);
    });
  }

  it('each of them is logged with its code, and none has reached the app', async () => {
    using wire = await Wire.open(server.port);
    assert.equal((await wire.send(get('/last')).answer()).status, 200);
    await server.record(({ path }) => path === '/last', 'the access record of the last request');
    const called = server.records.filter(({ kind, status }) => kind === 'access' && status === 200);
    const refused = server.records.filter(({ kind }) => kind === 'refused');
    assert.deepEqual(
      refused.map(({ status, code }) => `${status} ${code}`),
      REFUSED.map(([, answer]) => answer),
    );
    assert.deepEqual(
      called.map(({ path }) => path),
      ['/last'],
    );
  });

  it('each of them is counted by its code, and by no other', async () => {
    const port = await adminPort(server);
    const { name } = METRICS.refused;
    const counted = await until(async () => {
      const figures = await scrape(port);
      return figures.sum(name) >= REFUSED.length ? figures : undefined;
    }, 'all refusals among the figures');
    for (const code of Object.keys(CLIENT_ERRORS)) {
      const times = REFUSED.filter(([, answer]) => answer.endsWith(` ${code}`)).length;
      assert.equal(counted.value(name, { code }), times, code);
      if (!OF_CONNECTION.includes(code)) assert(times > 0, `no case is refused as ${code}`);
    }
  });

  it('trailers are read, and are no part of the environ', async () => {
    using wire = await Wire.open(server.port);
    const trailers = 'Host: evil\r\nContent-Length: 99\r\nX-Request-Id: evil\r\n';
    const answer = await wire.send(`${chunked(`5\r\nhello\r\n0\r\n${trailers}\r\n`)}${get('/behind')}`).answer();
    assert.deepEqual([answer.status, answer.body.toString()], [200, '/smuggled']);
    assert.notEqual(header(answer, 'x-request-id'), 'evil');
    assert.equal((await wire.answer()).body.toString(), '/behind');
  });
});
