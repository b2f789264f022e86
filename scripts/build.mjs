// `npm run build [-- FOLDER]`: the package as it is published and put into the image, in dist/. It has the layout of the checkout
// with src/ compiled, because Node removes no types from files under node_modules.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));

/** What of package.json is for those who install the package. */
const KEPT = ['name', 'version', 'description', 'keywords', 'license', 'type', 'engines', 'bin', 'dependencies'];
const COPIED = ['bin', 'src/workers/python', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'];

rmSync(dist, { recursive: true, force: true });
compile();
for (const path of COPIED) cpSync(join(root, path), join(dist, path), { recursive: true, filter: isSource });
chmodSync(join(dist, 'bin', 'stillhouse.mjs'), 0o755);
writePackage();

function compile() {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const args = ['--project', join(root, 'tsconfig.build.json'), '--outDir', dist];
  const { status, error } = spawnSync(tsc, args, { stdio: 'inherit' });
  if (status === 0) return;
  if (error) process.stderr.write(`${tsc} does not start: ${error.message}\nWhat to do: \`npm ci\`\n`);
  process.exit(1);
}

function isSource(path) {
  return !path.endsWith('__pycache__');
}

function writePackage() {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const kept = Object.fromEntries(KEPT.map((key) => [key, own[key]]));
  const exports = {
    '.': { types: './src/index.d.ts', default: './src/index.js' },
    './package.json': './package.json',
  };
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ ...kept, exports }, null, 2)}\n`);
}
