import { readdirSync, readFileSync } from 'node:fs';

/**
 * The process that our child running `file` is, and its descendants, parents first. Empty where there is no /proc.
 * @param {string} file an argument on the child's command line
 * @returns {{ pid: number, parent: number, startedAt: string }[]}
 */
export function treeOf(file) {
  const all = listProcesses();
  const isRoot = ({ pid, parent }) => parent === process.pid && readProc(pid, 'cmdline').split('\0').includes(file);
  const tree = all.filter(isRoot);
  // The loop sees what it appends.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

/** Whether the process is the one that was listed: its start time tells it from a later one with the same pid. */
export function isStillThere({ pid, startedAt }) {
  return describe(pid)?.startedAt === startedAt;
}

function listProcesses() {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger).map(describe).filter(Boolean);
  } catch {
    return [];
  }
}

function describe(pid) {
  // proc(5): `pid (name) state ppid …`, start time in field 22; the name may hold spaces and parentheses.
  const fields = readProc(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields.length < 20 ? undefined : { pid, parent: Number(fields[1]), startedAt: fields[19] };
}

function readProc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // it has ended since it was listed
  }
}
