/** What the chaos suite trusts: a client that counts every loss, and a look that finds what is left over. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { allGone } from '../support/processes.ts';
import { freePort } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { filesBelow, isListening, kindsOfDescriptors, MARK, marked, moreThan } from './support/leftovers.ts';
import { Load, type LoadOptions } from './support/load.ts';

type Answer = (socket: Socket, body: Buffer, number: number) => void;

const ok = (length: number, ...fields: string[]) =>
  `${['HTTP/1.1 200 OK', `Content-Length: ${length}`, ...fields].join('\r\n')}\r\n\r\n`;

const right: Answer = (socket, body) => void socket.write(Buffer.concat([Buffer.from(ok(body.length)), body]));

/** A server that answers each request as `answer` says, and a load of one connection; what was counted once `enough` is sent. */
async function count(answer: Answer, enough: number, options: LoadOptions = {}) {
  let number = 0;
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      const end = received.indexOf('\r\n\r\n');
      const length = Number(/content-length: ([0-9]+)/i.exec(received.toString('latin1'))?.[1]);
      if (end < 0 || received.length < end + 4 + length) return;
      const body = received.subarray(end + 4, end + 4 + length);
      received = received.subarray(end + 4 + length);
      answer(socket, body, number++);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  await using load = new Load(port, { connections: 1, pause: 0, sizes: [200], ...options });
  await until(() => load.account.right + load.account.lost.length >= enough, `${enough} requests`);
  const account = await load.stop();
  server.close();
  assert.equal(account.sent, account.right + account.lost.length, 'each is right or lost');
  return account;
}

/** The second request meets this, the others are right. */
function second(answer: Answer): Answer {
  return (socket, body, number) => (number === 1 ? answer : right)(socket, body, number);
}

const LOSSES: readonly (readonly [name: string, kind: string, answer: Answer])[] = [
  ['another byte in the body', 'wrong', (socket, body) => void socket.write(ok(body.length) + 'x'.repeat(body.length))],
  [
    'a body that is too short',
    'wrong',
    (socket, body) => void socket.write(Buffer.concat([Buffer.from(ok(50)), body.subarray(0, 50)])),
  ],
  ['another status', '502', (socket) => void socket.write('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!')],
  ['a close without an answer', 'closed', (socket) => void socket.end()],
  ['a reset without an answer', 'reset', (socket) => void socket.resetAndDestroy()],
  ['a close in the head', 'cut', (socket) => void socket.end('HTTP/1.1 200 O')],
  [
    'a close in the body',
    'cut',
    (socket, body) => void socket.end(Buffer.concat([Buffer.from(ok(body.length)), body.subarray(0, 9)])),
  ],
  ['silence', 'silent', () => undefined],
];

for (const [name, kind, answer] of LOSSES) {
  test(`the counting client counts ${name}`, async () => {
    const { losses, lost, right: rightOnes } = await count(second(answer), 5, { patience: 300 });
    assert.deepEqual(losses, { [kind]: 1 });
    assert.deepEqual(
      lost.map(({ id }) => id),
      ['r0-1'],
    );
    assert.ok(rightOnes >= 4);
  });
}

test('a connection that is closed between requests, or after an answer that says so, loses nothing', async () => {
  const closing = second((socket, body) => {
    socket.end(Buffer.concat([Buffer.from(ok(body.length, 'Connection: close')), body]));
  });
  assert.deepEqual((await count(closing, 5)).losses, {});
  const idle: Answer = (socket, body, number) => {
    right(socket, body, number);
    if (number === 1) setImmediate(() => socket.end());
  };
  const account = await count(idle, 5, { pause: 50 });
  assert.deepEqual([account.losses, account.idleCloses, account.connections], [{}, 1, 2]);
});

test('the counting client counts connections that nobody accepts', async () => {
  await using load = new Load(await freePort(), { connections: 1 });
  await until(() => load.account.lost.length >= 3, 'three refusals');
  assert.deepEqual(Object.keys((await load.stop()).losses), ['refused']);
});

test('a process is known by its mark, also when nobody is its parent any more', async () => {
  const mark = `test-${process.pid}`;
  const env = { ...process.env, [MARK]: mark };
  const parent = spawn('sh', ['-c', 'setsid sleep 60 & echo $!'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(parent, 'exit');
  const orphan = await until(() => [...marked(mark)].find(([, command]) => command.startsWith('sleep')), 'the orphan');
  process.kill(orphan[0], 'SIGKILL');
  await allGone([orphan[0]]);
  assert.equal(marked(mark).size, 0);
});

test('a listening socket, an open descriptor and a file are found', async () => {
  const before = kindsOfDescriptors(process.pid);
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  assert.equal(isListening(port), true);
  assert.match(moreThan(before, kindsOfDescriptors(process.pid)).join(), /^socket: [0-9]+ before, [0-9]+ now$/);
  server.close();
  await once(server, 'close');
  await setTimeout(0);
  assert.equal(isListening(port), false);
  assert.deepEqual(moreThan(before, kindsOfDescriptors(process.pid)), []);
  assert.ok(filesBelow(import.meta.dirname).includes(import.meta.filename));
});
