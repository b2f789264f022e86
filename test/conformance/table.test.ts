/** The cases as a table: what can be said of them without a server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concerns, type Language } from './case.ts';
import { THEMES } from './cases/index.ts';

const cases = THEMES.flatMap((theme) => theme.cases);

test('every case has a name of its own', () => {
  const names = cases.map(({ id }) => id);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test('every case rests on a section of PEP 3333, an RFC, or both', () => {
  const SECTION = /^(PEP 3333, [A-Z_a-z].*|RFC \d{4}, \d+(\.\d+)*)$/;
  assert.deepEqual(
    cases.filter(({ section }) => !section.split('; ').every((one) => SECTION.test(one))).map(({ id }) => id),
    [],
  );
});

test('every case says what holds in a sentence', () => {
  assert.deepEqual(
    cases.filter(({ sentence }) => !/^\S.*\.$/s.test(sentence)).map(({ id }) => id),
    [],
  );
});

test('a case that leaves something open lists what it allows, or tells which outcome it was', () => {
  const open = cases.filter(({ level }) => level === 'may');
  assert.deepEqual(
    open.filter((one) => one.run === undefined && !('allows' in one)).map(({ id }) => id),
    [],
  );
});

for (const language of ['python', 'typescript'] satisfies Language[]) {
  test(`there are at least 200 cases for ${language}`, () => {
    assert.ok(cases.filter((one) => concerns(one, language)).length >= 200);
  });
}
