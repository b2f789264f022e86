/** Request bodies that break off, are too large, or find no room: nobody waits for them, and nothing of them is left. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Folder } from '../support/folder.ts';
import { LANGUAGES, serveHttpApp } from '../support/http-app.ts';
import { descriptors } from '../support/processes.ts';
import { BIN, type RunningServer, serve } from '../support/server.ts';
import { until } from '../support/until.ts';
import { ask, get, Wire } from '../support/wire.ts';

const MIB = 2 ** 20;
/** What is larger goes to the spool. */
const SPOOLS = '--body-memory=64KiB';
const SIZED = `Content-Length: ${4 * MIB}`;
const CHUNKED = 'Transfer-Encoding: chunked';
const chunk = (size: number) => `${size.toString(16)}\r\n${'a'.repeat(size)}\r\n`;
const post = (framing: string) => `POST /read-counted HTTP/1.1\r\nHost: test\r\n${framing}\r\n\r\n`;
const upload = (body: string) => post(`Content-Length: ${body.length}`) + body;

/** Spool files that have a name. */
function named(folder: Folder): string[] {
  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ name }) => name);
}

/** Spool files that the front has open, and those that have a name. */
function spooled(server: RunningServer, folder: Folder): { open: string[]; named: string[] } {
  const open = descriptors(server.processes().front.pid).filter((name) => name.startsWith(folder.path));
  return { open, named: named(folder) };
}

const nothing = { open: [], named: [] };
const countsOf = async (port: number) => String((await ask(port, get('/counts'))).body);

for (const { language, file, needed } of LANGUAGES) {
  describe(`request bodies of a ${language} app`, { ...needed, concurrency: true }, () => {
    it('a client that leaves in mid-body leaves no worker waiting, no file behind, and its part never reaches the app', async () => {
      using folder = new Folder();
      await using server = await serveHttpApp(
        file,
        '--workers=1',
        '--threads=1',
        SPOOLS,
        `--data-directory=${folder.path}`,
      );
      for (const leave of ['reset', 'close', 'half-close'] as const) {
        for (const start of [SIZED, CHUNKED].map((framing) => post(framing) + chunk(MIB))) {
          using wire = await Wire.open(server.port);
          wire.send(start);
          await until(() => spooled(server, folder).open.length === 1, 'the spool file');
          assert.equal(await countsOf(server.port), '0 0', 'the only worker is free');
          if (leave === 'half-close') {
            wire.socket.end();
            assert.equal((await wire.answer()).status, 400);
          } else {
            if (leave === 'reset') wire.socket.resetAndDestroy();
            else wire.socket.destroy();
            await once(wire.socket, 'close');
          }
          await until(() => spooled(server, folder).open.length === 0, 'the end of the spool file');
          assert.deepEqual(spooled(server, folder), nothing);
        }
      }
      assert.equal(await countsOf(server.port), '0 0');
    });

    it('a body that passes the limit in its middle is 413, and nothing of it is left', async () => {
      using folder = new Folder();
      await using server = await serveHttpApp(
        file,
        '--limit-request-body=1MiB',
        SPOOLS,
        `--data-directory=${folder.path}`,
      );
      using wire = await Wire.open(server.port);
      wire.send(post(CHUNKED) + chunk(MIB));
      await until(() => spooled(server, folder).open.length === 1, 'the spool file');
      assert.equal((await wire.send(chunk(1)).answer()).status, 413);
      assert.deepEqual(spooled(server, folder), nothing);
      // By its length before anything is stored, and before it comes.
      assert.equal((await ask(server.port, post(`Content-Length: ${MIB + 1}`))).status, 413);
      assert.deepEqual(spooled(server, folder), nothing);
      assert.equal(await countsOf(server.port), '0 0');
    });

    it('a front that is killed in mid-body leaves no file', async () => {
      using folder = new Folder();
      await using server = await serveHttpApp(file, `--data-directory=${folder.path}`);
      using wire = await Wire.open(server.port);
      wire.send(post(SIZED) + chunk(MIB));
      await until(() => spooled(server, folder).open.length === 1, 'the spool file');
      const { pid } = server.processes().front;
      process.kill(pid, 'SIGKILL');
      await wire.closed();
      assert.deepEqual(named(folder), []);
      assert.equal((await ask(server.port, upload('a'.repeat(MIB)))).status, 200);
      assert.notEqual(server.processes().front.pid, pid);
    });
  });
}

/** A disk of one MiB for the data directory, which the test need not be root to mount. */
const DISK = ['unshare', '--user', '--map-root-user', '--mount'] as const;
const MOUNT = 'mount -t tmpfs -o size=1m,mode=700 disk "$0" && exec "$@"';
const mayMount = spawnSync(DISK[0], [...DISK.slice(1), 'sh', '-c', MOUNT, '/mnt', 'true']).status === 0;

describe('a full disk', { skip: mayMount ? false : 'this user may not mount a file system of its own' }, () => {
  for (const { language, file, needed } of LANGUAGES) {
    it(`is 507 and a record, and holds up nobody (${language})`, needed, async () => {
      using folder = new Folder();
      const command = [...DISK, 'sh', '-c', MOUNT, folder.path, process.execPath, BIN] as const;
      const target = `test/fixtures/http/${file}`;
      await using server = await serve(target, [`--data-directory=${folder.path}`], { command });
      const big = await ask(server.port, upload('a'.repeat(2 * MIB)));
      assert.deepEqual([big.status, big.complete], [507, true]);
      assert.doesNotMatch(String(big.body), /ENOSPC|stillhouse-test/, 'nothing of the inside');
      const record = await server.record(({ code }) => code === 'SPOOL_FAILED');
      assert.match(String(record.msg), /ENOSPC/);
      assert.match(String(record.cure), /data\.directory/);
      assert.equal(await countsOf(server.port), '0 0', 'the app was not called');
      // The room that the failed one took is free again.
      const fits = 'b'.repeat(MIB - 65_536);
      const sum = createHash('sha256').update(fits).digest('hex');
      assert.equal(String((await ask(server.port, upload(fits))).body), `${fits.length} ${sum}`);
    });
  }
});
