/** The compose files of the repository, as docker-compose runs them. */
import { randomBytes } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Folder } from '../../support/folder.ts';
import { ROOT } from '../../support/server.ts';
import { onPath } from '../../support/tools.ts';
import { docker, IMAGE, letIn, run } from './docker.ts';

const COPIED = ['docker-compose.yml', 'docker-compose.observability.yml', 'apps', 'config'];
/** Free ports of loopback. */
const ANY = '127.0.0.1:';

/** What the compose files take from the environment. */
export const COMPOSE_ENV = {
  IMAGE,
  PUBLIC_ADDRESS: ANY,
  ADMIN_ADDRESS: ANY,
  PROMETHEUS_ADDRESS: ANY,
  GRAFANA_ADDRESS: ANY,
} as const;

/** A folder as a user has it: the compose files, apps/ and config/ of this repository, and what a test adds. */
export function composeFolder(): Folder {
  const folder = new Folder();
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder.path, name), { recursive: true });
  letIn(folder.path);
  return folder;
}

/** A project of docker-compose. Dispose of it (`await using`), and nothing of it is left. */
export class Project implements AsyncDisposable {
  readonly #command: readonly [string, ...string[]];
  readonly #args: readonly string[];

  /** @param files relative to the folder */
  constructor(folder: Folder, files: readonly string[]) {
    this.#command = onPath('docker-compose').length > 0 ? ['docker-compose'] : ['docker', 'compose'];
    const name = `stillhouse-test-${randomBytes(4).toString('hex')}`;
    this.#args = [
      '-p',
      name,
      '--project-directory',
      folder.path,
      ...files.flatMap((file) => ['-f', join(folder.path, file)]),
    ];
  }

  compose(...args: string[]): Promise<string> {
    return this.composeWith({}, ...args);
  }

  /** @param env an empty value is the compose file's default */
  composeWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
    const [file, ...first] = this.#command;
    return run(file, [...first, ...this.#args, ...args], { ...COMPOSE_ENV, ...env });
  }

  /** The container of a service. */
  id(service: string): Promise<string> {
    return this.compose('ps', '-q', service);
  }

  inspect(id: string, format: string): Promise<string> {
    return docker('inspect', '--format', format, id);
  }

  /** The port of loopback behind which a port of a service is. */
  async port(service: string, inside: number): Promise<number> {
    const published = await this.compose('port', service, String(inside));
    return Number(published.slice(published.lastIndexOf(':') + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '10');
  }
}

/** Drops the Flask app of test/fixtures/image into a folder of apps. */
export function dropFlask(folder: Folder): string {
  const directory = join(folder.path, 'apps/flask');
  mkdirSync(directory, { recursive: true });
  for (const name of ['app.py', 'requirements.txt'])
    copyFileSync(join(ROOT, 'test/fixtures/image/flask', name), join(directory, name));
  return directory;
}
