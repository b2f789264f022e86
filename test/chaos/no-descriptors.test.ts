/** The front, or the supervisor, has no file descriptors left. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { adminPort, scrape } from '../support/admin.ts';
import { BIN } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { ask, get, Wire } from '../support/wire.ts';
import { ChaosServer } from './support/chaos-server.ts';
import { Load } from './support/load.ts';

const needed = needs('prlimit');
/** Open files that each process may have: few. */
const FILES = 160;
const STRANGERS = 150;

function limit(pid: number, count: number): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${count}:`]);
}

function limitOf(pid: number): number {
  return Number(execFileSync('prlimit', [`--pid=${pid}`, '--nofile', '--noheadings', '--output=SOFT']));
}

test(
  'the front has no descriptors left: who is connected is served, who comes too many is closed and counted',
  needed,
  async () => {
    const command = ['prlimit', `--nofile=${FILES}:${FILES}`, process.execPath, BIN] as const;
    await using chaos = await ChaosServer.of('app.ts', ['--workers=2', '--admin-bind=127.0.0.1:0'], { command });
    const { front } = chaos.server.processes();
    await using load = new Load(chaos.port);
    await load.answered(100);
    const strangers = await Promise.all(Array.from({ length: STRANGERS }, () => Wire.open(chaos.port)));
    const outcomes = await Promise.all(
      strangers.map((wire) =>
        wire
          .polite()
          .send(get('/pid'))
          .answer()
          .then(
            ({ status }) => String(status),
            () => 'closed',
          ),
      ),
    );
    assert.deepEqual(new Set(outcomes), new Set(['200', 'closed']));
    const closed = outcomes.filter((outcome) => outcome === 'closed').length;
    const told = () => chaos.recordsOf('CONNECTIONS_DROPPED').reduce((sum, { dropped }) => sum + Number(dropped), 0);
    await until(() => told() === closed, 'the records to name all that were closed');
    assert.match(String(chaos.recordsOf('CONNECTIONS_DROPPED')[0]?.cure), /limit of open files/);
    await load.answered(300);
    const metrics = await scrape(await adminPort(chaos.server));
    assert.equal(metrics.value('stillhouse_connections_dropped_total'), closed);

    for (const wire of strangers) wire[Symbol.dispose]();
    await until(
      async () => (await scrape(await adminPort(chaos.server))).value('stillhouse_connections') === 8,
      'the end of the strangers',
    );
    assert.equal((await ask(chaos.port, get('/pid'))).status, 200, 'there is room again');
    assert.deepEqual((await load.stop()).losses, {});
    assert.equal(chaos.server.processes().front.pid, front.pid, 'it is the same front');
    await chaos.end();
  },
);

test(
  'the supervisor has no descriptors left: a worker that dies is replaced when there are some again',
  needed,
  async () => {
    await using chaos = await ChaosServer.of('app.ts', ['--workers=2']);
    const normal = limitOf(chaos.server.pid);
    await using load = new Load(chaos.port);
    await load.answered(100);
    leave(chaos.server.pid, 3);
    const [victim] = chaos.server.processes().workers;
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await chaos.server.record(
      ({ msg, level }) => level === 'error' && /EMFILE/.test(msg ?? ''),
      'a record of the failure',
    );
    await load.answered(300);
    limit(chaos.server.pid, normal);
    await chaos.workers(2);
    const account = await load.stop();
    await chaos.end();
    chaos.assertLostWithWorkers(account);
  },
);

/** Lets a process open so many descriptors more, and no further: one is given the lowest number that is free, which must be below the limit. */
function leave(pid: number, free: number): void {
  const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let number = 0;
  for (let left = free; left > 0 || taken.has(number); number++) if (!taken.has(number)) left--;
  limit(pid, number);
}
