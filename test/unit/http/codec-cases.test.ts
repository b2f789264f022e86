/** The table of cases of the codec: each whole and a byte at a time, and each code of the codec met. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLIENT_ERRORS } from '../../../src/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/http/limits.ts';
import { CASES, THEMES } from './cases/all.ts';
import { type Case, type Expected, viewOf } from './cases/case.ts';
import { parseBothWays } from './parse.ts';

/** Where the codec says no. */
const SOURCES = ['http/request-head.ts', 'http/request-fields.ts', 'http/request-parser.ts', 'wsgi/environ.ts'];

for (const [theme, cases] of Object.entries(THEMES)) {
  test(`${theme}: what is accepted, and what is refused`, async (t) => {
    for (const one of cases) {
      const [name, section, , gives] = one;
      await t.test(`${name}: ${typeof gives === 'string' ? gives : 'accepted'} (${section})`, () => judge(one));
    }
  });
}

function judge([, , bytes, gives, limits]: Case): void {
  const { requests, refused } = parseBothWays(bytes, { ...DEFAULT_LIMITS, ...limits });
  if (typeof gives === 'string') return assert.equal(refused, gives);
  assert.equal(refused, undefined);
  assert.equal(requests.length, gives.length, 'the number of requests');
  for (const [index, seen] of requests.entries()) {
    const view = viewOf(seen);
    const { environ = {}, ...expected }: Expected = { ended: true, ...gives[index] };
    for (const [key, value] of Object.entries(environ)) assert.equal(view.environ[key], value, key);
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(view[key as keyof typeof view], value, key);
  }
}

test('there are at least 250 cases, no two of them the same, and each names its section', () => {
  assert(CASES.length >= 250, `there are ${CASES.length}`);
  for (const [name, section] of CASES) assert.match(section, /^(RFC \d{4}, \d+(\.\d+)*|PEP 3333, \D+)$/, name);
  for (const cases of Object.values(THEMES)) {
    const names = cases.map(([name]) => name);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  }
});

test('each code with which the codec refuses is met by a case', () => {
  const text = SOURCES.map((name) => readFileSync(new URL(`../../../src/${name}`, import.meta.url), 'utf8')).join('\n');
  const ofCodec = Object.keys(CLIENT_ERRORS).filter((code) => text.includes(`'${code}'`));
  assert(ofCodec.length > 25, `only ${ofCodec.length} codes were found in its sources`);
  const met = CASES.map(([, , , gives]) => (typeof gives === 'string' ? gives.slice(4) : ''));
  assert.deepEqual(
    ofCodec.filter((code) => !met.includes(code)),
    [],
  );
});
