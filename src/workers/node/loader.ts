import { pathToFileURL } from 'node:url';
import { StartError } from '../../errors.ts';
import type { Start } from '../../pool/start.ts';
import type { Application } from '../../wsgi/types.ts';
import { summary, userStack } from './records.ts';

/** Names that are tried where none was given. */
const CONVENTIONAL = ['application', 'app', 'default'];
const CALL = /^([\w$.]+)\(\)$/;

/** An imported application, and the name under which it was found. */
export interface Loaded {
  readonly app: Application;
  readonly callable: string;
}

/**
 * Imports the application.
 * @throws StartError APP_IMPORT_FAILED, APP_SYNTAX_UNSUPPORTED, APP_CALLABLE_MISSING, APP_NOT_CALLABLE
 */
export async function load(start: Start): Promise<Loaded> {
  const file = start.file ?? '';
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw importError(file, error);
  }
  return pick(module, start.callable, file);
}

/** The callable of a module. Exported for its tests. */
export async function pick(module: Record<string, unknown>, name: string | null, file: string): Promise<Loaded> {
  if (name === null) {
    const found = CONVENTIONAL.find((key) => typeof module[key] === 'function');
    if (found !== undefined) return { app: module[found] as Application, callable: found };
    const named = CONVENTIONAL.find((key) => key in module);
    throw named === undefined ? missing(module, 'application', file) : notCallable(module, named, module[named], file);
  }
  const call = CALL.exec(name);
  const value = lookUp(module, call?.[1] ?? name, file);
  const app = call === null ? value : await (value as () => unknown)();
  if (typeof app === 'function') return { app: app as Application, callable: name };
  throw notCallable(module, name, app, file);
}

function notCallable(module: Record<string, unknown>, name: string, value: unknown, file: string): StartError {
  return new StartError({
    code: 'APP_NOT_CALLABLE',
    message: `${file}: ${name} is ${value === null ? 'null' : `of type ${typeof value}`}, not a function`,
    cure: `name a function; ${exported(module)}`,
  });
}

function lookUp(module: Record<string, unknown>, path: string, file: string): unknown {
  let value: unknown = module;
  for (const key of path.split('.')) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !(key in value))
      throw missing(module, path, file);
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function missing(module: Record<string, unknown>, name: string, file: string): StartError {
  return new StartError({
    code: 'APP_CALLABLE_MISSING',
    message: `${file} exports no ${name}`,
    cure: `export it, or name another after the colon; ${exported(module)}`,
  });
}

function exported(module: Record<string, unknown>): string {
  const functions = Object.keys(module).filter((key) => typeof module[key] === 'function');
  return functions.length === 0 ? 'the module exports no function' : `the module exports ${functions.join(', ')}`;
}

function importError(file: string, error: unknown): StartError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const traceback = userStack(error);
  if (
    code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' ||
    (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.tsx/.test(summary(error)))
  ) {
    return new StartError({
      code: 'APP_SYNTAX_UNSUPPORTED',
      message: `${file}: ${summary(error)}`,
      cure: 'Node removes types and runs the rest: enums, namespaces with code, parameter properties and .tsx need a compiler. Write a const object in place of an enum, or compile to JavaScript and name that file',
      traceback,
    });
  }
  if (code === 'EADDRINUSE') {
    return new StartError({
      code: 'APP_IMPORT_FAILED',
      message: `${file} starts a server of its own when it is imported: ${summary(error)}`,
      cure: 'put that under if (import.meta.main)',
      traceback,
    });
  }
  if (error instanceof SyntaxError && /Unexpected token 'export'|Cannot use import statement/.test(error.message)) {
    return new StartError({
      code: 'APP_IMPORT_FAILED',
      message: `${file} is an ES module, and Node takes it for CommonJS: ${summary(error)}`,
      cure: 'say "type": "module" in the nearest package.json, or name the file .mts (.mjs)',
      traceback,
    });
  }
  const [, missingPackage] = /Cannot find package '([^']+)'/.exec(summary(error)) ?? [];
  return new StartError({
    code: 'APP_IMPORT_FAILED',
    message: `${file} could not be imported: ${summary(error)}`,
    cure:
      missingPackage === undefined
        ? 'mend what the traceback shows'
        : `install ${missingPackage} in the application’s folder: npm install ${missingPackage}`,
    traceback,
  });
}
