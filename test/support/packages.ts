/** Packages made on the spot, so that no index is needed. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Folder } from './folder.ts';

/** A wheel is a zip archive (PyPA, "Binary distribution format"). */
const WRITE_WHEEL = `
import sys, zipfile
path, name, version, text = sys.argv[1:]
info = '%s-%s.dist-info/' % (name, version)
files = {
    name + '.py': text,
    info + 'METADATA': 'Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n' % (name, version),
    info + 'WHEEL': 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n',
}
record = ''.join('%s,,\\n' % each for each in [*files, info + 'RECORD'])
with zipfile.ZipFile('%s/%s-%s-py3-none-any.whl' % (path, name, version), 'w') as wheel:
    for each, content in [*files.items(), (info + 'RECORD', record)]:
        wheel.writestr(each, content)
`;

/** Runs a program to its end. @throws with what it said where it fails */
export function run(file: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', cwd });
  if (status !== 0)
    throw new Error(`${file} ${args[0]} ended with ${status}: ${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}

/** Writes the wheel of a package that is one module. @param directory an existing folder */
export function writeWheel(directory: string, name: string, version: string, text: string): void {
  run('python3', ['-c', WRITE_WHEEL, directory, name, version, text]);
}

/**
 * Makes an npm package of the files in `folder/package`, and a lock for `app/package.json` that asks for it.
 * @returns the name of its tarball in the app's folder
 */
export function writeTarball(folder: Folder, name: string, files: Readonly<Record<string, string>>): void {
  folder.write(`source/${name}/package.json`, files['package.json'] ?? '');
  for (const [file, text] of Object.entries(files)) folder.write(`source/${name}/${file}`, text);
  const app = join(folder.path, 'apps/app');
  run('npm', ['pack', '--silent', `--pack-destination=${app}`], join(folder.path, 'source', name));
  run('npm', ['install', '--package-lock-only', '--offline', '--silent', '--no-audit'], app);
}

/** The environments that are finished, by name and key: each is a link to its folder. */
export function environmentsOf(data: string): string[] {
  return readdirSync(join(data, 'environments'), { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink() && /-[0-9a-f]{16}$/.test(entry.name))
    .map(({ name }) => name);
}
