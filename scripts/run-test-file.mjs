import { run } from 'node:test';
import { isStillThere, treeOf } from './process-tree.mjs';

const GRACE_MS = 2_000;

/**
 * Runs one test file in a process of its own, and ends it when it takes too long.
 * @param {string} file absolute path
 * @param {{ test: number, file: number }} limits milliseconds
 * @param {AbortSignal} interrupted ends the file early
 * @returns {Promise<{ type: string, data: any }[]>} the file's events, without the totals that node:test adds to each run
 */
export function runTestFile(file, limits, interrupted) {
  const ending = new AbortController();
  const events = [];
  let hasEnded = false;
  const stream = run({ files: [file], signal: ending.signal, timeout: limits.test });
  stream.on('data', (event) => {
    if (!isTotal(event) && !hasEnded) events.push(event);
  });

  return new Promise((resolve, reject) => {
    let timer = setTimeout(expire, limits.file);
    interrupted.addEventListener('abort', end, { once: true });
    stream.once('end', finish);
    stream.once('error', reject);

    function expire() {
      const error = new Error(`the file ran longer than ${limits.file / 1000} s: does it leave a handle open?`);
      error.stack = error.message; // where this timer stands helps nobody
      events.push({ type: 'test:fail', data: { name: file, nesting: 0, file, testNumber: 1, details: { error } } });
      end();
    }

    function end() {
      // node:test ends a file's process with a SIGTERM that the file may have taken, and then waits for its output to
      // close, which a process that it started may hold open. So neither is relied on.
      hasEnded = true;
      const processes = treeOf(file);
      ending.abort();
      for (const { pid } of processes.filter(isStillThere)) process.kill(pid, 'SIGKILL');
      clearTimeout(timer);
      timer = setTimeout(finish, GRACE_MS);
    }

    function finish() {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', end);
      resolve([...events]);
    }
  });
}

function isTotal({ type, data }) {
  return ['test:summary', 'test:plan', 'test:diagnostic'].includes(type) && data.file === undefined;
}
