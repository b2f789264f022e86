/** Request bodies that an application is given as they come (`--streaming`). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Barrier } from '../support/barrier.ts';
import { digestOf, LANGUAGES, pieces, readAll, serveHttpApp } from '../support/http-app.ts';
import { until } from '../support/until.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

const MIB = 2 ** 20;
const COUNT = (50 * MIB) / 65_536;
/** More than the kernel holds of one connection on either side. */
const MUCH = 100 * MIB;
const CHUNKED = 'Transfer-Encoding: chunked';
const post = (path: string, ...headers: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: test', ...headers, '', ''].join('\r\n');
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const LAST = '0\r\n\r\n';
const sumOf = (text: string) => `${text.length} ${createHash('sha256').update(text).digest('hex')}`;

for (const { language, file, needed } of LANGUAGES) {
  const serve = (...args: string[]) => serveHttpApp(file, '--streaming', '--workers=1', '--threads=1', ...args);

  describe(`request bodies that stream to a ${language} app`, { ...needed, concurrency: 3 }, () => {
    it('what is read is answered while the rest is still to come', async () => {
      await using server = await serve();
      using wire = await Wire.open(server.port);
      wire.send(post('/echo-pieces', CHUNKED));
      for (const piece of ['one', 'two', 'three']) {
        wire.send(chunk(piece));
        await until(async () => String(await wire.some()).includes(piece), piece);
      }
      wire.send(LAST + get('/next'));
      await until(async () => String(await wire.some()).includes('/next'), 'the next answer of the same connection');
    });

    it('50 MiB go through both ways at once, and the connection goes on', async () => {
      await using server = await serve();
      using agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), {
        [Symbol.dispose]: () => agent.destroy(),
      });
      for (const headers of [{ 'Content-Length': COUNT * 65_536 }, { 'Transfer-Encoding': 'chunked' }]) {
        for (const path of ['/echo-stream', '/echo-pieces', '/digest']) {
          const outgoing = request({ host: '127.0.0.1', port: server.port, method: 'POST', path, headers, agent });
          const [sent, answered] = [pipeline(Readable.from(pieces(COUNT)), outgoing), once(outgoing, 'response')];
          const [answer] = (await answered) as [IncomingMessage];
          const told = path === '/digest' ? String(await readAll(answer)) : await digestOf(answer);
          assert.equal(told, await digestOf(pieces(COUNT)), path);
          await sent;
        }
      }
    });

    it('an application that does not read holds the client back', async () => {
      await using server = await serve();
      using barrier = new Barrier();
      using wire = await Wire.open(server.port);
      wire.send(post(`/wait?${barrier.path}`, `Content-Length: ${MUCH}`));
      await barrier.reached();
      let written = 0;
      do {
        wire.socket.write(Buffer.alloc(MIB));
        written += MIB;
      } while (written < MUCH && (!wire.socket.writableNeedDrain || (await isDrained(wire.socket))));
      assert.ok(written < MUCH / 2, `${written} bytes were taken`);
      barrier.open();
      assert.equal((await wire.answer()).status, 200);
    });

    it('the length is told only where the client told it', async () => {
      await using server = await serve();
      using wire = await Wire.open(server.port);
      wire.send(
        post('/framing', 'Content-Length: 3') +
          'abc' +
          post('/framing', CHUNKED) +
          chunk('abc') +
          LAST +
          get('/framing'),
      );
      for (const told of ['3 True', 'None True', 'None True']) assert.equal(String((await wire.answer()).body), told);
    });

    it('100 (Continue) is sent when the application first reads, and not before', async () => {
      await using server = await serve();
      const expect = 'Expect: 100-continue';
      using wire = await Wire.open(server.port);
      wire.send(post('/digest', 'Content-Length: 5', expect));
      assert.equal((await wire.answer()).status, 100);
      assert.equal(String((await wire.send('hello').answer()).body), sumOf('hello'));
      const unread = await wire.send(post('/framing', 'Content-Length: 5', expect)).answer();
      assert.deepEqual([unread.status, header(unread, 'connection')], [200, 'close']);
    });

    it('a body of which something is left unread does not spoil the connection, and a large one ends it', async () => {
      await using server = await serve();
      using wire = await Wire.open(server.port);
      for (const framing of ['Content-Length: 100000', CHUNKED]) {
        const body = framing === CHUNKED ? chunk('a'.repeat(100_000)) + LAST : 'a'.repeat(100_000);
        wire.send(post('/unread', framing) + body + get('/next'));
        assert.equal(String((await wire.answer()).body), '/unread');
        assert.equal(String((await wire.answer()).body), '/next');
      }
      const last = await wire
        .send(post('/unread', `Content-Length: ${MUCH}`))
        .send('a'.repeat(MIB))
        .answer();
      assert.equal(String(last.body), '/unread');
      assert.equal(header(last, 'connection'), 'close', 'the client sends no further request on it');
      await wire.closed();
    });

    it('a body that breaks off raises, again and again, and holds no worker', async () => {
      await using server = await serve('--limit-request-body=1MiB', '--body-timeout=0.5');
      const broken = (words: RegExp) => server.record(({ msg }) => words.test(String(msg)), String(words));
      const cases = [
        ['half-closed', 400, /the body broke off: .*closed before the end/],
        ['standing still', 408, /the body broke off: .*stood still/],
        ['too large', 413, /the body broke off: .*larger than the limit/],
      ] as const;
      for (const [name, status, words] of cases) {
        using wire = await Wire.open(server.port);
        wire.send(post('/tell-error', CHUNKED) + chunk('a part'));
        if (name === 'half-closed') wire.socket.end();
        if (name === 'too large') wire.send(chunk('a'.repeat(MIB)));
        const answer = await wire.answer();
        assert.equal(answer.status, status, name);
        await broken(words);
        await wire.closed();
      }
      assert.ok(!server.records.some(({ code }) => code === 'RESPONSE_FAILED'));
    });

    it('a body whose client leaves raises, and holds no worker', async () => {
      await using server = await serve();
      using wire = await Wire.open(server.port);
      wire.send(post('/tell-error', CHUNKED, 'Expect: 100-continue'));
      assert.equal((await wire.answer()).status, 100, 'the application reads');
      wire.send(chunk('a part'));
      using held = await Wire.open(server.port);
      held.send(get('/next'));
      wire.socket.resetAndDestroy();
      assert.equal(String((await held.answer()).body), '/next');
      const words = /the body broke off: .*(?:CLIENT_GONE|closed the connection)/;
      await server.record(({ msg }) => words.test(String(msg)), String(words));
      assert.ok(!server.records.some(({ code }) => code === 'RESPONSE_FAILED'));
    });

    it('the time that the client takes is not the application’s', async () => {
      await using server = await serve('--timeout=1');
      using wire = await Wire.open(server.port);
      wire.send(post('/digest', 'Content-Length: 10')).send('hello');
      await setTimeout(2500);
      assert.equal(String((await wire.send('world').answer()).body), sumOf('helloworld'));
      using barrier = new Barrier();
      const late = await ask(server.port, `${post(`/wait?${barrier.path}`, 'Content-Length: 5')}hello`);
      assert.equal(late.status, 504);
    });

    it('a worker that dies in mid-body is 502', async () => {
      await using server = await serve();
      using wire = await Wire.open(server.port);
      wire.send(post('/digest', CHUNKED, 'Expect: 100-continue'));
      assert.equal((await wire.answer()).status, 100, 'the application reads');
      wire.send(chunk('a part'));
      const [worker] = server.processes().workers;
      process.kill(worker?.pid as number, 'SIGKILL');
      assert.equal((await wire.answer()).status, 502);
      assert.equal((await ask(server.port, get('/next'))).status, 200);
    });
  });
}

/** Whether all that was written is taken within a second. */
async function isDrained(socket: Socket): Promise<boolean> {
  return Promise.race([once(socket, 'drain').then(() => true), setTimeout(1000, false)]);
}
