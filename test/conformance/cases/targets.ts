import type { Case } from '../case.ts';
import { PEP } from '../sections.ts';

const PATHS: readonly (readonly [id: string, target: string, path: string, what: string])[] = [
  ['root', '/', '/', 'the root'],
  ['plain', '/a/b', '/a/b', 'a path'],
  ['trailing', '/a/b/', '/a/b/', 'a slash at the end'],
  ['space', '/a%20b', '/a b', 'an encoded space'],
  ['percent', '/100%25', '/100%', 'an encoded percent sign'],
  ['once', '/%2541', '/%41', 'an encoding within an encoding, undone once'],
  ['lower-case', '/%e2%82%ac', '/\xe2\x82\xac', 'an encoding in lower case'],
  ['utf-8', '/caf%C3%A9', '/caf\xc3\xa9', 'UTF-8, as the characters of its bytes'],
  ['not-utf-8', '/%ff%FE', '/\xff\xfe', 'bytes that are no UTF-8'],
  ['plus', '/a+b', '/a+b', 'a plus sign, which is no space'],
  ['reserved', "/a;b=c,d:e@f!g$h&i'j(k)*l", "/a;b=c,d:e@f!g$h&i'j(k)*l", 'characters that need no encoding'],
  ['question', '/a%3Fb', '/a?b', 'an encoded question mark'],
];

const decoded = PATHS.map(
  ([id, target, path, what]): Case => ({
    id: `path-${id}`,
    sentence: `PATH_INFO is decoded once, to bytes as latin-1: ${what}.`,
    section: `${PEP.unicode}; RFC 3875, 4.1.5`,
    level: 'must',
    words:
      'all "strings" referred to in this specification must contain only code points representable in ISO-8859-1 encoding',
    app: 'environ',
    request: { target },
    sees: { status: 200, json: { PATH_INFO: path } },
  }),
);

function open(
  id: string,
  sentence: string,
  target: string,
  /** Their PATH_INFO, or undefined for any. */
  outcomes: Readonly<Record<string, string | undefined>>,
  section: string,
  words: string,
): Case {
  return {
    id: `path-${id}`,
    sentence,
    section,
    level: 'may',
    words,
    app: 'environ',
    request: { target },
    allows: [
      ...Object.entries(outcomes).map(([outcome, path]) => ({
        outcome,
        status: 200,
        ...(path === undefined ? {} : { json: { PATH_INFO: path } }),
      })),
      { outcome: 'refused', status: [400, 403, 404] },
    ],
  };
}

const HOST =
  'A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host header field and to any request message that contains more than one Host header field line or a Host header field with an invalid field value.';

/** What becomes of the request's target. */
export const ANSWERS: readonly Case[] = [
  ...decoded,
  open(
    'encoded-slash',
    'An encoded slash is decoded, kept or refused.',
    '/a%2Fb',
    { decoded: '/a/b', kept: '/a%2Fb' },
    'RFC 3875, 4.1.5',
    'The server MAY impose restrictions and limitations on what values it permits for PATH_INFO, and MAY reject the request with an error if it encounters any values considered objectionable.',
  ),
  open(
    'slashes',
    'Slashes in a row stay, or are one.',
    '/a//b///c',
    { stay: '/a//b///c', 'are one': '/a/b/c' },
    'RFC 3875, 4.1.5',
    'The server MAY impose restrictions and limitations on what values it permits for PATH_INFO',
  ),
  open(
    'dots',
    'Dots stay, or are resolved.',
    '/a/./b/../c',
    { stay: '/a/./b/../c', 'are resolved': '/a/c' },
    'RFC 3986, 6.2.2.3',
    'URI normalizers should remove dot-segments by applying the remove_dot_segments algorithm',
  ),
  open(
    'control',
    'Encoded control characters are data, or refused.',
    '/a%0D%0Ab',
    { data: '/a\r\nb' },
    'RFC 3875, 4.1.5',
    'The server MAY impose restrictions and limitations on what values it permits for PATH_INFO',
  ),
  open(
    'nul',
    'An encoded NUL is data, or refused.',
    '/a%00b',
    { data: '/a\0b' },
    'RFC 3875, 4.1.5',
    'The server MAY impose restrictions and limitations on what values it permits for PATH_INFO',
  ),
  open(
    'malformed',
    'A percent sign that encodes nothing stays, is refused, or is read as something else: the text binds the client alone.',
    '/a%zzb',
    { stays: '/a%zzb', 'something else': undefined },
    'RFC 3986, 2.4',
    'Because the percent ("%") character serves as the indicator for percent-encoded octets, it must be percent-encoded as "%25" for that octet to be used as data within a URI.',
  ),
  {
    id: 'path-leading-slashes',
    sentence: 'A path that begins with two slashes is a path, not an authority.',
    section: 'RFC 9112, 3.2.1',
    level: 'may',
    words: 'a client MUST send only the absolute path and query components of the target URI as the request-target',
    app: 'environ',
    request: { target: '//a/b' },
    allows: [
      { outcome: 'stays', status: 200, json: { PATH_INFO: '//a/b' } },
      { outcome: 'one slash', status: 200, json: { PATH_INFO: '/a/b' } },
      { outcome: 'refused', status: [400, 403, 404] },
    ],
  },
  {
    id: 'target-absolute',
    since: '1.1',
    sentence: 'A target in absolute form is understood: its path is PATH_INFO.',
    section: 'RFC 9112, 3.2.2',
    level: 'must',
    words:
      'a server MUST accept the absolute-form in requests even though most HTTP/1.1 clients will only send the absolute-form to a proxy',
    app: 'environ',
    request: { target: 'http://conformance.test/a/b?c' },
    sees: { status: 200, json: { PATH_INFO: '/a/b', QUERY_STRING: 'c' } },
  },
  {
    id: 'target-absolute-host',
    since: '1.1',
    sentence:
      'The authority of a target in absolute form is that of the request’s URL, whatever Host says, or is refused with 421.',
    section: 'RFC 9112, 3.2.2',
    level: 'must',
    words:
      'When an origin server receives a request with an absolute-form of request-target, the origin server MUST ignore the received Host header field (if any) and instead use the host information of the request-target.',
    app: 'reconstructed',
    request: { target: 'http://other.test:81/a' },
    sees: [{ status: 200, body: 'http://other.test:81/a' }, { status: 421 }],
  },
  {
    id: 'target-asterisk',
    sentence: 'OPTIONS * is answered, by the application or by the server.',
    section: 'RFC 9112, 3.2.4',
    level: 'may',
    words: 'the asterisk-form of request-target is only used for a server-wide OPTIONS request',
    app: 'environ',
    request: { target: '*', method: 'OPTIONS', headers: ['Content-Length: 0'] },
    allows: [
      { outcome: 'application', status: 200, json: { REQUEST_METHOD: 'OPTIONS' } },
      { outcome: 'server', status: [200, 204, 400, 404, 405, 501] },
    ],
  },
  {
    id: 'target-raw-bytes',
    sentence:
      'A byte beyond ASCII in the target is its character in latin-1, or the bytes of that in UTF-8, or refused.',
    section: 'RFC 9112, 3',
    level: 'may',
    words:
      'Recipients of an invalid request-line SHOULD respond with either a 400 (Bad Request) error or a 301 (Moved Permanently) redirect',
    app: 'environ',
    request: { target: '/caf\xe9' },
    allows: [
      { outcome: 'latin-1', status: 200, json: { PATH_INFO: '/caf\xe9' } },
      { outcome: 'UTF-8', status: 200, json: { PATH_INFO: '/caf\xc3\xa9' } },
      { outcome: 'refused', status: [400, 404] },
    ],
  },
  {
    id: 'host-missing',
    since: '1.1',
    sentence: 'A request of HTTP/1.1 without Host is refused with 400.',
    section: 'RFC 9112, 3.2',
    level: 'must',
    words: HOST,
    app: 'called',
    request: { host: undefined },
    sees: { status: 400 },
  },
  {
    id: 'host-twice',
    since: '1.1',
    sentence: 'A request with two Hosts is refused with 400.',
    section: 'RFC 9112, 3.2',
    level: 'must',
    words: HOST,
    app: 'called',
    request: { headers: ['Host: other.test'] },
    sees: { status: 400 },
  },
];
