/** The two programs from which everyone learns WSGI, as the command serves them. */
import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Folder } from '../support/folder.ts';
import { ROOT, RunningServer, refused, serve } from '../support/server.ts';
import { needs, needsIPv6 } from '../support/tools.ts';
import { type Answer, ask, get, header } from '../support/wire.ts';

const PROGRAMS = [
  { language: 'Python', folder: join(ROOT, 'apps/hello'), file: 'web_app.py', needed: needs('python3') },
  { language: 'TypeScript', folder: join(ROOT, 'apps/hello-ts'), file: 'web_app.ts', needed: needs() },
];

async function assertIndexAndHello(port: number, host?: string): Promise<void> {
  const is = (answer: Answer, body: string) => {
    assert.equal(`${answer.status} ${answer.reason}`, '200 OK');
    assert.equal(answer.body.toString(), body);
    assert.equal(header(answer, 'content-length'), '5');
    assert.equal(header(answer, 'content-type'), 'text/plain');
  };
  is(await ask(port, get('/'), 'GET', host), 'Index');
  is(await ask(port, get('/anything/else?and=more'), 'GET', host), 'Hello');
  is(await ask(port, get('//'), 'GET', host), 'Hello');
}

for (const { language, folder, file, needed } of PROGRAMS) {
  test(`the ${language} program is served by its module's name`, needed, async () => {
    await using server = await serve('web_app:application', [], { cwd: folder });
    await assertIndexAndHello(server.port);
    const ready = await server.record(({ kind }) => kind === 'ready');
    assert.equal(ready.workers, 1);
    assert.equal(typeof ready.ms, 'number', 'the time to be ready is told');
  });

  test(
    `the ${language} program is served by its file's name from another folder, with two workers`,
    needed,
    async () => {
      await using server = await serve(`${join(folder, file)}:application`, ['--workers=2']);
      assert.equal(server.processes().workers.length, 2);
      await assertIndexAndHello(server.port);
    },
  );

  test(`the callable of the ${language} program may be left out`, needed, async () => {
    await using server = await serve(file, [], { cwd: folder });
    await assertIndexAndHello(server.port);
  });
}

test('where web_app.py and web_app.ts stand side by side, the file is to be named', async () => {
  using folder = new Folder({
    'web_app.py': 'application = None\n',
    'web_app.ts': 'export const application = null;\n',
  });
  const { code, stderr } = await refused(['web_app:application'], { cwd: folder.path });
  assert.equal(code, 2);
  assert.match(stderr, /web_app could be web_app\.py or web_app\.ts/);
  assert.ok(stderr.includes(folder.path), 'the folder is named');
  assert.match(stderr, /name the file: web_app\.py:application or web_app\.ts:application/);
});

test('--bind=localhost:0 answers on every address that localhost resolves to, on one port', async () => {
  const addresses = await lookup('localhost', { all: true });
  await using server = new RunningServer(['apps/hello-ts/web_app.ts:application', '--bind=localhost:0']);
  const port = await server.ready();
  for (const { address } of addresses) await assertIndexAndHello(port, address);
});

test('--bind may be given twice, for 127.0.0.1 and for [::1]', needsIPv6(), async () => {
  await using server = new RunningServer([
    'apps/hello-ts/web_app.ts:application',
    '--bind=127.0.0.1:0',
    '--bind=[::1]:0',
  ]);
  await server.ready();
  const { urls } = await server.record(({ kind }) => kind === 'ready');
  const [four, six] = (urls as string[]).map((url) => new URL(url));
  assert.deepEqual([four?.hostname, six?.hostname], ['127.0.0.1', '[::1]']);
  await assertIndexAndHello(Number(four?.port), '127.0.0.1');
  await assertIndexAndHello(Number(six?.port), '::1');
});
