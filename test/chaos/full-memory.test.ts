/** There is no room in /dev/shm, or none at all: bodies are spooled, no worker is lost, and what is there stays usable. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { BIN } from '../support/server.ts';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const SIZES = [64, 20_000, 300_000, 1_500, 8_193];
/** How /dev/shm is mounted, in a namespace of its own. */
const MOUNTS = {
  full: 'mount -t tmpfs -o size=64k none /dev/shm && { dd if=/dev/zero of=/dev/shm/filler bs=4k 2>/dev/null; true; }',
  'read-only': 'mount -t tmpfs -o ro none /dev/shm',
  'without inodes': 'mount -t tmpfs -o nr_inodes=1 none /dev/shm',
  small: 'mount -t tmpfs -o size=400k none /dev/shm',
  'without a bound': 'mount -t tmpfs -o size=0 none /dev/shm',
};

const mounts = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
const needed = mounts.status === 0 ? {} : { skip: 'a small /dev/shm is mounted for it, which this user may not do' };

for (const { language, file, needed: alsoNeeded } of LANGUAGES) {
  const both = alsoNeeded.skip === false ? needed : alsoNeeded;
  for (const [how, mount] of Object.entries(MOUNTS)) {
    test(`a /dev/shm that is ${how}: a ${language} application serves, bodies and all`, both, async () => {
      const command = ['unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh', process.execPath, BIN] as const;
      await using chaos = await ChaosServer.of(file, ['--workers=2'], { command });
      await using load = new Load(chaos.port, { sizes: SIZES });
      await load.answered(times(200, 5000));
      const { losses } = await load.stop();
      assert.deepEqual(losses, {});
      await chaos.end();
      assert.deepEqual(chaos.recordsOf('WORKER_DIED'), []);
    });
  }
}
