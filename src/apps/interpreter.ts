import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '../errors.ts';
import type { Target } from './target.ts';

const COMPILED = import.meta.url.endsWith('.js');
const PYTHON_BOOT = fileURLToPath(new URL('../workers/python/boot.py', import.meta.url));
const NODE_MAIN = fileURLToPath(new URL(`../workers/node/main.${COMPILED ? 'js' : 'ts'}`, import.meta.url));

/** A program and its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * How a worker of an application is started. The application's name stands last, for whoever looks at the process list.
 * @param python the interpreter: a name on the PATH or a path, against `directory`
 * @throws StartError INTERPRETER_MISSING
 */
export function workerCommand(target: Target, python: string, directory: string, path: string): Command {
  const label = `${target.module ?? target.name}:${target.callable ?? 'application'}`;
  if (target.language === 'node') return { file: process.execPath, args: ['--disable-sigusr1', NODE_MAIN, label] };
  return { file: findProgram(python, directory, path), args: [PYTHON_BOOT, label] };
}

/**
 * The absolute path of a program.
 * @throws StartError INTERPRETER_MISSING
 */
export function findProgram(name: string, directory: string, path: string): string {
  const places = name.includes('/')
    ? [resolve(directory, name)]
    : path.split(delimiter).map((folder) => join(folder, name));
  const found = places.find(isProgram);
  if (found !== undefined) return found;
  throw new StartError({
    code: 'INTERPRETER_MISSING',
    message: name.includes('/') ? `there is no interpreter ${places[0]}` : `there is no ${name} on the PATH`,
    cure: 'install Python 3.9 or newer, or name the interpreter: python.executable, or --python=/path/to/python3',
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
