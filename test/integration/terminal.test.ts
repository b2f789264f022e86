/** The log for people: what a terminal would obey is shown, not sent. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN, ROOT, RunningServer } from '../support/server.ts';
import { ask, get } from '../support/wire.ts';

const TALKER = join(ROOT, 'test/fixtures/logs/talker.ts');
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;

test('--log-format=readable escapes control characters of paths, prints and tracebacks', async () => {
  await using server = new RunningServer([TALKER, '--bind=127.0.0.1:0', '--log-format=readable']);
  const ready = await server.line('ready: talker at http://127.0.0.1:');
  const port = Number(/127\.0\.0\.1:([0-9]+)\//.exec(ready)?.[1]);
  assert.equal((await ask(port, get('/path%1b%5b31m%07%0d%0aforged'))).status, 200);
  assert.equal((await ask(port, get('/%c2%9b31m'))).status, 200);
  assert.equal((await ask(port, get('/escape'))).status, 200);
  assert.equal((await ask(port, get('/fail'))).status, 500);
  await server.line('/fail');
  const { code } = await server.stop();
  assert.equal(code, 0);
  const text = server.lines.join('\n');
  assert.doesNotMatch(text, CONTROL);
  assert.ok(text.includes('/path\\x1b[31m\\x07\\x0d\\x0aforged'), text);
  assert.ok(text.includes('red \\x1b[31mletters\\x07'), text);
  assert.ok(text.includes('\\x9b31m'), text);
  assert.ok(text.includes('    RangeError: nothing'), 'a traceback stands below its record');
  assert.equal(server.records.length, 0, 'nothing of it is JSON');
});

test('a file name with control characters is escaped in an error', () => {
  const { status, stderr } = spawnSync(process.execPath, [BIN, 'red\x1b[31m.py:application'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.doesNotMatch(stderr, CONTROL);
  assert.ok(stderr.includes('red\\x1b[31m.py'), stderr);
});
