/** Workers that are replaced while they serve: by their number of requests, and by their memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChaosServer, LANGUAGES } from './support/chaos-server.ts';
import { times } from './support/form.ts';
import { Load } from './support/load.ts';

const RECYCLES = { Python: times(60, 10_000), TypeScript: times(15, 2_000) } as const;
const LEAK = 1_048_576;
const LIMIT = { Python: '96MiB', TypeScript: '192MiB' } as const;

async function untilAnsweredBy(workers: number, load: Load): Promise<void> {
  while (load.account.workers.size < workers) await load.answered(1);
}

for (const { language, file, needed } of LANGUAGES) {
  test(`${RECYCLES[language]} recycles of ${language} workers: 0 requests lost`, needed, async () => {
    await using chaos = await ChaosServer.of(file, ['--workers=2', '--max-requests=5', '--max-requests-jitter=3']);
    // Few requests beside many starts: those are what takes time here.
    await using load = new Load(chaos.port, { pause: 25 });
    await untilAnsweredBy(RECYCLES[language], load);
    const { losses } = await load.stop();
    assert.deepEqual(losses, {});
    await chaos.workers(2);
    await chaos.end();
  });

  test(`a ${language} worker that leaks memory is recycled before its limit: 0 requests lost`, needed, async () => {
    await using chaos = await ChaosServer.of(file, ['--workers=2', `--max-memory=${LIMIT[language]}`]);
    await using load = new Load(chaos.port, { path: `/echo?leak=${LEAK}`, pause: 50, connections: 4 });
    await untilAnsweredBy(times(5, 50), load);
    const { losses } = await load.stop();
    assert.deepEqual(losses, {});
    await chaos.workers(2);
    await chaos.end();
  });
}
