/** Downloads from Django: files that are kept, and tables that are made while they are sent. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Library } from '../support/django-library.ts';
import { type RealServer, SERVERS } from '../support/gunicorn.ts';
import { digestOf, send } from '../support/http-app.ts';
import { descriptors } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { ask, get, header } from '../support/wire.ts';

const MIB = 2 ** 20;
/** Of 70 bytes and more each: about 5 MiB. */
const ROWS = 65_536;
const FILE = randomBytes(5 * MIB + 1);
/** More than fits into what kernel and server hold for a client. */
const HUGE = Buffer.alloc(64 * MIB, 'huge');

/** The lines of the project's squares.csv (Python's csv module quotes what has a comma). */
function* squares(): Generator<Buffer> {
  for (let number = 0; number < ROWS; number++)
    yield Buffer.from(`Row ${number},${number * number},"${'Zoë, '.repeat(10)}"\r\n`);
}

/** Takes the first bytes of a download, and goes. */
async function leaveEarly(port: number, path: string, meanwhile: () => Promise<unknown> = async () => undefined) {
  const answer = await send(port, { path, headers: { Host: '127.0.0.1' } });
  assert.equal(answer.statusCode, 200);
  await once(answer, 'readable');
  assert.ok(answer.read(1) instanceof Buffer);
  await meanwhile();
  answer.destroy();
}

for (const { name, start } of SERVERS) {
  describe(`downloads from Django under ${name}`, () => {
    const resources = new AsyncDisposableStack();
    const library = resources.use(new Library());
    let server: RealServer;
    /** Whether a process of the server has a file of the library open. */
    const hasOpen = (file: string) =>
      server.processes().all.some(({ pid }) => descriptors(pid).includes(join(library.media, file)));
    const download = (path: string) => send(server.port, { path, headers: { Host: '127.0.0.1' } });

    before(async () => {
      library.addDocument(1, 'Zoë’s file.bin', FILE);
      library.addDocument(2, 'huge.bin', HUGE);
      server = resources.use(await start(library.project()));
    });
    after(() => resources.disposeAsync());

    it('a StreamingHttpResponse of 65,536 rows arrives byte by byte', async () => {
      const answer = await download(`/squares.csv?rows=${ROWS}`);
      assert.deepEqual([answer.statusCode, answer.headers['content-type']], [200, 'text/csv; charset=utf-8']);
      assert.equal(answer.headers['content-length'], undefined);
      assert.equal(await digestOf(answer), await digestOf(squares()));
      await server.line('squares.csv is closed');
    });

    it('a FileResponse arrives byte by byte, with its length and its name', async () => {
      const answer = await download('/documents/1/file');
      assert.equal(answer.headers['content-length'], String(FILE.length));
      assert.match(
        String(answer.headers['content-disposition']),
        /^attachment; filename\*=utf-8''Zo%C3%AB%E2%80%99s%20file\.bin$/i,
      );
      assert.equal(await digestOf(answer), await digestOf([FILE]));
      await until(() => !hasOpen('Zoë’s file.bin'), 'the file to be closed');
    });

    it('HEAD of a file gives its length and no more', async () => {
      const answer = await ask(
        server.port,
        get('/documents/1/file', 'Connection: close').replace('GET', 'HEAD').replace('Host: test', 'Host: 127.0.0.1'),
        'HEAD',
      );
      assert.deepEqual([answer.status, header(answer, 'content-length')], [200, String(FILE.length)]);
    });

    it('a reader who leaves early has the generator closed, and the worker is free', async () => {
      await leaveEarly(server.port, '/endless.csv');
      await server.line('endless.csv is closed');
      assert.equal((await download('/squares.csv?rows=1')).statusCode, 200);
    });

    it('a reader who leaves early has the file closed', async () => {
      await leaveEarly(server.port, '/documents/2/file', () => until(() => hasOpen('huge.bin'), 'the file to be open'));
      await until(() => !hasOpen('huge.bin'), 'the file to be closed');
    });
  });
}
