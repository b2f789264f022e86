/** Programs that a machine may lack. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';

/** Every program of that name on the PATH. */
export function onPath(name: string): string[] {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const [python] = onPath('python3');
const isNewEnough =
  python !== undefined &&
  spawnSync(python, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'], { stdio: 'ignore' }).status === 0;

/** For a test that needs these programs: `test(name, needs('python3'), …)` skips it where one is missing, and says so. */
export function needs(...programs: readonly string[]): { skip: string | false } {
  const missing = programs.filter((name) => (name === 'python3' ? !isNewEnough : onPath(name).length === 0));
  if (missing.length === 0) return { skip: false };
  const what = missing.map((name) => (name === 'python3' ? 'Python 3.9 or newer' : name));
  return { skip: `there is no ${what.join(' and no ')} on the PATH` };
}

/** For a test that needs ::1. */
export function needsIPv6(): { skip: string | false } {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return { skip: all.some(({ address }) => address === '::1') ? false : 'this machine has no IPv6' };
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
