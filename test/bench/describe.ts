/** Where and with what a run is made. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Contender } from './contenders/index.ts';
import { lacksProgram, PYTHON, searchPath } from './contenders/needs.ts';
import { type EnvironmentName, lacksEnvironment, versionsIn } from './environments.ts';
import { nodeVersion } from './node26.ts';
import type { Results } from './results.ts';
import { contenderNamed } from './run.ts';
import type { Group } from './workloads.ts';

/** What prints the version of a program of Debian's, and where in its words it is. */
const VERSIONS: Readonly<Record<string, readonly [file: string, ...args: string[]]>> = {
  Python: [PYTHON, '--version'],
  gunicorn: ['gunicorn', '--version'],
  uWSGI: ['uwsgi', '--version'],
  nginx: ['nginx', '-v'],
  Apache: ['apache2', '-v'],
  waitress: [PYTHON, '-c', "import importlib.metadata as m; print(m.version('waitress'))"],
  cheroot: [PYTHON, '-c', "import importlib.metadata as m; print(m.version('cheroot'))"],
  Flask: [PYTHON, '-c', "import importlib.metadata as m; print(m.version('flask'))"],
  Django: [PYTHON, '-c', "import importlib.metadata as m; print(m.version('django'))"],
};

export function describeRun(groups: readonly Group[]): Omit<Results, 'rounds' | 'seconds' | 'workloads'> {
  const contenders = contendersOf(groups);
  const environments = environmentsOf(groups);
  const absences = contenders.flatMap((contender) => {
    const why = contender.absent();
    return why === undefined ? [] : [[contender.name, why] as const];
  });
  return {
    at: new Date().toISOString(),
    node: nodeVersion(),
    machine: describeMachine(),
    setups: Object.fromEntries(contenders.map((contender) => [contender.name, describeSetup(contender)])),
    absent: Object.fromEntries(absences),
    versions: { ...readVersions(), ...versionsIn(environments) },
  };
}

/** The Python environments of the groups' contenders. */
export function environmentsOf(groups: readonly Group[]): EnvironmentName[] {
  return [...new Set(contendersOf(groups).flatMap(({ environment }) => environment ?? []))];
}

function contendersOf(groups: readonly Group[]): Contender[] {
  return [...new Set(groups.flatMap((group) => group.contenders).map(contenderNamed))];
}

function describeSetup({ setup, environment }: Contender): string {
  const isDebians = environment !== undefined && lacksEnvironment(environment) !== undefined;
  return isDebians ? `${setup}; of Debian's packages` : setup;
}

/** `2 cores (...), 24 GiB, Linux ...`. */
export function describeMachine(): string {
  return `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
}

/** What these programs say of themselves, those that are there; all that are known where none is named. */
export function readVersions(...names: readonly string[]): Record<string, string> {
  const wanted = Object.entries(VERSIONS).filter(([name]) => names.length === 0 || names.includes(name));
  const found = wanted.flatMap(([name, [file, ...args]]) => {
    if (lacksProgram(file) !== undefined) return [];
    const env = { ...process.env, PATH: searchPath() };
    const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', env });
    const version = /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0];
    return status !== 0 || version === undefined ? [] : [[name, version] as const];
  });
  return Object.fromEntries(found);
}
