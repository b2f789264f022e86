import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from '../../../src/wsgi/headers.ts';
import type { Header } from '../../../src/wsgi/types.ts';

test('a name is found in any case, and its order and repetition are kept', () => {
  const headers = new Headers([
    ['Set-Cookie', 'a=1'],
    ['X', 'y'],
    ['set-cookie', 'b=2'],
  ]);
  assert.equal(headers.get('SET-COOKIE'), 'a=1');
  assert.deepEqual(headers.getAll('Set-cookie'), ['a=1', 'b=2']);
  assert.equal(headers.get('none'), undefined);
  assert.deepEqual(headers.getAll('none'), []);
  assert.deepEqual([headers.has('x'), headers.has('none')], [true, false]);
});

test('set replaces every value, at the end', () => {
  const headers = new Headers([
    ['A', '1'],
    ['B', '2'],
    ['a', '3'],
  ]);
  headers.set('a', '4');
  assert.deepEqual(
    [...headers],
    [
      ['B', '2'],
      ['a', '4'],
    ],
  );
});

test('setDefault leaves what stands, and says what does', () => {
  const headers = new Headers([['A', '1']]);
  assert.equal(headers.setDefault('a', '2'), '1');
  assert.equal(headers.setDefault('B', '2'), '2');
  assert.deepEqual(
    [...headers],
    [
      ['A', '1'],
      ['B', '2'],
    ],
  );
});

test('delete takes every value, and does not mind that there is none', () => {
  const headers = new Headers([
    ['A', '1'],
    ['B', '2'],
    ['a', '3'],
  ]);
  headers.delete('A');
  headers.delete('none');
  assert.deepEqual([...headers], [['B', '2']]);
});

test('add appends parameters as wsgiref does', () => {
  const headers = new Headers();
  headers.add('Content-Disposition', 'attachment', { filename: 'a "b" \\ c.txt', some_name: 'x', alone: null });
  assert.equal(headers.get('content-disposition'), 'attachment; filename="a \\"b\\" \\\\ c.txt"; some-name="x"; alone');
});

test('the array that was given is the one that is changed and handed on', () => {
  const pairs: Header[] = [];
  const headers = new Headers(pairs).add('A', '1').set('B', '2');
  assert.equal(headers.items(), pairs);
  assert.deepEqual(pairs, [
    ['A', '1'],
    ['B', '2'],
  ]);
});

test('as text they stand as on the wire', () => {
  assert.equal(
    String(
      new Headers([
        ['A', '1'],
        ['B', '2'],
      ]),
    ),
    'A: 1\r\nB: 2\r\n\r\n',
  );
  assert.equal(String(new Headers()), '\r\n');
});

test('what cannot stand on the wire is refused at once', async (t) => {
  const attempts: Record<string, () => unknown> = {
    'as it is made': () => new Headers([['A B', 'c']]),
    'by add': () => new Headers().add('A', 'b\r\nC: d'),
    'by set': () => new Headers().set('A', '€'),
    'by setDefault': () => new Headers().setDefault('', 'b'),
    'in a parameter': () => new Headers().add('A', 'b', { c: 'd\n' }),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    await t.test(name, () => assert.throws(attempt, { name: 'AppError' }));
  }
});
