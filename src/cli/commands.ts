import { prepareDependencies } from '../apps/dependencies.ts';
import { isTarget, resolveApps } from '../apps/resolve.ts';
import { START_ERRORS, StartError } from '../errors.ts';
import { checkText } from './check.ts';
import type { Command } from './command.ts';
import { askHealth } from './healthcheck.ts';
import { dataDirectoryOf } from './plan.ts';
import { describeFailure } from './print-error.ts';
import { readConfig, refuseFaults } from './read-config.ts';
import { routesText } from './routes.ts';

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
