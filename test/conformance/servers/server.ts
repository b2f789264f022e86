/** A server of the grid: how `npm run conform` starts it, and what it is. */
import { spawnSync } from 'node:child_process';
import type { Command, Start } from '../../bench/contenders/index.ts';
import { searchPath } from '../../bench/contenders/needs.ts';
import type { Language } from '../case.ts';

export interface Server {
  readonly name: string;
  /** How it is set up, for the reader of the grid. */
  readonly setup: string;
  readonly language: Language;
  /** What prints its version. */
  readonly version: readonly [file: string, ...args: string[]];
  /** Why it cannot run on this machine, or nothing. */
  absent(): string | undefined;
  /** Its processes, in the order of their start. */
  commands(start: Start): readonly Command[];
}

/** The first number with points in what a server says of its version. */
export function readVersion({ version: [file, ...args] }: Server): string {
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, PATH: searchPath() } });
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}
