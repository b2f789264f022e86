import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeControls, formatRecord } from '../../../src/observe/readable.ts';

const TIME = '2026-11-23T07:08:09.123Z';

function format(record: Record<string, unknown>): string {
  return formatRecord(JSON.stringify({ level: 'info', time: TIME, process: 'front', msg: 'hello', ...record }));
}

test('a record is a line: when, how bad, who, what, and the rest as pairs', () => {
  assert.equal(format({}), '07:08:09.123 info  [front] hello\n');
  assert.equal(
    format({ app: 'blog', status: 200, path: '/a' }),
    '07:08:09.123 info  [blog] hello status=200 path=/a\n',
  );
  assert.equal(format({ urls: ['a'], kind: 'ready' }), '07:08:09.123 info  [front] hello urls=["a"]\n');
});

test('a cure and a traceback stand below it', () => {
  assert.equal(
    format({ level: 'error', cure: 'do this', traceback: 'File "a", line 1\n  x\n' }),
    ['07:08:09.123 error [front] hello', '    cure: do this', '    File "a", line 1', '      x', ''].join('\n'),
  );
});

test('what a terminal would obey is shown, not sent', () => {
  const evil = '\x1b[2J\x07\x9b31m\r\x7f';
  const shown = '\\x1b[2J\\x07\\x9b31m\\x0d\\x7f';
  assert.equal(escapeControls(evil), shown);
  const text = format({ msg: evil, path: evil, [evil]: 1, app: evil, cure: evil, traceback: evil });
  assert.doesNotMatch(text.replaceAll('\n', ''), /[^\x20-\x7e]/);
  assert.equal(text.split(shown).length - 1, 6);
});

test('no value can begin a line that looks like a record', () => {
  const forged = `x\n${format({ msg: 'forged' })}`;
  for (const key of ['msg', 'path', 'app', 'cure', 'traceback', 'level']) {
    const [first, ...more] = format({ [key]: forged })
      .trimEnd()
      .split('\n');
    assert.match(first as string, /^07:08:09\.123 /, key);
    assert(
      more.every((line) => line.startsWith('    ')),
      key,
    );
  }
});

test('what is no JSON passes as it is', () => {
  assert.equal(formatRecord('plain\n'), 'plain\n');
});

test('a record that lacks everything is a line all the same', () => {
  assert.equal(formatRecord('{}'), '       [] \n');
});
