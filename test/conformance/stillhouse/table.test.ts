import assert from 'node:assert/strict';
import { it } from 'node:test';
import { THEMES } from './cases/themes.ts';
import { ROWS } from './rows.ts';
import type { Kind } from './subject.ts';
import { concerns } from './suite.ts';

for (const kind of ['python', 'typescript'] satisfies Kind[]) {
  it(`every row of the table has a case for ${kind}`, () => {
    const cases = THEMES.flatMap((theme) => theme.cases.filter((one) => concerns(theme, one, kind)));
    const covered = new Set(cases.map(({ row }) => row));
    assert.deepEqual(
      Object.keys(ROWS).filter((row) => !covered.has(row as keyof typeof ROWS)),
      [],
    );
  });
}
