import { randomBytes } from 'node:crypto';
import { closeSync, fchownSync, ftruncateSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRESS_SIZE } from '../pool/progress.ts';

/** A folder in memory: on a disk, a page that is written back makes its writer wait. */
const MEMORY = '/dev/shm';

/** A file that a front and workers have open both: each worker inherits it, the front opens it by its name, which it removes. */
export interface SharedFile extends Disposable {
  readonly path: string;
  /** For workers to inherit. */
  readonly fd: number;
  /** Closes this process's own descriptor; the name stays for the front. */
  close(): void;
  /** Removes the name, where no front has done so. */
  [Symbol.dispose](): void;
}

/**
 * The file through which a worker tells its front how far it has come (docs/worker-protocol.md, "Progress"): in memory,
 * or in `directory` where that has no place.
 * @param directory belongs to the user of the fronts
 * @throws Error of the file system
 */
export function makeProgressFile(directory: string): SharedFile {
  const file = createInMemory() ?? create(directory);
  ftruncateSync(file.fd, PROGRESS_SIZE);
  giveTo(directory, file.fd);
  return file;
}

/**
 * The file in which a front keeps request bodies for the workers of a generation, who may read it alone
 * (docs/worker-protocol.md, "Bodies"). Undefined where there is no place in memory: bodies are spooled then.
 * @param directory belongs to the user of the fronts
 */
export function makeBodiesFile(directory: string): SharedFile | undefined {
  const file = createInMemory();
  if (file === undefined) return undefined;
  try {
    giveTo(directory, file.fd);
    return shared(file.path, openSync(file.path, 'r'));
  } catch {
    file[Symbol.dispose]();
    return undefined;
  } finally {
    file.close();
  }
}

function createInMemory(): SharedFile | undefined {
  try {
    return create(MEMORY);
  } catch {
    return undefined;
  }
}

function create(directory: string): SharedFile {
  const path = join(directory, `stillhouse-${randomBytes(12).toString('hex')}`);
  return shared(path, openSync(path, 'wx+', 0o600));
}

function shared(path: string, fd: number): SharedFile {
  return { path, fd, close: () => closeSync(fd), [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/** Fronts open it by its name. */
function giveTo(directory: string, fd: number): void {
  const { uid, gid } = statSync(directory);
  if (process.geteuid?.() === 0) fchownSync(fd, uid, gid);
}
