import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { closeSync, fchownSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRESS_SIZE } from '../pool/progress.ts';

/** A folder in memory: on a disk, a page that is written back makes its writer wait. */
const MEMORY = '/dev/shm';
/** What stands for a file that cannot be made: a worker finds its descriptor in its place. */
const NOTHING = '/dev/null';
const PREFIX = 'stillhouse-';
/**
 * Milliseconds. A front opens a file and removes its name within seconds: an older name is left from a server that was
 * killed as it started.
 */
const LEFT_MS = 600_000;

/** A file of a front and its workers: each worker inherits it, the front opens it by its name, which it removes. */
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
  const file = makeFull(MEMORY) ?? makeFull(directory);
  if (file === undefined)
    throw new Error(`a file of ${PROGRESS_SIZE} bytes can be made neither in ${MEMORY} nor in ${directory}`);
  giveTo(directory, file.fd);
  return file;
}

/** Removes what servers that were killed as they started have left in memory. */
export function sweepSharedFiles(): void {
  try {
    for (const name of readdirSync(MEMORY)) {
      const path = join(MEMORY, name);
      if (name.startsWith(PREFIX) && Date.now() - statSync(path).mtimeMs > LEFT_MS) rmSync(path, { force: true });
    }
  } catch {
    // There is no such folder, or what is there is another user's.
  }
}

/** Every page is there: a worker that wrote into a hole of a full file system would be killed by SIGBUS. */
function makeFull(directory: string): SharedFile | undefined {
  const file = create(directory);
  if (file === undefined) return undefined;
  try {
    if (writeSync(file.fd, Buffer.alloc(PROGRESS_SIZE)) === PROGRESS_SIZE) return file;
  } catch {
    // There is no room.
  }
  file.close();
  file[Symbol.dispose]();
  return undefined;
}

/**
 * The file in which a front keeps request bodies for the workers of a generation, who may read it alone
 * (docs/worker-protocol.md, "Bodies"). Without a path where there is no place in memory: bodies are spooled then.
 * @param directory belongs to the user of the fronts
 */
export function makeBodiesFile(directory: string): Omit<SharedFile, 'path'> & { readonly path?: string } {
  const file = create(MEMORY);
  try {
    if (file === undefined) return withoutName(openSync(NOTHING, 'r'));
    giveTo(directory, file.fd);
    return named(file.path, openSync(file.path, 'r'));
  } catch {
    file?.[Symbol.dispose]();
    return withoutName(openSync(NOTHING, 'r'));
  } finally {
    file?.close();
  }
}

function create(directory: string): SharedFile | undefined {
  const path = join(directory, `${PREFIX}${randomBytes(12).toString('hex')}`);
  try {
    return named(path, openSync(path, 'wx+', 0o600));
  } catch {
    return undefined;
  }
}

function named(path: string, fd: number): SharedFile {
  return { path, fd, close: () => closeSync(fd), [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function withoutName(fd: number): Omit<SharedFile, 'path'> {
  return { fd, close: () => closeSync(fd), [Symbol.dispose]: () => undefined };
}

/** Fronts open it by its name. */
function giveTo(directory: string, fd: number): void {
  const { uid, gid } = statSync(directory);
  if (process.geteuid?.() === 0) fchownSync(fd, uid, gid);
}
