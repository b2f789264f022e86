import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from '../../../src/config/arguments.ts';
import { SETTINGS, type Setting, type Settings } from '../../../src/config/settings.ts';

test('without arguments there are the defaults', () => {
  const { positionals, settings, help, version } = readArguments([]);
  assert.deepEqual([positionals, help, version], [[], false, false]);
  assert.deepEqual(settings.bind, [{ host: '127.0.0.1', port: 8000 }]);
  assert.deepEqual([settings.workers, settings.queueTimeout, settings.bodyMemory], [1, 30, 65536]);
  assert.deepEqual([settings.accessLog, settings.logFormat, settings.dataDirectory], [true, 'auto', '']);
});

const READ: readonly (readonly [argv: string, name: keyof Settings, value: unknown])[] = [
  ['--workers=2', 'workers', 2],
  ['--workers 2', 'workers', 2],
  ['-w 2', 'workers', 2],
  ['-w=2', 'workers', 2],
  ['--workers=2 --workers=3', 'workers', 3],
  ['--bind=localhost:8051', 'bind', [{ host: 'localhost', port: 8051 }]],
  [
    '-b :1 --bind [::1]:2',
    'bind',
    [
      { host: '0.0.0.0', port: 1 },
      { host: '::1', port: 2 },
    ],
  ],
  ['--python=a=b', 'python', 'a=b'],
  ['--chdir=', 'chdir', ''],
  ['--queue-timeout=500ms', 'queueTimeout', 0.5],
  ['--access-log', 'accessLog', true],
  ['--no-access-log', 'accessLog', false],
  ['--access-log=no', 'accessLog', false],
  ['--no-access-log=yes', 'accessLog', false],
  ['--no-access-log=no', 'accessLog', true],
  ['--log-level=silent', 'logLevel', 'silent'],
];

test('a flag is read in each way in which it can be written', async (t) => {
  for (const [argv, name, value] of READ) {
    await t.test(argv, () => assert.deepEqual(readArguments(argv.split(' ')).settings[name], value));
  }
});

test('words that are no flags are positionals, wherever they stand', () => {
  const { positionals, settings } = readArguments(['serve', '--workers', '2', 'web_app:application', '-']);
  assert.deepEqual(positionals, ['serve', 'web_app:application', '-']);
  assert.equal(settings.workers, 2);
});

test('help and version are asked for in both lengths', () => {
  for (const flag of ['--help', '-h']) assert.equal(readArguments(['x', flag]).help, true);
  for (const flag of ['--version', '-v']) assert.equal(readArguments([flag, 'x']).version, true);
});

const REFUSED: readonly (readonly [argv: readonly string[], code: string, message: RegExp, cure: RegExp])[] = [
  [['--wokers=2'], 'OPTION_UNKNOWN', /no option --wokers/, /did you mean --workers\?/],
  [['--acess-log'], 'OPTION_UNKNOWN', /no option --acess-log/, /did you mean --access-log\?/],
  [['--no-workers'], 'OPTION_UNKNOWN', /no option --no-workers/, /--help/],
  [['--xyzzy-quux'], 'OPTION_UNKNOWN', /no option --xyzzy-quux/, /^stillhouse --help lists/],
  [['-x'], 'OPTION_UNKNOWN', /no option -x/, /--help/],
  [['--workers'], 'OPTION_INVALID', /--workers has no value/, /worker processes/],
  [['--workers=0'], 'OPTION_INVALID', /0 is less than 1/, /worker processes/],
  [['--workers=two'], 'OPTION_INVALID', /"two" is not a whole number/, /worker processes/],
  [['-w', ''], 'OPTION_INVALID', /an empty value is not a whole number/, /worker processes/],
  [['--bind=8000'], 'OPTION_INVALID', /not HOST:PORT/, /HOST:PORT/],
  [['--access-log=maybe'], 'OPTION_INVALID', /neither yes nor no/, /record/],
  [['--log-level=loud'], 'OPTION_INVALID', /none of debug, info/, /level/],
  [['--body-memory=1GiB'], 'OPTION_INVALID', /more than 33554432/, /memory/],
];

test('a command line that is wrong says where, why and what to do', async (t) => {
  for (const [argv, code, message, cure] of REFUSED) {
    await t.test(argv.join(' '), () =>
      assert.throws(() => readArguments(argv), { name: 'StartError', code, message, cure, exitStatus: 2 }),
    );
  }
});

test('every setting has a flag and help of its own, and a default that it takes', () => {
  const settings: Setting[] = Object.values(SETTINGS);
  const flags = settings.flatMap(({ flag, short }) => [flag, ...(short === undefined ? [] : [short])]);
  assert.equal(new Set(flags).size, flags.length);
  assert(settings.every(({ help }) => help !== ''));
  for (const { flag, kind, default: text } of settings) {
    if (kind !== 'switch') readArguments([`--${flag}=${text}`]);
  }
});
