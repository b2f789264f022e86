import { isatty } from 'node:tty';
import { type AppSpec, resolveApps } from '../apps/resolve.ts';
import { findTarget } from '../apps/target.ts';
import type { Arguments } from '../config/arguments.ts';
import type { Config } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { ReloadFailed } from '../errors.ts';
import { createLog, type LogSettings } from '../observe/log.ts';
import type { ServePlan } from '../supervisor/plan.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import type { Command } from './command.ts';
import { makePlan } from './plan.ts';
import { type Caller, readConfig, refuseFaults } from './read-config.ts';
import { obeySignals } from './signals.ts';

/** What is served, by a configuration as it was read. */
interface Reading {
  readonly config: Config;
  readonly specs: readonly AppSpec[];
}

/** `stillhouse MODULE:CALLABLE`: one application, and an end where it cannot start. */
export const serveOne: Command = async (args, caller) => serve(() => readOne(args, caller), true, caller);

/** `stillhouse serve`: the apps of a configuration. */
export const serveAll: Command = async (args, caller) => serve(() => readAll(args, caller), false, caller);

function readOne(args: Arguments, caller: Caller): Reading {
  const config = readConfig(args, caller, false);
  const { resolved, environment, environmentFrom, faults } = config.forApp(caller.directory, false);
  config.faults.push(...faults);
  if (config.faults.length > 0) return { config, specs: [] };
  const { settings } = resolved;
  const target = findTarget(args.positionals[0] as string, settings.workingDirectory);
  const spec: AppSpec = {
    name: target.name,
    directory: settings.workingDirectory,
    path: '/',
    host: '',
    resolved,
    environment,
    environmentFrom,
    target,
    faults: [],
  };
  return { config, specs: [spec] };
}

function readAll(args: Arguments, caller: Caller): Reading {
  const config = readConfig(args, caller, true);
  return { config, specs: config.faults.length === 0 ? resolveApps(config, config.faults) : [] };
}

async function serve(read: () => Reading, strict: boolean, caller: Caller): Promise<number> {
  const first = read();
  refuseFaults(first.config.faults);
  const logSettings = logSettingsOf(first.config.server.settings);
  const planOf = ({ config, specs }: Reading): ServePlan => {
    const resolved = strict ? (specs[0] as AppSpec).resolved : config.server;
    const around = { ...caller, log: logSettingsOf(config.server.settings), installs: !strict };
    return makePlan(resolved, specs, strict, around, config.files);
  };
  const reread = () => {
    const reading = read();
    if (reading.config.faults.length > 0) throw new ReloadFailed(reading.config.faults);
    return planOf(reading);
  };
  const log = createLog(logSettings, 'supervisor');
  const supervisor = new Supervisor(planOf(first), log, reread);
  obeySignals(supervisor);
  try {
    await supervisor.run();
    log.logger.info('stopped');
  } finally {
    await log.close();
  }
  return 0;
}

function logSettingsOf({ logLevel, logFormat }: Settings): LogSettings {
  const readable = logFormat === 'readable' || (logFormat === 'auto' && isatty(1));
  return { level: logLevel as LogSettings['level'], readable };
}
