import { fchownSync, fstatSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Account } from '../apps/account.ts';
import type { ServePlan } from './plan.ts';

/** Says that clients are served by root, where they are: whoever breaks into the front, or an app, has the machine. */
export function warnOfRoot({ account }: Pick<ServePlan, 'account'>, log: Logger): void {
  if (process.geteuid?.() !== 0 || account !== undefined) return;
  log.warn(
    { code: 'RUNS_AS_ROOT', cure: 'name a user for the fronts and the workers: user, or --user' },
    'the fronts, and every app without a user of its own, run as root',
  );
}

/** Lets the fronts' user open stdout anew where it is a pipe, as they do to write to it without blocking: it is this user's alone. */
export function shareStdout(account: Account | undefined): void {
  if (account === undefined) return;
  try {
    if (fstatSync(1).isFIFO()) fchownSync(1, account.uid, account.gid);
  } catch {
    // Then a slow reader holds a thread of theirs.
  }
}
