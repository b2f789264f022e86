/** The request target: its forms (RFC 9112, 3.2), and the path that the application is given (PEP 3333). */
import { request } from '../parse.ts';
import { type Case, HOST } from './case.ts';

const get = (target: string) => request(`GET ${target} HTTP/1.1`, HOST);
const connect = (target: string) => request(`CONNECT ${target} HTTP/1.1`, HOST);
const path = (PATH_INFO: string, QUERY_STRING = '') => [{ environ: { PATH_INFO, QUERY_STRING } }];
const absolute = (HTTP_HOST: string, PATH_INFO: string, QUERY_STRING = '') => [
  { environ: { HTTP_HOST, PATH_INFO, QUERY_STRING } },
];

const ORIGIN: readonly Case[] = [
  ['a path', 'RFC 9112, 3.2.1', get('/a/b'), path('/a/b')],
  ['a path and a query', 'RFC 9112, 3.2.1', get('/a?b=c&d'), path('/a', 'b=c&d')],
  ['an empty query', 'RFC 9112, 3.2.1', get('/a?'), path('/a')],
  ['two question marks', 'RFC 3986, 3.4', get('/a?b?c'), path('/a', 'b?c')],
  ['a slash in the query', 'RFC 3986, 3.4', get('/a?/b'), path('/a', '/b')],
  ['slashes one after the other', 'RFC 9112, 3.2.1', get('//a//b'), path('//a//b')],
  ['a path that looks like an authority', 'RFC 9112, 3.2.1', get('//evil:80/a'), path('//evil:80/a')],
  ['dot segments, which are the application’s business', 'RFC 9112, 3.2.1', get('/a/../b/./'), path('/a/../b/./')],
  ['parameters', 'RFC 3986, 3.3', get('/a;b=c'), path('/a;b=c')],
  ['what browsers send unencoded', 'RFC 9112, 3.2', get('/{a}|b^\\?"<`>'), path('/{a}|b^\\', '"<`>')],
  ['no slash at its begin', 'RFC 9112, 3.2', get('a'), '400 TARGET_FORM_INVALID'],
  ['only a query', 'RFC 9112, 3.2', get('?a'), '400 TARGET_FORM_INVALID'],
  ['a dot', 'RFC 9112, 3.2', get('.'), '400 TARGET_FORM_INVALID'],
  ['a backslash in place of the slash', 'RFC 9112, 3.2', get('\\a'), '400 TARGET_FORM_INVALID'],
  ['an encoded slash in place of the slash', 'RFC 9112, 3.2', get('%2Fa'), '400 TARGET_FORM_INVALID'],
  ['a fragment', 'RFC 9112, 3.2', get('/a#b'), '400 TARGET_INVALID'],
  ['a fragment behind a query', 'RFC 9112, 3.2', get('/a?b#c'), '400 TARGET_INVALID'],
  ['bytes over 127', 'RFC 3986, 2', get('/caf\xc3\xa9'), '400 TARGET_INVALID'],
  ['a no-break space', 'RFC 3986, 2', get('/a\xa0b'), '400 TARGET_INVALID'],
  ['a tab', 'RFC 3986, 2', get('/a\tb'), '400 TARGET_INVALID'],
  ['a DEL', 'RFC 3986, 2', get('/\x7f'), '400 CONTROL_CHARACTER'],
  ['a NUL', 'RFC 3986, 2', get('/\0'), '400 CONTROL_CHARACTER'],
  ['an escape', 'RFC 3986, 2', get('/\x1b[2J'), '400 CONTROL_CHARACTER'],
];

const ENCODING: readonly Case[] = [
  ['an encoded slash', 'RFC 3986, 2.1', get('/a%2Fb'), path('/a/b')],
  ['small and capital digits', 'RFC 3986, 2.1', get('/%e2%82%AC'), path('/\xe2\x82\xac')],
  ['an encoded percent sign, decoded once', 'RFC 3986, 2.4', get('/%2541'), path('/%41')],
  ['bytes that are no UTF-8', 'PEP 3333, Unicode Issues', get('/%ff%FE'), path('/\xff\xfe')],
  ['CR and LF, which are data', 'RFC 3986, 2.1', get('/%0d%0aX:%20b'), path('/\r\nX: b')],
  ['an encoded question mark', 'RFC 3986, 2.4', get('/a%3Fb?c'), path('/a?b', 'c')],
  ['a plus, which is a plus', 'RFC 3986, 2.2', get('/a+b'), path('/a+b')],
  ['a query, which is left as it came', 'PEP 3333, environ Variables', get('/?%61=%zz%'), path('/', '%61=%zz%')],
  ['a percent sign alone', 'RFC 3986, 2.1', get('/%'), '400 PATH_ENCODING_INVALID'],
  ['a percent sign and one digit', 'RFC 3986, 2.1', get('/%4'), '400 PATH_ENCODING_INVALID'],
  ['a percent sign and letters', 'RFC 3986, 2.1', get('/%zz'), '400 PATH_ENCODING_INVALID'],
  ['a percent sign and a sign', 'RFC 3986, 2.1', get('/%+1'), '400 PATH_ENCODING_INVALID'],
  ['two percent signs', 'RFC 3986, 2.1', get('/%%41'), '400 PATH_ENCODING_INVALID'],
  ['an encoding of UTF-16', 'RFC 3986, 2.1', get('/%u0041'), '400 PATH_ENCODING_INVALID'],
  ['a percent sign before the query', 'RFC 3986, 2.1', get('/a%?41'), '400 PATH_ENCODING_INVALID'],
  ['an encoded NUL', 'PEP 3333, environ Variables', get('/x%00REMOTE_USER%00admin'), '400 PATH_NUL'],
];

const ABSOLUTE: readonly Case[] = [
  [
    'an absolute form, whose authority is the Host',
    'RFC 9112, 3.2.2',
    get('http://b:81/c?d'),
    absolute('b:81', '/c', 'd'),
  ],
  ['an absolute form in capitals', 'RFC 9110, 4.2.3', get('HTTP://B//'), absolute('B', '//')],
  ['an absolute form without a path', 'RFC 9112, 3.2.2', get('http://b'), absolute('b', '/')],
  ['an absolute form with a query alone', 'RFC 9112, 3.2.2', get('http://b?c/d'), absolute('b', '/', 'c/d')],
  ['an absolute form of IPv6', 'RFC 9110, 7.2', get('http://[::1]:80/'), absolute('[::1]:80', '/')],
  ['an absolute form in HTTP/1.0', 'RFC 9112, 3.2.2', request('GET http://b/ HTTP/1.0'), absolute('b', '/')],
  ['an absolute form with an encoded path', 'RFC 3986, 2.1', get('http://b/%41'), absolute('b', '/A')],
  ['an absolute form with a malformed path', 'RFC 3986, 2.1', get('http://b/%4'), '400 PATH_ENCODING_INVALID'],
  ['an absolute form without Host beside it', 'RFC 9112, 3.2.2', request('GET http://b/ HTTP/1.1'), '400 HOST_MISSING'],
  [
    'an absolute form with two Hosts beside it',
    'RFC 9112, 3.2',
    request('GET http://b/ HTTP/1.1', HOST, HOST),
    '400 HOST_REPEATED',
  ],
  [
    'an absolute form with a bad Host beside it',
    'RFC 9112, 3.2',
    request('GET http://b/ HTTP/1.1', 'Host: a/b'),
    '400 HOST_INVALID',
  ],
  ['an absolute form with user information', 'RFC 9110, 4.2.4', get('http://u@b/'), '400 HOST_INVALID'],
  ['an absolute form with a port alone', 'RFC 9110, 4.2.1', get('http://:80/'), '400 HOST_INVALID'],
  ['an absolute form with a port of letters', 'RFC 3986, 3.2.3', get('http://b:c/'), '400 HOST_INVALID'],
  ['an absolute form with a backslash', 'RFC 3986, 3.2.2', get('http://b\\@c/'), '400 HOST_INVALID'],
  ['an absolute form with a malformed host', 'RFC 3986, 2.1', get('http://b%4/'), '400 HOST_INVALID'],
  ['an absolute form without a host', 'RFC 9110, 4.2.1', get('http:///a'), '400 TARGET_FORM_INVALID'],
  ['an absolute form with one slash', 'RFC 9110, 4.2.1', get('http:/b/'), '400 TARGET_FORM_INVALID'],
  ['an absolute form without slashes', 'RFC 9110, 4.2.1', get('http:b'), '400 TARGET_FORM_INVALID'],
  ['an absolute form of another scheme', 'RFC 9112, 3.2.2', get('ftp://b/'), '400 TARGET_FORM_INVALID'],
  ['an absolute form of a file', 'RFC 9112, 3.2.2', get('file:///etc/passwd'), '400 TARGET_FORM_INVALID'],
  [
    'an absolute form of https on a connection that is not secured',
    'RFC 9110, 7.4',
    get('https://b/'),
    '421 SCHEME_MISDIRECTED',
  ],
  ['the same in capitals', 'RFC 9110, 7.4', get('HTTPS://b/'), '421 SCHEME_MISDIRECTED'],
];

const OTHERS: readonly Case[] = [
  ['an asterisk with OPTIONS', 'RFC 9112, 3.2.4', request('OPTIONS * HTTP/1.1', HOST), path('*')],
  ['a path with OPTIONS', 'RFC 9112, 3.2.1', request('OPTIONS /a HTTP/1.1', HOST), path('/a')],
  ['an absolute form with OPTIONS', 'RFC 9112, 3.2.2', request('OPTIONS http://b HTTP/1.1', HOST), absolute('b', '/')],
  ['an asterisk with GET', 'RFC 9112, 3.2.4', get('*'), '400 TARGET_FORM_INVALID'],
  [
    'an asterisk with options in small letters',
    'RFC 9110, 9.1',
    request('options * HTTP/1.1', HOST),
    '400 TARGET_FORM_INVALID',
  ],
  ['an asterisk and a query', 'RFC 9112, 3.2.4', request('OPTIONS *?a HTTP/1.1', HOST), '400 TARGET_FORM_INVALID'],
  ['two asterisks', 'RFC 9112, 3.2.4', request('OPTIONS ** HTTP/1.1', HOST), '400 TARGET_FORM_INVALID'],
  ['an authority with GET', 'RFC 9112, 3.2.3', get('b:80'), '400 TARGET_FORM_INVALID'],
  ['CONNECT with an authority', 'RFC 9110, 9.3.6', connect('b:443'), '501 CONNECT_UNSUPPORTED'],
  ['CONNECT with an address', 'RFC 9110, 9.3.6', connect('[::1]:443'), '501 CONNECT_UNSUPPORTED'],
  ['CONNECT without a port', 'RFC 9112, 3.2.3', connect('b'), '400 TARGET_FORM_INVALID'],
  ['CONNECT with an address without a port', 'RFC 9112, 3.2.3', connect('[::1]'), '400 TARGET_FORM_INVALID'],
  ['CONNECT with an empty port', 'RFC 9110, 9.3.6', connect('b:'), '400 TARGET_FORM_INVALID'],
  ['CONNECT without a host', 'RFC 9112, 3.2.3', connect(':443'), '400 TARGET_FORM_INVALID'],
  ['CONNECT with a path', 'RFC 9112, 3.2.3', connect('/a'), '400 TARGET_FORM_INVALID'],
  ['CONNECT with an absolute form', 'RFC 9112, 3.2.3', connect('http://b:80/'), '400 TARGET_FORM_INVALID'],
  ['CONNECT with user information', 'RFC 9112, 3.2.3', connect('u@b:80'), '400 TARGET_FORM_INVALID'],
];

export const TARGET: readonly Case[] = [...ORIGIN, ...ENCODING, ...ABSOLUTE, ...OTHERS];
