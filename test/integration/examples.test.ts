/** What apps/ holds, as `stillhouse serve` in the checkout serves it, checked against PEP 3333 on the way. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Folder } from '../support/folder.ts';
import { readAll, send } from '../support/http-app.ts';
import { ROOT, RunningServer, serve } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { ask, get, header } from '../support/wire.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('npm run -s stillhouse -- serve', needs('python3', 'npm'), () => {
  let server: RunningServer;
  let data: Folder;
  let port: number;
  before(async () => {
    data = new Folder();
    // A stream of ticks does not hear that its client has left before it makes the next one.
    const args = [
      '--graceful-timeout=1',
      '--bind=127.0.0.1:0',
      '--admin-bind=127.0.0.1:0',
      `--data-directory=${data.path}`,
      '--lint',
    ];
    server = new RunningServer(args, { command: ['npm', 'run', '-s', 'stillhouse', '--', 'serve'] });
    port = await server.ready();
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    data?.[Symbol.dispose]();
  });
  const textOf = async (path: string): Promise<string> => String((await ask(port, get(path))).body);

  it('serves every folder of apps/', async () => {
    const { apps } = await server.record(({ kind }) => kind === 'ready');
    assert.deepEqual(
      (apps as { name: string; path: string; state: string }[]).map(({ name, path, state }) => [name, path, state]),
      [
        ['hello', '/', 'serving'],
        ['hello-ts', '/hello-ts', 'serving'],
        ['upload', '/upload', 'serving'],
      ],
    );
  });

  it('serves the first program at the root, and its TypeScript twin beside it', async () => {
    assert.equal(await textOf('/'), 'Index');
    assert.equal(await textOf('/anything'), 'Hello');
    assert.equal(await textOf('/hello-ts/'), 'Index');
    assert.equal(await textOf('/hello-ts/anything'), 'Hello');
  });

  it('serves a page whose links begin where it is mounted', async () => {
    for (const path of ['/upload', '/upload/']) {
      const answer = await ask(port, get(path));
      assert.equal(answer.status, 200);
      assert.equal(header(answer, 'content-type'), 'text/html; charset=utf-8');
      assert.match(String(answer.body), /<form method="post" action="\/upload\/" enctype="multipart\/form-data">/);
      assert.doesNotMatch(String(answer.body), /\{\{/);
    }
    assert.equal((await ask(port, get('/upload/nothing'))).status, 404);
    assert.equal((await ask(port, 'DELETE /upload/ HTTP/1.1\r\nHost: test\r\n\r\n')).status, 405);
  });

  it('tells the size and the digest of files that a form sends', async () => {
    const boundary = 'a--boundary';
    // A file that holds what almost is its boundary, one that is larger than any block, one that is empty, and a field.
    const tricky = Buffer.from(`x\r\n--a--boundar\r\n--${boundary.slice(0, -1)}\r\n\r`);
    const large = randomBytes(3_000_001);
    const part = (name: string, bytes: Uint8Array) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ];
    const field = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nnothing\r\n`);
    const body = Buffer.concat([
      ...part('<tricky>.txt', tricky),
      field,
      ...part('large.bin', large),
      ...part('empty', Buffer.alloc(0)),
      Buffer.from(`--${boundary}--\r\n`),
    ]);
    const headers = { 'Content-Type': `multipart/form-data; boundary="${boundary}"` };
    for (const length of [{}, { 'Content-Length': body.length }]) {
      const answer = await send(port, { path: '/upload/', headers: { ...headers, ...length }, body: [body] });
      assert.equal(answer.statusCode, 200);
      const page = String(await readAll(answer));
      const rows = [...page.matchAll(/<tr><td>(.*?)<\/td><td>(\d+)<\/td><td><code>(.*?)<\/code>/g)];
      assert.deepEqual(
        rows.map(([, ...cells]) => cells),
        [
          ['&lt;tricky&gt;.txt', String(tricky.length), sha256(tricky)],
          ['large.bin', String(large.length), sha256(large)],
          ['empty', '0', sha256(Buffer.alloc(0))],
        ],
      );
    }
  });

  it('refuses a form that is none, and one that is cut short', async () => {
    const post = (type: string, body: string) =>
      send(port, { path: '/upload/', headers: { 'Content-Type': type }, body: [Buffer.from(body)] });
    assert.equal((await post('text/plain', 'x')).statusCode, 400);
    assert.equal((await post('multipart/form-data', 'x')).statusCode, 400);
    assert.equal((await post('multipart/form-data; boundary=b', '--b\r\nContent-Disp')).statusCode, 400);
    assert.equal((await post('multipart/form-data; boundary=b', '')).statusCode, 400);
    const empty = await post('multipart/form-data; boundary=b', '--b--\r\n');
    assert.deepEqual([empty.statusCode, /No file was chosen/.test(String(await readAll(empty)))], [200, true]);
  });

  it('tells the size and the digest of a file that is sent bare', async () => {
    const bytes = randomBytes(1 << 20);
    const outgoing = request({ host: '127.0.0.1', port, path: '/upload/digest', method: 'PUT', agent: false });
    const answered = once(outgoing, 'response');
    outgoing.end(bytes);
    const [answer] = await answered;
    assert.deepEqual(JSON.parse(String(await readAll(answer))), { size: bytes.length, sha256: sha256(bytes) });
  });

  it('streams a download of the size that is asked for', async () => {
    const answer = await send(port, { path: '/upload/download?size=1000001' });
    assert.equal(answer.headers['content-length'], '1000001');
    const bytes = await readAll(answer);
    assert.deepEqual([bytes.length, bytes[0], bytes[1_000_000]], [1_000_001, 0, 1_000_000 % 256]);
    assert.equal((await ask(port, get('/upload/download?size=0'))).body.length, 0);
    assert.equal((await ask(port, get('/upload/download?size=-1'))).status, 400);
  });

  it('sends each tick when it is made', async () => {
    const answer = await send(port, { path: '/upload/ticks?count=2&every=60000' });
    assert.equal(answer.headers['content-type'], 'text/event-stream');
    const [first] = await once(answer, 'data');
    assert.equal(String(first), 'data: 1 of 2\n\n', 'the second is made in a minute');
    answer.destroy();
    const all = await textOf('/upload/ticks?count=3&every=0');
    assert.equal(all, `data: 1 of 3\n\ndata: 2 of 3\n\ndata: 3 of 3\n\nevent: end\ndata: that was all\n\n`);
  });

  it('breaks PEP 3333 nowhere', () => {
    const wrong = server.complaints;
    assert.deepEqual(wrong, []);
  });
});

it('an example is served alone by its file too', needs('python3'), async () => {
  await using server = await serve(join(ROOT, 'apps/upload/app.py'), ['--lint']);
  assert.match(String((await ask(server.port, get('/'))).body), /action="\/"/);
});
