import { relative, sep } from 'node:path';
import type { Logger } from 'pino';
import { watchFolders } from '../watch/file-watch.ts';
import type { Deployment } from './deployment.ts';
import type { Reloads } from './reloads.ts';

/** Reloads an app when a file in its folder changes, and everything when one does that is no app's: for development. */
export function watchApps(deployment: Deployment, reloads: Reloads, log: Logger): { close(): void } | undefined {
  const { watch, dataDirectory } = deployment.plan;
  if (watch === undefined) return undefined;
  const reload = (why: string, app?: string) => void reloads.reload(why, app).catch(() => undefined);
  const folders = deployment.apps.map(({ plan }) => plan.folder);
  return watchFolders(
    [watch.folder, ...folders, ...watch.files],
    {
      changed: (files) => {
        const owners = files.map((file) => (watch.files.includes(file) ? undefined : ownerOf(file, deployment)));
        const [first = '', ...others] = files;
        const why = `${first}${others.length === 0 ? '' : ` and ${others.length} more`} changed`;
        if (owners.includes(undefined)) reload(why);
        else for (const app of new Set(owners)) reload(why, app);
      },
      incomplete: ({ code, message, cure }) => log.warn({ code, cure }, message),
    },
    [dataDirectory],
  );
}

/** The app in whose folder a file is. */
function ownerOf(file: string, { apps }: Deployment): string | undefined {
  const isIn = (folder: string) => {
    const way = relative(folder, file);
    return way !== '..' && !way.startsWith(`..${sep}`);
  };
  return apps.find(({ plan }) => isIn(plan.folder))?.name;
}
