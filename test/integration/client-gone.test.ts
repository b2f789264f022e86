/** Clients that leave before their answer has come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminPort, scrape } from '../support/admin.ts';
import { Barrier } from '../support/barrier.ts';
import { Folder } from '../support/folder.ts';
import { type RunningServer, serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get, Wire } from '../support/wire.ts';

type Server = RunningServer & { readonly port: number };

const PYTHON = `import time

def application(environ, start_response):
    print('runs', environ['PATH_INFO'])
    if environ['PATH_INFO'] == '/hold':
        open(environ['QUERY_STRING']).read()
    if environ['PATH_INFO'] == '/work':
        while not environ['stillhouse.client_gone']():
            time.sleep(0.01)
        print('noticed')
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'done']
`;
const TYPESCRIPT = `import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

export async function application(environ, startResponse) {
  console.log('runs', environ.PATH_INFO);
  if (environ.PATH_INFO === '/hold') await readFile(environ.QUERY_STRING);
  if (environ.PATH_INFO === '/work') {
    while (!environ['stillhouse.client_gone']()) await setTimeout(10);
    console.log('noticed');
  }
  startResponse('200 OK', [['Content-Type', 'text/plain']]);
  return ['done'];
}
`;
const LANGUAGES = [
  { language: 'Python', file: 'web_app.py', source: PYTHON, needed: needs('python3', 'mkfifo') },
  { language: 'TypeScript', file: 'web_app.mts', source: TYPESCRIPT, needed: needs('mkfifo') },
] as const;
const LEAVINGS: Readonly<Record<string, (wire: Wire) => unknown>> = {
  'closes its side': ({ socket }) => socket.end(),
  'closes the connection': ({ socket }) => socket.destroy(),
  'resets the connection': ({ socket }) => socket.resetAndDestroy(),
};

/** Resolves when the front has seen all that came before: it answers this by itself. */
async function seen({ port }: Server): Promise<void> {
  assert.equal((await ask(port, 'GET / HTTP/1.1\r\n\r\n')).status, 400);
}

for (const { language, file, source, needed } of LANGUAGES) {
  test(`a request whose client leaves while it waits for a ${language} worker is never run`, needed, async () => {
    using folder = new Folder({ [file]: source });
    const args = ['--threads=1', '--admin-bind=127.0.0.1:0'];
    await using server = await serve(`${file}:application`, args, { cwd: folder.path });
    const abandoned = async () => (await scrape(await adminPort(server))).sum('stillhouse_requests_abandoned_total');
    let count = 0;
    for (const [name, leave] of Object.entries(LEAVINGS)) {
      using barrier = new Barrier();
      using holder = await Wire.open(server.port);
      holder.send(get(`/hold?${barrier.path}`));
      await barrier.reached();
      using leaver = await Wire.open(server.port);
      using stayer = await Wire.open(server.port);
      leaver.send(get(`/left-${count}`));
      stayer.send(get(`/stayed-${count}`));
      await seen(server);
      leave(leaver);
      await seen(server);
      barrier.open();
      assert.equal((await holder.answer()).status, 200);
      assert.equal((await stayer.answer()).status, 200);
      count++;
      await until(async () => (await abandoned()) === count, `the count of one whose client ${name}`);
    }
    const ran = server.records.flatMap(({ msg }) => (msg?.startsWith('runs ') === true ? [msg] : []));
    assert.deepEqual(
      ran.filter((line) => !line.includes('hold')),
      ['runs /stayed-0', 'runs /stayed-1', 'runs /stayed-2'],
    );
  });

  for (const [name, leave] of Object.entries(LEAVINGS)) {
    test(`a ${language} application can ask whether its client has gone, which ${name}`, needed, async () => {
      using folder = new Folder({ [file]: source });
      await using server = await serve(`${file}:application`, [], { cwd: folder.path });
      using wire = await Wire.open(server.port);
      wire.send(get('/work'));
      await server.line('runs /work');
      leave(wire);
      await server.line('noticed');
    });
  }
}
