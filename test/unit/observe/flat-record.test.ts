import assert from 'node:assert/strict';
import { test } from 'node:test';
import pino from 'pino';
import { flatRecord, isoClock } from '../../../src/observe/flat-record.ts';

const RECORD = {
  kind: 'access',
  path: '/a"b\\c\n\u2028\x7f\ud800é漢',
  quote: '"',
  backslash: '\\',
  empty: '',
  status: 200,
  ms: 0.125,
  complete: true,
};

test('a flat record is the line that pino makes of it', () => {
  const lines: string[] = [];
  const options = {
    base: { process: 'front' },
    timestamp: false,
    formatters: { level: (level: string) => ({ level }) },
  };
  pino(options, { write: (line: string) => lines.push(line) }).info(RECORD);
  assert.equal(flatRecord('{"level":"info","process":"front"', RECORD), lines[0]);
});

test('the time is made anew with each millisecond', () => {
  let now = 0;
  const time = isoClock(() => now);
  assert.equal(time(), '1970-01-01T00:00:00.000Z');
  assert.equal(time(), time());
  now = 1;
  assert.equal(time(), '1970-01-01T00:00:00.001Z');
});
