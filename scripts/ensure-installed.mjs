// Runs before every npm script (as its `pre` script, a shell of its own), so that a fresh clone needs no install step.
// It runs under the system's Node, which may be older than the one that the project pins.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, 'package-lock.json');
const installedFile = join(root, 'node_modules', '.package-lock.json');

if (!isInstalled()) install();
requirePinnedNode();

function isInstalled() {
  if (!existsSync(installedFile)) return false;
  if (statSync(installedFile).mtimeMs >= statSync(lockFile).mtimeMs) return true;
  if (!holdsWhatTheLockNames()) return false;
  // Same packages under a newer date (git writes files with today's): nothing to fetch, so this works offline too.
  utimesSync(installedFile, new Date(), new Date());
  return true;
}

function holdsWhatTheLockNames() {
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || !isForThisMachine(entry)) return true;
    const found = installed[path];
    // An optional package may be bound to a C library, and only npm knows which one this machine has.
    if (!found) return entry.optional === true && entry.libc !== undefined;
    return found.version === entry.version && found.integrity === entry.integrity && existsSync(join(root, path));
  });
}

function isForThisMachine({ os = process.platform, cpu = process.arch }) {
  return [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
}

function install() {
  // On stderr: `npm run -s stillhouse -- --version` prints the version alone on stdout.
  process.stderr.write('Installing the packages of package-lock.json (npm ci) ...\n');
  // The flags stand against what the caller's environment may say: `npm run -s` silences even the errors of an inner
  // npm, NODE_ENV=production leaves out the compiler, `omit=optional` the pinned Node, engine-strict refuses an old one.
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  args.push('--engine-strict=false');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command, ...first] = npm;
  const result = spawnSync(command, [...first, ...args], { cwd: root, encoding: 'utf8' });
  if (result.status === 0) return;
  const said = result.error ? result.error.message : `${result.stderr}${result.stdout}`;
  fail(
    `\`npm ci\` failed in ${root}, so the packages that this command needs are missing. npm says:\n` +
      `${errorsIn(said).join('\n').replace(/^/gm, '  ')}\n` +
      'What to do: mend what npm names (most often the registry cannot be reached: `npm ping`), then run it again.',
  );
}

/** npm's own words, without its stack trace and the manual that it adds. */
function errorsIn(said) {
  const lines = said.split('\n').filter((line) => !/^(npm error)?\s*$|^npm error\s+at /.test(line));
  const manual = lines.indexOf('npm error Clean install a project');
  return lines.slice(0, manual === -1 ? 12 : manual);
}

function requirePinnedNode() {
  if (existsSync(join(root, 'node_modules', '.bin', 'node'))) return;
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return;
  fail(
    `Stillhouse needs Node ${OLDEST_NODE} or newer, and this is ${process.version} at ${process.execPath}. ` +
      `The project pins a Node for Linux on x64 and arm64 only, and this is ${process.platform} on ${process.arch}.\n` +
      `What to do: install Node ${OLDEST_NODE} or newer.`,
  );
}

function fail(message) {
  process.stderr.write(`stillhouse: ${message}\n`);
  process.exit(1);
}
