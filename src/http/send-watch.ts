import { readFile, readlink } from 'node:fs/promises';
import type { ClientSocket } from './sockets/client-socket.ts';

/** The sockets of this network namespace (proc_net_tcp): `tx_queue` is what was sent or waits to be, and is not acknowledged. */
const LINE = /^ *[0-9]+: \S+ \S+ \S+ ([0-9A-F]+):\S+ \S+ \S+ +[0-9]+ +[0-9]+ ([0-9]+) /gm;

/**
 * Cuts a client that takes nothing of a response that waits for it. What waits lies in three places, and none tells of each byte that the client reads:
 * - `writableLength` falls by whole writes, which can be as large as the response buffer: not looked at;
 * - libuv's queue falls when the kernel takes more, which it does once a third of its send buffer is free: up to 1.4 MB on a fast connection;
 * - the kernel's queue falls when the client's kernel acknowledges, which it does when it has room for a segment at least (RFC 9293, 3.8.6.2.2) and
 *   a sixteenth of its receive buffer (Linux), so for a small buffer by most of it. Read from /proc, where there is one, when the second stands still.
 *
 * So a client is kept if it reads so much in each `writeTime`, 8 KB of the usual 128 KiB: in 60 s, 140 bytes a second. One that reads less cannot be told
 * from one that reads nothing, which is cut; unless the rest of its response fits into the two kernels' buffers: then nothing waits here.
 */
export class SendWatch {
  readonly #socket: ClientSocket;
  readonly #writeTime: number;
  #taken = -1;
  /** Undefined: not looked at since the kernel took something. */
  #acknowledged: number | undefined;
  #since = 0;
  #looking = false;

  /** @param writeTime milliseconds */
  constructor(socket: ClientSocket, writeTime: number) {
    this.#socket = socket;
    this.#writeTime = writeTime;
  }

  /** To be called once a second or more often while something waits, with the time of the clock. */
  check(now: number): void {
    const taken = this.#socket.takenBytes;
    if (taken > this.#taken) {
      this.#taken = taken;
      this.#acknowledged = undefined;
    } else if (!this.#looking && (this.#acknowledged === undefined || now - this.#since > this.#writeTime)) {
      void this.#look(now);
    }
  }

  async #look(now: number): Promise<void> {
    this.#looking = true;
    const unacknowledged = await sendQueue(this.#socket);
    this.#looking = false;
    const acknowledged = this.#socket.takenBytes - unacknowledged;
    if (this.#acknowledged !== undefined && acknowledged <= this.#acknowledged) {
      this.#socket.destroy();
      return;
    }
    this.#acknowledged = acknowledged;
    this.#since = now;
  }
}

/** Bytes that the kernel has taken and the client's has not acknowledged; 0 where it cannot be known. */
async function sendQueue(socket: ClientSocket): Promise<number> {
  const { fd } = socket;
  if (fd === undefined || fd < 0) return 0;
  try {
    const inode = /[0-9]+/.exec(await readlink(`/proc/self/fd/${fd}`))?.[0] ?? '';
    const table = await readTable(socket.remoteFamily === 'IPv6' ? '/proc/net/tcp6' : '/proc/net/tcp');
    return table.get(inode) ?? 0;
  } catch {
    return 0;
  }
}

const reading = new Map<string, Promise<Map<string, number>>>();

/** The send queues of all sockets by inode, read once for all who ask at the same time. */
function readTable(path: string): Promise<Map<string, number>> {
  const now = reading.get(path) ?? parseTable(path).finally(() => reading.delete(path));
  reading.set(path, now);
  return now;
}

async function parseTable(path: string): Promise<Map<string, number>> {
  const text = await readFile(path, 'latin1');
  return new Map(Array.from(text.matchAll(LINE), ([, size = '', inode = '']) => [inode, Number.parseInt(size, 16)]));
}
