// `npm run check`: every check in turn, each with its verdict on a line and its findings below it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkImports } from './check-imports.mjs';
import { checkReadme } from './check-readme.mjs';
import { formatProblem } from './problems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const FORMAT_CURE = '`npm run format` mends the format and what is safe to mend; the rest is by hand';

/** Each returns what is wrong, or an empty text. */
const CHECKS = {
  'format and lint (biome)': () =>
    runTool('biome', ['check', '--error-on-warnings', '--colors=off', '--max-diagnostics=200'], FORMAT_CURE),
  'types (tsc)': () => runTool('tsc', ['--noEmit', '--pretty', 'false'], 'correct the types at the places named above'),
  'directions of imports': () => checkImports(root).map(formatProblem).join('\n'),
  "README's commands are CI's": () => checkReadme(root).map(formatProblem).join('\n'),
};

let failed = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  const startedAt = performance.now();
  const wrong = check();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${wrong === '' ? 'ok  ' : 'FAIL'}  ${name}  ${seconds} s\n`);
  if (wrong === '') continue;
  failed += 1;
  process.stdout.write(`${wrong.replace(/^(?=.)/gm, '      ')}\n`);
}
if (failed > 0) process.stdout.write(`${failed} of ${Object.keys(CHECKS).length} checks failed.\n`);
process.exitCode = failed > 0 ? 1 : 0;

function runTool(name, args, cure) {
  const command = join(root, 'node_modules', '.bin', name);
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 });
  if (error !== undefined) return `${command} does not start: ${error.message}\nWhat to do: \`npm ci\``;
  return status === 0 ? '' : `${stderr}${stdout}`.trim().concat(`\nWhat to do: ${cure}`);
}
