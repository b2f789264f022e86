import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Resolved } from '../config/layer.ts';
import { StartError } from '../errors.ts';
import { type Account, describeAccount, findAccount, tryAccount } from './account.ts';
import type { Target } from './target.ts';

/**
 * Whom the workers of an app are run as; undefined: the server's own user.
 * @param directory the app's folder
 * @throws StartError USER_UNKNOWN, USER_NOT_ALLOWED
 */
export function appAccount({ settings, from }: Resolved, directory: string): Account | undefined {
  const account = at(from.user, () => findAccount(settings.user, settings.group));
  if (account === undefined) return undefined;
  const file = join(directory, 'app.yaml');
  if ([from.user, from.group].some((place) => place.includes('app.yaml:'))) trust(file, account);
  const { workingDirectory } = settings;
  at(from.user, () =>
    tryAccount(account, [
      ['-r', workingDirectory],
      ['-x', workingDirectory],
    ]),
  );
  return account;
}

/**
 * Looks whether an app's user can run its interpreter and read its program.
 * @param interpreter a path
 * @throws StartError USER_NOT_ALLOWED
 */
export function tryTarget(account: Account | undefined, interpreter: string, { file }: Target): void {
  if (account === undefined) return;
  tryAccount(account, [['-x', interpreter], ...(file === null ? [] : [['-r', file] as const])]);
}

/** Whoever may write an app.yaml may name a user in it: so that must be root, this server's user, or nobody but the one who is named. */
function trust(file: string, account: Account): void {
  for (const path of [file, join(file, '..')]) {
    const { uid, gid, mode } = statSync(path);
    const owns = uid === 0 || uid === process.geteuid?.() || uid === account.uid;
    const others = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && gid !== account.gid);
    if (owns && !others) continue;
    throw new StartError({
      code: 'USER_NOT_ALLOWED',
      message: `${file} names ${describeAccount(account)}, and others than that user may write to ${path}: they could name anyone`,
      cure: `make it root’s alone (chown root ${path} && chmod go-w ${path}), or name the user in stillhouse.yaml or by --user`,
    });
  }
}

/** Names the place in an error of what was written there. */
function at<T>(place: string, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    throw new StartError({ ...error.failure, message: `${place}: ${error.message}` });
  }
}
