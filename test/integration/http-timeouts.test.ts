/** Clients and apps that keep the other side waiting. The times are short, and only what happens is asserted, not when. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Barrier } from '../support/barrier.ts';
import { LANGUAGES, serveHttpApp } from '../support/http-app.ts';
import type { RunningServer } from '../support/server.ts';
import { ask, get, header, Wire } from '../support/wire.ts';

for (const { language, file, needed } of LANGUAGES) {
  describe(`timeouts of a ${language} app`, { ...needed, concurrency: true }, () => {
    let server: RunningServer & { port: number };
    before(async () => {
      const timeouts = ['head-timeout', 'body-timeout', 'keep-alive', 'write-timeout'];
      server = await serveHttpApp(file, '--threads=4', ...timeouts.map((name) => `--${name}=0.3`));
    });
    after(() => server?.[Symbol.asyncDispose]());

    it('a connection on which nothing comes is closed without a word', async () => {
      using wire = await Wire.open(server.port);
      assert.equal((await wire.rest()).length, 0);
    });

    for (const start of ['G', 'GET / HTTP/1.1\r\nHost: te', 'GET / HTTP/1.1\r\nHost: test\r\n']) {
      it(`a head that stops after ${JSON.stringify(start)} is 408`, async () => {
        using wire = await Wire.open(server.port);
        assert.equal((await wire.send(start).answer()).status, 408);
        assert.equal((await wire.rest()).length, 0);
      });
    }

    it('a head that stops on a connection that was used is 408', async () => {
      using wire = await Wire.open(server.port);
      await wire.send(`${get('/')}GET / HT`).answer();
      assert.equal((await wire.answer()).status, 408);
    });

    it('a head that trickles is 408, however steadily', async () => {
      using wire = await Wire.open(server.port);
      wire.send('GET / HTTP/1.1\r\nX: ');
      const trickle = setInterval(() => wire.send('a'), 10);
      assert.equal((await wire.answer()).status, 408);
      clearInterval(trickle);
    });

    for (const framing of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      it(`a body that stops is 408 (${framing})`, async () => {
        using wire = await Wire.open(server.port);
        wire.send(`POST /digest HTTP/1.1\r\nHost: test\r\n${framing}\r\n\r\n5\r\nhel`);
        assert.equal((await wire.answer()).status, 408);
        assert.equal((await wire.rest()).length, 0);
      });
    }

    it('an idle connection is closed without a word', async () => {
      using wire = await Wire.open(server.port);
      assert.equal((await wire.send(get('/')).answer()).status, 200);
      assert.equal((await wire.rest()).length, 0);
    });

    it('a client that takes nothing is cut, and the body of the app is closed', async () => {
      using wire = await Wire.open(server.port);
      wire.socket.pause();
      wire.send(get('/endless'));
      await server.record(({ msg }) => msg === 'the endless body is closed', 'the close of the endless body');
      assert.equal((await ask(server.port, get('/next'))).status, 200);
    });
  });

  it(`a body that trickles is 408, however steadily (${language})`, needed, async () => {
    await using server = await serveHttpApp(file, '--body-timeout=2', '--body-min-rate=1000');
    using wire = await Wire.open(server.port);
    wire.send('POST /digest HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n');
    const trickle = setInterval(() => wire.send('1\r\na\r\n'), 20);
    assert.equal((await wire.answer()).status, 408);
    clearInterval(trickle);
    assert.equal((await server.record(({ kind }) => kind === 'refused')).code, 'BODY_TOO_SLOW');
  });

  it(
    `a request for which no worker is free in time is 503, and the one that runs goes on (${language})`,
    needed,
    async () => {
      await using server = await serveHttpApp(file, '--threads=1', '--queue-timeout=0.3');
      using barrier = new Barrier();
      using running = await Wire.open(server.port);
      running.send(get(`/wait?${barrier.path}`));
      await barrier.reached();
      const answer = await ask(server.port, get('/next'));
      assert.deepEqual([answer.status, header(answer, 'retry-after')], [503, '1']);
      barrier.open();
      assert.equal((await running.answer()).status, 200);
      assert.equal((await ask(server.port, get('/next'))).status, 200);
    },
  );
}
