import type { Arguments } from '../config/arguments.ts';
import { Config } from '../config/load.ts';
import { StartError, type StartFailure } from '../errors.ts';
import { describeFailure } from './print-error.ts';

/** The caller's folder and environment. */
export interface Caller {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

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
