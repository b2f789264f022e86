/** docs/metrics.md says what is exported, and what to do for each alert. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { METRICS } from '../../../src/observe/metrics.ts';
import { ROOT } from '../../support/server.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/metrics.md');

test('the table of docs/metrics.md is the table of src/observe/metrics.ts', () => {
  const rows = Object.values(METRICS).map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  const stands = page.split('\n').filter((line) => line.startsWith('| `stillhouse_'));
  assert.deepEqual(stands, rows, `docs/metrics.md is to have these rows:\n${rows.join('\n')}`);
});

test('each alert stands in docs/metrics.md, and no other', () => {
  const alerts = [...read('config/prometheus/rules.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const stands = [...page.matchAll(/^\| `(Stillhouse\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(stands, alerts);
});

test('docs/metrics.md names no metric that there is not', () => {
  const names: ReadonlySet<string> = new Set(Object.values(METRICS).map(({ name }) => name));
  for (const [name] of page.matchAll(/(?<![\w:])stillhouse_[a-z0-9_]+/g)) {
    assert.ok(names.has(name) || names.has(name.replace(/_(bucket|sum|count)$/, '')), name);
  }
});
