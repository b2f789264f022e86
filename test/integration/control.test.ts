/** The commands that ask a server which runs, against a server that is none: what they say, and that they wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReloadFailed, StartError } from '../../src/errors.ts';
import { control, FakeServer } from '../support/fake-server.ts';
import { testRefusals } from '../support/refusals.ts';
import { RunningServer } from '../support/server.ts';
import { appStatus, serverStatus } from '../support/status.ts';
import { until } from '../support/until.ts';

const FAILURE = {
  code: 'APP_IMPORT_FAILED',
  message: 'blog: the import of blog/app.py failed',
  cure: 'mend it',
  traceback: 'NameError: nope\n',
} as const;

test('a reload tells what has changed, and what needs a restart', async () => {
  const asked: (string | undefined)[] = [];
  await using server = await FakeServer.open({
    reload: async (app) => {
      asked.push(app);
      if (app === undefined) return { changes: ['blog: generation 2 serves', 'shop: added'], needsRestart: ['bind'] };
      return { changes: [], needsRestart: [] };
    },
  });
  const all = await server.control('reload');
  const expected = 'blog: generation 2 serves\nshop: added\nbind has changed, and holds after a restart\n';
  assert.deepEqual([all.code, all.text, all.stderr], [0, expected, '']);
  const one = await server.control('reload', 'blog');
  assert.deepEqual([one.code, one.text, one.stderr], [0, 'nothing has changed\n', '']);
  assert.deepEqual(asked, [undefined, 'blog']);
});

test('a reload that fails is told with place, cause and cure, and with the status of the cause', async () => {
  const missing = { code: 'DIRECTORY_MISSING', message: 'shop: there is no folder', cure: 'make it' } as const;
  await using server = await FakeServer.open({ reload: () => Promise.reject(new ReloadFailed([FAILURE, missing])) });
  const { code, text, stderr } = await server.control('reload');
  assert.deepEqual([code, text], [3, '']);
  assert.equal(
    stderr,
    `stillhouse: blog: the import of blog/app.py failed
    NameError: nope
  cure: mend it
  code: APP_IMPORT_FAILED
stillhouse: shop: there is no folder
  cure: make it
  code: DIRECTORY_MISSING
stillhouse: nothing was reloaded, and what served before serves on
`,
  );
});

test('the end of the command is not the end of the reload', async () => {
  const over = Promise.withResolvers<void>();
  let began = false;
  let ended = false;
  await using server = await FakeServer.open({
    reload: async () => {
      began = true;
      await over.promise;
      ended = true;
      return { changes: [], needsRestart: [] };
    },
  });
  const [, , ...args] = server.argv('reload');
  await using command = new RunningServer(args, { cwd: server.folder.path });
  await until(() => began, 'the question');
  assert.deepEqual(await command.stop('SIGINT'), { code: null, signal: 'SIGINT', stderr: '' });
  over.resolve();
  await until(() => ended, 'the end of the reload');
});

test('scaling tells how many workers there may be', async () => {
  await using server = await FakeServer.open({
    status: () => serverStatus([appStatus(), appStatus({ name: 'shop', state: 'failed' })]),
    scale: async (app, workers) => {
      if (workers > 9) throw new StartError({ ...FAILURE, message: `${app}: too many` });
      return { min: workers === 1 ? 1 : 2, max: workers };
    },
  });
  for (const [count, said] of [
    ['1', 'blog: 1 worker\n'],
    ['2', 'blog: 2 workers\n'],
    ['4', 'blog: 2 to 4 workers\n'],
  ] as const) {
    const { code, text } = await server.control('scale', 'blog', count);
    assert.deepEqual([code, text], [0, said]);
  }
  const failed = await server.control('scale', 'shop', '2');
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /shop is failed, and has no workers[\s\S]+ {2}code: APP_NOT_SERVING/);
  const refused = await server.control('scale', 'blog', '10');
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /^stillhouse: blog: too many\n/);
});

test('an app that is not there is refused with those that are', async () => {
  await using server = await FakeServer.open();
  for (const args of [
    ['reload', 'blgo'],
    ['scale', 'blgo', '2'],
    ['stacks', 'blgo'],
  ]) {
    const { code, stderr } = await server.control(...args);
    assert.equal(code, 2);
    assert.match(stderr, /there is no app blgo; there is server [0-9]+ \(blog\)\n {2}cure: did you mean blog\?\n/);
  }
});

test('what the server does wrong is told as its fault', async () => {
  await using server = await FakeServer.open();
  for (const args of [['reload'], ['scale', 'blog', '2'], ['stacks', 'blog']]) {
    const { code, stderr } = await server.control(...args);
    assert.equal(code, 1);
    assert.match(stderr, /^stillhouse: server [0-9]+ did not answer: .*\n.*\n {2}code: SERVER_SILENT\n$/);
  }
});

test('a configuration that somebody is writing does not keep a server from being asked', async () => {
  await using server = await FakeServer.open({ status: () => serverStatus([appStatus({ name: 'found' })]) });
  server.folder.write('stillhouse.yaml', `data:\n  directory: .\nwrkers: 3\n`);
  const run = () => control(undefined, ['status', '--json'], { cwd: server.folder.path });
  const found = await run();
  assert.deepEqual([found.code, found.stderr], [0, '']);
  assert.match(found.text, /"found"/);
  server.folder.write('stillhouse.yaml', 'data:\n  directory: {\n');
  const unknown = await run();
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /code: CONFIG_YAML_INVALID/);
});

test('status is a table, and with --json what /status tells', async () => {
  const status = serverStatus([appStatus()]);
  await using server = await FakeServer.open({ status: () => status });
  const table = await server.control('status');
  assert.deepEqual([table.code, table.stderr], [0, '']);
  assert.match(table.text, /^Stillhouse 1, server 1, ready\n[\s\S]+\nblog +\/blog +serving +1 +1 of 1 /);
  assert.ok(!table.text.includes('\x1b'), 'no colour where it is no terminal');
  const json = await server.control('status', '--json');
  assert.deepEqual(JSON.parse(json.text), JSON.parse(JSON.stringify(status)));
});

testRefusals([
  ...['two', '0', '-1', '1.5', '1001', ''].map((count) => ({
    name: `scaling to ${JSON.stringify(count)} workers`,
    args: ['scale', 'blog', ...(count.startsWith('-') ? [] : [count])],
    status: 2,
    ...(count.startsWith('-')
      ? { code: 'COMMAND_UNKNOWN', what: ['stillhouse scale takes APP N, and was given blog'], cure: 'APP N' }
      : { code: 'OPTION_INVALID', what: [JSON.stringify(count), 'from 1 to 1000'], cure: 'scale APP N' }),
  })),
  {
    name: 'JSON from a command that has none',
    args: ['reload', '--json'],
    status: 2,
    code: 'OPTION_INVALID',
    what: ['--json has no meaning for this command'],
    cure: 'it is for stillhouse status',
  },
  {
    name: 'a reload of two apps',
    args: ['reload', 'blog', 'shop'],
    status: 2,
    code: 'COMMAND_UNKNOWN',
    what: ['stillhouse reload takes [APP], and was given blog shop'],
    cure: 'write stillhouse reload [APP]',
  },
  ...['status', 'reload', 'stop'].map((command) => ({
    name: `${command} where no server runs`,
    args: [command, '--data-directory=data'],
    status: 2,
    code: 'SERVER_NOT_FOUND',
    what: ['no server of this host runs with the data directory FOLDER/data'],
    cure: '--data-directory',
  })),
]);
