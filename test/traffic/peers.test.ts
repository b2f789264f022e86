/** The mix of traffic under other servers: what is found wrong in Stillhouse is not the client's or the application's doing. */
import { test } from 'node:test';
import { contenderNamed } from '../bench/run.ts';
import { BenchServer } from '../bench/server.ts';
import { isLong, times } from '../chaos/support/form.ts';
import { assertRight, WHOLE_MIX } from './support/mix-server.ts';
import { Traffic } from './support/traffic.ts';

const APPS = { python: { folder: 'test/traffic/apps', module: 'wsgi_mix' }, node: 'test/traffic/apps/mix-node.mjs' };
const REQUESTS = times(1_200, 40_000);
/** Debian's gunicorn will do; the others are those of `npm run bench`, where it has made their environments. */
const PEERS = ['gunicorn-gthread-t8', 'node-cluster', ...(isLong ? ['granian-t8', 'waitress'] : [])];

for (const name of PEERS) {
  const contender = contenderNamed(name);
  test(`${name}: 0 wrong, 0 lost`, { skip: contender.absent() ?? false }, async () => {
    await using server = await BenchServer.start(contender, APPS, false);
    await using traffic = new Traffic({ port: server.port, mix: WHOLE_MIX, requests: REQUESTS });
    assertRight(await traffic.done());
  });
}
