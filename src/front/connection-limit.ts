import { readFileSync } from 'node:fs';

/** Descriptors that a front keeps for its workers' pipes, the files that bodies are spooled to, its log: an eighth, and not fewer than so many. */
const SPARE = 64;
const SPARE_SHARE = 8;

/**
 * How many connections a front may hold, so that what it needs besides can still be opened. Without it the kernel's refusal would be met at random: by a
 * connection, an upload, a new worker; and libuv closes what it cannot accept without a word.
 * @param limits the text of /proc/self/limits
 * @returns infinity where nothing limits it
 */
export function mostConnections(limits: string): number {
  const [, soft] = /^Max open files +([0-9]+)/m.exec(limits) ?? [];
  if (soft === undefined) return Number.POSITIVE_INFINITY;
  const files = Number(soft);
  const spare = Math.max(SPARE, Math.ceil(files / SPARE_SHARE));
  return files - Math.min(spare, Math.ceil(files / 2));
}

/** The limit of this process. */
export function ownMostConnections(): number {
  try {
    return mostConnections(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
