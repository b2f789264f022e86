/** Statuses and headers, right and wrong (PEP 3333, "The start_response() Callable" and "Unicode Issues"). */
import type { Header } from 'stillhouse';
import { type Apps, record, TEXT } from './common.ts';

type Head = readonly [status: unknown, headers: unknown];

const OK = '200 OK';
const bad = (value: unknown, name: unknown = 'X-Bad'): Head => [OK, [[name, value]]];
const status = (given: unknown): Head => [given, [TEXT]];
const lengths = (...values: string[]): Head => [OK, values.map((value) => ['Content-Length', value])];
const hop = (name: string, value: string): Head => [
  OK,
  [
    [name, value],
    ['Content-Length', '5'],
  ],
];

const WRONG: Readonly<Record<string, Head>> = {
  'value-cr': bad('a\rX-Injected: b'),
  'value-lf': bad('a\nX-Injected: b'),
  'value-crlf': bad('a\r\nX-Injected: b'),
  'value-crlf-at-end': bad('a\r\n'),
  'value-folded': bad('a\r\n X-Injected: b'),
  'value-body': bad('a\r\n\r\nX-Injected: b'),
  'value-nul': bad('a\0b'),
  'value-control': bad('a\x01b\x7f'),
  'value-not-latin-1': bad('5 \u20ac'),
  'value-number': bad(5),
  'value-bytes': bad(Buffer.from('bytes')),
  'value-none': bad(null),
  'name-crlf': bad('a', 'X-Bad\r\nX-Injected'),
  'name-space': bad('a', 'X Bad'),
  'name-colon': bad('a', 'X-Bad:'),
  'name-empty': bad('a', ''),
  'name-not-latin-1': bad('a', 'X-\u20ac'),
  'name-not-ascii': bad('a', 'X-B\xe4d'),
  'name-bytes': bad('a', Buffer.from('X-Bad')),
  'headers-mapping': [OK, { 'X-Bad': 'a' }],
  'headers-none': [OK, undefined],
  'header-alone': [OK, ['X-Bad: a']],
  'header-of-three': [OK, [['X-Bad', 'a', 'b']]],
  'length-word': lengths('five'),
  'length-negative': lengths('-5'),
  'length-different': lengths('5', '6'),
  'status-number': status(200),
  'status-bytes': status(Buffer.from(OK)),
  'status-without-reason': status('200'),
  'status-without-code': status('OK'),
  'status-long-code': status('2000 OK'),
  'status-crlf': status('200 OK\r\nX-Injected: b'),
  'status-crlf-at-end': status('200 OK\r\n'),
  'status-not-latin-1': status('200 \u20ac'),
  Connection: hop('Connection', 'close'),
  'Keep-Alive': hop('Keep-Alive', 'timeout=1000'),
  'Proxy-Authenticate': hop('Proxy-Authenticate', 'Basic'),
  'Proxy-Authorization': hop('Proxy-Authorization', 'Basic eDp5'),
  TE: hop('TE', 'trailers'),
  Trailer: hop('Trailer', 'X-Trailer'),
  'Transfer-Encoding': [OK, [['Transfer-Encoding', 'chunked']]],
  Upgrade: hop('Upgrade', 'x'),
};

const ODD: readonly Header[] = [
  ['Set-Cookie', 'b=2'],
  ['X-Latin', 'caf\xe9 \xff'],
  ['Set-Cookie', 'a=1'],
  ["!#$%&'*+-.^_`|~09Az", 'token'],
  ['X-Empty', ''],
  ['X-Long', 'x'.repeat(4000)],
  ['Set-Cookie', 'b=3'],
  ['x-MIXED-case', 'Mixed Case'],
  ['X-Spaces', 'a  b'],
  ['X-Punctuation', '()<>@,;:\\"/[]?={}'],
];

export const HEADS: Apps = {
  /** A head that is forbidden; whether startResponse throws is recorded. */
  'wrong-head': (environ, startResponse) => {
    const [given, headers] = WRONG[environ.QUERY_STRING] as Head;
    try {
      startResponse(given as string, headers as Header[]);
    } catch (error) {
      record(environ, 'raised');
      throw error;
    }
    record(environ, 'returned');
    return ['hello'];
  },
  'odd-head': (_, startResponse) => {
    startResponse("418 I'm a t\xe9apot, yes", [TEXT, ...ODD]);
    return ['odd'];
  },
  'empty-reason': (_, startResponse) => {
    startResponse('200 ', [TEXT]);
    return ['hello'];
  },
  'no-headers': (_, startResponse) => {
    startResponse(OK, []);
    return ['hello'];
  },
  'own-date': (_, startResponse) => {
    startResponse(OK, [TEXT, ['date', 'Thu, 01 Jan 1970 00:00:00 GMT'], ['SERVER', 'the application']]);
    return ['hello'];
  },
  status: (environ, startResponse) => {
    startResponse(environ.QUERY_STRING.replaceAll('+', ' '), [TEXT, ['Content-Length', '5']]);
    return ['hello'];
  },
  'many-headers': (_, startResponse) => {
    const numbers = Array.from({ length: 60 }, (_, number): Header => [`X-Number-${number}`, String(number)]);
    startResponse(OK, [TEXT, ...numbers]);
    return ['hello'];
  },
};
