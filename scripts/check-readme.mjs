// The commands that the README shows are the ones that CI runs, letter by letter, and the other way round.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './list-files.mjs';
import { runAsProgram } from './problems.mjs';

/** Commands that .ci/run cannot run because they do not end: a test has to name them, and so to run them. */
const LONG_RUNNING = ['npm start', 'npm run -s stillhouse --'];
const COMMAND = /^(?:npm|npx)\b/;

/**
 * @param {string} root the repository's root
 * @returns {import('./problems.mjs').Problem[]}
 */
export function checkReadme(root) {
  const problems = [];
  for (const file of ['README.md', '.ci/run']) {
    if (!existsSync(join(root, file)))
      problems.push({ file, line: 1, cause: 'there is no such file', cure: 'write it' });
  }
  if (problems.length > 0) return problems;

  const shown = commandsOf(linesOfShellBlocks(readFileSync(join(root, 'README.md'), 'utf8')));
  const run = commandsOf(linesOf(readFileSync(join(root, '.ci/run'), 'utf8')));
  const tests = listFiles(root, 'test').filter((file) => file.endsWith('.test.ts'));
  const testText = tests.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');

  for (const { command, line } of shown) {
    if (run.some((other) => other.command === command)) continue;
    const problem = judgeUnrun(command, testText);
    if (problem !== undefined) problems.push({ file: 'README.md', line, ...problem });
  }
  for (const { command, line } of run) {
    if (shown.some((other) => other.command === command)) continue;
    const cause = `runs \`${command}\`, which no sh block of README.md shows`;
    problems.push({ file: '.ci/run', line, cause, cure: 'show it in the README, or run what the README shows' });
  }
  return problems;
}

function judgeUnrun(command, testText) {
  const known = LONG_RUNNING.find((start) => command === start || command.startsWith(`${start} `));
  if (known === undefined) {
    return {
      cause: `shows \`${command}\`, which .ci/run does not run in these letters`,
      cure: 'run it in .ci/run; or, if it does not end, add it to LONG_RUNNING in scripts/check-readme.mjs and test it',
    };
  }
  if (testText.includes(known)) return undefined;
  return { cause: `shows \`${command}\`, and no test names \`${known}\``, cure: `write a test that runs \`${known}\`` };
}

/** The npm and npx commands of some lines of shell, without prompt, comment, redirection and what is run before them. */
function commandsOf(lines) {
  return lines.flatMap(({ text, line }) =>
    text
      .replace(/(^|\s)#.*/, '')
      .split(/&&|\|\||[;|]/)
      .map((part) => part.trim().replace(/^(?:\$|timed|[A-Z_]+=\S*)\s+/, ''))
      .map((part) => part.replace(/\s*(?:\d?>|&).*$/, '').trim())
      .filter((part) => COMMAND.test(part))
      .map((command) => ({ command, line })),
  );
}

/** Lines with their numbers from 1; a line that ends with a backslash is one with the next. */
function linesOf(text) {
  const lines = [];
  let isContinued = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const part = raw.replace(/\\$/, '').trim();
    if (isContinued) lines[lines.length - 1].text += ` ${part}`;
    else lines.push({ text: part, line: index + 1 });
    isContinued = raw.endsWith('\\');
  }
  return lines;
}

function linesOfShellBlocks(markdown) {
  let language;
  return linesOf(markdown).filter(({ text }) => {
    const fence = text.match(/^```+\s*(\w*)/);
    if (fence === null) return /^(?:sh|bash|shell|console)$/.test(language ?? '');
    language = language === undefined ? fence[1] : undefined;
    return false;
  });
}

runAsProgram(import.meta, checkReadme);
