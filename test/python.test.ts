/** The Python worker's own tests, run by Python's own runner. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const python = ['/usr/bin/python3', 'python3'].find((name) => spawnSync(name, ['-c', '']).status === 0);

test('the Python worker keeps PEP 3333 and the worker protocol (python3 -m unittest)', {
  skip: python === undefined ? 'there is no python3' : false,
  timeout: 240_000,
}, async (t) => {
  const args = ['-B', '-m', 'unittest', 'discover', '-s', 'test/python', '-t', 'test/python'];
  const child = spawn(python as string, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], signal: t.signal });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const [status] = await once(child, 'close');
  assert.equal(status, 0, output);
  assert.match(output, /^Ran [1-9][0-9]* tests? in /m);
  // A tool that is missing is told of by Python; where nothing may be skipped, that is a failure.
  if (process.env.CI) assert.doesNotMatch(output, /^OK \(.*skipped/m, output);
});
