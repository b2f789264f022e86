/** What a run of the server could leave behind: processes, files, listening sockets, descriptors. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { descriptors } from '../../support/processes.ts';

/** The variable by which all that came of a run is known, whoever has adopted it since. */
export const MARK = 'CHAOS_RUN';

/** The command lines of all processes, by their pids, that have this mark in their environment. Zombies have none, and are not left over: their parent has them. */
export function marked(mark: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name) || !read(`/proc/${name}/environ`).split('\0').includes(`${MARK}=${mark}`)) continue;
    found.set(Number(name), read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim());
  }
  return found;
}

/** Spool files and directories, and sockets, below a folder. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) =>
    join(parentPath, name),
  );
}

/** Whether a socket of this machine listens on a port (proc_net_tcp: state 0A). */
export function isListening(port: number): boolean {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) =>
    read(table)
      .split('\n')
      .some((line) => new RegExp(`^ *[0-9]+: \\S+:${local} \\S+ 0A `).test(line)),
  );
}

/** How many descriptors of each kind a process has open, such as `socket` or `/dev/null`. */
export function kindsOfDescriptors(pid: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const target of descriptors(pid)) {
    const kind = target
      .replace(/:\[[0-9]+\]$/, '')
      .replace(/ \(deleted\)$/, '')
      .replace(/stillhouse-[0-9a-f]+$/, 'stillhouse-*');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** What there is more of than before, in words. */
export function moreThan(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string[] {
  return [...now]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${kind}: ${before.get(kind) ?? 0} before, ${count} now`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
