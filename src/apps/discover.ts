import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Faults } from '../config/layer.ts';
import { reasonOf } from '../config/read-text.ts';
import { StartError } from '../errors.ts';
import { conventionalFiles, isApplication } from './conventions.ts';

/** An application's folder, found. */
export interface AppFolder {
  readonly name: string;
  readonly directory: string;
  /** Where it is mounted unless its app.yaml says otherwise. */
  readonly path: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const NO_APPS: ReadonlySet<string> = new Set(['node_modules', '__pycache__', 'lost+found']);

/**
 * The applications of the apps directory: its folders, each at `/NAME`; or the directory itself where it is one, at `/`.
 * @param from where the directory was named
 * @returns them in the order of their names; none where there is a fault
 */
export function discoverApps(directory: string, from: string, faults: Faults): AppFolder[] {
  const names = readFolder(directory, from, faults);
  if (names === undefined) return [];
  if (isApplication(directory)) return [{ name: basename(directory), directory, path: '/' }];
  const folders = names
    .filter((name) => !name.startsWith('.') && !NO_APPS.has(name) && isFolder(join(directory, name)))
    .sort();
  if (folders.length === 0) {
    faults.push({
      code: 'APPS_DIRECTORY_EMPTY',
      message: `the apps directory ${directory} holds no application`,
      cure: 'put a folder with an application into it, such as hello/web_app.py',
    });
  }
  for (const name of folders.filter((folder) => !NAME.test(folder))) {
    faults.push({
      code: 'APP_NAME_INVALID',
      message: `${join(directory, name)}: the name of an app’s folder is letters, digits, dots, hyphens and underscores`,
      cure: 'rename the folder',
    });
  }
  return folders
    .filter((name) => NAME.test(name))
    .map((name) => ({ name, directory: join(directory, name), path: `/${name}` }));
}

function readFolder(directory: string, from: string, faults: Faults): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const named = from === 'default' ? '' : ` (${from})`;
    faults.push({
      code: 'APPS_DIRECTORY_MISSING',
      message:
        code === 'ENOENT'
          ? `there is no apps directory ${directory}${named}`
          : `the apps directory ${directory}${named} cannot be read: ${reasonOf(error)}`,
      cure: 'make it a folder with a folder for each application; or name another: apps.directory, --apps-directory or STILLHOUSE_APPS_DIRECTORY',
    });
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * The file of an application for which app.yaml names none, relative to its folder.
 * @throws StartError APP_NOT_FOUND, APP_TARGET_AMBIGUOUS
 */
export function findByConvention(directory: string): string {
  const found = conventionalFiles(directory);
  const [only] = found;
  if (only === undefined) {
    throw new StartError({
      code: 'APP_NOT_FOUND',
      message: `${directory} holds no application by convention (wsgi.py, app.py, main.py, web_app.py, Django’s */wsgi.py; app, main, server, web_app, index as .ts or .js)`,
      cure: 'name it in its app.yaml: `app: module:callable`',
    });
  }
  if (found.length > 1) {
    throw new StartError({
      code: 'APP_TARGET_AMBIGUOUS',
      message: `${directory} holds ${found.join(' and ')}: either could be the application`,
      cure: `name one in its app.yaml: \`app: ${only}\``,
    });
  }
  return only;
}
