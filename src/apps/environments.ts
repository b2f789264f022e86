import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { StartError } from '../errors.ts';
import type { Account } from './account.ts';
import { openWay } from './data-folders.ts';

/** An installation that nobody has finished in this time was given up. */
const GIVEN_UP_MS = 3_600_000;

/** Folders of environments. */
export type Places = readonly [own: string, prepared?: string];

/** What identifies an environment, and how it is made. */
export interface Recipe {
  /** The name of the app. */
  readonly name: string;
  readonly key: string;
  /** Whose it is, where it is not this user’s. One that another has made could hold anything. */
  readonly account: Account | undefined;
  /** A file in the environment without which it is not whole. */
  readonly proof: string;
  /** Installs into an empty folder. */
  readonly install: (directory: string) => Promise<void>;
}

/**
 * The folder of an environment, which is made where there is none. `NAME-KEY` is a link to the folder, and comes last: what an installation that
 * was broken off has left is not found, and servers that share a data directory do not disturb each other. `NAME` is a link to the one that was
 * asked for last, for commands of the app's own.
 * @param places the folder of them all, and one that is only looked into, and first
 * @throws StartError DATA_DIRECTORY_UNUSABLE, and what the installation throws
 */
export async function findOrMake(
  [environments, prepared]: Places,
  { name, key, account, proof, install }: Recipe,
): Promise<string> {
  const title = join(environments, name.replace(/[^\w.-]/g, '_'));
  const label = `${basename(title)}-${key}`;
  const ahead = prepared === undefined ? undefined : join(prepared, label);
  if (ahead !== undefined && existsSync(join(ahead, proof))) return realpathSync(ahead);
  const own = account === undefined ? label : `${label}-${account.uid}`;
  const link = join(environments, own);
  if (existsSync(join(link, proof))) return current(title, realpathSync(link));
  const directory = join(environments, `${own}.${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (account !== undefined) openWay(environments);
    removeGivenUp(environments, own);
    await install(directory);
    if (existsSync(join(link, proof))) rmSync(directory, { recursive: true });
    else point(link, directory);
    return current(title, realpathSync(link));
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    if (error instanceof StartError) throw error;
    throw new StartError({
      code: 'DATA_DIRECTORY_UNUSABLE',
      message: `${name}: its packages cannot be kept in ${environments}: ${(error as Error).message}`,
      cure: 'name a directory of your own on a disk with --data-directory',
    });
  }
}

/** A key for the content of files, and of what else the result depends on. @returns 16 hexadecimal digits */
export function keyOf(files: readonly string[], more: string): string {
  const hash = createHash('sha256').update(more);
  for (const file of files) hash.update('\0').update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** Points an app's own link at its environment; one that was prepared in an image may lie where nothing can be written. */
function current(title: string, directory: string): string {
  if (existsSync(title) && realpathSync(title) === directory) return directory;
  try {
    point(title, directory);
  } catch {
    // It is a convenience.
  }
  return directory;
}

/** At once: there is no moment in which the link points at nothing. */
function point(link: string, directory: string): void {
  const next = `${directory}.${randomBytes(4).toString('hex')}`;
  symlinkSync(basename(directory), next);
  renameSync(next, link);
}

function removeGivenUp(environments: string, label: string): void {
  const link = join(environments, label);
  const used = existsSync(link) ? readlinkSync(link) : undefined;
  for (const name of readdirSync(environments)) {
    if (!name.startsWith(`${label}.`) || name === used) continue;
    const path = join(environments, name);
    const began = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - began > GIVEN_UP_MS) rmSync(path, { recursive: true, force: true });
  }
}
