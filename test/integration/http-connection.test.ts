/** Connections that go on, and messages on them (RFC 9112, 7 and 9). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LANGUAGES, serveHttpApp } from '../support/http-app.ts';
import type { RunningServer } from '../support/server.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

for (const { language, file, needed } of LANGUAGES) {
  describe(`connections of a ${language} app`, needed, () => {
    let server: RunningServer & { port: number };
    before(async () => {
      server = await serveHttpApp(file);
    });
    after(() => server?.[Symbol.asyncDispose]());

    it('HTTP/1.1 goes on by itself, and ends where the client says so (9.3)', async () => {
      using wire = await Wire.open(server.port);
      for (const path of ['/one', '/two', '/three']) {
        const answer = await wire.send(get(path)).answer();
        assert.deepEqual([answer.body.toString(), header(answer, 'connection')], [path, undefined]);
      }
      const last = await wire.send(get('/last', 'Connection: x, Close')).answer();
      assert.deepEqual([last.body.toString(), header(last, 'connection')], ['/last', 'close']);
      assert.equal((await wire.rest()).length, 0);
    });

    it('pipelined requests are answered whole and in their order (9.3.2)', async () => {
      using wire = await Wire.open(server.port);
      const paths = Array.from({ length: 20 }, (_, number) => `/request-${number}`);
      const bodies = paths.map(
        (path) => `POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: ${path.length}\r\n\r\n${path}`,
      );
      wire.send(paths.flatMap((path, number) => [get(path), bodies[number]]).join(''));
      for (const path of paths) {
        assert.equal((await wire.answer()).body.toString(), path);
        assert.equal((await wire.answer()).body.toString(), path);
      }
    });

    it('pipelined requests are answered when the client has closed its side', async () => {
      using wire = await Wire.open(server.port);
      wire.send(get('/one') + get('/pieces?40') + get('/two')).socket.end();
      assert.equal((await wire.answer()).body.toString(), '/one');
      assert.equal((await wire.answer()).body.length, 40 * 65536);
      assert.equal((await wire.answer()).body.toString(), '/two');
      assert.equal((await wire.rest()).length, 0);
    });

    for (const size of [10, 1_000_000]) {
      it(`a body of ${size} bytes is answered when the client has closed its side behind it`, async () => {
        using wire = await Wire.open(server.port);
        wire.send(`POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: ${size}\r\n\r\n${'a'.repeat(size)}`);
        wire.socket.end();
        const answer = await wire.answer();
        assert.deepEqual([answer.status, answer.body.length, answer.complete], [200, size, true]);
      });
    }

    it('a request may come byte by byte, and an empty line before it (2.2)', async () => {
      using wire = await Wire.open(server.port);
      const request = 'POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
      for (const byte of `\r\n${request}`) {
        await new Promise((resolve) => wire.socket.write(byte, 'latin1', resolve));
      }
      assert.equal((await wire.answer()).body.toString(), 'abc');
    });

    it('HTTP/1.0 ends with its response, which is not chunked', async () => {
      using wire = await Wire.open(server.port);
      const answer = await wire.send('GET /pieces?2 HTTP/1.0\r\n\r\n').answer();
      assert.deepEqual([header(answer, 'transfer-encoding'), header(answer, 'connection')], [undefined, 'close']);
      assert.equal(answer.body.length, 2 * 65536);
    });

    it('HTTP/1.0 goes on where the client asks for it and the length is known', async () => {
      using wire = await Wire.open(server.port);
      const request = (path: string) => `GET ${path} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n`;
      const answer = await wire.send(request('/one')).answer();
      assert.deepEqual([answer.body.toString(), header(answer, 'connection')], ['/one', 'keep-alive']);
      const unsized = await wire.send(request('/pieces?1')).answer();
      assert.deepEqual([unsized.body.length, header(unsized, 'connection')], [65536, 'close']);
    });

    it('a chunked request and a chunked response (7.1)', async () => {
      const request = [
        'POST /echo-stream HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: Chunked\r\n\r\n',
        '5\r\nhello\r\n',
        '0006 ; name="value"\r\n world\r\n',
        'A\r\n, and more\r\n',
        '000\r\nX-Trailer: dropped\r\n\r\n',
      ];
      const answer = await ask(server.port, request.join(''));
      assert.deepEqual([answer.body.toString(), answer.complete], ['hello world, and more', true]);
      assert.deepEqual([header(answer, 'transfer-encoding'), header(answer, 'content-length')], ['chunked', undefined]);
    });

    it('a response has one Date, and repeats the id of its request', async () => {
      const { headers } = await ask(server.port, get('/', 'X-Request-Id: my-id.1'));
      const values = (wanted: string) => headers.filter(([name]) => name === wanted).map(([, value]) => value);
      assert.equal(values('date').length, 1);
      assert.equal(new Date(values('date')[0] ?? '').toUTCString(), values('date')[0]);
      assert.deepEqual(values('x-request-id'), ['my-id.1']);
    });
  });
}
