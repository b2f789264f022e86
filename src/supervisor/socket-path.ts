import { constants, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of a Unix socket's address (unix(7), sun_path, without its NUL): Node answers EINVAL to more. */
const LONGEST = 107;

/** Where a Unix socket of a directory is bound or connected to, however long the directory's own path is. Hold it as long as the socket. */
export class SocketPath implements AsyncDisposable {
  readonly path: string;
  readonly #directory: FileHandle | undefined;

  private constructor(path: string, directory?: FileHandle) {
    this.path = path;
    this.#directory = directory;
  }

  /** @throws an error of the file system, where the directory has to be opened and cannot be */
  static async in(directory: string, name: string): Promise<SocketPath> {
    const plain = join(directory, name);
    if (Buffer.byteLength(plain) <= LONGEST) return new SocketPath(plain);
    const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    return new SocketPath(`/proc/self/fd/${handle.fd}/${name}`, handle);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory?.close();
  }
}
