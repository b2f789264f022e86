import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { StartError } from '../errors.ts';
import { findOrMake, keyOf } from './environments.ts';
import { giveAway, type Installation, installerPrefix, installFailed, lastLines } from './installation.ts';
import { runProgram } from './run-program.ts';

const FILES = ['package.json', 'package-lock.json'] as const;
const NOT_LINKED: ReadonlySet<string> = new Set([...FILES, 'node_modules', '.git']);
/** The words with which npm names what it failed at. */
const CULPRITS = [
  /'(@?[^@'\s]+@[^'\s]*)' is not in this registry/,
  /404 Not Found - GET \S+\/([^/\s]+)/,
  /Missing: (\S+) from lock file/,
  /Invalid: lock file's (\S+) does not satisfy/,
  /request to \S+\/([^/\s]+) failed/,
  /path \S*\/node_modules\/(\S+)/,
  /ENOENT: no such file or directory, (?:open|lstat|stat) '(?:[^']*\/)?([^'/]+)'/,
];

/**
 * The packages of an app with a package.json and its lock.
 * @returns a folder with them in `node_modules`; undefined where the app needs none, or has brought its own
 * @throws StartError APP_DEPENDENCIES_FAILED
 */
export async function installNode({
  spec,
  environments,
  env,
  account,
  say,
  signal,
}: Installation): Promise<string | undefined> {
  const [manifest, lock] = FILES.map((name) => join(spec.directory, name)) as [string, string];
  if (existsSync(join(spec.directory, 'node_modules')) || !asksForPackages(manifest)) return undefined;
  if (!existsSync(lock)) {
    say(
      `${manifest} has no package-lock.json beside it, so nothing is installed: npm install --package-lock-only makes one`,
    );
    return undefined;
  }
  return findOrMake(environments, {
    name: spec.name,
    key: keyOf([manifest, lock], `${process.version} ${process.arch}`),
    account,
    proof: 'node_modules',
    install: async (made) => {
      const npm = findNpm(env.PATH ?? '');
      if (npm === undefined) throw noNpm(spec.name, manifest);
      say(`installing the packages of ${lock}`);
      mirror(spec.directory, made);
      giveAway(made, account);
      // npm and the scripts of packages run by this very Node: what they compile is for it.
      const path = [dirname(process.execPath), env.PATH].join(delimiter);
      const installed = await runProgram(npm, ['ci', '--omit=dev', '--no-audit', '--no-fund', '--no-progress'], {
        cwd: made,
        env: { ...env, PATH: path, npm_config_update_notifier: 'false' },
        signal,
        prefix: installerPrefix(account),
        line: (line) => line !== '' && !line.startsWith('npm error') && say(line),
      });
      if (installed.status !== 0) {
        const cure = 'correct package.json and make its lock anew: npm install --package-lock-only';
        throw installFailed(spec.name, reason(installed.output, lock), cure, errorsOf(installed.output));
      }
    },
  });
}

function asksForPackages(manifest: string): boolean {
  if (!existsSync(manifest)) return false;
  try {
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
    return Object.keys({ ...dependencies, ...optionalDependencies }).length > 0;
  } catch {
    return true; // npm says better what is wrong with it
  }
}

/** The app's folder as npm needs it: a copy of what it may rewrite, links to the rest, which `file:` packages and scripts may name. */
function mirror(app: string, made: string): void {
  for (const name of FILES) copyFileSync(join(app, name), join(made, name));
  for (const name of readdirSync(app).filter((entry) => !NOT_LINKED.has(entry)))
    symlinkSync(join(app, name), join(made, name));
}

function findNpm(path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

function noNpm(app: string, manifest: string): StartError {
  return new StartError({
    code: 'APP_DEPENDENCIES_FAILED',
    message: `${app}: ${manifest} asks for packages, and there is no npm on the PATH to install them`,
    cure: 'install npm; in an image run `stillhouse prepare` in a stage that has it, or bring node_modules with the app',
  });
}

/** Without the lines on how npm is used. */
function errorsOf(output: string): readonly string[] {
  const [errors = ''] = output.split(/^npm (?:error|ERR!) Usage:/m);
  return lastLines(errors);
}

function reason(output: string, lock: string): string {
  const culprit = CULPRITS.map((words) => words.exec(output)?.[1]).find((name) => name !== undefined);
  if (culprit === undefined) return `the packages of ${lock} could not be installed`;
  return `the package ${culprit} of ${lock} could not be installed`;
}
