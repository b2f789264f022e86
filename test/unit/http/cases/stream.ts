/** Several requests on one connection, and requests that are not complete (RFC 9112, 8 and 9.3.2). */
import { request } from '../parse.ts';
import { type Case, HOST } from './case.ts';

const get = (target: string) => request(`GET ${target} HTTP/1.1`, HOST);
const post = (target: string, body: string) =>
  request(`POST ${target} HTTP/1.1`, HOST, `Content-Length: ${body.length}`) + body;
const chunked = (target: string, chunks: string) =>
  request(`POST ${target} HTTP/1.1`, HOST, 'Transfer-Encoding: chunked') + chunks;

export const STREAM: readonly Case[] = [
  ['nothing', 'RFC 9112, 9', '', []],
  ['an empty line', 'RFC 9112, 2.2', '\r\n', []],
  [
    'pipelined requests, each with its own body',
    'RFC 9112, 9.3.2',
    post('/a', 'A') + get('/b') + chunked('/c', '1\r\nC\r\n0\r\n\r\n') + get('/d'),
    [
      { target: '/a', body: 'A' },
      { target: '/b', body: '' },
      { target: '/c', body: 'C' },
      { target: '/d', body: '' },
    ],
  ],
  ['an empty line between two requests', 'RFC 9112, 2.2', `${post('/a', 'A')}\r\n${get('/b')}`, [{}, { target: '/b' }]],
  [
    'an empty line behind chunks',
    'RFC 9112, 2.2',
    `${chunked('/a', '0\r\n\r\n')}\r\n${get('/b')}`,
    [{}, { target: '/b' }],
  ],
  ['an empty line before each request', 'RFC 9112, 2.2', `\r\n${get('/a')}\r\n${get('/b')}`, [{}, { target: '/b' }]],
  [
    'two empty lines between two requests',
    'RFC 9112, 2.2',
    `${get('/a')}\r\n\r\n${get('/b')}`,
    '400 REQUEST_LINE_INVALID',
  ],
  ['an LF between two requests', 'RFC 9112, 2.2', `${get('/a')}\n${get('/b')}`, '400 REQUEST_LINE_INVALID'],
  [
    'a byte too many behind a body',
    'RFC 9112, 6.3',
    `${post('/a', 'A')}X${get('/b')}`,
    [{}, { method: 'XGET', target: '/b' }],
  ],
  ['a second request that is refused', 'RFC 9112, 9.3.2', get('/a') + request('GET /b HTTP/1.1'), '400 HOST_MISSING'],
  [
    'a request behind Connection: close, which is the caller’s to leave',
    'RFC 9112, 9.6',
    request('GET /a HTTP/1.1', HOST, 'Connection: close') + get('/b'),
    [{ keepAlive: false }, { target: '/b' }],
  ],
  ['a request line without its end', 'RFC 9112, 8', 'GET / HTTP/1.1', []],
  ['a request of HTTP/0.9 that is not ended', 'RFC 9112, 2.3', 'GET /\r\n', []],
  ['a head without its empty line', 'RFC 9112, 8', `GET / HTTP/1.1\r\n${HOST}\r\n`, []],
  ['a head without its last byte', 'RFC 9112, 8', get('/a').slice(0, -1), []],
  ['a body of which nothing came', 'RFC 9112, 8', post('/a', 'AB').slice(0, -2), [{ body: '', ended: false }]],
  ['a body without its last byte', 'RFC 9112, 8', post('/a', 'AB').slice(0, -1), [{ body: 'A', ended: false }]],
  ['a chunk without its last byte', 'RFC 9112, 8', chunked('/a', '2\r\nA'), [{ body: 'A', ended: false }]],
  ['a chunk without its end', 'RFC 9112, 8', chunked('/a', '1\r\nA\r'), [{ body: 'A', ended: false }]],
  ['a last chunk without its end', 'RFC 9112, 8', chunked('/a', '0\r\n\r'), [{ body: '', ended: false }]],
  ['trailers without their empty line', 'RFC 9112, 8', chunked('/a', '0\r\nX: a\r\n'), [{ body: '', ended: false }]],
];
