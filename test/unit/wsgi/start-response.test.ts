import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartedResponse } from '../../../src/wsgi/start-response.ts';
import type { Header } from '../../../src/wsgi/types.ts';
import type { Problem } from './fake.ts';

function make(): { started: StartedResponse; problems: Problem[] } {
  const problems: Problem[] = [];
  return { started: new StartedResponse((problem) => void problems.push(problem)), problems };
}

test('what was stored is what is taken', () => {
  const { started } = make();
  started.store('404 Not Found', [['A', 'b']]);
  assert.equal(started.sent, false);
  assert.deepEqual(started.take(), { status: '404 Not Found', code: 404, headers: [['A', 'b']], length: undefined });
  assert.equal(started.sent, true);
});

test('nothing can be taken where nothing was stored', () => {
  const { started } = make();
  assert.throws(() => started.take(), { code: 'APP_NO_START_RESPONSE' });
  assert.equal(started.sent, false);
});

test('a null error is none (PEP 3333: exc_info=None)', () => {
  const { started } = make();
  started.store('200 OK', [], null);
  assert.throws(() => started.store('200 OK', [], null), { code: 'APP_START_RESPONSE_TWICE' });
});

test('an error that is no Error replaces and is thrown just so', () => {
  const { started } = make();
  started.store('200 OK', []);
  started.store('500 Internal Server Error', [], 'a string');
  assert.equal(started.take().code, 500);
  assert.throws(
    () => started.store('500 Internal Server Error', [], 'late'),
    (error) => error === 'late',
  );
});

test('a malformed head that replaces another leaves that one', () => {
  const { started } = make();
  started.store('200 OK', []);
  assert.throws(() => started.store('nonsense', [], new Error()), { code: 'APP_STATUS_INVALID' });
  assert.equal(started.take().code, 200);
});

const LATIN = String.fromCharCode(0xe9);

test('a status is three digits from 200 to 599, a space and a reason', async (t) => {
  for (const status of ['200 OK', '204 ', '418 I am a teapot', `599 caf${LATIN}`, '200 \t']) {
    await t.test(`${JSON.stringify(status)} is taken`, () => {
      const { started } = make();
      started.store(status, []);
      assert.equal(started.take().status, status);
    });
  }
  const refused = [
    '',
    '200',
    '200OK',
    ' 200 OK',
    '20 OK',
    '2000 OK',
    '100 Continue',
    '101 Switching Protocols',
    '600 No',
    '199 No',
    '200 O\rK',
    '200 O\nK',
    '200 OK\r\nX: y',
    '200 O\0K',
    '200 €',
    '200 \x7f',
    200,
    null,
    undefined,
    ['200 OK'],
  ];
  for (const status of refused) {
    await t.test(`${JSON.stringify(status) ?? 'undefined'} is refused`, () => {
      assert.throws(() => make().started.store(status as string, []), { code: 'APP_STATUS_INVALID' });
    });
  }
});

const HEADERS: readonly (readonly [name: string, headers: unknown, code: string])[] = [
  ['no headers', undefined, 'APP_HEADERS_INVALID'],
  ['an object', { A: 'b' }, 'APP_HEADERS_INVALID'],
  ['a Map', new Map([['A', 'b']]), 'APP_HEADERS_INVALID'],
  ['a string for a pair', ['A: b'], 'APP_HEADERS_INVALID'],
  ['a pair of one', [['A']], 'APP_HEADERS_INVALID'],
  ['a pair of three', [['A', 'b', 'c']], 'APP_HEADERS_INVALID'],
  ['a name that is a number', [[1, 'b']], 'APP_HEADERS_INVALID'],
  ['a value that is a number', [['Content-Length', 5]], 'APP_HEADERS_INVALID'],
  ['a value that is bytes', [['A', Buffer.from('b')]], 'APP_HEADERS_INVALID'],
  ['an empty name', [['', 'b']], 'APP_HEADER_NAME_INVALID'],
  ['a name with a space', [['A B', 'c']], 'APP_HEADER_NAME_INVALID'],
  ['a name with a colon', [['A:', 'b']], 'APP_HEADER_NAME_INVALID'],
  ['a name with CRLF', [['A\r\nB', 'c']], 'APP_HEADER_NAME_INVALID'],
  ['a name with an accent', [[`A${LATIN}`, 'b']], 'APP_HEADER_NAME_INVALID'],
  ['a value with CR', [['A', 'b\rc']], 'APP_HEADER_VALUE_INVALID'],
  ['a value with LF', [['A', 'b\nSet-Cookie: c']], 'APP_HEADER_VALUE_INVALID'],
  ['a value with NUL', [['A', 'b\0']], 'APP_HEADER_VALUE_INVALID'],
  ['a value beyond latin-1', [['A', '€']], 'APP_HEADER_VALUE_INVALID'],
  ['a Content-Length that is no number', [['Content-Length', 'five']], 'APP_CONTENT_LENGTH_INVALID'],
  ['a negative Content-Length', [['Content-Length', '-1']], 'APP_CONTENT_LENGTH_INVALID'],
  ['an empty Content-Length', [['Content-Length', '']], 'APP_CONTENT_LENGTH_INVALID'],
  ['a Content-Length beyond what a number holds', [['Content-Length', '9'.repeat(16)]], 'APP_CONTENT_LENGTH_INVALID'],
  [
    'two Content-Lengths',
    [
      ['Content-Length', '5'],
      ['content-length', '5'],
    ],
    'APP_CONTENT_LENGTH_INVALID',
  ],
];

test('headers that cannot stand on the wire are refused, with a cure', async (t) => {
  for (const [name, headers, code] of HEADERS) {
    await t.test(`${name}: ${code}`, () => {
      assert.throws(
        () => make().started.store('200 OK', headers as Header[]),
        (error: { code: string; cure: string }) => error.code === code && error.cure !== '',
      );
    });
  }
});

test('the length is read from the headers, and a 204 has none', () => {
  const { started } = make();
  started.store('200 OK', [['cONTENT-lENGTH', '0012']]);
  assert.equal(started.take().length, 12);
  const empty = make().started;
  empty.store('204 No Content', [['Content-Length', '12']]);
  const { headers, length } = empty.take();
  assert.deepEqual([headers, length], [[], undefined]);
});

test('the application’s own array is not changed', () => {
  const { started, problems } = make();
  const headers: Header[] = [
    ['Connection', 'close'],
    ['A', 'b'],
  ];
  started.store('200 OK', headers);
  assert.deepEqual(headers, [
    ['Connection', 'close'],
    ['A', 'b'],
  ]);
  assert.equal(problems.length, 1);
});
