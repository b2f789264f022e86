import { randomBytes } from 'node:crypto';
import { closeSync, fchownSync, ftruncateSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRESS_SIZE } from '../pool/progress.ts';

/** Memory: on a disk, a page that is written back makes its writer wait. */
const MEMORY = '/dev/shm';

/** The file through which a worker tells its front how far it has come (docs/worker-protocol.md, "Progress"). */
export interface ProgressFile extends Disposable {
  readonly path: string;
  /** For the worker to inherit. */
  readonly fd: number;
  /** This process's own descriptor is closed; the name stays for the front. */
  close(): void;
}

/**
 * Makes a progress file in memory, or in `directory` where that has no place.
 * @param directory belongs to the user of the fronts, who is to read and unlink the file
 * @throws Error of the file system
 */
export function makeProgressFile(directory: string): ProgressFile {
  const name = `stillhouse-${randomBytes(12).toString('hex')}`;
  const { path, fd } = create(join(MEMORY, name)) ?? createIn(join(directory, name));
  ftruncateSync(fd, PROGRESS_SIZE);
  const { uid, gid } = statSync(directory);
  if (process.geteuid?.() === 0) fchownSync(fd, uid, gid);
  return { path, fd, close: () => closeSync(fd), [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function create(path: string): { path: string; fd: number } | undefined {
  try {
    return createIn(path);
  } catch {
    return undefined;
  }
}

function createIn(path: string): { path: string; fd: number } {
  return { path, fd: openSync(path, 'wx+', 0o600) };
}
