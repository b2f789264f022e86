/** Applications of several users, where this user may become them. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AppsServer, serveApps } from './apps.ts';
import { Folder } from './folder.ts';
import { PYTHON, ROOT, type RunOptions } from './server.ts';
import { needs } from './tools.ts';
import { ask, get } from './wire.ts';

const { skip } = needs('python3', 'setpriv');
const mayBecome = spawnSync('setpriv', ['--reuid=1', '--regid=1', '--clear-groups', 'true']).status === 0;

/** For a test whose server runs applications as other users: root alone may. */
export const needsUsers: { skip: string | false } = {
  skip: skip || (!mayBecome && 'this user may not run anything as another'),
};

/** An account that every machine has (Debian's base-passwd), and what it is called. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export function userNamed(name: string): User {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid, , home = ''] = line?.split(':') ?? [];
  return { name, uid: Number(uid), gid: Number(gid), home };
}

export const PROGRAM: string = readFileSync(join(ROOT, 'test/fixtures/isolation/app.py'), 'utf8');

/** A folder that others may enter and read. */
export class OpenFolder extends Folder {
  constructor(files: Readonly<Record<string, string>> = {}) {
    super(files);
    chmodSync(this.path, 0o755);
  }
}

export interface Isolated extends AsyncDisposable {
  readonly server: AppsServer;
  readonly apps: OpenFolder;
  readonly data: Folder;
}

/** Serves apps of test/fixtures/isolation, each with its app.yaml, and a stillhouse.yaml beside them. */
export async function serveIsolated(
  settings: Readonly<Record<string, string>>,
  common = '',
  options: RunOptions = {},
): Promise<Isolated> {
  const apps = new OpenFolder();
  const data = new Folder();
  for (const [name, yaml] of Object.entries(settings)) {
    apps.write(`${name}/app.py`, PROGRAM);
    if (yaml !== '') apps.write(`${name}/app.yaml`, yaml);
  }
  data.write('stillhouse.yaml', `${common}\npython: {executable: ${PYTHON}}\n`);
  const config = `--config=${join(data.path, 'stillhouse.yaml')}`;
  const dispose = () => {
    apps[Symbol.dispose]();
    data[Symbol.dispose]();
  };
  try {
    const server = await serveApps(apps.path, [config], { ...options, data: data.path });
    return {
      server,
      apps,
      data,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        dispose();
      },
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** What an app answers, as JSON. */
export async function asked(port: number, path: string): Promise<unknown> {
  const { status, body } = await ask(port, get(path));
  if (status !== 200) throw new Error(`${path} was answered ${status}: ${body}`);
  return JSON.parse(body.toString());
}

/** What comes of it when an app tries something. */
export function attempt(port: number, app: string, how: string, what: string): Promise<unknown> {
  return asked(port, `/${app}/attempt?how=${how}&what=${encodeURIComponent(what)}`);
}

/** Gives a file or a folder to a user. */
export function give(path: string, { uid, gid }: User): void {
  chownSync(path, uid, gid);
}
