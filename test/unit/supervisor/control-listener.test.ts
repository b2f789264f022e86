/** The control socket and its endpoints, over a server that is none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import pino from 'pino';
import type { Controlled } from '../../../src/admin/control.ts';
import { ReloadFailed, StartError, type StartFailure, Unanswered } from '../../../src/errors.ts';
import { ControlListener } from '../../../src/supervisor/control-listener.ts';
import { controlSocketName } from '../../../src/supervisor/data-directory.ts';
import { SocketPath } from '../../../src/supervisor/socket-path.ts';
import { Folder } from '../../support/folder.ts';
import { appStatus, serverStatus } from '../../support/status.ts';

const NAME = controlSocketName(process.pid);
const WORKER = { pid: 1, stacks: 'File "app.py", line 1, in wait', requests: ['a'] };
const FAILURE: StartFailure = { code: 'APP_IMPORT_FAILED', message: 'no', cure: 'mend it' };
const SERVER: Controlled = {
  status: () => serverStatus(['blog', 'café au lait', 'hung', 'broken'].map((name) => appStatus({ name }))),
  stacks: async (app) => {
    if (app === 'hung') throw new Unanswered('no answer came within 5 s');
    if (app === 'broken') throw new Error('a secret of the inside');
    return [WORKER];
  },
  reload: async (app) => {
    if (app === 'hung') throw new ReloadFailed([FAILURE]);
    return { changes: [`${app ?? 'all'}: generation 2 serves`], needsRestart: [] };
  },
  scale: async (app, workers) => {
    if (app === 'hung') throw new StartError(FAILURE);
    return { min: 1, max: workers };
  },
  stop: () => ({ within: 33 }),
};

interface Opened extends AsyncDisposable {
  readonly listener: ControlListener | undefined;
  readonly records: Record<string, unknown>[];
}

async function open(directory: string): Promise<Opened> {
  const records: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void records.push(JSON.parse(line)) });
  const listener = await ControlListener.open(directory, SERVER, log);
  return { listener, records, [Symbol.asyncDispose]: async () => listener?.close() };
}

async function ask(directory: string, method: string, path: string): Promise<[IncomingMessage, string]> {
  await using at = await SocketPath.in(directory, NAME);
  const asked = request({ socketPath: at.path, method, path, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return [answer, await text(answer)];
}

test('the socket is its owner’s alone, whatever the mask, and goes with the listener', async () => {
  using folder = new Folder();
  const mask = process.umask(0);
  try {
    await using opened = await open(folder.path);
    assert.equal(process.umask(), 0, 'the mask is as it was');
    const { mode } = statSync(join(folder.path, NAME));
    assert.equal((mode & 0o777).toString(8), '600');
    assert.deepEqual(opened.records, []);
  } finally {
    process.umask(mask);
  }
  assert.deepEqual(readdirSync(folder.path), []);
});

test('a directory’s path may be longer than the address of a socket', async () => {
  using folder = new Folder();
  const deep = join(folder.path, 'd'.repeat(100), 'e'.repeat(100));
  mkdirSync(deep, { recursive: true });
  {
    await using _ = await open(deep);
    assert.deepEqual(readdirSync(deep), [NAME]);
    const [{ statusCode }] = await ask(deep, 'GET', '/status');
    assert.equal(statusCode, 200);
  }
  assert.deepEqual(readdirSync(deep), []);
});

test('what a dead run of the same process id has left is no obstacle', async () => {
  using folder = new Folder({ [NAME]: '' });
  await using opened = await open(folder.path);
  assert.deepEqual(opened.records, []);
  assert.equal((await ask(folder.path, 'GET', '/status'))[0].statusCode, 200);
});

test('where it cannot be made, the log says so, and nothing else happens', async () => {
  using folder = new Folder();
  mkdirSync(join(folder.path, NAME));
  writeFileSync(join(folder.path, NAME, 'here'), '');
  await using opened = await open(folder.path);
  assert.equal(opened.listener, undefined);
  const [record, ...others] = opened.records;
  assert.deepEqual([record?.code, record?.level, others], ['CONTROL_UNAVAILABLE', 40, []]);
  assert.match(String(record?.msg), /^there is no control socket in .+: /);
  assert.match(String(record?.cure), /--data-directory/);
});

test('the endpoints answer, and say what there is', async (t) => {
  using folder = new Folder();
  await using opened = await open(folder.path);
  const cases: readonly (readonly [method: string, path: string, status: number, body: RegExp])[] = [
    ['GET', '/status', 200, /"name": "blog",\s+"path": "\/blog"/],
    ['POST', '/reload', 200, /"changes": \[\s+"all: generation 2 serves"\s+\],\s+"needsRestart": \[\]/],
    ['POST', '/stop', 200, /"within": 33/],
    ['POST', '/apps/blog/reload', 200, /"blog: generation 2 serves"/],
    [
      'POST',
      '/apps/hung/reload',
      409,
      /^\{\s+"failures": \[\s+\{\s+"code": "APP_IMPORT_FAILED",\s+"message": "no",\s+"cure": "mend it"/,
    ],
    ['POST', '/apps/blog/scale?workers=3', 200, /"min": 1,\s+"max": 3/],
    ['POST', '/apps/hung/scale?workers=3', 409, /"APP_IMPORT_FAILED"/],
    ['POST', '/apps/blog/scale', 400, /^workers has to be a number from 1 to 1000\n$/],
    ['POST', '/apps/blog/scale?workers=0', 400, /number from 1/],
    ['POST', '/apps/blog/scale?workers=1e3', 400, /number from 1/],
    ['POST', '/apps/blog/scale?workers=1001', 400, /to 1000/],
    ['GET', '/reload', 405, /POST alone/],
    ['GET', '/stop', 405, /POST alone/],
    ['POST', '/apps/blog/stacks', 200, /"state": "serving",\s+"workers": \[\s+\{\s+"pid": 1/],
    ['POST', `/apps/${encodeURIComponent('café au lait')}/stacks`, 200, /"pid": 1/],
    ['POST', '/apps/shop/stacks', 404, /^there is no app shop; there are: blog, café au lait, hung, broken\n$/],
    ['POST', '/apps/hung/stacks', 503, /^no answer came within 5 s\n$/],
    ['POST', '/apps/broken/stacks', 500, /^(?![\s\S]*secret)/],
    ['GET', '/apps/blog/stacks', 405, /POST alone/],
    ['DELETE', '/status', 405, /GET alone/],
    ['POST', '/apps/blog/constructor', 404, /POST \/apps\/NAME\/stacks/],
    ['GET', '/', 404, /GET \/status\nPOST \/reload\nPOST \/stop\n/],
  ];
  for (const [method, path, status, body] of cases) {
    await t.test(`${method} ${path}`, async () => {
      const [answer, said] = await ask(folder.path, method, path);
      assert.equal(answer.statusCode, status, said);
      assert.match(said, body);
      if (status === 405) assert.equal(answer.headers.allow, /(\w+) alone/.exec(said)?.[1]);
    });
  }
  assert.deepEqual(
    opened.records.map(({ msg }) => msg),
    ['a control endpoint failed'],
  );
});

test('clients that are silent, send garbage or a body, or leave, hold nobody up', async () => {
  using folder = new Folder();
  await using opened = await open(folder.path);
  const path = join(folder.path, NAME);
  const silence = text(connect(path));
  const left = text(connect(path).end('POST /apps/blog/stacks HTTP/1.1\r\n'));
  const garbage = connect(path);
  garbage.write('\0\x01\x02 what is this\r\n\r\n');
  assert.match(await text(garbage), /^HTTP\/1\.1 400 /);
  const large = connect(path);
  large.write('POST /apps/blog/stacks HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n');
  assert.match(await text(large), /^HTTP\/1\.1 413 /);
  assert.equal(await left, '');
  assert.equal((await ask(folder.path, 'GET', '/status'))[0].statusCode, 200);
  assert.deepEqual(opened.records, []);
  await opened.listener?.close();
  assert.equal(await silence, '');
});
