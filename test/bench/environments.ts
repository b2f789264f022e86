/**
 * The Python environments of the contenders: one for each file of requirements/, made on first use in a folder that git ignores, and
 * used again while the file and the Python are the same. A contender whose environment cannot be made is Debian's, where Debian has it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PYTHON } from './contenders/needs.ts';
import { ROOT } from './root.ts';

/** What each environment is there for: distributions whose versions the report names. */
const DISTRIBUTIONS = {
  stillhouse: ['Flask', 'Django'],
  granian: ['granian'],
  gunicorn: ['gunicorn', 'gunicorn_h1c'],
  uwsgi: ['uWSGI'],
  bjoern: ['bjoern-binary'],
  fastpysgi: ['fastpysgi'],
  'mod-wsgi': ['mod_wsgi-standalone'],
  waitress: ['waitress'],
  cheroot: ['cheroot'],
} as const;
export type EnvironmentName = keyof typeof DISTRIBUTIONS;

const REQUIREMENTS = join(ROOT, 'test/bench/requirements');
const FOLDER = join(ROOT, 'test/bench/.environments');
/** The key of what is installed, written last. */
const KEY_FILE = 'stillhouse-bench-key';
/** mod_wsgi-standalone compiles Apache. */
const INSTALL_MS = 30 * 60_000;
const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries=1'];
const UNREACHED = /connection|resolve|timed out|unreachable|no matching distribution/i;

const problems = new Map<EnvironmentName, string>();
const keys = new Map<EnvironmentName, string>();

/** Makes what is missing or outdated. After an attempt that did not reach PyPI there is no other. */
export function ensureEnvironments(names: readonly EnvironmentName[], say: (line: string) => void): void {
  let unreached: string | undefined;
  for (const name of names) {
    if (isMade(name)) continue;
    if (unreached === undefined) say(`Making the environment of test/bench/requirements/${name}.txt (pip) ...`);
    const failure = unreached ?? make(name);
    if (failure === undefined) continue;
    if (UNREACHED.test(failure)) unreached = failure;
    const problem = unreached === undefined ? failure : `PyPI was not reached (${unreached})`;
    problems.set(name, problem);
    say(`no environment for ${name}, so Debian's packages are measured where there are some: ${problem}`);
  }
}

/** Whether the environment is there, as its requirements say. */
export function isMade(name: EnvironmentName): boolean {
  const file = join(FOLDER, name, KEY_FILE);
  return existsSync(file) && readFileSync(file, 'utf8') === keyOf(name);
}

/** Why the environment is not there, or nothing. */
export function lacksEnvironment(name: EnvironmentName): string | undefined {
  if (isMade(name)) return undefined;
  return problems.get(name) ?? `the environment of requirements/${name}.txt has not been made`;
}

/** The environment's Python, or Debian's. */
export function pythonOf(name: EnvironmentName): string {
  return isMade(name) ? inEnvironment(name, 'python') : PYTHON;
}

/** The path of an environment's program. */
export function inEnvironment(name: EnvironmentName, program: string): string {
  return join(FOLDER, name, 'bin', program);
}

/** What these environments have installed, by distribution. */
export function versionsIn(names: readonly EnvironmentName[]): Record<string, string> {
  return Object.assign({}, ...names.filter(isMade).map(readVersionsIn));
}

function readVersionsIn(name: EnvironmentName): Record<string, string> {
  const script =
    'import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))';
  return JSON.parse(run(inEnvironment(name, 'python'), ['-c', script, ...DISTRIBUTIONS[name]]).stdout);
}

/** The requirements with those that they refer to, and the Python. */
function keyOf(name: EnvironmentName): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const texts = ['frameworks', name].map((file) => readFileSync(join(REQUIREMENTS, `${file}.txt`), 'utf8'));
  const key = createHash('sha256')
    .update(`${run(PYTHON, ['-VV']).stdout}${texts.join('')}`)
    .digest('hex');
  keys.set(name, key);
  return key;
}

/** @returns why that failed, or nothing */
function make(name: EnvironmentName): string | undefined {
  const folder = join(FOLDER, name);
  rmSync(folder, { recursive: true, force: true });
  const steps: readonly (readonly [string, readonly string[]])[] = [
    [PYTHON, ['-m', 'venv', folder]],
    [inEnvironment(name, 'python'), [...PIP, '-r', join(REQUIREMENTS, `${name}.txt`)]],
  ];
  for (const [file, args] of steps) {
    const { status, stderr, stdout } = run(file, args);
    if (status !== 0) return lastLine(stderr) || lastLine(stdout) || `${file} ended with ${status}`;
  }
  writeFileSync(join(folder, KEY_FILE), keyOf(name));
  return undefined;
}

function run(file: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: INSTALL_MS });
  return { status, stdout: stdout ?? '', stderr: stderr || (error?.message ?? '') };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
