// `npm start [-- OPTIONS]`: serves an example, in Python where there is a Python, else in TypeScript.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'stillhouse.mjs');
const options = process.argv.slice(2);

const python = findPython();
const example = python.found ? 'apps/hello/web_app.py' : 'apps/hello-ts/web_app.ts';
const { STILLHOUSE_BIND, PORT } = process.env;
const ownBind = STILLHOUSE_BIND || PORT || options.some((option) => /^(--bind|-b)\b/.test(option));
const where = ownBind ? '' : ' at http://localhost:8000/';

// On stderr: stdout is for the log.
if (!python.found) process.stderr.write(`${python.why}: serving the TypeScript example alone.\n`);
process.stderr.write(`Serving ${example}${where} (Ctrl-C stops it)\n`);

// In this process, so that signals reach the server and its exit code reaches npm with nobody in between. The file is
// named in full: options are read against the caller's folder (INIT_CWD), which need not be this one.
const target = `${join(root, example)}:application`;
process.argv = [process.execPath, bin, target, ...(ownBind ? [] : ['--bind=localhost:8000']), ...options];
await import(pathToFileURL(bin).href);

function findPython() {
  const { error, status } = spawnSync('python3', ['-c', 'import sys; sys.exit(3 if sys.version_info < (3, 9) else 0)']);
  if (error) return { found: false, why: 'There is no python3 on the PATH' };
  if (status === 3) return { found: false, why: 'The python3 on the PATH is older than 3.9' };
  if (status !== 0) return { found: false, why: 'The python3 on the PATH does not start' };
  return { found: true };
}
