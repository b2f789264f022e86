/** The front, or the supervisor, has no file descriptors left. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { get, Wire } from '../support/wire.ts';
import { ChaosServer } from './support/chaos-server.ts';
import { Load } from './support/load.ts';

const needed = needs('prlimit');
const SMALL = [64, 1_500, 300];
const STRANGERS = 40;

function limit(pid: number, count: number): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${count}:`]);
}

function limitOf(pid: number): number {
  return Number(execFileSync('prlimit', [`--pid=${pid}`, '--nofile', '--noheadings', '--output=SOFT']));
}

test(
  'the front has no descriptors left: connections that it holds are served, and all others when there are some again',
  needed,
  async () => {
    await using chaos = await ChaosServer.of('app.ts', ['--workers=2']);
    const { front } = chaos.server.processes();
    const normal = limitOf(front.pid);
    await using load = new Load(chaos.port, { sizes: SMALL });
    await load.answered(100);
    leave(front.pid, 5);
    const strangers = await Promise.all(Array.from({ length: STRANGERS }, () => Wire.open(chaos.port)));
    for (const wire of strangers) wire.send(get('/pid'));
    const shortage = await chaos.server.record(
      ({ code, msg }) => code !== undefined && /EMFILE|descriptor/.test(String(msg)),
      'a record that says what is missing',
    );
    assert.ok(shortage.cure, 'with its cure');
    await load.answered(300);
    for (const wire of strangers) wire[Symbol.dispose]();
    limit(front.pid, normal);
    await until(async () => {
      using wire = await Wire.open(chaos.port);
      const answer = await wire
        .send(get('/pid'))
        .answer()
        .catch(() => undefined);
      return answer?.status === 200;
    }, 'a stranger to be answered');
    const { losses } = await load.stop();
    assert.deepEqual(losses, {});
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
