/** Users and groups of this machine (passwd(5), group(5)), and programs that are run as one of them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StartError } from '../errors.ts';

/** Whom a process is run as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Empty where a number is nobody's. */
  readonly name: string;
  readonly home: string;
}

/** Texts of the two tables. */
export interface Tables {
  readonly passwd: string;
  readonly group: string;
}

const NUMBER = /^[0-9]{1,10}$/;

/**
 * The account that these settings name; undefined where they name none, or the one that this process has.
 * @param user a name or a number; empty: this process's own
 * @param group a name or a number; empty: the user's own
 * @throws StartError USER_UNKNOWN
 */
export function findAccount(user: string, group: string, tables: Tables = readTables()): Account | undefined {
  if (user === '' && group === '') return undefined;
  const entry = findUser(user === '' ? String(process.getuid?.() ?? 0) : user, tables.passwd);
  const gid = group === '' ? entry.gid : findGroup(group, tables.group);
  if (gid === undefined) {
    const message = `the user ${user} is in no table of users, so its group is not known`;
    throw new StartError({ code: 'USER_UNKNOWN', message, cure: 'name its group too: group, or --group' });
  }
  if (entry.uid === process.geteuid?.() && gid === process.getegid?.()) return undefined;
  return { ...entry, gid };
}

function findUser(user: string, passwd: string): Omit<Account, 'gid'> & { readonly gid?: number } {
  const isNumber = NUMBER.test(user);
  const [name, , uid, gid, , home] =
    rows(passwd).find(([name, , uid]) => (isNumber ? Number(uid) === Number(user) : name === user)) ??
    (isNumber ? [] : lookUp('passwd', user));
  if (name !== undefined) return { uid: Number(uid), gid: Number(gid), name, home: home ?? '/' };
  if (isNumber && Number(user) < 2 ** 32 - 1) return { uid: Number(user), name: '', home: '/' };
  throw new StartError({
    code: 'USER_UNKNOWN',
    message: `there is no user ${JSON.stringify(user)}`,
    cure: 'make it (useradd --system NAME), or name another: user, or --user',
  });
}

function findGroup(group: string, table: string): number {
  if (NUMBER.test(group) && Number(group) < 2 ** 32 - 1) return Number(group);
  const [, , gid] = rows(table).find(([name]) => name === group) ?? lookUp('group', group);
  if (gid !== undefined) return Number(gid);
  throw new StartError({
    code: 'USER_UNKNOWN',
    message: `there is no group ${JSON.stringify(group)}`,
    cure: 'make it (groupadd --system NAME), or name another: group, or --group',
  });
}

/** The program and its arguments that become this account, and then the program behind them. Nothing of another user's stays: groups, capabilities. */
export function asAccount({ uid, gid, name }: Account, capabilities: readonly string[] = []): readonly string[] {
  const groups = name === '' ? '--clear-groups' : '--init-groups';
  const kept = ['-all', ...capabilities.map((each) => `+${each}`)].join(',');
  const caps = [`--inh-caps=${kept}`, ...(capabilities.length === 0 ? [] : [`--ambient-caps=${kept}`])];
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, groups, ...caps];
}

/** What a login would set: programs look for their files by it. */
export function accountEnvironment(account: Account | undefined): NodeJS.ProcessEnv {
  if (account === undefined) return {};
  const { name, home } = account;
  return { HOME: home, ...(name === '' ? {} : { USER: name, LOGNAME: name }) };
}

/** `deploy (uid 1000)`. */
export function describeAccount({ uid, name }: Account): string {
  return name === '' ? `uid ${uid}` : `${name} (uid ${uid})`;
}

/** What an account must be able to do with a path: `-r`, `-w`, `-x` of test(1). */
export type Needed = readonly ['-r' | '-w' | '-x', path: string];

/**
 * Becomes the account, and looks at what it will need: before anything is started.
 * @throws StartError USER_NOT_ALLOWED
 */
export function tryAccount(account: Account, needed: readonly Needed[]): void {
  const who = describeAccount(account);
  for (const [how, path] of [['-x', '/'], ...needed] as const) {
    const [file = '', ...args] = [...asAccount(account), '--', 'test', how, path];
    const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
    if (status === 0) continue;
    if (status === 1 && stderr === '') {
      const verb = { '-r': 'read', '-w': 'write to', '-x': 'enter or run' }[how];
      throw notAllowed(
        `${who} may not ${verb} ${path}`,
        'let that user in: look at the owner and the mode of it, and of every folder above it (namei -l)',
      );
    }
    if (error !== undefined)
      throw notAllowed(
        `setpriv, which is needed to run as ${who}, cannot be run: ${error.message}`,
        'install util-linux',
      );
    const own = process.geteuid?.() ?? 0;
    throw notAllowed(
      `this server (uid ${own}) may not run anything as ${who}: ${stderr.trim()}`,
      own === 0
        ? 'let it keep the capabilities SETUID, SETGID and KILL, and CHOWN for the folders of its data directory'
        : 'start the server as root, or leave user and group out',
    );
  }
}

function notAllowed(message: string, cure: string): StartError {
  return new StartError({ code: 'USER_NOT_ALLOWED', message, cure });
}

function rows(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** A directory service may know more than the files (nsswitch.conf(5)). */
function lookUp(database: 'passwd' | 'group', key: string): string[] {
  const { status, stdout } = spawnSync('getent', [database, '--', key], { encoding: 'utf8' });
  return status === 0 ? (rows(stdout)[0] ?? []) : [];
}

function readTables(): Tables {
  return { passwd: readText('/etc/passwd'), group: readText('/etc/group') };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
