// `npm test [-- PATTERN...]`: runs test/**/*.test.ts but for test/bench and test/image, each file in a process of its
// own; `npm run test:image` (--image) runs test/image, which needs a Docker Engine; `npm run chaos` (--chaos) runs
// test/chaos and test/traffic in their long form. A pattern is a part of a file's path. The last line is always `N passed, N failed, N skipped`.
import { join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { listFiles } from './list-files.mjs';
import { runTestFile } from './run-test-file.mjs';
import { TestCounts } from './test-counts.mjs';

/** An engine's builds and networks are not for two at a time, and the long form takes the machine for itself. */
const FORMS = {
  '--image': { folders: ['test/image/'], concurrency: 1, limits: { test: 300_000, file: 600_000 } },
  '--chaos': {
    folders: ['test/chaos/', 'test/traffic/'],
    concurrency: 1,
    limits: { test: 3_600_000, file: 7_200_000 },
  },
};
const ALL = { folders: ['test/'], concurrency: 3, limits: { test: 60_000, file: 120_000 } };
const [option] = process.argv.slice(2);
const form = FORMS[option] ?? ALL;
const root = fileURLToPath(new URL('..', import.meta.url));
const patterns = process.argv.slice(form === ALL ? 2 : 3);
const nothingMayBeSkipped = !['', '0', 'false'].includes(process.env.CI ?? '');

process.chdir(root);
// What npm says about its caller is not for the tests: a server that one starts would resolve paths against it.
delete process.env.INIT_CWD;
if (option === '--chaos') process.env.CHAOS = 'long';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interrupted.abort());

const files = findTestFiles();
const counts = new TestCounts();
const events = new PassThrough({ objectMode: true });
const reporter = events.compose(new spec());
reporter.pipe(process.stdout, { end: false });
const reported = new Promise((resolve) => reporter.once('end', resolve));

const queue = [...files];
await Promise.all(Array.from({ length: form.concurrency }, work));
events.end();
await reported;
await finish();

async function work() {
  for (let file = queue.shift(); file !== undefined && !interrupted.signal.aborted; file = queue.shift()) {
    const ofThisFile = await runTestFile(file, form.limits, interrupted.signal);
    if (interrupted.signal.aborted) return;
    counts.add(file, ofThisFile);
    // A file's events are written in one go: the reporter takes what follows a test for a part of it.
    for (const event of ofThisFile) events.write(event);
  }
}

function findTestFiles() {
  return listFiles(root, 'test')
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/bench/'))
    .filter(
      (file) =>
        form.folders.some((folder) => file.startsWith(folder)) &&
        file.startsWith('test/image/') === (option === '--image'),
    )
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
    .map((file) => join(root, file));
}

async function finish() {
  const { passed, failed, skipped, problems } = counts;
  const lines = problems.map(({ file, what }) => `${relative(root, file)}: ${what}`);
  if (skipped.length > 0) {
    lines.push(nothingMayBeSkipped ? 'Skipped, and with CI=true that is a failure:' : 'Skipped:');
    lines.push(...skipped.map(({ file, name, why }) => `  ${relative(root, file)}: ${name} (${why})`));
  }
  if (interrupted.signal.aborted) lines.push('Interrupted: not every test has run.');
  else if (files.length === 0)
    lines.push(`No test file ${patterns.length > 0 ? 'matches the patterns' : `in ${form.folders.join(' or ')}`}.`);
  else if (passed + failed + skipped.length === 0) lines.push('No test has run.');
  const isGood =
    failed === 0 && passed > 0 && !(nothingMayBeSkipped && skipped.length > 0) && !interrupted.signal.aborted;
  lines.push(`${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  await new Promise((resolve) => process.stdout.write(lines.join('\n'), resolve));
  // Not `exitCode`: what a test file left behind may hold a pipe to this process open.
  process.exit(isGood ? 0 : 1);
}
