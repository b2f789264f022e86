import { spawnSync } from 'node:child_process';
import { PYTHON } from '../../support/server.ts';

/** Debian's own files of a pure Python distribution, packed anew as a wheel: that is a zip archive ("Binary distribution format", PyPA). */
const PACK = `
import importlib.metadata, pathlib, sys, zipfile

# Some of Debian's metadata lacks what the package requires.
REQUIRED = {'Flask': ['Werkzeug', 'Jinja2', 'itsdangerous', 'click'], 'Werkzeug': ['MarkupSafe'], 'Jinja2': ['MarkupSafe'],
            'MarkupSafe': [], 'itsdangerous': [], 'click': []}

def pack(name, into):
    found = importlib.metadata.distribution(name)
    package = pathlib.Path(importlib.import_module(name.lower()).__file__).parent
    stem = '%s-%s' % (name, found.version)
    info = stem + '.dist-info/'
    files = {str(path.relative_to(package.parent)): path.read_bytes() for path in package.rglob('*')
             if path.is_file() and path.suffix not in ('.pyc', '.so')}
    metadata = ['Metadata-Version: 2.1', 'Name: ' + name, 'Version: ' + found.version, *('Requires-Dist: ' + each for each in REQUIRED[name])]
    files[info + 'METADATA'] = '\\n'.join(metadata) + '\\n'
    files[info + 'WHEEL'] = 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n'
    files[info + 'RECORD'] = ''.join('%s,,\\n' % each for each in [*files, info + 'RECORD'])
    with zipfile.ZipFile(pathlib.Path(into) / (stem + '-py3-none-any.whl'), 'w') as wheel:
        for each, content in files.items():
            wheel.writestr(each, content)

for name in REQUIRED:
    pack(name, sys.argv[1])
`;

/**
 * Writes wheels of Flask and of all that it needs, since no index can be reached: real packages, of the files that this machine has of them.
 * @param directory an existing folder
 */
export function writeFlaskWheels(directory: string): void {
  const { status, stderr } = spawnSync(PYTHON, ['-c', PACK, directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
