import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, accountEnvironment, tryAccount } from '../apps/account.ts';
import { tryTarget } from '../apps/app-account.ts';
import { appEnvironment } from '../apps/app-environment.ts';
import { ownFolder } from '../apps/data-folders.ts';
import { prepareDependencies } from '../apps/dependencies.ts';
import { workerCommand } from '../apps/interpreter.ts';
import type { AppSpec } from '../apps/resolve.ts';
import type { Target } from '../apps/target.ts';
import type { Settings } from '../config/settings.ts';
import { StartError } from '../errors.ts';
import { machineLimits } from '../machine/machine-limits.ts';
import { workersOf } from '../machine/sizing.ts';
import type { LogSettings } from '../observe/log.ts';
import { PROTOCOL_VERSION } from '../pool/start.ts';
import type { Runnable } from '../supervisor/plan.ts';

/** Slots of a Python worker run in threads; those of a Node worker share its event loop, where a request that waits costs nothing. */
const SLOTS = { python: 1, node: 64 } as const;
/**
 * Body bytes of one response between a worker and its front: memory that a slow client can hold beside the response buffer. For 1 GB down, half as much was
 * 3% slower and twice as much 9% faster (means of three runs, whose spread was larger than that).
 */
const WINDOW = 524_288;

/** What a command was run in. */
export interface Surroundings {
  /** The caller's folder. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: LogSettings;
  /** Whether apps get environments of their own for their requirements. */
  readonly installs: boolean;
}

/** Whom an app runs as, and whether that is another user than the front's. */
export interface Identity {
  readonly account: Account | undefined;
  readonly foreign: boolean;
}

/**
 * An app as it can be run: with its packages installed and its folders made.
 * @param say tells of progress
 * @throws StartError where it cannot be run
 */
export async function makeRunnable(
  spec: AppSpec,
  target: Target,
  { account, foreign }: Identity,
  dataDirectory: string,
  around: Surroundings,
  say: (message: string) => void,
  signal: AbortSignal,
): Promise<Runnable> {
  const { settings } = spec.resolved;
  const { workingDirectory } = settings;
  if (statSync(workingDirectory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new StartError({
      code: 'DIRECTORY_MISSING',
      message: `there is no folder ${workingDirectory}`,
      cure: 'name an existing folder with --chdir, or working_directory in app.yaml',
    });
  }
  const { env, installs } = around;
  const installed = installs
    ? await prepareDependencies(spec, target, dataDirectory, env, say, signal, false, account)
    : {};
  const threads = settings.threads === 0 ? SLOTS[target.language] : settings.threads;
  const { module, file, callable } = target;
  const command = workerCommand(target, installed.python ?? settings.python, around.directory, env.PATH ?? '');
  tryTarget(account, command.file, target);
  const workers = workersOf(settings.workers, threads, machineLimits());
  const start = {
    version: PROTOCOL_VERSION,
    app: spec.name,
    directory: workingDirectory,
    module,
    file,
    callable,
    threads,
    multiprocess: workers > 1 || settings.maxWorkers > 1,
    window: WINDOW,
    streaming: settings.streaming,
    debug: settings.debug,
    lint: settings.lint,
    packages: installed.packages ?? null,
  } as const;
  return {
    service: { ...serviceOf(settings), start, foreign, sharesLoop: target.language === 'node' },
    program: {
      ...command,
      cwd: workingDirectory,
      env: {
        ...(installs ? { PYTHONPYCACHEPREFIX: bytecodeFolder(dataDirectory, account) } : {}),
        ...appEnvironment({ ...env, ...accountEnvironment(account), ...spec.environment }),
        ...(installs ? { STILLHOUSE_DATA_DIR: appFolder(spec.name, dataDirectory, account) } : {}),
      },
      account,
      umask: settings.umask === '' ? undefined : settings.umask,
    },
    scale: {
      workers,
      least: settings.minWorkers,
      most: settings.maxWorkers,
      wait: settings.scaleWait * 1000,
      idle: settings.scaleIdle * 1000,
    },
    life: { requests: settings.maxRequests, jitter: settings.maxRequestsJitter, memory: settings.maxMemory },
  };
}

/** What the settings say to the fronts. */
function serviceOf(settings: Settings) {
  return {
    bodyLimit: settings.limitRequestBody,
    timeout: settings.timeout * 1000,
    grace: settings.timeoutGrace * 1000,
    queueTime: settings.queueTimeout * 1000,
    queueSize: settings.queueSize,
    concurrency: settings.limitConcurrency,
    bootTime: settings.bootTimeout * 1000,
    pingTime: settings.pingTimeout * 1000,
    warmUp: settings.warmUp,
  };
}

/** A folder that an app may write to, and that outlives it. */
function appFolder(name: string, dataDirectory: string, account: Account | undefined): string {
  const folder = ownFolder(dataDirectory, join('apps', name), account);
  if (account !== undefined) tryAccount(account, [['-w', folder]]);
  return folder;
}

/** Where Python keeps bytecode. Whoever may write to it decides what is run: so each user has one. */
function bytecodeFolder(dataDirectory: string, account: Account | undefined): string {
  if (account === undefined) return join(dataDirectory, 'pycache');
  return ownFolder(dataDirectory, `pycache-${account.uid}`, account);
}
