import { writeSync } from 'node:fs';

/** The descriptor of the progress file (docs/worker-protocol.md, "Progress"). */
const PROGRESS_FD = 5;

const word = new Uint32Array(1);

/** Notes that the application is about to be called for all requests up to this id, whatever becomes of this process. */
export function noteBegun(id: number): void {
  word[0] = id;
  writeSync(PROGRESS_FD, word, 0, word.byteLength, 0);
}
