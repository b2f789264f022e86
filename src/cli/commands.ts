import { prepareDependencies } from '../apps/dependencies.ts';
import { isTarget, resolveApps } from '../apps/resolve.ts';
import type { Arguments } from '../config/arguments.ts';
import { Config } from '../config/load.ts';
import { START_ERRORS, StartError, type StartFailure } from '../errors.ts';
import { checkText } from './check.ts';
import { askHealth } from './healthcheck.ts';
import { dataDirectoryOf } from './plan.ts';
import { describeFailure } from './print-error.ts';
import { routesText } from './routes.ts';

/** The caller's folder and environment. */
export interface Caller {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What a command does with its arguments. @returns the exit status */
export type Command = (args: Arguments, caller: Caller) => Promise<number>;

/** `stillhouse check`: the configuration, each value with its source, and every fault. */
export const check: Command = async (args, caller) => {
  const config = readConfig(args, caller, true);
  const specs = resolveApps(config, config.faults);
  const failures = specs.flatMap(({ name, faults }) =>
    faults.map((fault) => ({ ...fault, message: `app ${name}: ${fault.message}` })),
  );
  process.stdout.write(checkText(config, specs));
  for (const fault of [...config.faults, ...failures]) process.stderr.write(describeFailure(fault));
  const [first] = [...config.faults, ...failures];
  return first === undefined ? 0 : START_ERRORS[first.code];
};

/** `stillhouse routes`: what is mounted where. */
export const routes: Command = async (args, caller) => {
  const config = readConfig(args, caller, true);
  const specs = resolveApps(config, config.faults);
  process.stdout.write(routesText(specs));
  refuseFaults(config.faults);
  return 0;
};

/** `stillhouse prepare`: installs what apps need, as the first start would. */
export const prepare: Command = async (args, caller) => {
  const config = readConfig(args, caller, true);
  const specs = resolveApps(config, config.faults);
  refuseFaults(config.faults);
  const data = dataDirectoryOf(config.server.settings);
  const say = (name: string) => (message: string) => void process.stdout.write(`${name}: ${message}\n`);
  for (const spec of specs) {
    if (!isTarget(spec.target)) throw new StartError(spec.target);
    const { signal } = new AbortController();
    await prepareDependencies(spec, spec.target, data, caller.env, say(spec.name), signal, true);
  }
  return 0;
};

/** `stillhouse healthcheck`: asks the admin listener of a server on this machine. */
export const healthcheck: Command = async (args, caller) => {
  const config = readConfig(args, caller, true);
  refuseFaults(config.faults);
  const { adminBind } = config.server.settings;
  return askHealth(adminBind);
};

/** Reads the configuration. @param whole of `serve`, in place of one application */
export function readConfig(args: Arguments, { directory, env }: Caller, whole: boolean): Config {
  const stray = whole ? 'workingDirectory' : 'appsDirectory';
  const from = args.layer.get(stray)?.from;
  if (from !== undefined) {
    throw new StartError({
      code: 'OPTION_INVALID',
      message: `${from} has no meaning for ${whole ? 'a folder of applications' : 'one application'}`,
      cure: whole ? 'write working_directory into the app.yaml of the app' : 'leave it out, or write stillhouse serve',
    });
  }
  return new Config({ directory, env, flags: args.layer, configFile: args.configFile, whole });
}

/** Refuses to begin where the configuration is wrong: all of it is told. */
export function refuseFaults(faults: readonly StartFailure[]): void {
  const last = faults.at(-1);
  if (last === undefined) return;
  for (const fault of faults.slice(0, -1)) process.stderr.write(describeFailure(fault));
  throw new StartError(last);
}
