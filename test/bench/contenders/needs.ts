import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian's Python, for which the peers and frameworks are installed. */
export const PYTHON = '/usr/bin/python3';

const known = new Map<string, boolean>();

/** @returns why one of these programs is not there, or nothing; a path is looked for as a file */
export function lacksProgram(...programs: readonly string[]): string | undefined {
  const missing = programs.find((program) => !once(program, () => isThere(program)));
  return missing === undefined ? undefined : `${missing} is not on this machine`;
}

/** @returns why Debian's Python cannot import this module, or nothing */
export function lacksModule(name: string): string | undefined {
  const present = once(`import ${name}`, () => spawnSync(PYTHON, ['-c', `import ${name}`]).status === 0);
  return present ? undefined : `${PYTHON} has no ${name}`;
}

function isThere(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { env: { PATH: searchPath() } }).status === 0;
}

function once(key: string, find: () => boolean): boolean {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}

/** Daemons lie in folders that a user's PATH need not have. */
export function searchPath(): string {
  return `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
}
