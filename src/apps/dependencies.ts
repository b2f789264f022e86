import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { type Account, accountEnvironment } from './account.ts';
import { appEnvironment } from './app-environment.ts';
import { ownFolder } from './data-folders.ts';
import type { Places } from './environments.ts';
import { installNode } from './node-packages.ts';
import { installPython } from './python-packages.ts';
import type { AppSpec } from './resolve.ts';
import type { Target } from './target.ts';

/** What an app was given of its own: an interpreter, or a folder whose `node_modules` holds its packages. */
export interface Installed {
  readonly python?: string;
  readonly packages?: string;
}

/**
 * Gives an app whose folder holds a requirements.txt (Python), or a package.json with a lock (Node), an environment of its own in the data directory. It is keyed by the
 * content of those files, so the next start finds it. An app that brings its own (`node_modules`, or the interpreter of a virtual environment) is left alone.
 * @param env the server's environment
 * @param ahead whether this is for later starts, and so is kept where no volume hides it
 * @throws StartError APP_DEPENDENCIES_FAILED, with the name of the package where it is known; DATA_DIRECTORY_UNUSABLE
 */
export async function prepareDependencies(
  spec: AppSpec,
  target: Target,
  dataDirectory: string,
  env: NodeJS.ProcessEnv,
  say: (message: string) => void,
  signal: AbortSignal,
  ahead = false,
  account?: Account,
): Promise<Installed> {
  const variables = {
    ...caches(env, dataDirectory, account),
    ...appEnvironment({ ...env, ...accountEnvironment(account), ...spec.environment }),
  };
  const own = join(dataDirectory, 'environments');
  const { preparedDirectory: prepared } = spec.resolved.settings;
  const environments: Places = prepared === '' ? [own] : ahead ? [prepared] : [own, prepared];
  const installation = { spec, environments, env: variables, account, say, signal };
  if (target.language === 'python') {
    const python = await installPython(installation);
    return python === undefined ? {} : { python };
  }
  const packages = await installNode(installation);
  return packages === undefined ? {} : { packages };
}

/**
 * pip and npm keep what they download in the home directory; where there is none to write to (a read-only root), and where another user installs, in the
 * data directory.
 */
function caches({ HOME }: NodeJS.ProcessEnv, dataDirectory: string, account: Account | undefined): NodeJS.ProcessEnv {
  if (account === undefined && mayWrite(HOME ?? '')) return {};
  const cache =
    account === undefined ? join(dataDirectory, 'cache') : ownFolder(dataDirectory, `cache-${account.uid}`, account);
  return { PIP_CACHE_DIR: join(cache, 'pip'), npm_config_cache: join(cache, 'npm'), npm_config_logs_max: '0' };
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
