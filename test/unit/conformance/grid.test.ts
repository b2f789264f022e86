/** The document that `npm run conform` writes, of a run that is made up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Case, Theme } from '../../conformance/case.ts';
import { choose } from '../../conformance/examine.ts';
import { renderGrid } from '../../conformance/grid.ts';
import { readOptions } from '../../conformance/options.ts';
import { advisedOf, formatScore, requiredOf } from '../../conformance/score.ts';

const case_ = (id: string, level: 'must' | 'should'): Case => ({
  id,
  level,
  sentence: 'It *holds*.',
  section: 'RFC 9110, 1',
  app: 'x',
  sees: {},
});
const THEMES: readonly Theme[] = [
  { title: 'one', cases: [case_('first', 'must'), case_('second', 'should')] },
  { title: 'two', cases: [{ ...case_('third', 'must'), level: 'may', allows: [] } as Case] },
];
const VERDICTS = {
  first: { mark: 'fail', why: 'no' },
  second: { mark: 'pass' },
  third: { mark: 'pass', outcome: 'in time' },
} as const;

test('musts and open cases count, advice is counted apart', () => {
  assert.deepEqual(requiredOf(THEMES, VERDICTS), { passed: 1, asked: 2 });
  assert.deepEqual(advisedOf(THEMES, VERDICTS), { passed: 1, asked: 1 });
  assert.equal(formatScore(requiredOf(THEMES, {})), '–');
});

test('the grid has a row for each case, marks, outcomes, and what was left out', () => {
  const columns = [{ name: 'server', version: '1.2', setup: 'as it is', verdicts: VERDICTS }];
  const text = renderGrid({ themes: THEMES, columns, absent: { other: 'it is not there' }, on: '2026-01-02' });
  for (const line of [
    /^\| server +\| 1\.2 +\| 1 of 2 +\| 1 of 1 +\| as it is +\|$/m,
    /^\| first +\| ✗ +\|$/m,
    /^\| second \\\* +\| ✓ +\|$/m,
    /^\| third +\| in time +\|$/m,
    /^other was left out: it is not there\.$/m,
    /^- \*\*first\*\* \(must; RFC 9110, 1\): It \\\*holds\\\*\.$/m,
  ])
    assert.match(text, line);
});

test('cases are chosen by their name, section or theme', () => {
  const names = (text: string) => choose(THEMES, text).flatMap(({ cases }) => cases.map(({ id }) => id));
  assert.deepEqual(names('two'), ['third']);
  assert.deepEqual(names('sec'), ['second']);
  assert.deepEqual(names('RFC 9110'), ['first', 'second', 'third']);
});

test('a target is a host and a port; what is unknown is refused', () => {
  assert.deepEqual(readOptions(['--target=localhost:8000']).target, {
    host: 'localhost',
    port: 8000,
    language: 'python',
  });
  assert.deepEqual(readOptions(['--target=http://[::1]:80/']).target?.host, '::1');
  assert.equal(readOptions([]).whole, true);
  assert.throws(() => readOptions(['--target=8000']), /HOST:PORT/);
  assert.throws(() => readOptions(['--only=other']), /--only: other is unknown; there are stillhouse, /);
  assert.throws(() => readOptions(['--target=a:1', '--language=perl']), /python or typescript/);
});
