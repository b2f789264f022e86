import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Problem
 * @property {string} file path from the repository's root
 * @property {number} line from 1
 * @property {string} cause
 * @property {string} cure
 */

/** @param {Problem} problem */
export function formatProblem({ file, line, cause, cure }) {
  return `${file}:${line}: ${cause}\n  What to do: ${cure}`;
}

/**
 * Runs a check if its module is the program: prints its problems to stderr, and exits with 1 when there are any.
 * @param {{ url: string }} meta the module's `import.meta`
 * @param {(root: string) => Problem[]} check gets the folder named on the command line, or the repository's root
 */
export function runAsProgram(meta, check) {
  if (process.argv[1] !== fileURLToPath(meta.url)) return;
  const problems = check(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
