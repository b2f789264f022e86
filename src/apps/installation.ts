import { chownSync } from 'node:fs';
import { StartError } from '../errors.ts';
import { type Account, asAccount } from './account.ts';
import type { Places } from './environments.ts';
import type { AppSpec } from './resolve.ts';

/** Of what an installer says. */
const LINES = 20;

/** One app's packages, and where they are to be put. */
export interface Installation {
  readonly spec: AppSpec;
  readonly environments: Places;
  readonly env: NodeJS.ProcessEnv;
  /** Who installs: what packages bring is run then, and not only by the app. */
  readonly account: Account | undefined;
  /** Tells of progress. */
  readonly say: (message: string) => void;
  /** Ends it at once, and what it has started. */
  readonly signal: AbortSignal;
}

/** What stands before each program of an installation. */
export function installerPrefix(account: Account | undefined): readonly string[] {
  return account === undefined ? [] : [...asAccount(account), '--'];
}

/** Gives a folder that was made for an installation to whoever installs. */
export function giveAway(folder: string, account: Account | undefined): void {
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
}

/** An installer has failed: what it was at, and what it said of it. */
export function installFailed(app: string, why: string, cure: string, lines: readonly string[]): StartError {
  const said = lines.join('\n');
  const message = `${app}: ${why}`;
  return new StartError({
    code: 'APP_DEPENDENCIES_FAILED',
    message,
    cure,
    ...(said === '' ? {} : { traceback: said }),
  });
}

/** The last that an installer said. */
export function lastLines(output: string): readonly string[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-LINES);
}
