/** What the mix's suite trusts: a client that notices each wrong byte and each loss, and asks the same for the same seed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { TrafficAccount } from './support/account.ts';
import { KINDS, type Kind } from './support/exchanges.ts';
import { MIX, Mix, type Step } from './support/mix.ts';
import { readClientOptions, readWeights } from './support/options.ts';
import { PATTERN, partsOf, piecesOf, UploadJudge } from './support/pattern.ts';
import { MalformedResponse, type ResponseHead, ResponseParser } from './support/response-parser.ts';
import { Traffic, type TrafficOptions } from './support/traffic.ts';

type Answer = (socket: Socket, target: string) => void;

/** A server that answers each request without a body as `answer` says. */
async function count(answer: Answer, options: Partial<TrafficOptions> & { kind?: Kind } = {}): Promise<TrafficAccount> {
  const { kind = 'json', ...others } = options;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => answer(socket, /^\S+ (\S+)/.exec(bytes.toString('latin1'))?.[1] ?? ''));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  try {
    const mix = { weights: { [kind]: 1 }, left: 0, seed: 1 };
    await using traffic = new Traffic({ port, mix, connections: 1, requests: 3, ...others });
    const account = await traffic.done();
    assert.equal(account.sent, account.ended, 'each request is accounted for');
    return account;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function json(target: string): string {
  const query = new URLSearchParams(target.slice(target.indexOf('?')));
  return `${JSON.stringify({ id: Number(query.get('id')), text: query.get('text') })}\n`;
}

function sized(body: string, ...fields: string[]): string {
  return [`HTTP/1.1 200 OK`, `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n');
}

const right: Answer = (socket, target) => void socket.write(sized(json(target)));

/** The second request meets this, the others are right. */
function second(answer: Answer): Answer {
  let number = 0;
  return (socket, target) => (number++ === 1 ? answer : right)(socket, target);
}

test('right answers are right, on one connection', async () => {
  const { sent, right: good, connections, problems } = await count(right);
  assert.deepEqual({ sent, good, connections, problems }, { sent: 3, good: 3, connections: 1, problems: [] });
});

test('an answer that closes its connection is right, and the next one has a connection of its own', async () => {
  const account = await count((socket, target) => void socket.end(sized(json(target), 'Connection: close')));
  assert.deepEqual([account.right, account.connections], [3, 3]);
});

test('an answer without a length or chunks ends with its connection', async () => {
  const account = await count((socket, target) => void socket.end(`HTTP/1.0 200 OK\r\n\r\n${json(target)}`));
  assert.deepEqual([account.right, account.connections], [3, 3]);
});

const WRONG: readonly (readonly [name: string, answer: Answer, description: RegExp])[] = [
  ['of another status', (socket) => void socket.write(sized('').replace('200 OK', '502 No')), /502, in place of 200$/],
  ['of another byte', (socket, to) => void socket.write(sized(json(to).replace('"id"', '"ib"'))), /200, in part 0/],
  ['of another request', (socket) => void socket.write(sized(json('/json?id=9&text=swapped'))), /200, in part 0/],
  ['too short', (socket, to) => void socket.write(sized(json(to).slice(0, -1))), /it ends in part 0 at byte/],
  ['too long', (socket, to) => void socket.write(sized(`${json(to)}more`)), /4 bytes more than the answer has/],
  ['that is no HTTP', (socket) => void socket.write('HTTP/3 what\r\n\r\n'), /no status line/],
];

for (const [name, answer, description] of WRONG) {
  test(`an answer ${name} is wrong`, async () => {
    const { right: good, wrong, problems } = await count(second(answer));
    assert.deepEqual({ good, wrong }, { good: 2, wrong: 1 });
    assert.match(problems[0] ?? '', description);
    assert.match(problems[0] ?? '', /^GET \/json\?id=1&text=/);
  });
}

test('an answer that nobody asked for is noticed', async () => {
  const account = await count(second((socket, to) => void socket.write(sized(json(to)) + sized('again'))));
  assert.deepEqual([account.right, account.unasked], [3, 1]);
});

test('the body of an answer to HEAD is one that nobody asked for', async () => {
  const account = await count((socket, to) => void socket.write(sized(json(to))), { kind: 'head', requests: 1 });
  assert.deepEqual([account.right, account.unasked], [1, 1]);
});

const LOSSES: readonly (readonly [loss: string, name: string, answer: Answer])[] = [
  [
    'cut',
    'a part of an answer, and then the end of the connection',
    (socket) => void socket.end(sized('x').slice(0, -1)),
  ],
  ['reset', 'a reset before any byte', (socket) => void socket.resetAndDestroy()],
  ['closed', 'the end of the connection before any byte', (socket) => void socket.end()],
  ['silent', 'no answer in time', () => undefined],
];

for (const [loss, name, answer] of LOSSES) {
  test(`${name} is a loss: ${loss}`, async () => {
    const account = await count(second(answer), loss === 'silent' ? { patienceMs: 100 } : {});
    assert.equal(account.right, 2);
    assert.deepEqual(account.lost, { cut: 0, reset: 0, closed: 0, refused: 0, silent: 0, [loss]: 1 });
  });
}

test('a port that nobody listens on is a loss: refused', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  await using traffic = new Traffic({ port, mix: { weights: MIX, left: 0, seed: 1 }, connections: 2, requests: 3 });
  const { lost } = await traffic.done();
  assert.equal(lost.refused, 3);
});

test('a client that leaves has its connection closed, and asks the next request on another', async () => {
  const account = await count(() => undefined, { mix: { weights: { json: 1 }, left: 1, seed: 1 } });
  assert.deepEqual([account.left, account.connections, account.right], [3, 3, 0]);
});

test('a client that is disposed of ends, whatever is open', async () => {
  await using server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const traffic = new Traffic({ port, mix: { weights: MIX, left: 0, seed: 1 } });
  await traffic[Symbol.asyncDispose]();
  assert.equal(traffic.account.losses, 0);
});

interface Read {
  readonly head: ResponseHead;
  readonly body: string;
}

/** What a parser reads of these bytes, as many at a time as said. */
function parse(text: string, step: number, isHead = false): { read: Read[]; parser: ResponseParser } {
  const read: Read[] = [];
  let head: ResponseHead | undefined;
  let body = '';
  const parser = new ResponseParser({
    head: (next) => {
      head = next;
      body = '';
    },
    body: (bytes, from, to) => {
      body += bytes.toString('latin1', from, to);
    },
    end: () => void read.push({ head: head as ResponseHead, body }),
  });
  parser.expect(isHead);
  const bytes = Buffer.from(text, 'latin1');
  // One memory for all, as a socket's is: what is kept of it must be a copy.
  const memory = Buffer.alloc(step);
  for (let at = 0; at < bytes.length; at += step) {
    const size = bytes.copy(memory, 0, at, at + step);
    parser.receive(memory.subarray(0, size));
  }
  return { read, parser };
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nB;x=y\r\n, it is me!\r\n0\r\nT: v\r\n\r\n';

test('responses are read in whatever pieces they come', () => {
  const continues = 'HTTP/1.1 100 Continue\r\n\r\n';
  const text = `${continues}${sized('one')}${CHUNKED}HTTP/1.1 204 No Content\r\n\r\n${sized('', 'Connection: Close')}`;
  for (let step = 1; step <= text.length; step++) {
    const { read, parser } = parse(text, step);
    assert.deepEqual(
      read.map(({ head, body }) => [head.status, head.length, head.closes, body]),
      [
        [200, 3, false, 'one'],
        [200, undefined, false, 'hello, it is me!'],
        [204, undefined, false, ''],
        [200, 0, true, ''],
      ],
    );
    assert.equal(parser.hasBegun, false);
  }
});

test('a response to HEAD has a length and no body', () => {
  const { read } = parse('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n', 10, true);
  assert.deepEqual(read, [{ head: { status: 200, length: 7, closes: false }, body: '' }]);
});

test('HTTP/1.0 closes, unless it says that it does not', () => {
  const zero = (...fields: string[]) => sized('', ...fields).replace('/1.1', '/1.0');
  const { read } = parse(`${zero()}${zero('Connection: keep-alive')}`, 1_000);
  assert.deepEqual(
    read.map(({ head }) => head.closes),
    [true, false],
  );
});

for (const [name, text] of [
  ['a chunk without a size', CHUNKED.replace('5\r\n', 'x\r\n')],
  ['a chunk longer than its size', CHUNKED.replace('hello', 'hello!')],
  ['a head that is none', 'hello\r\n\r\n'],
] as const) {
  test(`${name} is malformed, in whatever pieces it comes`, () => {
    for (let step = 1; step <= text.length; step++) assert.throws(() => parse(text, step), MalformedResponse);
  });
}

function steps(seed: number, count: number): Step[] {
  const mix = new Mix({ weights: MIX, left: 0.05, seed });
  return Array.from({ length: count }, () => mix.next());
}

test('a seed gives the same requests in the same order, and another seed others', () => {
  const texts = (seed: number) =>
    steps(seed, 500).map(({ exchange, leaveAfterMs }) => [exchange.head.toString(), leaveAfterMs]);
  assert.deepEqual(texts(7), texts(7));
  assert.notDeepEqual(texts(7), texts(8));
});

test('a mix has its kinds in their parts', () => {
  const all = steps(1, 20_000);
  for (const kind of KINDS) {
    const part = all.filter(({ exchange }) => exchange.kind === kind).length / all.length;
    assert.ok(Math.abs(part - (MIX[kind] ?? 0) / 100) < 0.02, `${kind}: ${part}`);
  }
  const left = all.filter(({ leaveAfterMs }) => leaveAfterMs !== undefined);
  assert.ok(Math.abs(left.length / all.length - 0.05) < 0.01);
  assert.ok(left.every(({ leaveAfterMs = 10 }) => leaveAfterMs < 10));
});

test('the JSON answers have 20 to 60 bytes', () => {
  const sizes = steps(1, 2_000).flatMap(({ exchange: { kind, answer } }) =>
    kind === 'json' ? (answer?.[0]?.length ?? 0) : [],
  );
  assert.ok(Math.min(...sizes) >= 20 && Math.max(...sizes) <= 60);
});

test('no two requests of a kind that are open together have one answer', () => {
  for (const kind of KINDS.filter((each) => each !== 'error' && each !== 'head')) {
    const mix = new Mix({ weights: { [kind]: 1 }, left: 0, seed: 1 });
    const answers = Array.from({ length: 300 }, () =>
      Buffer.concat(mix.next().exchange.answer ?? []).toString('latin1'),
    );
    assert.equal(new Set(answers).size, answers.length, kind);
  }
});

test('an upload is right only where each byte is, in whatever pieces it comes', () => {
  const judge = (bytes: Buffer, step: number) => {
    const upload = new UploadJudge(1_000);
    for (let at = 0; at < bytes.length; at += step) upload.add(bytes.subarray(at, at + step));
    return upload.answer('7');
  };
  const bytes = PATTERN.subarray(1_000, 9_000);
  const changed = Buffer.from(bytes);
  changed[5_000] = (changed[5_000] as number) ^ 1;
  for (const step of [1, 4_096, 8_000]) {
    assert.equal(judge(bytes, step), '7 8000 right\n');
    assert.match(judge(changed, step), /^7 8000 wrong [0-9a-f]{8}\n$/);
  }
  assert.equal(judge(bytes.subarray(1), 100).includes('wrong'), true);
});

test('a stream has the same bytes as a block', () => {
  const stream = Buffer.concat([...piecesOf('300', 5)]);
  assert.deepEqual(stream, Buffer.concat(partsOf('300', 5 * 1024)));
});

test('a report has medians and 99th percentiles, in all and of each kind', () => {
  const account = new TrafficAccount();
  for (let ms = 1; ms <= 100; ms++) account.addRight('json', ms);
  account.addRight('sleep', 1_000);
  account.sent = 102;
  account.left = 1;
  const { requestsPerSecond, p50, p99, kinds } = account.report({ done: 102, seconds: 2 });
  assert.deepEqual({ requestsPerSecond, p50, p99 }, { requestsPerSecond: 51, p50: 51, p99: 100 });
  assert.deepEqual(kinds, { json: { right: 100, p50: 51, p99: 100 }, sleep: { right: 1, p50: 1_000, p99: 1_000 } });
});

test('the command line names kinds and weights, and says what it does not understand', () => {
  assert.equal(readWeights('mix'), MIX);
  assert.deepEqual(readWeights('json:7,sleep'), { json: 7, sleep: 1 });
  assert.throws(() => readWeights('jason'), /jason is no KIND or KIND:WEIGHT; the kinds are json,/);
  assert.throws(() => readClientOptions(['--mix=json']), /--port=PORT is missing/);
  assert.throws(() => readClientOptions(['--port=1', '--seconds=x']), /--seconds=x: a number/);
  const { mix } = readClientOptions(['--port=1', '--mix=upload', '--upload-bytes=10']) ?? {};
  assert.deepEqual([mix?.left, mix?.sizes?.uploadBytes], [0, 10]);
});
