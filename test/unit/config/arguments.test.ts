import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments as readIn } from '../../../src/config/arguments.ts';
import { defaults, overlay } from '../../../src/config/layer.ts';
import { SETTINGS, type Setting, type Settings } from '../../../src/config/settings.ts';

const DIRECTORY = '/home/me';

const readArguments = (argv: readonly string[]) => readIn(argv, DIRECTORY);

/** The settings of a command line over the defaults. */
function settingsOf(argv: readonly string[]): Settings {
  return overlay(defaults(DIRECTORY), readArguments(argv).layer).settings;
}

test('without arguments there are the defaults', () => {
  const { positionals, layer, configFile, help, version } = readArguments([]);
  const settings = settingsOf([]);
  assert.deepEqual([layer.size, configFile], [0, undefined]);
  assert.deepEqual([positionals, help, version], [[], false, false]);
  assert.deepEqual(settings.bind, [{ host: '127.0.0.1', port: 8000 }]);
  assert.deepEqual([settings.workers, settings.queueTimeout, settings.bodyMemory], [1, 10, 1_048_576]);
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
  ['--data-directory=', 'dataDirectory', ''],
  ['--chdir=sub', 'workingDirectory', '/home/me/sub'],
  ['--chdir=/srv', 'workingDirectory', '/srv'],
  ['--python=.venv/bin/python', 'python', '/home/me/.venv/bin/python'],
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
    await t.test(argv, () => assert.deepEqual(settingsOf(argv.split(' '))[name], value));
  }
});

test('words that are no flags are positionals, wherever they stand', () => {
  const argv = ['serve', '--workers', '2', 'web_app:application', '-'];
  const { positionals } = readArguments(argv);
  assert.deepEqual(positionals, ['serve', 'web_app:application', '-']);
  assert.equal(settingsOf(argv).workers, 2);
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
  [['--config'], 'OPTION_INVALID', /--config has no value/, /configuration file/],
  [['--server'], 'OPTION_INVALID', /--server has no value/, /process id/],
  [['--server=0'], 'OPTION_INVALID', /--server: "0" is not a process id/, /process id/],
  [['--server=blog'], 'OPTION_INVALID', /"blog" is not a process id/, /process id/],
  [['--chdir='], 'OPTION_INVALID', /an empty value is no path/, /folder/],
  [['-x'], 'OPTION_UNKNOWN', /no option -x/, /--help/],
  [['--workers'], 'OPTION_INVALID', /--workers has no value/, /worker processes/],
  [['--workers=0'], 'OPTION_INVALID', /0 is less than 1/, /worker processes/],
  [['--workers=two'], 'OPTION_INVALID', /"two" is neither a whole number nor auto/, /worker processes/],
  [['-w', ''], 'OPTION_INVALID', /an empty value is neither a whole number nor auto/, /worker processes/],
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

test('--config names the configuration, and the last one counts', () => {
  assert.equal(readArguments(['--config', 'a.yaml']).configFile, 'a.yaml');
  assert.equal(readArguments(['--config=a.yaml', '--config=b.yaml']).configFile, 'b.yaml');
});

test('--server names a server by its process id', () => {
  assert.equal(readArguments(['stacks', 'blog']).server, undefined);
  assert.equal(readArguments(['stacks', 'blog', '--server=12']).server, 12);
  assert.equal(readArguments(['stacks', '--server', '12', 'blog']).server, 12);
});

test('where a value came from is its flag, as it was written', () => {
  const { layer } = readArguments(['-w', '2', '--no-access-log', '--bind=:1']);
  assert.deepEqual(
    [...layer].map(([name, { from }]) => [name, from]),
    [
      ['workers', '-w'],
      ['accessLog', '--no-access-log'],
      ['bind', '--bind'],
    ],
  );
});

test('every setting has a key, a flag and help of its own, and a default that it takes', () => {
  const settings: Setting[] = Object.values(SETTINGS);
  const flags = settings.flatMap(({ flag, short }) => [flag, short].filter((word) => word !== undefined));
  assert.equal(new Set(settings.map(({ key }) => key)).size, settings.length);
  assert.equal(new Set(flags).size, flags.length);
  assert(settings.every(({ help }) => help !== ''));
  for (const { flag, kind, default: text } of settings) {
    if (kind !== 'switch' && flag !== undefined) readArguments([`--${flag}=${text}`]);
  }
});
