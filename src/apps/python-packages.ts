import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findOrMake, keyOf } from './environments.ts';
import { giveAway, type Installation, installerPrefix, installFailed, lastLines } from './installation.ts';
import { findProgram } from './interpreter.ts';
import { runProgram } from './run-program.ts';

const TOLD = /^(?:Looking in|Collecting|Downloading|Processing|Building|Installing|Successfully) /;
const INCLUDED = /^\s*(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)/;
/** The words with which pip names what it failed at. */
const CULPRIT =
  /(?:No matching distribution found for|that satisfies the requirement|Failed building wheel for|Failed to build '?) ?([A-Za-z0-9][\w.-]*(?:[=<>!~]=?[^\s;(']*)?)/;

/**
 * A virtual environment for an app with a requirements.txt.
 * @returns its interpreter; undefined where the app needs none, or its interpreter is a virtual environment's already
 * @throws StartError APP_DEPENDENCIES_FAILED
 */
export async function installPython({
  spec,
  environments,
  env,
  account,
  say,
  signal,
}: Installation): Promise<string | undefined> {
  const requirements = join(spec.directory, 'requirements.txt');
  if (!existsSync(requirements)) return undefined;
  const { python, pythonIndex, pythonWheels, workingDirectory } = spec.resolved.settings;
  const interpreter = findProgram(python, workingDirectory, env.PATH ?? '');
  if (existsSync(join(dirname(dirname(interpreter)), 'pyvenv.cfg'))) return undefined;

  const around = {
    cwd: spec.directory,
    env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
    signal,
    prefix: installerPrefix(account),
  };
  const identity = await runProgram(interpreter, ['-c', 'import sys; print(sys.version, sys.base_prefix)'], around);
  const directory = await findOrMake(environments, {
    name: spec.name,
    key: keyOf(withIncluded(requirements), identity.output),
    account,
    proof: 'bin/python',
    install: async (made) => {
      const began = performance.now();
      say(`installing the packages of ${requirements}`);
      giveAway(made, account);
      const venv = await runProgram(interpreter, ['-m', 'venv', made], around);
      if (venv.status !== 0) {
        const cure =
          'install the venv module of that Python (Debian: python3-venv), or name another with python.executable';
        throw installFailed(
          spec.name,
          `${interpreter} could not make a virtual environment`,
          cure,
          lastLines(venv.output),
        );
      }
      const args = [
        '-m',
        'pip',
        'install',
        '--progress-bar=off',
        ...source(pythonWheels, pythonIndex),
        '-r',
        requirements,
      ];
      const line = (text: string) => TOLD.test(text) && say(text);
      const installed = await runProgram(join(made, 'bin/python'), args, { ...around, line });
      if (installed.status !== 0) {
        const cure = 'correct requirements.txt, or say where its packages come from: python.index, python.wheels';
        throw installFailed(spec.name, reason(installed.output, requirements), cure, lastLines(installed.output));
      }
      say(`installed the packages of ${requirements} after ${Math.round(performance.now() - began)} ms`);
    },
  });
  return join(directory, 'bin/python');
}

function source(wheels: string, index: string): string[] {
  if (wheels !== '') return ['--no-index', '--find-links', wheels];
  return index === '' ? [] : ['--index-url', index];
}

/** A requirements file, and those that it includes (pip, "Requirements File Format"). */
function withIncluded(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file) || !existsSync(file)) return [];
  seen.add(file);
  const names = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => INCLUDED.exec(line)?.[1] ?? []);
  return [file, ...names.flatMap((name) => withIncluded(resolve(dirname(file), name), seen))];
}

function reason(output: string, requirements: string): string {
  const culprit = CULPRIT.exec(output)?.[1];
  if (culprit !== undefined) return `the package ${culprit} of ${requirements} could not be installed`;
  const last = [...output.matchAll(/^(?:Collecting|Processing) (\S+)/gm)].at(-1)?.[1];
  return `${requirements} could not be installed${last === undefined ? '' : `; pip was at ${last}`}`;
}
