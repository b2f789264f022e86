import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, suggest } from '../../../src/config/suggest.ts';

test('the nearest known word is suggested, where one is near', async (t) => {
  const known = ['workers', 'threads', 'bind', 'web_app'];
  const cases = [
    ['wokers', 'workers'],
    ['wrokers', 'workers'],
    ['WORKERS', 'workers'],
    ['thread', 'threads'],
    ['bnid', 'bind'],
    ['webapp', 'web_app'],
    ['b', undefined],
    ['completely', undefined],
    ['', undefined],
  ] as const;
  for (const [word, expected] of cases) {
    await t.test(`${word || 'nothing'}: ${expected ?? 'none'}`, () => assert.equal(suggest(word, known), expected));
  }
});

test('of two that are as near, the first is suggested', () => {
  assert.equal(suggest('bat', ['cat', 'hat']), 'cat');
  assert.equal(suggest('bat', []), undefined);
});

test('a distance counts insertions, deletions, replacements and swaps', async (t) => {
  const cases = [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'ab', 1],
    ['abc', 'abd', 1],
    ['abc', 'acb', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ] as const;
  for (const [one, other, distance] of cases) {
    await t.test(`${one} and ${other}`, () => assert.equal(editDistance(one, other), distance));
  }
});

test('a distance is the same both ways, and zero for the same word alone', () => {
  const word = fc.stringMatching(/^[abc]{0,7}$/);
  fc.assert(
    fc.property(word, word, (one, other) => {
      assert.equal(editDistance(one, other), editDistance(other, one));
      assert.equal(editDistance(one, other) === 0, one === other);
      assert(editDistance(one, other) <= Math.max(one.length, other.length));
    }),
  );
});
