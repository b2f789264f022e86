/** The head of a request by RFC 9112 and RFC 9110, each case whole and a byte at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBothWays, request } from './parse.ts';

const GET = 'GET / HTTP/1.1';
const HOST = 'Host: a';
const POST = 'POST / HTTP/1.1';

type Case = readonly [name: string, section: string, text: string, refused: string | undefined];

const REQUEST_LINE: readonly Case[] = [
  ['the least request', '9112 3', request(GET, HOST), undefined],
  ['an empty line before it', '9112 2.2', `\r\n${request(GET, HOST)}`, undefined],
  ['two empty lines before it', '9112 2.2', `\r\n\r\n${request(GET, HOST)}`, 'REQUEST_LINE_INVALID'],
  ['an LF before it', '9112 2.2', `\n${request(GET, HOST)}`, 'LINE_ENDING_INVALID'],
  ['a space before it', '9112 2.2', ` ${request(GET, HOST)}`, 'REQUEST_LINE_INVALID'],
  ['any token as its method', '9110 9.1', request("M-SEARCH!#$%&'*+.^_`|~09az / HTTP/1.1", HOST), undefined],
  ['a method in lower case', '9110 9.1', request('get / HTTP/1.1', HOST), undefined],
  ['a method with a colon', '9110 9.1', request('G:T / HTTP/1.1', HOST), 'METHOD_INVALID'],
  ['a method with a byte over 127', '9110 9.1', request('G\xc9T / HTTP/1.1', HOST), 'METHOD_INVALID'],
  ['no method', '9112 3', request(' / HTTP/1.1', HOST), 'METHOD_INVALID'],
  ['no target', '9112 3', request('GET HTTP/1.1', HOST), 'REQUEST_LINE_INVALID'],
  ['an empty target', '9112 3', request('GET  HTTP/1.1', HOST), 'TARGET_INVALID'],
  ['two spaces before the target', '9112 3', request('GET  / HTTP/1.1', HOST), 'REQUEST_LINE_INVALID'],
  ['two spaces before the version', '9112 3', request('GET /  HTTP/1.1', HOST), 'REQUEST_LINE_INVALID'],
  ['a space in the target', '9112 3.2', request('GET /a b HTTP/1.1', HOST), 'REQUEST_LINE_INVALID'],
  ['a space after the version', '9112 3', request('GET / HTTP/1.1 ', HOST), 'REQUEST_LINE_INVALID'],
  ['a tab between its parts', '9112 3', request('GET\t/\tHTTP/1.1', HOST), 'REQUEST_LINE_INVALID'],
  ['no version (HTTP/0.9)', '9112 2.3', 'GET /\r\n\r\n', 'REQUEST_LINE_INVALID'],
  ['HTTP/1.0', '9112 2.3', request('GET / HTTP/1.0'), undefined],
  ['HTTP/1.2', '9110 2.5', request('GET / HTTP/1.2', HOST), 'VERSION_UNSUPPORTED'],
  ['HTTP/2.0', '9113 3.4', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'VERSION_UNSUPPORTED'],
  ['HTTP/0.9 written out', '9112 2.3', request('GET / HTTP/0.9', HOST), 'VERSION_UNSUPPORTED'],
  ['a version in lower case', '9112 2.3', request('GET / http/1.1', HOST), 'REQUEST_LINE_INVALID'],
  ['a version of two digits', '9112 2.3', request('GET / HTTP/1.10', HOST), 'REQUEST_LINE_INVALID'],
  ['a version without its minor', '9112 2.3', request('GET / HTTP/1', HOST), 'REQUEST_LINE_INVALID'],
  ['a CR alone at its end', '9112 2.2', 'GET / HTTP/1.1\rHost: a\r\n\r\n', 'LINE_ENDING_INVALID'],
  ['an LF alone at its end', '9112 2.2', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 'LINE_ENDING_INVALID'],
  ['LF alone everywhere', '9112 2.2', 'GET / HTTP/1.1\nHost: a\n\n', 'LINE_ENDING_INVALID'],
  ['two CR before an LF', '9112 2.2', 'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n', 'LINE_ENDING_INVALID'],
  ['a NUL in the method', '9110 5.5', request('G\0T / HTTP/1.1', HOST), 'CONTROL_CHARACTER'],
  ['the first bytes of TLS', '9112 3', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n', 'CONTROL_CHARACTER'],
];

const TARGET: readonly Case[] = [
  ['the path and query of an origin form', '9112 3.2.1', request('GET /a/b?c=d&e HTTP/1.1', HOST), undefined],
  ['two question marks', '3986 3.4', request('GET /a?b?c HTTP/1.1', HOST), undefined],
  ['slashes one after the other', '9112 3.2.1', request('GET //a//b HTTP/1.1', HOST), undefined],
  ['a malformed percent-encoding in its query', '3986 2.1', request('GET /?%zz HTTP/1.1', HOST), undefined],
  ['no slash at its begin', '9112 3.2', request('GET a HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
  ['only a query', '9112 3.2', request('GET ?a HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
  ['a fragment', '9112 3.2', request('GET /a#b HTTP/1.1', HOST), 'TARGET_INVALID'],
  ['a byte over 127', '3986 2', request('GET /caf\xc3\xa9 HTTP/1.1', HOST), 'TARGET_INVALID'],
  ['a DEL', '3986 2', request('GET /\x7f HTTP/1.1', HOST), 'CONTROL_CHARACTER'],
  ['a NUL', '3986 2', request('GET /\0 HTTP/1.1', HOST), 'CONTROL_CHARACTER'],
  ['a tab', '3986 2', request('GET /a\tb HTTP/1.1', HOST), 'TARGET_INVALID'],
  ['an absolute form', '9112 3.2.2', request('GET http://b:81/c?d HTTP/1.1', HOST), undefined],
  ['an absolute form of https', '9112 3.2.2', request('GET HTTPS://b/ HTTP/1.1', HOST), undefined],
  ['an absolute form without a path', '9112 3.2.2', request('GET http://b HTTP/1.1', HOST), undefined],
  ['an absolute form with a query alone', '9112 3.2.2', request('GET http://b?c HTTP/1.1', HOST), undefined],
  ['an absolute form of IPv6', '9110 7.2', request('GET http://[::1]:80/ HTTP/1.1', HOST), undefined],
  ['an absolute form without Host beside it', '9112 3.2.2', request('GET http://b/ HTTP/1.1'), 'HOST_MISSING'],
  ['an absolute form with user information', '9110 4.2.4', request('GET http://u@b/ HTTP/1.1', HOST), 'HOST_INVALID'],
  ['an absolute form without a host', '9110 4.2.1', request('GET http:///a HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
  ['an absolute form with a port alone', '9110 4.2.1', request('GET http://:80/ HTTP/1.1', HOST), 'HOST_INVALID'],
  ['an absolute form of another scheme', '9112 3.2.2', request('GET ftp://b/ HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
  ['an asterisk with OPTIONS', '9112 3.2.4', request('OPTIONS * HTTP/1.1', HOST), undefined],
  ['an asterisk with GET', '9112 3.2.4', request('GET * HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
  ['an authority with GET', '9112 3.2.3', request('GET b:80 HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
  ['CONNECT with an authority', '9110 9.3.6', request('CONNECT b:443 HTTP/1.1', HOST), 'CONNECT_UNSUPPORTED'],
  ['CONNECT with a path', '9112 3.2.3', request('CONNECT /a HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
  ['CONNECT without a port', '9112 3.2.3', request('CONNECT b HTTP/1.1', HOST), 'TARGET_FORM_INVALID'],
];

const FIELDS: readonly Case[] = [
  ['white space around a value', '9112 5.1', request(GET, HOST, 'X: \t b c \t'), undefined],
  ['no white space', '9112 5.1', request(GET, 'Host:a', 'X:b'), undefined],
  ['an empty value', '9110 5.5', request(GET, HOST, 'X:'), undefined],
  ['a value of white space alone', '9110 5.5', request(GET, HOST, 'X: \t '), undefined],
  ['a colon in a value', '9110 5.5', request(GET, HOST, 'X: a:b'), undefined],
  ['bytes over 127 in a value', '9110 5.5', request(GET, HOST, 'X: caf\xe9'), undefined],
  ['a tab in a value', '9110 5.5', request(GET, HOST, 'X: a\tb'), undefined],
  ['a NUL in a value', '9110 5.5', request(GET, HOST, 'X: a\0b'), 'CONTROL_CHARACTER'],
  ['a DEL in a value', '9110 5.5', request(GET, HOST, 'X: a\x7fb'), 'CONTROL_CHARACTER'],
  ['an escape in a value', '9110 5.5', request(GET, HOST, 'X: \x1b[2J'), 'CONTROL_CHARACTER'],
  ['a CR in a value', '9110 5.5', request(GET, HOST, 'X: a\rb'), 'LINE_ENDING_INVALID'],
  ['an LF in a value', '9112 2.2', request(GET, HOST, 'X: a\nTransfer-Encoding: chunked'), 'LINE_ENDING_INVALID'],
  ['a space before the colon', '9112 5.1', request(GET, HOST, 'X : b'), 'FIELD_NAME_INVALID'],
  ['a tab before the colon', '9112 5.1', request(GET, HOST, 'X\t: b'), 'FIELD_NAME_INVALID'],
  ['no colon', '9112 5', request(GET, HOST, 'X'), 'FIELD_NAME_INVALID'],
  ['an empty name', '9112 5', request(GET, HOST, ': b'), 'FIELD_NAME_INVALID'],
  ['a name that is no token', '9110 5.1', request(GET, HOST, 'X(Y): b'), 'FIELD_NAME_INVALID'],
  ['a name with a byte over 127', '9110 5.1', request(GET, HOST, 'X\xe9: b'), 'FIELD_NAME_INVALID'],
  ['a folded line', '9112 5.2', request(GET, HOST, 'X: a', ' b'), 'FIELD_FOLDED'],
  ['a line folded by a tab', '9112 5.2', request(GET, HOST, 'X: a', '\tb'), 'FIELD_FOLDED'],
  ['a space before the first field', '9112 2.2', request(GET, ' Host: a'), 'FIELD_FOLDED'],
  ['an underscore in a name', '9110 5.1', request(GET, HOST, 'Content_Length: 5'), undefined],
];

const MEANING: readonly Case[] = [
  ['no Host in HTTP/1.1', '9112 3.2', request(GET), 'HOST_MISSING'],
  ['no Host in HTTP/1.0', '9112 3.2', request('GET / HTTP/1.0'), undefined],
  ['two Hosts', '9112 3.2', request(GET, HOST, HOST), 'HOST_REPEATED'],
  ['two Hosts in HTTP/1.0', '9112 3.2', request('GET / HTTP/1.0', HOST, 'hOST: b'), 'HOST_REPEATED'],
  ['an empty Host', '9112 3.2', request(GET, 'Host:'), undefined],
  ['a Host with a port', '9110 7.2', request(GET, 'Host: a.example:8000'), undefined],
  ['a Host of IPv6', '9110 7.2', request(GET, 'Host: [2001:db8::1]:8000'), undefined],
  ['a Host with a space', '9110 7.2', request(GET, 'Host: a b'), 'HOST_INVALID'],
  ['a Host with a path', '9110 7.2', request(GET, 'Host: a/b'), 'HOST_INVALID'],
  ['a Host with user information', '9110 7.2', request(GET, 'Host: u@a'), 'HOST_INVALID'],
  ['a Host with a port of letters', '9110 7.2', request(GET, 'Host: a:b'), 'HOST_INVALID'],
  ['a Host of IPv6 without its end', '9110 7.2', request(GET, 'Host: [::1'), 'HOST_INVALID'],
  [
    'two Content-Types',
    '9110 8.3',
    request(POST, HOST, 'Content-Type: a/b', 'Content-Type: a/b'),
    'CONTENT_TYPE_REPEATED',
  ],
  ['Expect: 100-continue', '9110 10.1.1', request(POST, HOST, 'Expect: 100-Continue'), undefined],
  ['another expectation', '9110 10.1.1', request(POST, HOST, 'Expect: 200-ok'), 'EXPECTATION_UNKNOWN'],
  ['another expectation in HTTP/1.0', '9110 10.1.1', request('GET / HTTP/1.0', 'Expect: 200-ok'), undefined],
];

for (const [title, cases] of Object.entries({
  'the request line': REQUEST_LINE,
  'the target': TARGET,
  fields: FIELDS,
  'what fields mean': MEANING,
})) {
  test(`${title}: what is accepted, and what is refused`, async (t) => {
    for (const [name, section, text, refused] of cases) {
      await t.test(
        `${name} is ${refused === undefined ? 'accepted' : `refused as ${refused}`} (RFC ${section.replace(' ', ', ')})`,
        () => {
          const outcome = parseBothWays(text);
          assert.equal(outcome.refused, refused);
          assert.deepEqual(
            outcome.requests.map(({ trailers }) => trailers),
            refused === undefined ? [[]] : [],
          );
        },
      );
    }
  });
}

test('an accepted head says what came, byte for byte', () => {
  const [only] = parseBothWays(
    request('POST /a%2Fb?c=%64 HTTP/1.1', 'Host: x:1', 'cOOKIE: \t a=1 ', 'X-E: \xe9'),
  ).requests;
  assert.deepEqual(only?.head.head, {
    method: 'POST',
    target: '/a%2Fb?c=%64',
    path: '/a%2Fb',
    query: 'c=%64',
    version: 'HTTP/1.1',
    fields: ['Host', 'x:1', 'cOOKIE', 'a=1', 'X-E', '\xe9'],
    authority: undefined,
  });
});

test('an absolute form gives its authority, path and query', async (t) => {
  const forms = [
    ['http://b:81/c?d', 'b:81', '/c', 'd'],
    ['http://b', 'b', '/', ''],
    ['http://b?c/d', 'b', '/', 'c/d'],
    ['HTTP://B//', 'B', '//', ''],
  ] as const;
  for (const [target, authority, path, query] of forms) {
    await t.test(target, () => {
      const head = parseBothWays(request(`GET ${target} HTTP/1.1`, HOST)).requests[0]?.head.head;
      assert.deepEqual([head?.authority, head?.path, head?.query, head?.target], [authority, path, query, target]);
    });
  }
});

test('whether the connection goes on is read from the version and Connection (RFC 9112, 9.3)', async (t) => {
  const cases = [
    ['HTTP/1.1', undefined, true],
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.1', 'Keep-Alive', true],
    ['HTTP/1.1', 'keep-alive, CLOSE', false],
    ['HTTP/1.1', 'upgrade , close', false],
    ['HTTP/1.1', 'closed', true],
    ['HTTP/1.0', undefined, false],
    ['HTTP/1.0', 'keep-alive', true],
    ['HTTP/1.0', 'keep-alive, close', false],
  ] as const;
  for (const [version, connection, keepAlive] of cases) {
    await t.test(`${version}, Connection: ${connection ?? 'not there'}`, () => {
      const fields = connection === undefined ? [HOST] : [HOST, `Connection: ${connection}`];
      assert.equal(
        parseBothWays(request(`GET / ${version}`, ...fields)).requests[0]?.head.framing.keepAlive,
        keepAlive,
      );
    });
  }
  await t.test('close in a second Connection field', () => {
    const { requests } = parseBothWays(request(GET, HOST, 'Connection: te', 'Connection: close'));
    assert.equal(requests[0]?.head.framing.keepAlive, false);
  });
});

test('100-continue is expected only where the client may be told (RFC 9110, 10.1.1)', () => {
  const expects = (version: string) =>
    parseBothWays(request(`POST / ${version}`, HOST, 'Expect: 100-continue', 'Content-Length: 0')).requests[0]?.head
      .framing.expectsContinue;
  assert.equal(expects('HTTP/1.1'), true);
  assert.equal(expects('HTTP/1.0'), false);
});
