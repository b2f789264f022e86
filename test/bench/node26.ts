/**
 * The Node that all contenders in Node run in, and the npm packages that are measured: test/bench/package.json names both, and the first
 * run installs them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';

const FOLDER = join(ROOT, 'test/bench');
const PINNED = join(FOLDER, `node_modules/node-${process.platform}-${process.arch}/bin/node`);

/** The Node of test/bench/package.json, or this one where that is not installed. */
export function nodePath(): string {
  return existsSync(PINNED) ? PINNED : process.execPath;
}

/** @returns its version, without a `v` */
export function nodeVersion(): string {
  return spawnSync(nodePath(), ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1);
}

/** Installs what is not installed yet. @returns why that failed, or nothing */
export function ensurePackages(): string | undefined {
  return isInstalled() ? undefined : install();
}

/** Whether what was installed is what the lock names. */
function isInstalled(): boolean {
  const installed = join(FOLDER, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const [wanted, found] = [join(FOLDER, 'package-lock.json'), installed].map(packagesOf);
  return Object.entries(wanted ?? {}).every(
    ([path, entry]) => path === '' || entry.optional === true || found?.[path]?.version === entry.version,
  );
}

function packagesOf(file: string): Record<string, { version: string; optional?: boolean }> {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function install(): string | undefined {
  process.stderr.write('Installing the packages of test/bench/package-lock.json (npm ci) ...\n');
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--include=optional', '--engine-strict=false'];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: FOLDER, encoding: 'utf8' });
  if (status === 0) return undefined;
  return `npm ci failed in test/bench, so this is ${process.version}, and express and fastify are missing: ${error?.message ?? stderr.trim().split('\n')[0]}`;
}
