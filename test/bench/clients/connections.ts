/**
 * connections.ts KIND PORT COUNT: opens COUNT connections, prints `ready`, and keeps them until it is killed or stdin ends. `idle`: each has had one
 * answer. `slow-heads`: each sends a byte of a header each second. `slow-bodies`: each a byte of a body each second. One that the server
 * closes is opened again.
 */
import { connect, type Socket } from 'node:net';
import type { ClientName } from './client.ts';

const [kind, port, count] = process.argv.slice(2) as [ClientName, string, string];
const TOTAL = Number(count);
/** Fewer at a time than a listen queue holds. */
const AT_ONCE = 200;
const TICKS_PER_SECOND = 500;

const BEGINNINGS: Readonly<Record<ClientName, string>> = {
  idle: 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n',
  'slow-heads': 'GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: ',
  'slow-bodies': 'POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: 10000\r\n\r\n',
};

process.stdin.once('end', () => process.exit()).resume();
const sockets: Socket[] = new Array(TOTAL);

for (let first = 0; first < TOTAL; first += AT_ONCE) {
  const places = Array.from({ length: Math.min(AT_ONCE, TOTAL - first) }, (_, offset) => first + offset);
  await Promise.all(places.map(open));
}
if (kind !== 'idle') sendSlowly();
process.stdout.write('ready\n');

function open(place: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true }, () => {
    socket.write(BEGINNINGS[kind]);
    if (kind !== 'idle') resolve();
  });
  socket.on('data', () => resolve());
  socket.on('error', () => undefined);
  socket.on('close', () => {
    setTimeout(() => void open(place).then(resolve), 100);
  });
  sockets[place] = socket;
  return promise;
}

/** A few of them at a time, so that the bytes come evenly over a second. */
function sendSlowly(): void {
  let tick = 0;
  setInterval(() => {
    for (let place = tick % TICKS_PER_SECOND; place < TOTAL; place += TICKS_PER_SECOND) sockets[place]?.write('x');
    tick += 1;
  }, 1000 / TICKS_PER_SECOND);
}
