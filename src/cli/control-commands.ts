/** The commands that ask a server which runs, over its control socket. */
import type { ReloadAnswer, ScaleAnswer } from '../admin/control.ts';
import type { Arguments } from '../config/arguments.ts';
import { SETTINGS } from '../config/settings.ts';
import { StartError } from '../errors.ts';
import type { Command } from './command.ts';
import { pathOf } from './control-client.ts';
import { type FoundServer, findServer } from './find-server.ts';
import { dataDirectoryOf } from './plan.ts';
import { type Caller, readConfig, refuseFaults } from './read-config.ts';
import { printStacks } from './stacks.ts';
import { showStatus } from './status.ts';
import { stopServer } from './stop.ts';

/** `stillhouse status`: how the server is, once, or on a terminal again and again. */
export const status: Command = async (args, caller) => {
  await showStatus(await serverOf(args, caller), args.json, caller.env);
  return 0;
};

/** `stillhouse reload [APP]`: new generations in place of those that serve. */
export const reload: Command = async (args, caller) => {
  const [, app] = args.positionals;
  const { client } = await serverOf(args, caller, app);
  const path = app === undefined ? '/reload' : pathOf(app, 'reload');
  // As long as the applications take to start, which the server bounds.
  const { changes, needsRestart } = (await client.order(path, 0)) as ReloadAnswer;
  const restart = needsRestart.map((what) => `${what} has changed, and holds after a restart`);
  const lines = [...changes, ...restart];
  process.stdout.write((lines.length === 0 ? ['nothing has changed'] : lines).map((line) => `${line}\n`).join(''));
  return 0;
};

/** `stillhouse scale APP N`: so many workers, at once. */
export const scale: Command = async (args, caller) => {
  const [, app = '', count = ''] = args.positionals;
  const workers = readWorkers(count);
  const { client } = await serverOf(args, caller, app);
  const { min, max } = (await client.order(`${pathOf(app, 'scale')}?workers=${workers}`)) as ScaleAnswer;
  const range = min === max ? `${max}` : `${min} to ${max}`;
  process.stdout.write(`${app}: ${range} ${max === 1 ? 'worker' : 'workers'}\n`);
  return 0;
};

/** `stillhouse stop`: returns when the server has ended. */
export const stop: Command = async (args, caller) => {
  const { client } = await serverOf(args, caller);
  await stopServer(client);
  process.stdout.write(`server ${client.pid} has stopped\n`);
  return 0;
};

/** `stillhouse stacks APP`: where each worker stands. */
export const stacks: Command = async (args, caller) => {
  const app = args.positionals[1] as string;
  await printStacks((await serverOf(args, caller, app)).client, app);
  return 0;
};

/** Faults of the configuration, in which somebody may be writing, matter only where the server is not found for them. */
async function serverOf(args: Arguments, caller: Caller, app?: string): Promise<FoundServer> {
  const config = readConfig(args, caller, true);
  const { settings, from } = config.server;
  if (from.dataDirectory === 'default') refuseFaults(config.faults.filter(({ code }) => !HARMLESS.includes(code)));
  try {
    return await findServer({ dataDirectory: dataDirectoryOf(settings), pid: args.server, app });
  } catch (error) {
    if (error instanceof StartError && error.code === 'SERVER_NOT_FOUND') refuseFaults(config.faults);
    throw error;
  }
}

/** Faults that do not keep the data directory from being known. */
const HARMLESS: readonly string[] = ['CONFIG_KEY_UNKNOWN', 'CONFIG_VALUE_INVALID', 'CONFIG_VARIABLE_UNKNOWN'];

function readWorkers(text: string): number {
  const { least, most } = SETTINGS.workers;
  const workers = Number(text);
  if (/^[0-9]+$/.test(text) && workers >= least && workers <= most) return workers;
  throw new StartError({
    code: 'OPTION_INVALID',
    message: `scale: ${JSON.stringify(text)} is not a number from ${least} to ${most}`,
    cure: 'write stillhouse scale APP N, N how many worker processes: stillhouse scale blog 4',
  });
}
