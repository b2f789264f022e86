import { type Account, findAccount, tryAccount } from '../apps/account.ts';
import { appAccount } from '../apps/app-account.ts';
import { type AppSpec, isTarget } from '../apps/resolve.ts';
import type { Resolved } from '../config/layer.ts';
import type { Settings } from '../config/settings.ts';
import { StartError } from '../errors.ts';
import { machineLimits } from '../machine/machine-limits.ts';
import { frontsOf } from '../machine/sizing.ts';
import { FRONT_MAIN } from '../supervisor/front-process.ts';
import type { AppPlan, ServePlan } from '../supervisor/plan.ts';
import { type Identity, makeRunnable, type Surroundings } from './runnable.ts';
import { readVersion } from './version.ts';

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
    front: { log: around.log, bodyMemory: settings.bodyMemory, bodyMemoryTotal: settings.bodyMemoryTotal },
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
  return {
    ...base,
    prepare: (say, signal) => makeRunnable(spec, target, identity, dataDirectory, around, say, signal),
  };
}
