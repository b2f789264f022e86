/** Frames from a real socket that is read in large pieces, into memory that is used again. */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLargeFrames } from '../../../src/pool/frame-source.ts';
import { encodeFrame, FLAG, FRAME_LIMIT, type Frame, type ProtocolError, TYPE } from '../../../src/pool/frames.ts';
import { Loan } from '../../../src/wsgi/loan.ts';
import { Folder } from '../../support/folder.ts';

const KIB = 1024;
/** Bodies that are held at a time, as those of clients that read slowly. */
const HELD = 40;

/** Two ends of a Unix socket. */
async function sockets(folder: Folder): Promise<[near: Socket, far: Socket]> {
  const server = createServer();
  server.listen(join(folder.path, 'socket'));
  await once(server, 'listening');
  const far = connect(join(folder.path, 'socket'));
  const [near] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('bodies stay what they were until they are given back, in whatever order that is', async () => {
  using folder = new Folder();
  const [near, far] = await sockets(folder);
  const held: { readonly body: Buffer; readonly sum: string }[] = [];
  const memories = new Set<ArrayBufferLike>();
  const received = createHash('sha256');
  const giveBack = (at: number) => {
    const [{ body, sum: before }] = held.splice(at, 1) as [(typeof held)[number]];
    assert.equal(sum(body), before);
    Loan.of(body)?.giveBack(body.length);
  };
  const take = ({ body }: Frame) => {
    received.update(body);
    if (Loan.of(body) !== undefined) memories.add(body.buffer);
    held.push({ body, sum: sum(body) });
    if (held.length > HELD) giveBack(randomInt(HELD));
  };
  const { socket } = readLargeFrames(near, FRAME_LIMIT.front, { take, broken: assert.fail });
  const sent = createHash('sha256');
  for (let id = 1; id <= 400; id++) {
    const body = randomBytes(randomInt(4) === 0 ? randomInt(300) : randomInt(64 * KIB));
    sent.update(body);
    const type = randomInt(5) === 0 ? TYPE.RESPONSE : TYPE.DATA;
    const head = type === TYPE.RESPONSE ? '200 OK\0' : '';
    if (!far.write(encodeFrame(type, id, { flags: FLAG.END, head, body }))) await once(far, 'drain');
  }
  far.end();
  await once(socket, 'close');
  while (held.length > 0) giveBack(0);
  assert.equal(received.digest('hex'), sent.digest('hex'));
  assert.ok(memories.size > 0, 'none was lent');
});

test('memory that comes back at once is used for every read', async () => {
  using folder = new Folder();
  const [near, far] = await sockets(folder);
  const memories = new Set<ArrayBufferLike>();
  const take = ({ body }: Frame) => {
    const loan = Loan.of(body);
    if (loan === undefined) return;
    memories.add(body.buffer);
    loan.giveBack(body.length);
  };
  const { socket } = readLargeFrames(near, FRAME_LIMIT.front, { take, broken: assert.fail });
  for (let id = 1; id <= 400; id++) {
    if (!far.write(encodeFrame(TYPE.DATA, id, { body: Buffer.alloc(64 * KIB) }))) await once(far, 'drain');
  }
  far.end();
  await once(socket, 'close');
  assert.ok(memories.size <= 3, `${memories.size} buffers`);
});

test('what comes behind a breach of the protocol is thrown away', async () => {
  using folder = new Folder();
  const [near, far] = await sockets(folder);
  const taken: number[] = [];
  const errors: ProtocolError[] = [];
  const { socket } = readLargeFrames(near, FRAME_LIMIT.front, {
    take: ({ id }) => taken.push(id),
    broken: (error) => errors.push(error),
  });
  far.write(Buffer.concat([encodeFrame(TYPE.DONE, 1), Buffer.alloc(16, 0xff), encodeFrame(TYPE.DONE, 2)]));
  far.end(encodeFrame(TYPE.DONE, 3));
  await once(socket, 'close');
  assert.deepEqual(taken, [1]);
  assert.equal(errors.length, 1);
});
