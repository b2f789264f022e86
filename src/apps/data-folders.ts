import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartError } from '../errors.ts';
import { type Account, describeAccount } from './account.ts';

/** Search by everyone: a folder below can be reached by whoever knows its name, and its owner alone sees what is in it. */
const SEARCH = 0o011;

/** Lets other users pass through a folder of this user's. */
export function openWay(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  if (uid === process.geteuid?.() && (mode & SEARCH) !== SEARCH) chmodSync(folder, (mode & 0o7777) | SEARCH);
}

/**
 * A folder in the data directory that this user, or an account, owns alone. What an account owns is never entered here: it could be a link by then.
 * @throws StartError DATA_DIRECTORY_UNUSABLE
 */
export function ownFolder(dataDirectory: string, path: string, account: Account | undefined): string {
  const folder = join(dataDirectory, path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (account === undefined) return folder;
    openWay(dataDirectory);
    if (dirname(folder) !== dataDirectory) openWay(dirname(folder));
    const { uid, gid } = lstatSync(folder);
    if (uid !== account.uid || gid !== account.gid) {
      if (uid !== process.geteuid?.() || readdirSync(folder).length > 0) throw strange(folder, uid, account);
      chownSync(folder, account.uid, account.gid);
    }
    return folder;
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError({
      code: 'DATA_DIRECTORY_UNUSABLE',
      message: `the folder ${folder} cannot be made: ${(error as Error).message}`,
      cure: 'name a directory of your own on a disk with --data-directory',
    });
  }
}

function strange(folder: string, uid: number, account: Account): StartError {
  return new StartError({
    code: 'DATA_DIRECTORY_UNUSABLE',
    message: `the folder ${folder} belongs to uid ${uid} and is not empty, and the app runs as ${describeAccount(account)}`,
    cure: `give it away, if what is in it may be that user’s: chown -R ${account.uid}:${account.gid} ${folder}`,
  });
}
