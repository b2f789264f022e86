import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { suggest } from '../config/suggest.ts';
import { StartError } from '../errors.ts';

/** An application, found: in which language, in which module or file, under which name. */
export interface Target {
  /** What the log calls it. */
  readonly name: string;
  readonly language: 'python' | 'node';
  /** First on the path of imports. */
  readonly directory: string;
  readonly module: string | null;
  /** Absolute; null where Python is to find the module itself. */
  readonly file: string | null;
  readonly callable: string | null;
}

const NODE_EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs'];
const FILE = /\.(py|ts|mts|cts|tsx|js|mjs|cjs)$/;
const MODULE = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;

/**
 * Finds what `MODULE:CALLABLE` or `FILE:CALLABLE` names, as gunicorn would: modules are looked for in `directory`; the callable may be left out.
 * @param directory absolute
 * @throws StartError APP_TARGET_INVALID, APP_TARGET_AMBIGUOUS, APP_MODULE_MISSING
 */
export function findTarget(text: string, directory: string): Target {
  const colon = text.indexOf(':');
  const place = colon < 0 ? text : text.slice(0, colon);
  const callable = colon < 0 ? null : text.slice(colon + 1);
  if (place === '' || callable === '') {
    throw new StartError({
      code: 'APP_TARGET_INVALID',
      message: `${JSON.stringify(text)} does not name an application`,
      cure: 'write MODULE:CALLABLE or FILE:CALLABLE, such as web_app:application',
    });
  }
  if (FILE.test(place)) return fileTarget(place, callable, directory);
  if (!MODULE.test(place)) {
    throw new StartError({
      code: 'APP_TARGET_INVALID',
      message: `${place} is neither a module's name nor a file`,
      cure: 'write web_app:application, or name the file: path/to/web_app.py:application',
    });
  }
  return moduleTarget(place, callable, directory);
}

function fileTarget(place: string, callable: string | null, directory: string): Target {
  const file = resolve(directory, place);
  if (!isFile(file)) throw missing(place, dirname(file), basename(file));
  const module = basename(file, extname(file));
  return { name: module, language: file.endsWith('.py') ? 'python' : 'node', directory, module, file, callable };
}

function moduleTarget(module: string, callable: string | null, directory: string): Target {
  const path = module.replaceAll('.', '/');
  const python = [`${path}.py`, `${path}/__init__.py`].filter((name) => isFile(join(directory, name)));
  const node = NODE_EXTENSIONS.map((extension) => path + extension).filter((name) => isFile(join(directory, name)));
  const found = [...python, ...node];
  if (found.length > 1 && node.length > 0) {
    throw new StartError({
      code: 'APP_TARGET_AMBIGUOUS',
      message: `${module} could be ${found.join(' or ')} in ${directory}`,
      cure: `name the file: ${found.map((name) => `${name}:${callable ?? 'application'}`).join(' or ')}`,
    });
  }
  const name = module.split('.').at(-1) as string;
  const [file] = node;
  if (file !== undefined) return { name, language: 'node', directory, module, file: join(directory, file), callable };
  // A Python module that is not here may be installed: only Python can tell. A near name that is here says that it was mistyped.
  if (python.length === 0 && nearest(module, directory) !== undefined) throw missing(module, directory, module);
  return { name, language: 'python', directory, module, file: null, callable };
}

function missing(place: string, directory: string, wanted: string): StartError {
  const near = nearest(wanted, directory);
  return new StartError({
    code: 'APP_MODULE_MISSING',
    message: `there is no ${place} in ${directory}`,
    cure:
      near === undefined
        ? 'run the command in the folder of the application, or name that folder with --chdir'
        : `did you mean ${near}?`,
  });
}

/** A program file in a folder whose name is near, written as the wanted name was: with its extension or without. */
function nearest(wanted: string, directory: string): string | undefined {
  const files = programs(directory);
  const names = FILE.test(wanted) ? files : files.map((name) => name.replace(FILE, ''));
  return suggest(
    wanted,
    [...new Set(names)].filter((name) => name !== wanted),
  );
}

function programs(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => FILE.test(name));
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
