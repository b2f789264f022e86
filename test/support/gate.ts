import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What an application waits at until the test lets it go on: a FIFO, of which each wait reads one byte. Whatever still waits when it is
 * disposed of goes on too.
 */
export class Gate implements Disposable {
  readonly path: string;
  readonly #folder: string;
  readonly #fd: number;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'stillhouse-test-'));
    this.path = join(this.#folder, 'gate');
    const { status, stderr } = spawnSync('mkfifo', [this.path], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mkfifo failed: ${stderr}`);
    // Both ways, so that neither side's open has to wait for the other's (fifo(7)).
    this.#fd = openSync(this.path, constants.O_RDWR);
  }

  /** Lets one wait pass, now or when it comes. */
  open(): void {
    writeSync(this.#fd, '.');
  }

  [Symbol.dispose](): void {
    writeSync(this.#fd, '.'.repeat(64));
    closeSync(this.#fd);
    rmSync(this.#folder, { recursive: true });
  }
}
