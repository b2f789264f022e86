/** A connection for each request: as many as clients open at a time, and how many listeners accept them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { serve } from '../support/server.ts';
import { until } from '../support/until.ts';
import { ask, get } from '../support/wire.ts';

const APP = 'apps/hello-ts/web_app.ts:application';

/** How many listeners a process watches for connections: listening sockets in its sets of epoll (proc(5)). */
function watchedListeners(pid: number): number {
  const listening = new Set(
    readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
      .split('\n')
      .flatMap((line) => (/^ *[0-9]+: \S+ \S+ 0A /.test(line) ? [line.trim().split(/ +/)[9]] : [])),
  );
  const names = readdirSync(`/proc/${pid}/fd`).map((fd) => [fd, linkOf(pid, fd)] as const);
  const sockets = new Set(
    names.flatMap(([fd, name]) => (listening.has(/^socket:\[([0-9]+)\]$/.exec(name)?.[1]) ? [fd] : [])),
  );
  return names
    .filter(([, name]) => name === 'anon_inode:[eventpoll]')
    .flatMap(([fd]) => [...readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').matchAll(/^tfd: +([0-9]+)/gm)])
    .filter(([, fd = '']) => sockets.has(fd)).length;
}

function linkOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
}

test('a thousand requests at a time on connections of their own are all answered', async () => {
  await using server = await serve(APP);
  const answers = await Promise.all(
    Array.from({ length: 1000 }, () => ask(server.port, get('/', 'Connection: close'))),
  );
  assert.deepEqual([...new Set(answers.map(({ status, body }) => `${status} ${body}`))], ['200 Index']);
});

test('many connections are accepted by several listeners, and single ones by one', async () => {
  await using server = await serve(APP);
  const front = server.processes().front.pid;
  const burst = () => Promise.all(Array.from({ length: 100 }, () => ask(server.port, get('/', 'Connection: close'))));
  assert.equal(watchedListeners(front), 1);
  await until(async () => {
    await burst();
    return watchedListeners(front) === 8;
  }, 'eight listeners');
  await until(async () => {
    assert.equal((await ask(server.port, get('/', 'Connection: close'))).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return watchedListeners(front) === 1;
  }, 'one listener');
  // They accept again.
  await until(async () => {
    await burst();
    return watchedListeners(front) === 8;
  }, 'eight listeners once more');
});
