/** A server that is none, behind a real control socket: what the commands are answered is up to the test. */
import { execFile } from 'node:child_process';
import pino from 'pino';
import type { Controlled } from '../../src/admin/control.ts';
import { ControlListener } from '../../src/supervisor/control-listener.ts';
import { Folder } from './folder.ts';
import { BIN, type RunOptions } from './server.ts';
import { appStatus, serverStatus } from './status.ts';

export interface Printed {
  readonly code: number | null;
  /** What it wrote to stdout. */
  readonly text: string;
  readonly stderr: string;
}

/** Runs `stillhouse ARGS`, a command that ends by itself, in a folder of its own unless another is named. @param data where its servers are looked for */
export async function control(
  data: string | undefined,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Printed> {
  using elsewhere = new Folder();
  const { cwd = elsewhere.path, env, command = [process.execPath, BIN] } = options;
  const [file, ...first] = command;
  const { INIT_CWD: _, ...inherited } = process.env;
  const all = [...first, ...args, ...(data === undefined ? [] : [`--data-directory=${data}`])];
  const { promise, resolve } = Promise.withResolvers<Printed>();
  const child = execFile(file, all, { cwd, env: { ...inherited, ...env } }, (_, text, stderr) => {
    resolve({ code: child.exitCode, text, stderr });
  });
  return await promise;
}

/** In this process, in a data directory of its own. */
export class FakeServer implements AsyncDisposable {
  readonly folder: Folder;
  readonly #listener: ControlListener | undefined;

  private constructor(folder: Folder, listener: ControlListener | undefined) {
    this.folder = folder;
    this.#listener = listener;
  }

  /** @param does what it can; without it it has an app `blog`, and refuses the rest */
  static async open(does: Partial<Controlled> = {}): Promise<FakeServer> {
    const folder = new Folder();
    const cannot = () => Promise.reject(new Error('the test did not say'));
    const server: Controlled = {
      status: () => serverStatus([appStatus()]),
      stacks: cannot,
      reload: cannot,
      scale: cannot,
      stop: () => ({ within: 1 }),
      ...does,
    };
    return new FakeServer(folder, await ControlListener.open(folder.path, server, pino({ level: 'silent' })));
  }

  /** Runs `stillhouse ARGS` against it. */
  control(...args: string[]): Promise<Printed> {
    return control(this.folder.path, args);
  }

  /** The words that run `stillhouse ARGS` against it. */
  argv(...args: string[]): string[] {
    return [process.execPath, BIN, ...args, `--data-directory=${this.folder.path}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.close();
    this.folder[Symbol.dispose]();
  }
}
