/** The disk of the spool is full: what does not fit is refused, and nothing is mixed up. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { BIN } from '../support/server.ts';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { filesBelow } from './support/leftovers.ts';
import { Load } from './support/load.ts';

/** Bytes of the disk: what one or two of the bodies take. */
const DISK = 1_048_576;
const SIZES = [64, 700_000, 1_500, 90_000, 2_000_000, 64];
/** In a mount namespace of its own, so that nothing is left of it and nobody else sees it. */
const MOUNT = `mount -t tmpfs -o size=${DISK},mode=700 none "$PWD/data" && exec "$@"`;

const mounts = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
const needed = mounts.status === 0 ? {} : { skip: 'a small disk is mounted for it, which this user may not do' };

for (const { language, file, needed: alsoNeeded } of LANGUAGES) {
  const both = alsoNeeded.skip === false ? needed : alsoNeeded;
  test(
    `a full disk under the bodies of a ${language} application: 507 with a record for what does not fit, right answers to all else`,
    both,
    async () => {
      const command = ['unshare', '--mount', 'sh', '-c', MOUNT, 'sh', process.execPath, BIN] as const;
      await using chaos = await ChaosServer.of(file, ['--workers=2', '--body-memory=64KiB'], { command });
      await using load = new Load(chaos.port, { sizes: SIZES });
      await load.answered(times(400, 10_000));
      const account = await load.stop();
      assert.ok(account.lost.length > 0, 'the disk was full');
      assert.deepEqual(Object.keys(account.losses), ['507'], JSON.stringify(account.losses));
      // With room again, the server is as before.
      await using after = new Load(chaos.port, { connections: 1, sizes: [700_000], name: 'after' });
      await after.answered(5);
      assert.deepEqual((await after.stop()).losses, {});
      const names = filesBelow(`/proc/${chaos.server.pid}/root${chaos.data}`).map((path) => path.replace(/.*\//, ''));
      assert.deepEqual(
        names.map((name) => name.replace(/-.*/, '')).sort(),
        ['control', 'spool'],
        'no body is left on the disk',
      );
      await chaos.end();
      const records = chaos.recordsOf('SPOOL_FAILED');
      assert.deepEqual(records.map(({ request }) => request as string).sort(), account.ids('status').sort());
      assert.match(records[0]?.msg ?? '', /ENOSPC|no space/);
    },
  );
}
