import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PYTHON = ['wsgi', 'app', 'main', 'web_app'].map((name) => `${name}.py`);
const NODE = ['app', 'main', 'server', 'web_app', 'index'].flatMap((name) =>
  ['.ts', '.mts', '.js', '.mjs', '.cjs'].map((extension) => name + extension),
);

/**
 * The files of a folder that are applications by convention: `wsgi.py`, `app.ts` and the like, and Django's `PROJECT/wsgi.py` beside its `manage.py`.
 * @returns names relative to the folder, in their order of the alphabet
 */
export function conventionalFiles(directory: string): string[] {
  const found = [...PYTHON, ...NODE].filter((name) => isFile(join(directory, name)));
  return [...found, ...djangoFiles(directory)].sort();
}

/** Whether a folder is one application itself, and not a folder of them. */
export function isApplication(directory: string): boolean {
  return (
    isFile(join(directory, 'app.yaml')) || isFile(join(directory, 'app.yml')) || conventionalFiles(directory).length > 0
  );
}

function djangoFiles(directory: string): string[] {
  if (!isFile(join(directory, 'manage.py'))) return [];
  return readdirSync(directory)
    .filter((name) => isFile(join(directory, name, 'wsgi.py')))
    .map((name) => `${name}/wsgi.py`);
}

/** A folder that may not be entered holds nothing that could be found. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
