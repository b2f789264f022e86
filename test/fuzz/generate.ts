/** Requests by their grammar, each part of which is now and then not what it should be. */
import type { Random } from './random.ts';

/** How seldom a part is odd. */
const ODD = 12;

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'M-SEARCH'];
const ODD_METHODS = ['get', 'BREW', 'CONNECT', 'PRI', 'G(T', '', 'G\xc9T', '\0', 'SOURCE', 'QUERY', '*'];
const TARGETS = ['/', '/a', '/a/b?c=d', '/%41%2f', '/a?%zz', '//a', '/a;b'];
const ODD_TARGETS = [
  ...['*', 'a', '?a', '/a#b', '/\xe9', '/\x7f', '/a b', '', '/%', '/%zz', '/%00', '/"<>', '/{a}|\\^`', 'b:80', '.'],
  ...['http://b', 'http://b/c?d', 'https://b/', 'HTTP://B:8/', 'http:///', 'http://u@b/', 'ftp://b/', 'http://b%4/'],
];
const ODD_VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/1.2',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/1',
  'HTTP/1.1 ',
  '',
];
const ENDS = ['\n', '\r', '\n\r', '\r\r\n', '\r\n\r\n', ' \r\n', ''];
const FIELDS = [
  ...['X: a', 'x-b:c', 'Accept: */*', 'Cookie: a=b', 'X:', 'X: \t a b \t', 'X: caf\xe9', 'Content-Type: a/b', 'X_Y: z'],
  ...['Connection: keep-alive', 'TE: trailers', 'Range: bytes=0-', 'Upgrade-Insecure-Requests: 1', 'X: a\tb'],
];
const ODD_FIELDS = [
  ...[
    'X : a',
    ' X: a',
    'X',
    ': a',
    'X: a\0',
    'X: \x7f',
    'X: a\rb',
    'X: a\nb',
    'X(: a',
    '\xe9: a',
    'X: \x01',
    'X\t: a',
    '',
  ],
  ...[
    'Host: a',
    'Host: b',
    'Content-Length: 3',
    'Content-Length: 0',
    'Transfer-Encoding: chunked',
    'Content-Type: c/d',
  ],
  ...['Connection: close', 'Connection: x, close', 'Expect: 100-continue', 'Expect: x', 'Proxy: a', 'X: a\r\n b'],
  ...['Upgrade: h2c', 'Connection: upgrade', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c'],
  ...['Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: identity', 'Transfer_Encoding: chunked'],
];
const ODD_HOSTS = ['', ':80', 'a:80', 'a b', 'a/b', 'u@a', '[::1]', '[::1', 'a,b', 'a%zz', '\xe9', 'a:b', 'a:123456'];
const ODD_LENGTHS = [
  '',
  '+3',
  '-3',
  '0x3',
  '3,3',
  '3, 3',
  '3.0',
  '03',
  ' 3 ',
  '3 3',
  '\xb3',
  '1e1',
  '9'.repeat(25),
  '3;',
];
const ODD_CODINGS = [
  ...['Chunked', ' chunked ', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip', 'gzip', 'identity', '', 'xchunked'],
  ...['"chunked"', 'chunked;a', 'chunked,', ',chunked', '\x0bchunked', '\xa0chunked', 'chunked\0', 'chun ked'],
];
const EXTENSIONS = [';a', ';a=b', ' ; a = "b;c"', ';a="\\""', ';a;b=c'];
const ODD_EXTENSIONS = [';', ' ', ';=', ';a=', ';a b', ';a="', '\t', ';\xe9', ';\0', ';a\r', ';;', 'x', ' 3', ';a=""b'];
const ODD_SIZES = ['', '0x', '+', '-', ' ', '0000000000000', 'fffffffffffffff', 'g', '\xb3', '_'];
const BODIES = ['', 'a', 'abc', '0\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', '\r\n', '\0\xff', 'x'.repeat(300)];

/** Bytes of one to four requests on one connection, as a latin-1 string. */
export function generate(random: Random): string {
  return [0, ...random.some(3, () => 0)].map(() => requestOf(random)).join('');
}

function requestOf(random: Random): string {
  const odd = <T>(good: readonly T[], bad: readonly T[]) => random.pick(random.oneIn(ODD) ? bad : good);
  const end = () => odd(['\r\n'], random.oneIn(4) ? ENDS : ['\r\n']);
  const fields = random.some(4, () => odd(FIELDS, ODD_FIELDS));
  if (!random.oneIn(30)) fields.splice(random.below(fields.length + 1), 0, `Host: ${odd(['a'], ODD_HOSTS)}`);
  const [framing, body] = framed(random);
  if (framing !== '') fields.splice(random.below(fields.length + 1), 0, framing);
  const line = [odd(METHODS, ODD_METHODS), odd(TARGETS, ODD_TARGETS), odd(['HTTP/1.1'], ODD_VERSIONS)];
  const before = odd([''], ['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\0']);
  const separator = random.oneIn(60) ? random.pick(['  ', '\t', '\xa0', '\x0b']) : ' ';
  return `${before}${[line.join(separator), ...fields].map((text) => text + end()).join('')}${end()}${body}`;
}

/** A field that says where the body ends, or none, and the body. */
function framed(random: Random): [field: string, body: string] {
  const content = random.pick(BODIES);
  const kind = random.below(4);
  if (kind < 2) return ['', ''];
  if (kind === 2) {
    const length = random.oneIn(ODD) ? random.pick(ODD_LENGTHS) : String(content.length);
    return [`Content-Length: ${length}`, content];
  }
  const coding = random.oneIn(ODD) ? random.pick(ODD_CODINGS) : 'chunked';
  const chunks = [content, ...random.some(2, () => random.pick(BODIES))].filter((text) => text !== '');
  const body = [...chunks, ''].map((text) => chunkOf(random, text)).join('');
  const trailers = random.oneIn(4) ? random.some(2, () => random.pick(random.oneIn(4) ? ODD_FIELDS : FIELDS)) : [];
  return [`Transfer-Encoding: ${coding}`, `${body}${trailers.map((text) => `${text}\r\n`).join('')}\r\n`];
}

function chunkOf(random: Random, content: string): string {
  const odd = () => random.oneIn(ODD * 3);
  const size = `${odd() ? random.pick(ODD_SIZES) : ''}${content.length.toString(16)}`;
  const extension = odd() ? random.pick(ODD_EXTENSIONS) : random.oneIn(6) ? random.pick(EXTENSIONS) : '';
  const lineEnd = odd() ? random.pick(ENDS) : '\r\n';
  if (content === '') return `${size}${extension}${lineEnd}`;
  return `${size}${extension}${lineEnd}${content}${odd() ? random.pick([...ENDS, 'X']) : '\r\n'}`;
}
