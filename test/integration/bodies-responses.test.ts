/** Responses that a client takes slowly, or not at all: what the front holds of them, and who waits for them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LANGUAGES, serveHttpApp } from '../support/http-app.ts';
import { SlowReader } from '../support/slow-reader.ts';
import { heldByKernel } from '../support/tcp.ts';
import { until } from '../support/until.ts';
import { ask, get, Wire } from '../support/wire.ts';

const PIECE = 65_536;
const MIB = 2 ** 20;
/** Body bytes that may be on their way from a worker to the front (src/cli/plan.ts). */
const WINDOW = 512 * 1024;
/** More than the kernel holds of one connection on either side. */
const MUCH = 100 * MIB;

for (const { language, file, needed } of LANGUAGES) {
  describe(`responses of a ${language} app to slow clients`, { ...needed, concurrency: true }, () => {
    it('the application is held back once window and buffer are full', async () => {
      const buffer = 512 * 1024;
      await using server = await serveHttpApp(file, '--threads=4', `--response-buffer=${buffer}`);
      using wire = await Wire.open(server.port);
      wire.socket.pause();
      wire.send(get('/counted'));
      const given = await standstill(async () =>
        Number.parseInt(String((await ask(server.port, get('/counts'))).body), 10),
      );
      const elsewhere = heldByKernel(wire.socket) + wire.socket.bytesRead;
      const held = given * PIECE - elsewhere;
      assert.ok(held >= buffer, `${held} bytes are fewer than the buffer takes`);
      // A piece in the worker's hand, one in the front's, and what frames it.
      assert.ok(held <= buffer + WINDOW + 2 * PIECE, `${held} bytes`);
    });

    it('a response that fits the buffer holds no worker, however slowly it is read', async () => {
      const args = ['--threads=1', '--workers=1', `--response-buffer=${MUCH}`, '--queue-timeout=20'];
      await using server = await serveHttpApp(file, ...args);
      using wire = await Wire.open(server.port);
      wire.socket.pause();
      wire.send(get(`/pieces?${MUCH / PIECE}`));
      assert.equal(String((await ask(server.port, get('/next'))).body), '/next');
      assert.ok(heldByKernel(wire.socket) < MUCH / 2, 'the rest is in the front');
      wire.socket.resume();
      assert.equal((await wire.answer()).body.length, MUCH);
    });

    it('one that does not fit holds its worker until it does', async () => {
      const args = ['--threads=1', '--workers=1', '--response-buffer=64KiB', '--queue-timeout=0.3'];
      await using server = await serveHttpApp(file, ...args);
      using wire = await Wire.open(server.port);
      wire.socket.pause();
      wire.send(get(`/pieces?${MUCH / PIECE}`));
      assert.equal((await ask(server.port, get('/next'))).status, 503);
      wire.socket.resume();
      assert.equal((await wire.answer()).body.length, MUCH);
      assert.equal((await ask(server.port, get('/next'))).status, 200);
    });

    it('a client that reads slowly is not cut, and one that stops is', async () => {
      await using server = await serveHttpApp(file, '--write-timeout=3');
      await using client = new SlowReader(server.port, get('/endless'));
      // In each second less than the third of a send buffer that lets the server send on, for several times the timeout: which
      // is long beside what a crowded machine may keep the client from reading.
      const end = performance.now() + 9000;
      while (performance.now() < end) {
        await client.read(2000);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const closed = ({ msg }: { msg?: string }) => msg === 'the endless body is closed';
      assert.ok(!server.records.some(closed));
      await server.record(closed, 'the close of the endless body');
    });
  });
}

/** A number that has come to a standstill: the same in fifty looks. */
async function standstill(look: () => Promise<number>): Promise<number> {
  let last = 0;
  let same = 0;
  await until(async () => {
    const now = await look();
    same = now > 0 && now === last ? same + 1 : 0;
    last = now;
    return same === 50;
  }, 'a standstill');
  return last;
}
