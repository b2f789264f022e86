import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, accountEnvironment, findAccount, tryAccount } from '../apps/account.ts';
import { appAccount, tryTarget } from '../apps/app-account.ts';
import { appEnvironment } from '../apps/app-environment.ts';
import { ownFolder } from '../apps/data-folders.ts';
import { prepareDependencies } from '../apps/dependencies.ts';
import { workerCommand } from '../apps/interpreter.ts';
import { type AppSpec, isTarget } from '../apps/resolve.ts';
import type { Target } from '../apps/target.ts';
import type { Resolved } from '../config/layer.ts';
import type { Settings } from '../config/settings.ts';
import { StartError } from '../errors.ts';
import { machineLimits } from '../machine/machine-limits.ts';
import { frontsOf, workersOf } from '../machine/sizing.ts';
import type { LogSettings } from '../observe/log.ts';
import { PROTOCOL_VERSION } from '../pool/start.ts';
import { FRONT_MAIN } from '../supervisor/front-process.ts';
import type { AppPlan, Runnable, ServePlan } from '../supervisor/plan.ts';
import { readVersion } from './version.ts';

/** Slots of a Python worker run in threads; those of a Node worker share its event loop, where a request that waits costs nothing. */
const SLOTS = { python: 1, node: 64 } as const;
/** One request can hold the event loop that all slots of a Node worker share, so sharing one is the second choice. */
const PATIENCE_MS = { python: 0, node: 10 } as const;
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

/** All that a supervisor needs for these apps. */
export function makePlan(
  { settings }: Resolved,
  specs: readonly AppSpec[],
  strict: boolean,
  around: Surroundings,
  files: readonly string[],
): ServePlan {
  const dataDirectory = dataDirectoryOf(settings);
  for (const { name, resolved } of specs) if (resolved.settings.debug) refuseStrangers(name, settings.bind);
  const account = frontAccount(settings);
  const accounts = specs.map((spec) => (isTarget(spec.target) ? appAccount(spec.resolved, spec.directory) : account));
  const mixed = accounts.some((each) => !isSame(each, account));
  return {
    apps: specs.map((spec, at) => {
      const own = accounts[at];
      return appPlan(spec, { account: own, foreign: !isSame(own, account) }, dataDirectory, around);
    }),
    account,
    mixed,
    strict,
    bind: settings.bind,
    adminBind: settings.adminBind,
    adminToken: settings.adminToken,
    fronts: frontsOf(settings.fronts, machineLimits()),
    front: { log: around.log, bodyMemory: settings.bodyMemory },
    accessLog: settings.accessLog,
    limits: {
      requestLine: settings.limitRequestLine,
      fieldCount: settings.limitRequestFields,
      fieldBytes: settings.limitRequestHead,
      // Each app has its own; the connection refuses what none of them takes.
      body: Math.max(0, ...specs.map(({ resolved }) => resolved.settings.limitRequestBody)),
      headTime: settings.headTimeout * 1000,
      bodyTime: settings.bodyTimeout * 1000,
      bodyRate: settings.bodyMinRate,
      idleTime: settings.keepAlive * 1000,
      writeTime: settings.writeTimeout * 1000,
      responseBuffer: settings.responseBuffer,
    },
    machine: machineLimits(),
    dataDirectory,
    frontTime: settings.frontTimeout * 1000,
    shutdownDelay: settings.shutdownDelay * 1000,
    gracefulTime: settings.gracefulTimeout * 1000,
    watch: settings.reload ? { files, folder: strict ? settings.workingDirectory : settings.appsDirectory } : undefined,
    version: readVersion(),
  };
}

/**
 * A traceback shows code and paths, and often values: nobody but this machine's own may ask for one.
 * @throws StartError OPTION_INVALID
 */
function refuseStrangers(app: string, bind: Settings['bind']): void {
  const open = bind.find(({ host }) => !isLoopback(host));
  if (open === undefined) return;
  const host = open.host.includes(':') ? `[${open.host}]` : open.host;
  throw new StartError({
    code: 'OPTION_INVALID',
    message: `debug shows the tracebacks of ${app} to its clients, and ${host}:${open.port} is open to others`,
    cure: 'bind to 127.0.0.1, [::1] or localhost alone, or leave debug out',
  });
}

/** RFC 1122, 3.2.1.3; RFC 4291, 2.5.3; RFC 6761, 6.3. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

/** Where the server keeps what it makes. */
export function dataDirectoryOf({ dataDirectory }: Settings): string {
  return dataDirectory === '' ? `/var/tmp/stillhouse-${process.getuid?.() ?? 0}` : dataDirectory;
}

/** Whom an app runs as, and whether that is another user than the front's. */
interface Identity {
  readonly account: Account | undefined;
  readonly foreign: boolean;
}

/**
 * Whom the fronts run as.
 * @throws StartError USER_UNKNOWN, USER_NOT_ALLOWED
 */
function frontAccount({ user, group }: Settings): Account | undefined {
  const account = findAccount(user, group);
  if (account !== undefined)
    tryAccount(account, [
      ['-x', process.execPath],
      ['-r', FRONT_MAIN],
    ]);
  return account;
}

function isSame(one: Account | undefined, other: Account | undefined): boolean {
  return one?.uid === other?.uid && one?.gid === other?.gid;
}

function appPlan(spec: AppSpec, identity: Identity, dataDirectory: string, around: Surroundings): AppPlan {
  const { name, path, host, directory, resolved, target } = spec;
  const { settings } = resolved;
  const base = { mount: { name, path, host }, required: settings.required, folder: directory };
  if (!isTarget(target)) return { ...base, failure: target, prepare: () => Promise.reject(new StartError(target)) };
  return { ...base, prepare: (say, signal) => prepare(spec, target, identity, dataDirectory, around, say, signal) };
}

async function prepare(
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
  return {
    start: {
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
    },
    bodyLimit: settings.limitRequestBody,
    foreign,
    scale: {
      workers,
      least: settings.minWorkers,
      most: settings.maxWorkers,
      wait: settings.scaleWait * 1000,
      idle: settings.scaleIdle * 1000,
    },
    life: { requests: settings.maxRequests, jitter: settings.maxRequestsJitter, memory: settings.maxMemory },
    command,
    cwd: workingDirectory,
    account,
    umask: settings.umask === '' ? undefined : settings.umask,
    env: {
      ...(installs ? { PYTHONPYCACHEPREFIX: bytecodeFolder(dataDirectory, account) } : {}),
      ...appEnvironment({ ...env, ...accountEnvironment(account), ...spec.environment }),
      ...(installs ? { STILLHOUSE_DATA_DIR: appFolder(spec.name, dataDirectory, account) } : {}),
    },
    timeout: settings.timeout * 1000,
    grace: settings.timeoutGrace * 1000,
    queueTime: settings.queueTimeout * 1000,
    queueSize: settings.queueSize,
    concurrency: settings.limitConcurrency,
    patience: PATIENCE_MS[target.language],
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
