/** Applications that do what no application should: the others, and the server, do not suffer for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAlive, peakMemory } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';
import { ChaosServer, fixture, LANGUAGES } from './support/chaos-server.ts';
import { Load } from './support/load.ts';

/** Two workers of one slot each: one misbehaves, the load goes to the other. */
const TWO = ['--workers=2', '--threads=1'];
const LINE = 100;
const MANY_LINES = 1_000_000;
/** How much a front may grow while it throws 100 MB of output away: far less than that. */
const GROWTH = 64 * 2 ** 20;
const PYTHON = LANGUAGES[0];

async function statusOf(chaos: ChaosServer, path: string): Promise<number> {
  return (await ask(chaos.port, get(path, `X-Request-Id: the-bad-one`))).status;
}

for (const { language, file, needed } of LANGUAGES) {
  test(
    `a ${language} application writes 100 MB to stdout: requests are served, and what the log leaves out is counted`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, TWO);
      await using load = new Load(chaos.port);
      await load.answered(50);
      const { pid } = chaos.server.processes().front;
      const before = peakMemory(pid);
      assert.equal(await statusOf(chaos, `/flood?${MANY_LINES * LINE}`), 200);
      await load.answered(50);
      assert.deepEqual((await load.stop()).losses, {});
      const grown = peakMemory(pid) - before;
      const counted = () => {
        const { records } = chaos.server;
        const printed = records.filter(({ stream, msg }) => stream === 'stdout' && msg === 'y'.repeat(LINE - 1)).length;
        return printed + chaos.recordsOf('APP_OUTPUT_DROPPED').reduce((sum, { dropped }) => sum + Number(dropped), 0);
      };
      await chaos.end();
      assert.equal(counted(), MANY_LINES, 'each line is in the log or among those that were left out');
      assert.ok(grown < GROWTH, `the front has grown by ${grown} bytes`);
    },
  );

  test(
    `a ${language} application closes its file descriptors: its worker is replaced, and no other request is lost`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, TWO);
      await using load = new Load(chaos.port);
      for (let count = 0; count < 3; count++) {
        await load.answered(50);
        // A response that was complete is answered, whether it could still be sent or not.
        assert.ok([200, 502].includes(await statusOf(chaos, '/close-descriptors')));
      }
      await chaos.workers(2);
      await load.answered(50);
      const { losses } = await load.stop();
      assert.deepEqual(losses, {});
      await chaos.end();
    },
  );

  test(
    `a ${language} application ends its process: each time its own request is lost, and no other`,
    needed,
    async () => {
      await using chaos = await ChaosServer.of(file, TWO);
      await using load = new Load(chaos.port);
      for (let count = 0; count < 4; count++) {
        await load.answered(50);
        assert.equal(await statusOf(chaos, '/exit?3'), 502);
      }
      await chaos.workers(2);
      await load.answered(50);
      assert.deepEqual((await load.stop()).losses, {});
      await chaos.end();
      const deaths = chaos.recordsOf('WORKER_DIED').filter(({ requests }) => String(requests) === 'the-bad-one');
      assert.equal(deaths.length, 4);
      for (const { msg } of deaths) assert.match(msg ?? '', /ended with status 3/);
    },
  );

  test(
    `a ${language} application takes every signal: it is interrupted, replaced and stopped all the same`,
    needed,
    async () => {
      const [name = '', extension = ''] = file.split('.');
      const taking = `${name}.${extension}`;
      await using chaos = await ChaosServer.start(
        taking,
        { [taking]: `${TAKES_SIGNALS[language]}\n${fixture(file)}` },
        [...TWO, '--timeout=1', '--timeout-grace=0.5'],
      );
      await using load = new Load(chaos.port);
      assert.equal(await statusOf(chaos, '/nap?60'), 504);
      const [first] = chaos.server.processes().workers;
      process.kill(first?.pid ?? 0, 'SIGTERM');
      await load.answered(100);
      assert.ok(isAlive(chaos.server.pid));
      await chaos.workers(2);
      const account = await load.stop();
      await chaos.end();
      chaos.assertLostWithWorkers(account);
    },
  );
}

const TAKES_SIGNALS = {
  Python: `
import signal
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
`,
  TypeScript: `
import { constants } from 'node:os';
for (const name of Object.keys(constants.signals)) {
  try { process.on(name, () => {}); } catch {}
}
setInterval(() => process.kill(process.pid, 'SIGALRM'), 50);
`,
} as const;

test('a Python application forks in a request, and both answer: the client has one answer', PYTHON.needed, async () => {
  await using chaos = await ChaosServer.of(PYTHON.file, TWO);
  await using load = new Load(chaos.port);
  for (let count = 0; count < 10; count++) {
    const { status, body } = await ask(chaos.port, get('/fork-and-answer'));
    assert.deepEqual([status, body.toString()], [200, 'forked']);
    await load.answered(10);
  }
  assert.deepEqual((await load.stop()).losses, {});
  await chaos.end();
});

test('what a Python application forks dies with its worker', PYTHON.needed, async () => {
  await using chaos = await ChaosServer.of(PYTHON.file, TWO);
  await using load = new Load(chaos.port);
  const children: number[] = [];
  for (let count = 0; count < 10; count++) {
    children.push(Number((await ask(chaos.port, get('/fork-and-stay'))).body));
    await load.answered(10);
  }
  assert.ok(children.every(isAlive));
  for (const { pid } of chaos.server.processes().workers.filter(({ parent }) => parent === chaos.server.pid)) {
    process.kill(pid, 'SIGKILL');
  }
  await until(() => !children.some(isAlive), 'the end of what was forked');
  await chaos.workers(2);
  const account = await load.stop();
  await chaos.end();
  chaos.assertLostWithWorkers(account);
});
