/** A Docker Engine as a test uses it. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../support/server.ts';

const execute = promisify(execFile);
const OUTPUT = 64 << 20;

/** The image that these tests build and run. */
export const IMAGE = 'stillhouse:test';

/** For tests that need an engine: a client alone proves nothing, so it is asked. */
export const needsEngine: { skip: string | false } = {
  skip:
    spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0 ? false : 'no Docker Engine answers `docker info`',
};

/** Runs a program to its end. @returns stdout, trimmed @throws with what it printed where it fails */
export async function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  try {
    // BuildKit is an addition to the engine that not every one has.
    const all = { ...process.env, DOCKER_BUILDKIT: '0', ...env };
    const { stdout } = await execute(file, [...args], { cwd: ROOT, maxBuffer: OUTPUT, env: all });
    return stdout.trim();
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    throw new Error(`${file} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  }
}

export function docker(...args: string[]): Promise<string> {
  return run('docker', args);
}

/** Builds the image; the engine's cache makes that a matter of seconds but for the first time. */
export async function buildImage(): Promise<void> {
  await docker('build', '--network', 'host', '--quiet', '--tag', IMAGE, ROOT);
}

/** Resolves with what `look` finds, once that is truthy. @throws after so many seconds, with what `describe` says */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string,
  seconds = 60,
  describe: () => Promise<string> = async () => '',
): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}\n${await describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Lets the image's user, who is not this one, into the folders of a test. */
export function letIn(...folders: string[]): void {
  for (const folder of folders) chmodSync(folder, 0o755);
}

/** The folder of a barrier, to be mounted under the same path. */
export function folderOf({ path }: { readonly path: string }): string {
  letIn(dirname(path));
  return dirname(path);
}

/** One container. Dispose of it (`await using`), and it is gone with its volumes. */
export class Container implements AsyncDisposable {
  readonly id: string;

  private constructor(id: string) {
    this.id = id;
  }

  /** `docker run -d OPTIONS IMAGE ARGS`, without what the compose file takes from a container too: a writable root, and capabilities. */
  static async run(options: readonly string[], args: readonly string[] = [], image = IMAGE): Promise<Container> {
    const hardened = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--health-interval=1s'];
    const container = new Container(await docker('create', ...hardened, ...options, image, ...args));
    try {
      await docker('start', container.id);
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  inspect(format: string): Promise<string> {
    return docker('inspect', '--format', format, this.id);
  }

  exec(...command: string[]): Promise<string> {
    return docker('exec', this.id, ...command);
  }

  /** What it has written to both of its streams. */
  async logs(): Promise<string> {
    const { stdout, stderr } = await execute('docker', ['logs', this.id], { maxBuffer: OUTPUT });
    return stdout + stderr;
  }

  /** The port of loopback behind which one of its ports is. */
  async port(inside: number): Promise<number> {
    const [published = ''] = (await docker('port', this.id, `${inside}/tcp`)).split('\n');
    return Number(published.slice(published.lastIndexOf(':') + 1));
  }

  /** Resolves when its HEALTHCHECK says so. */
  async healthy(seconds = 60): Promise<void> {
    const look = async () => (await this.inspect('{{.State.Health.Status}}')) === 'healthy';
    await eventually(look, 'the container to be healthy', seconds, () => this.logs());
  }

  /** Resolves when these words are in its log. */
  async says(words: string, seconds = 60): Promise<void> {
    await eventually(
      async () => (await this.logs()).includes(words),
      `${words} in the log`,
      seconds,
      () => this.logs(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker('rm', '--force', '--volumes', this.id);
  }
}
