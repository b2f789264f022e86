import { lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { Account } from '../apps/account.ts';
import { ownFolder } from '../apps/data-folders.ts';
import { StartError } from '../errors.ts';

/** Containers that share a volume have the same few process ids, and names of their own. */
const HOST = hostname();

/** How often the directory may vanish under the hands of a start. */
const ATTEMPTS = 10;

/** The name of a server's control socket in its data directory. */
export function controlSocketName(pid: number): string {
  return `control-${HOST}-${pid}.sock`;
}

/** The process whose control socket has this name; undefined where it is none of this host. */
export function pidOfControlSocket(name: string): number | undefined {
  return pidBetween(`control-${HOST}-`, name, '.sock');
}

/**
 * Makes this run's spool directory, and removes what is left of runs on this host that are over: their spools and control sockets.
 * @param account whose the spool is, where the fronts have a user of their own
 * @returns its path
 * @throws StartError DATA_DIRECTORY_UNUSABLE
 */
export async function openSpool(dataDirectory: string, account?: Account): Promise<string> {
  try {
    return await prepareSpool(dataDirectory, account, ATTEMPTS);
  } catch (error) {
    throw new StartError({
      code: 'DATA_DIRECTORY_UNUSABLE',
      message: `the data directory ${dataDirectory} cannot be used: ${(error as Error).message}`,
      cure: 'name a directory of your own on a disk with --data-directory',
    });
  }
}

/** @param attempts a server that ends meanwhile removes the directory that it leaves empty, and then this begins anew */
async function prepareSpool(dataDirectory: string, account: Account | undefined, attempts: number): Promise<string> {
  try {
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
    const { uid, mode } = await lstat(dataDirectory);
    if (process.getuid?.() !== uid) throw new Error('it belongs to another user');
    if ((mode & 0o022) !== 0) throw new Error('other users may write to it');
    for (const name of await readdir(dataDirectory)) {
      const pid = pidBetween(`spool-${HOST}-`, name, '') ?? pidOfControlSocket(name);
      if (pid !== undefined && isOver(pid)) await rm(join(dataDirectory, name), { recursive: true, force: true });
    }
    const spool = join(dataDirectory, `spool-${HOST}-${process.pid}`);
    // Not recursively: where the directory is gone by now, it may be somebody else's when it is back.
    await mkdir(spool, { mode: 0o700 });
    return ownFolder(dataDirectory, basename(spool), account);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempts <= 1) throw error;
    return prepareSpool(dataDirectory, account, attempts - 1);
  }
}

/** Removes what this run made, and the data directory too where nothing else is in it. */
export async function closeSpool(dataDirectory: string, spool: string): Promise<void> {
  await rm(spool, { recursive: true, force: true });
  await rmdir(dataDirectory).catch(() => undefined);
}

function pidBetween(begin: string, name: string, end: string): number | undefined {
  if (!name.startsWith(begin) || !name.endsWith(end)) return undefined;
  const pid = name.slice(begin.length, name.length - end.length);
  return /^[0-9]+$/.test(pid) ? Number(pid) : undefined;
}

/** What has this process's own id is left of an earlier one: in a container each run may have the same. */
function isOver(pid: number): boolean {
  return pid === process.pid || !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
