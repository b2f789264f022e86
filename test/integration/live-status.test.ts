/** `stillhouse status` on a terminal: a table that follows the server, and a terminal that is left as it was. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { ServerStatus } from '../../src/admin/status.ts';
import { FakeServer } from '../support/fake-server.ts';
import { appStatus, serverStatus } from '../support/status.ts';
import { Terminal } from '../support/terminal.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';

const needed = needs('python3');
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** A server whose status can be set. */
async function serverWith(status: ServerStatus): Promise<FakeServer & { status: ServerStatus }> {
  const server = await FakeServer.open({ status: () => shown.status });
  const shown = Object.assign(server, { status });
  return shown;
}

function many(count: number): ServerStatus {
  return serverStatus(Array.from({ length: count }, (_, index) => appStatus({ name: `app${index}` })));
}

test('it follows the server until Ctrl-C, and leaves the terminal as it was', needed, async () => {
  await using server = await serverWith(serverStatus([appStatus()]));
  await using terminal = new Terminal(server.argv('status'));
  await terminal.shows('\x1b[32mserving ');
  assert.ok(terminal.text.includes(ENTER));
  assert.ok(!terminal.text.includes(LEAVE));
  const before = terminal.text.length;
  server.status = serverStatus([appStatus({ state: 'failed', generations: [] })]);
  await terminal.shows('\x1b[31mfailed ', before);
  terminal.type('\\x03');
  assert.equal(await terminal.ended, 0);
  assert.ok(terminal.text.endsWith(LEAVE), JSON.stringify(terminal.text.slice(-40)));
});

test('it fits onto the terminal, which may change its size', needed, async () => {
  await using server = await serverWith(many(40));
  await using terminal = new Terminal(server.argv('status'));
  /** Of each frame that has come whole. */
  const sizes = () => {
    const [, ...frames] = terminal.text.split('\x1b[H');
    const whole = frames.filter((frame) => frame.includes('\x1b[J')).map((frame) => frame.split('\x1b[J')[0] ?? '');
    return whole.map((frame) => {
      const lines = stripVTControlCharacters(frame).split(/\r+\n/);
      return { rows: lines.length, columns: Math.max(...lines.map((line) => line.length)) };
    });
  };
  const [large] = await until(() => (sizes().length > 0 ? sizes() : undefined), 'a frame');
  assert.ok(large?.rows === 24 && large.columns <= 100, JSON.stringify(large));
  terminal.resize(10, 30);
  const small = await until(() => sizes().find(({ rows }) => rows === 10), 'a frame of ten lines');
  assert.ok(small.columns <= 30, JSON.stringify(small));
  terminal.type('\\x03');
  assert.equal(await terminal.ended, 0);
});

test('Ctrl-Z gives the terminal back until it goes on', needed, async () => {
  await using server = await serverWith(serverStatus([appStatus()]));
  await using terminal = new Terminal(server.argv('status'));
  await terminal.shows('ends this');
  terminal.type('\\x1a');
  await terminal.shows(LEAVE);
  await until(() => / T /.test(readFileSync(`/proc/${terminal.pid}/stat`, 'utf8')), 'the stop');
  assert.ok(terminal.text.endsWith(LEAVE), JSON.stringify(terminal.text.slice(-40)));
  const before = terminal.text.length;
  process.kill(terminal.pid, 'SIGCONT');
  assert.ok((await terminal.shows('ends this', before)).startsWith(ENTER));
  terminal.type('\\x03');
  assert.equal(await terminal.ended, 0);
});

test('without colours where NO_COLOR is set, and once where the terminal can do nothing', needed, async () => {
  await using server = await serverWith(serverStatus([appStatus()]));
  {
    await using terminal = new Terminal(server.argv('status'), { NO_COLOR: '1' });
    await terminal.shows('ends this');
    for (const code of [1, 2, 32]) assert.ok(!terminal.text.includes(`\x1b[${code}m`), `${code}`);
    terminal.type('\\x03');
    assert.equal(await terminal.ended, 0);
  }
  await using dumb = new Terminal(server.argv('status'), { TERM: 'dumb' });
  assert.equal(await dumb.ended, 0);
  assert.match(dumb.text, /blog/);
  assert.ok(!dumb.text.includes('\x1b'));
});

test('a server that ends is told when the terminal is as it was', needed, async () => {
  const server = await serverWith(serverStatus([appStatus()]));
  await using terminal = new Terminal(server.argv('status'));
  await terminal.shows('ends this');
  await server[Symbol.asyncDispose]();
  assert.equal(await terminal.ended, 2);
  const after = terminal.text.slice(terminal.text.indexOf(LEAVE));
  assert.match(after, /stillhouse: server [0-9]+ has ended\r\n.*\r\n {2}code: SERVER_NOT_FOUND/);
});
