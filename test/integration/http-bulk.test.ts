/** Much at once: large bodies both ways, many clients, slow ones and those that leave. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { digestOf, LANGUAGES, pieces, readAll, send, serveHttpApp } from '../support/http-app.ts';
import { peakMemory } from '../support/processes.ts';
import type { RunningServer } from '../support/server.ts';
import { ask, get, Wire } from '../support/wire.ts';

const MIB = 2 ** 20;
const BULK = 200 * MIB;
const COUNT = BULK / 65536;
/** What passes through leaves garbage that is collected late, 40 to 70 MiB of it here; a front that held a body would rise by all of it. */
const BOUND = BULK / 2;
const CLIENTS = 20;
const REQUESTS = 10;

/** Bytes that no other client and request sends. */
function ownBytes(client: number, request: number): Buffer {
  const size = [0, 1, 1000, 65_536, 65_537, 300_000][(client + request) % 6] as number;
  const seed = createHash('sha256').update(`${client} ${request}`).digest();
  return Buffer.alloc(size, seed);
}

for (const { language, file, needed } of LANGUAGES) {
  describe(`bulk through a ${language} app`, needed, () => {
    let server: RunningServer & { port: number };
    before(async () => {
      server = await serveHttpApp(file, '--workers=2', '--threads=4');
    });
    after(() => server?.[Symbol.asyncDispose]());

    /** How much the front's peak memory rises meanwhile, in bytes. */
    async function frontRise(run: () => Promise<void>): Promise<number> {
      const { pid } = server.processes().front;
      const before = peakMemory(pid);
      await run();
      return peakMemory(pid) - before;
    }

    it('an upload of 200 MiB passes through a front that does not hold it', async () => {
      const rise = await frontRise(async () => {
        const answer = await send(server.port, {
          path: '/digest',
          headers: { 'Content-Length': BULK },
          body: pieces(COUNT),
        });
        assert.equal((await readAll(answer)).toString(), await digestOf(pieces(COUNT)));
      });
      assert.ok(rise < BOUND, `the front's memory rose by ${rise} bytes`);
    });

    it('a response of 200 MiB passes through a front that does not hold it', async () => {
      const rise = await frontRise(async () => {
        const answer = await send(server.port, { path: `/pieces?${COUNT}` });
        assert.equal(await digestOf(answer), await digestOf(pieces(COUNT)));
      });
      assert.ok(rise < BOUND, `the front's memory rose by ${rise} bytes`);
    });

    it('a client that takes nothing for a while gets all in the end, and holds up nobody and no memory', async () => {
      const rise = await frontRise(async () => {
        const answer = await send(server.port, { path: `/pieces?${COUNT}` });
        answer.pause();
        for (let other = 0; other < 20; other++) assert.equal((await ask(server.port, get('/other'))).status, 200);
        assert.equal(await digestOf(answer), await digestOf(pieces(COUNT)));
      });
      assert.ok(rise < BOUND, `the front's memory rose by ${rise} bytes`);
    });

    it(`${CLIENTS} clients at a time get their own bytes back`, async () => {
      const client = async (number: number) => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        for (let request = 0; request < REQUESTS; request++) {
          const body = ownBytes(number, request);
          const headers = request % 2 === 0 ? { 'Content-Length': body.length } : { 'Transfer-Encoding': 'chunked' };
          const path = request % 3 === 0 ? '/echo-stream' : '/echo';
          const answer = await send(server.port, { path, agent, headers, body: [body] });
          assert.ok((await readAll(answer)).equals(body), `client ${number}, request ${request}`);
        }
        agent.destroy();
      };
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    });

    it('clients that read at a pace of their own get their own bytes back', async () => {
      const client = async (number: number) => {
        const body = randomBytes(3 * MIB);
        const answer = await send(server.port, { path: '/echo-stream', body: [body] });
        const sum = createHash('sha256');
        for await (const piece of answer) {
          sum.update(piece as Buffer);
          for (let turn = 0; turn < number; turn++) await new Promise((resolve) => setImmediate(resolve));
        }
        assert.equal(sum.digest('hex'), createHash('sha256').update(body).digest('hex'), `client ${number}`);
      };
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    });

    it('a client that leaves in mid-stream has its body closed, each of them once', async () => {
      const closed = () => server.records.filter(({ msg }) => msg === 'the endless body is closed').length;
      const wires = await Promise.all(Array.from({ length: 5 }, () => Wire.open(server.port)));
      for (const wire of wires) {
        await wire.send(get('/endless')).some();
        wire.socket.pause();
      }
      for (const { socket } of wires) {
        socket.destroy();
        await once(socket, 'close');
      }
      await server.record(() => closed() >= 5, 'five closed bodies');
      assert.equal((await ask(server.port, get('/next'))).status, 200);
      assert.equal(closed(), 5);
    });
  });
}
