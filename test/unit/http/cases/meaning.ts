/** Host, Connection and Expect: what the request is for, and what becomes of its connection. */
import { request } from '../parse.ts';
import { ACCEPTED, type Case, GET, HOST, POST } from './case.ts';

const host = (value: string) => request(GET, `Host: ${value}`);
const named = (HTTP_HOST: string) => [{ environ: { HTTP_HOST } }];

const HOSTS: readonly Case[] = [
  ['no Host in HTTP/1.1', 'RFC 9112, 3.2', request(GET), '400 HOST_MISSING'],
  ['no Host in HTTP/1.0', 'RFC 9112, 3.2', request('GET / HTTP/1.0'), [{ environ: { HTTP_HOST: undefined } }]],
  ['two Hosts', 'RFC 9112, 3.2', request(GET, HOST, HOST), '400 HOST_REPEATED'],
  ['two Hosts in HTTP/1.0', 'RFC 9112, 3.2', request('GET / HTTP/1.0', HOST, 'hOST: b'), '400 HOST_REPEATED'],
  ['an empty Host behind another', 'RFC 9112, 3.2', request(GET, HOST, 'Host:'), '400 HOST_REPEATED'],
  ['an empty Host', 'RFC 9112, 3.2', request(GET, 'Host:'), named('')],
  ['a Host with a port', 'RFC 9110, 7.2', host('a.example:8000'), named('a.example:8000')],
  ['a Host with an empty port', 'RFC 3986, 3.2.3', host('a:'), named('a:')],
  ['a Host of IPv4', 'RFC 9110, 7.2', host('192.0.2.1:80'), named('192.0.2.1:80')],
  ['a Host of IPv6', 'RFC 9110, 7.2', host('[2001:db8::1]:8000'), named('[2001:db8::1]:8000')],
  ['a Host with an underscore', 'RFC 3986, 3.2.2', host('a_b.example'), named('a_b.example')],
  ['a Host that is percent-encoded', 'RFC 3986, 3.2.2', host('%61b'), named('%61b')],
  ['a Host with a malformed percent-encoding', 'RFC 3986, 2.1', host('a%zz'), '400 HOST_INVALID'],
  ['a port without a host', 'RFC 9110, 4.2.1', host(':80'), '400 HOST_INVALID'],
  ['a Host with a space', 'RFC 9110, 7.2', host('a b'), '400 HOST_INVALID'],
  ['two hosts in one Host', 'RFC 9112, 3.2', host('a, b'), '400 HOST_INVALID'],
  ['a Host with a path', 'RFC 9110, 7.2', host('a/b'), '400 HOST_INVALID'],
  ['a Host with a query', 'RFC 9110, 7.2', host('a?b'), '400 HOST_INVALID'],
  ['a Host with a fragment', 'RFC 9110, 7.2', host('a#b'), '400 HOST_INVALID'],
  ['a Host with a backslash', 'RFC 9110, 7.2', host('a\\b'), '400 HOST_INVALID'],
  ['a Host with user information', 'RFC 9110, 7.2', host('u@a'), '400 HOST_INVALID'],
  ['a Host that is a URI', 'RFC 9110, 7.2', host('http://a/'), '400 HOST_INVALID'],
  ['a Host with a port of letters', 'RFC 9110, 7.2', host('a:b'), '400 HOST_INVALID'],
  ['a Host with a port of six digits', 'RFC 9110, 7.2', host('a:123456'), '400 HOST_INVALID'],
  ['a Host with two ports', 'RFC 9110, 7.2', host('a:80:80'), '400 HOST_INVALID'],
  ['a Host of IPv6 without brackets', 'RFC 9110, 7.2', host('::1'), '400 HOST_INVALID'],
  ['a Host of IPv6 without its end', 'RFC 9110, 7.2', host('[::1'), '400 HOST_INVALID'],
  ['a Host with something behind its IPv6', 'RFC 9110, 7.2', host('[::1]a'), '400 HOST_INVALID'],
  ['a Host with a zone', 'RFC 9110, 7.2', host('[fe80::1%25eth0]'), '400 HOST_INVALID'],
  ['a Host with bytes over 127', 'RFC 9110, 7.2', host('\xe9.example'), '400 HOST_INVALID'],
  ['a Host with markup', 'RFC 9110, 7.2', host('<script>'), '400 HOST_INVALID'],
];

const kept = (version: string, keepAlive: boolean, ...connections: string[]): Case => [
  `${version} with ${connections.map((value) => `Connection: ${value}`).join(' and ') || 'no Connection'} ${keepAlive ? 'goes on' : 'closes'}`,
  'RFC 9112, 9.3',
  request(`GET / ${version}`, HOST, ...connections.map((value) => `Connection: ${value}`)),
  [{ keepAlive }],
];

const CONNECTION: readonly Case[] = [
  kept('HTTP/1.1', true),
  kept('HTTP/1.1', false, 'close'),
  kept('HTTP/1.1', false, 'CLOSE'),
  kept('HTTP/1.1', true, 'Keep-Alive'),
  kept('HTTP/1.1', false, 'keep-alive, CLOSE'),
  kept('HTTP/1.1', false, 'upgrade \t,\t close'),
  kept('HTTP/1.1', false, ',close,'),
  kept('HTTP/1.1', true, 'closed'),
  kept('HTTP/1.1', true, 'close;a'),
  kept('HTTP/1.1', true, '\xa0close'),
  kept('HTTP/1.1', true, ''),
  kept('HTTP/1.1', false, 'te', 'close'),
  kept('HTTP/1.0', false),
  kept('HTTP/1.0', true, 'keep-alive'),
  kept('HTTP/1.0', true, 'x', 'Keep-Alive'),
  kept('HTTP/1.0', false, 'keep-alive, close'),
  kept('HTTP/1.0', false, '\xa0keep-alive'),
  [
    'Upgrade, which is not taken up',
    'RFC 9110, 7.8',
    request(GET, HOST, 'Connection: upgrade', 'Upgrade: h2c'),
    ACCEPTED,
  ],
  ['TE, which asks for nothing here', 'RFC 9110, 10.1.4', request(GET, HOST, 'TE: trailers, deflate;q=0.5'), ACCEPTED],
];

const expect = (version: string, ...values: string[]) =>
  request(`POST / ${version}`, HOST, ...values.map((value) => `Expect: ${value}`), 'Content-Length: 0');
const waits = (expectsContinue: boolean) => [{ expectsContinue }];

const EXPECT: readonly Case[] = [
  ['Expect: 100-continue', 'RFC 9110, 10.1.1', expect('HTTP/1.1', '100-continue'), waits(true)],
  ['Expect: 100-Continue', 'RFC 9110, 10.1.1', expect('HTTP/1.1', '100-Continue'), waits(true)],
  ['no Expect', 'RFC 9110, 10.1.1', expect('HTTP/1.1'), waits(false)],
  ['100-continue in HTTP/1.0, which is ignored', 'RFC 9110, 10.1.1', expect('HTTP/1.0', '100-continue'), waits(false)],
  ['another expectation in HTTP/1.0', 'RFC 9110, 10.1.1', expect('HTTP/1.0', '200-ok'), waits(false)],
  ['another expectation', 'RFC 9110, 10.1.1', expect('HTTP/1.1', '200-ok'), '417 EXPECTATION_UNKNOWN'],
  ['an empty expectation', 'RFC 9110, 10.1.1', expect('HTTP/1.1', ''), '417 EXPECTATION_UNKNOWN'],
  [
    'an expectation with a word before it',
    'RFC 9110, 10.1.1',
    expect('HTTP/1.1', 'y 100-continue'),
    '417 EXPECTATION_UNKNOWN',
  ],
  [
    'an expectation with a parameter',
    'RFC 9110, 10.1.1',
    expect('HTTP/1.1', '100-continue;a'),
    '417 EXPECTATION_UNKNOWN',
  ],
  [
    'two expectations',
    'RFC 9110, 10.1.1',
    expect('HTTP/1.1', '100-continue', '100-continue'),
    '417 EXPECTATION_UNKNOWN',
  ],
  ['a list of expectations', 'RFC 9110, 10.1.1', expect('HTTP/1.1', '100-continue, x'), '417 EXPECTATION_UNKNOWN'],
  ['100-continue without a body', 'RFC 9110, 10.1.1', request(POST, HOST, 'Expect: 100-continue'), ACCEPTED],
];

export const MEANING: readonly Case[] = [...HOSTS, ...CONNECTION, ...EXPECT];
