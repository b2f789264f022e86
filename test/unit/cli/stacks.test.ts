import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stacksText } from '../../../src/cli/stacks.ts';

const MAIN = 'Thread MainThread (most recent call last):\n  File "app.py", line 3, in wait\n    read()\n';

test('each worker is told with what it runs and where it stands', () => {
  const workers = [
    {
      pid: 12,
      stacks: `${MAIN}\nThread other (most recent call last):\n  File "b.py", line 1, in b\n`,
      requests: ['a'],
    },
    { pid: 13, stacks: MAIN, requests: [] },
    { pid: 14, stacks: null, requests: ['b', 'c'] },
  ];
  assert.equal(
    stacksText('blog', { state: 'serving', workers }),
    `worker 12, runs a
  Thread MainThread (most recent call last):
    File "app.py", line 3, in wait
      read()

  Thread other (most recent call last):
    File "b.py", line 1, in b

worker 13, runs nothing
  Thread MainThread (most recent call last):
    File "app.py", line 3, in wait
      read()

worker 14, runs b, c
  no answer: it holds its interpreter (C code) or is stopped
`,
  );
});

test('an app without workers is told with its state', () => {
  assert.equal(stacksText('blog', { state: 'failed', workers: [] }), 'blog is failed, and has no worker now\n');
});

test('what a terminal would obey is shown, not sent', () => {
  const workers = [{ pid: 1, stacks: 'Thread \x1b[31mred', requests: ['\x07'] }];
  const text = stacksText('blog', { state: 'serving', workers });
  assert.equal(text, 'worker 1, runs \\x07\n  Thread \\x1b[31mred\n');
});
