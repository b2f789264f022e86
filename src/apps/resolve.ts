import { accessSync, constants, statSync } from 'node:fs';
import type { Faults, Resolved } from '../config/layer.ts';
import type { Config } from '../config/load.ts';
import { StartError, type StartFailure } from '../errors.ts';
import { appAccount, tryTarget } from './app-account.ts';
import { type AppFolder, discoverApps, findByConvention } from './discover.ts';
import { findProgram } from './interpreter.ts';
import { findTarget, type Target } from './target.ts';

/** An app, as its folder and its configuration have it. */
export interface AppSpec {
  readonly name: string;
  readonly directory: string;
  readonly path: string;
  readonly host: string;
  readonly resolved: Resolved;
  /** Variables of its app.yaml and its `.env`, for its workers alone. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where they were written. */
  readonly environmentFrom: string;
  /** What is to be run, or why nothing can be. */
  readonly target: Target | StartFailure;
  /** All that is wrong with its files; the first is its target. */
  readonly faults: readonly StartFailure[];
}

/** Whether an app can be run, as far as its files say. */
export function isTarget(target: AppSpec['target']): target is Target {
  return 'language' in target;
}

/**
 * The apps of a configuration. What is wrong with one app is in its spec, and the others are served; what is wrong with all goes to `faults`.
 */
export function resolveApps(config: Config, faults: Faults): AppSpec[] {
  const folders = discoverApps(config.server.settings.appsDirectory, config.server.from.appsDirectory, faults);
  const specs = folders.map((folder) => resolveApp(folder, config));
  checkMounts(specs, faults);
  return specs;
}

/** One app. */
export function resolveApp({ name, directory, path }: AppFolder, config: Config): AppSpec {
  const { resolved, environment, environmentFrom, faults } = config.forApp(directory);
  const { settings } = resolved;
  const target = firstOf(faults) ?? findRunnable(resolved, directory, config);
  return {
    name,
    directory,
    path: settings.path === '' ? path : settings.path,
    host: settings.host,
    resolved,
    environment,
    environmentFrom,
    target,
    faults: faults.length > 0 || isTarget(target) ? faults : [target],
  };
}

function firstOf([first, ...others]: Faults): StartFailure | undefined {
  if (first === undefined || others.length === 0) return first;
  const more = others.length === 1 ? 'one more fault' : `${others.length} more faults`;
  return { ...first, cure: `${first.cure} (${more}: stillhouse check lists all)` };
}

/** What is to be run, with all that can be known of it before its worker starts. */
function findRunnable({ settings, from }: Resolved, directory: string, config: Config): Target | StartFailure {
  const { app, workingDirectory, python } = settings;
  try {
    checkFolder(directory);
    if (workingDirectory !== directory) at(from.workingDirectory, () => checkFolder(workingDirectory));
    const account = appAccount({ settings, from }, directory);
    const target = app === '' ? findConventional(directory) : at(from.app, () => findTarget(app, workingDirectory));
    const interpreter =
      target.language === 'python'
        ? at(from.python, () => findProgram(python, config.directory, config.env.PATH ?? ''))
        : process.execPath;
    at(from.user, () => tryTarget(account, interpreter, target));
    return target;
  } catch (error) {
    if (error instanceof StartError) return error.failure;
    throw error;
  }
}

function findConventional(directory: string): Target {
  const file = findByConvention(directory);
  // A package's module is imported by its dotted name, so that its own imports work.
  const name = file.includes('/') ? file.replace(/\.py$/, '').replaceAll('/', '.') : file;
  return findTarget(name, directory);
}

/** Names the place in an error of what was written there, and a cure for that place. */
function at<T>(place: string, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof StartError) || place === 'default') throw error;
    const { message, cure } = error;
    const better = cure.includes('--chdir') ? 'correct it; it is looked for in the app’s working_directory' : cure;
    throw new StartError({ ...error.failure, message: `${place}: ${message}`, cure: better });
  }
}

/** @throws StartError DIRECTORY_MISSING */
function checkFolder(directory: string): void {
  try {
    if (!statSync(directory).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isThere = code === 'EACCES' || code === 'EPERM';
    throw new StartError({
      code: 'DIRECTORY_MISSING',
      message: isThere ? `${directory} cannot be read by this user` : `there is no folder ${directory}`,
      cure: isThere
        ? `let the server’s user (uid ${process.getuid?.() ?? 0}) read it: chmod -R a+rX ${directory}`
        : 'name an existing folder as working_directory in app.yaml',
    });
  }
}

function checkMounts(specs: readonly AppSpec[], faults: Faults): void {
  const taken = new Map<string, AppSpec>();
  for (const spec of specs) {
    const place = spec.host + spec.path;
    const other = taken.get(place);
    if (other === undefined) taken.set(place, spec);
    else {
      faults.push({
        code: 'MOUNT_TAKEN',
        message: `${describeMount(other)} and ${describeMount(spec)} are both mounted at ${place}`,
        cure: 'give one of them another path or host in its app.yaml',
      });
    }
  }
}

/** An app, and where its place was written, if anywhere. */
function describeMount({ name, directory, resolved: { from } }: AppSpec): string {
  const place = [from.path, from.host].find((written) => written !== 'default');
  return `${name} (${place ?? directory})`;
}
