import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kind, Setting } from '../../../src/config/settings.ts';
import { parseList, parseValue, ValueError } from '../../../src/config/values.ts';

function setting(kind: Kind, given: Partial<Setting> = {}): Setting {
  return { key: 'x', flag: 'x', scope: 'server', kind, default: '', help: '', ...given };
}

const READ: readonly (readonly [kind: Kind, text: string, value: unknown])[] = [
  ['text', '', ''],
  ['path', 'a b', 'a b'],
  ['count', '0', 0],
  ['count', '007', 7],
  ['processes', '3', 3],
  ['processes', 'auto', 'auto'],
  ['mask', '027', 0o27],
  ['mask', '0027', 0o27],
  ['mask', '0o22', 0o22],
  ['mask', '0', 0],
  ['mask', '', ''],
  ['seconds', '30', 30],
  ['seconds', '1.5', 1.5],
  ['seconds', '500ms', 0.5],
  ['seconds', '2 m', 120],
  ['seconds', '1H', 3600],
  ['seconds', '2147483', 2_147_483],
  ['bytes', '65536', 65536],
  ['bytes', '64KiB', 65536],
  ['bytes', '64kib', 65536],
  ['bytes', '1.5 MB', 1_500_000],
  ['bytes', '0.3', 0],
  ['bytes', '2GiB', 2 * 1024 ** 3],
  ['switch', 'yes', true],
  ['switch', 'true', true],
  ['switch', 'on', true],
  ['switch', '1', true],
  ['switch', 'no', false],
  ['switch', 'false', false],
  ['switch', 'off', false],
  ['switch', '0', false],
  ['mount', '', ''],
  ['mount', '/', '/'],
  ['mount', '/a/b', '/a/b'],
  ['mount', '/a/', '/a'],
  ['mount', '/café/.well-known', '/café/.well-known'],
  ['hostname', '', ''],
  ['hostname', 'Blog.Example.COM', 'blog.example.com'],
  ['hostname', '[::1]', '[::1]'],
  ['token', 'a-b.c~d/+==', 'a-b.c~d/+=='],
  ['addresses', 'localhost:8000', { host: 'localhost', port: 8000 }],
  ['addresses', ':0', { host: '0.0.0.0', port: 0 }],
  ['addresses', '[::1]:65535', { host: '::1', port: 65535 }],
  ['addresses', '[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
];

test('a text is read as its kind', async (t) => {
  for (const [kind, text, value] of READ) {
    await t.test(`${kind}: ${text}`, () => assert.deepEqual(parseValue(setting(kind), text), value));
  }
});

const REFUSED: readonly (readonly [kind: Kind, text: string, words: RegExp])[] = [
  ['count', '', /an empty value is not a whole number/],
  ['count', '-1', /"-1" is not a whole number/],
  ['count', '1.0', /not a whole number/],
  ['count', '1e3', /not a whole number/],
  ['count', '9'.repeat(20), /is more than/],
  ['processes', 'some', /"some" is neither a whole number nor auto/],
  ['mask', '9', /"9" is not a mask in octal/],
  ['mask', '1000', /is more than 777/],
  ['seconds', 'soon', /a time such as 30, 500ms or 2m/],
  ['seconds', '5 days', /a time such as/],
  ['seconds', '-5', /a time such as/],
  ['seconds', '2147484', /is more than 2147483/],
  ['bytes', '1KX', /a size such as 65536, 64KiB or 1GB/],
  ['bytes', 'KiB', /a size such as/],
  ['bytes', '', /an empty value is not a size/],
  ['bytes', '99999999999GiB', /is more than/],
  ['switch', 'YES', /"YES" is neither yes nor no/],
  ['switch', '', /neither yes nor no/],
  ['mount', 'a', /"a" is not a path such as/],
  ['mount', '//', /not a path/],
  ['mount', '/a//b', /not a path/],
  ['mount', '/a/../b', /not a path/],
  ['mount', '/.', /not a path/],
  ['mount', '/a b', /not a path/],
  ['mount', '/a?b', /not a path/],
  ['mount', '/a%20b', /percent-encoded/],
  ['target', 'health', /"health" is not a path such as \/health/],
  ['target', '/a b', /not a path/],
  ['hostname', 'example.com:80', /has a port/],
  ['hostname', '[::1]:80', /has a port/],
  ['hostname', 'http://a', /not a host name/],
  ['hostname', '*.example.com', /not a host name/],
  ['token', '', /guards nothing/],
  ['token', 'secret word', /^it holds a space/],
  ['token', 'café', /not ASCII/],
  ['addresses', '8000', /not HOST:PORT, such as localhost:8000/],
  ['addresses', 'localhost:', /not HOST:PORT/],
  ['addresses', 'localhost:65536', /not HOST:PORT/],
  ['addresses', '::1:80', /not HOST:PORT/],
  ['addresses', 'http://localhost:80', /not HOST:PORT/],
];

test('a text that is no value says what would be', async (t) => {
  for (const [kind, text, words] of REFUSED) {
    await t.test(`${kind}: ${text}`, () =>
      assert.throws(
        () => parseValue(setting(kind), text),
        (error) => error instanceof ValueError && words.test(error.message),
      ),
    );
  }
});

test('several stand between commas, and none is none', () => {
  assert.deepEqual(parseList(setting('addresses'), ':1, [::1]:2'), [
    { host: '0.0.0.0', port: 1 },
    { host: '::1', port: 2 },
  ]);
  assert.deepEqual(parseList(setting('addresses'), 'none'), []);
  assert.throws(() => parseList(setting('addresses', { least: 1 }), 'none'), /at least one/);
  assert.throws(() => parseList(setting('addresses'), ''), /an empty value is not HOST:PORT/);
  assert.throws(() => parseList(setting('addresses'), ':1,'), /an empty value/);
});

test('an empty text is a value only where the default is one', () => {
  assert.equal(parseValue(setting('path'), ''), '');
  assert.throws(() => parseValue(setting('path', { default: './apps' }), ''), /an empty value is no path/);
});

test('bounds hold, and are part of what is allowed', () => {
  const bounded = setting('count', { least: 2, most: 4 });
  assert.deepEqual([parseValue(bounded, '2'), parseValue(bounded, '4')], [2, 4]);
  assert.throws(() => parseValue(bounded, '1'), /1 is less than 2/);
  assert.throws(() => parseValue(bounded, '5'), /5 is more than 4/);
});

test('a choice is one of its list, in its own letters', () => {
  const choice = setting('choice', { choices: ['auto', 'json'] });
  assert.equal(parseValue(choice, 'json'), 'json');
  assert.throws(() => parseValue(choice, 'JSON'), /"JSON" is none of auto, json/);
});
