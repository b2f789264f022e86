/** The frames of the worker protocol (docs/worker-protocol.md, "Frame"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  checkHead,
  encodeCredit,
  encodeFrame,
  encodeJson,
  FLAG,
  FRAME_LIMIT,
  type Frame,
  FrameReader,
  type FrameType,
  HEADER_SIZE,
  ProtocolError,
  splitHead,
  TYPE,
} from '../../../src/pool/frames.ts';

const TYPES = Object.values(TYPE);

interface Plain {
  readonly type: number;
  readonly flags: number;
  readonly count: number;
  readonly id: number;
  readonly head: string;
  readonly body: string;
}

function plain({ head, body, ...rest }: Frame): Plain {
  return { ...rest, head, body: body.toString('latin1') };
}

/** All frames of these pieces, asked for after each. */
function read(pieces: readonly Buffer[], limit: number = FRAME_LIMIT.worker): Plain[] {
  const reader = new FrameReader(limit);
  const frames: Plain[] = [];
  for (const piece of pieces) {
    reader.receive(piece);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(plain(frame));
  }
  return joined(frames);
}

/** A DATA frame may come in parts, of which the last has the flags: joined, wherever it was split. */
function joined(frames: readonly Plain[]): Plain[] {
  const whole: Plain[] = [];
  for (const frame of frames) {
    const before = whole.at(-1);
    const continues = isPart(frame) && before !== undefined && isPart(before) && before.flags === 0;
    if (continues && before.id === frame.id) whole[whole.length - 1] = { ...frame, body: before.body + frame.body };
    else whole.push(isPart(frame) ? { ...frame, count: 0 } : frame);
  }
  return whole.map((frame) => (isPart(frame) ? { ...frame, count: 0 } : frame));
}

function isPart({ type, head }: Plain): boolean {
  return type === TYPE.DATA && head === '';
}

function bytesOf({ type, id, head, body, ...rest }: Plain): Buffer {
  return encodeFrame(type as FrameType, id, { ...rest, head, body: Buffer.from(body, 'latin1') });
}

const latin1 = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const anyFrame: fc.Arbitrary<Plain> = fc.record(
  {
    type: fc.constantFrom(...TYPES),
    flags: fc.integer({ min: 0, max: 255 }),
    count: fc.integer({ min: 0, max: 65535 }),
    id: fc.integer({ min: 0, max: 0xffffffff }),
    head: latin1,
    body: latin1,
  },
  { noNullPrototype: true },
);

test('a frame on the wire is what the protocol says', () => {
  const bytes = encodeFrame(TYPE.RESPONSE, 0x01020304, {
    flags: FLAG.END | FLAG.FREE,
    count: 1,
    head: '200 OK\0A\0\xe9\0',
    body: Buffer.from('hi'),
  });
  const header = [13, 0, 0, 0, 2, 3, 1, 0, 4, 3, 2, 1, 11, 0, 0, 0];
  assert.deepEqual([...bytes.subarray(0, HEADER_SIZE)], header);
  assert.equal(bytes.toString('latin1', HEADER_SIZE), '200 OK\0A\0\xe9\0hi');
});

test('JSON and credit are bodies', () => {
  const [json, credit] = read([encodeJson(TYPE.START, { a: 'é' }), encodeCredit(7, 0xfffffffe)]);
  assert.deepEqual(JSON.parse(Buffer.from(json?.body ?? '', 'latin1').toString()), { a: 'é' });
  assert.deepEqual([credit?.type, credit?.id, credit?.body], [TYPE.CREDIT, 7, '\xfe\xff\xff\xff']);
});

test('what is encoded is read back, whole, a byte at a time and however it is split', () => {
  const same = fc.property(
    fc.array(anyFrame, { maxLength: 5 }),
    fc.array(fc.nat(800), { maxLength: 8 }),
    (frames, places) => {
      const bytes = Buffer.concat(frames.map(bytesOf));
      const cuts = [
        0,
        ...places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
        bytes.length,
      ];
      const pieces = cuts.slice(1).map((cut, at) => bytes.subarray(cuts[at], cut));
      assert.deepEqual(read([bytes]), joined(frames));
      assert.deepEqual(read(pieces), joined(frames));
      assert.deepEqual(read(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))), joined(frames));
    },
  );
  fc.assert(same, { numRuns: 300 });
});

test('what is left of a read is kept where its memory is used again', () => {
  const same = fc.property(fc.array(anyFrame, { maxLength: 5 }), fc.integer({ min: 1, max: 90 }), (frames, size) => {
    const bytes = Buffer.concat(frames.map(bytesOf));
    const reader = new FrameReader(FRAME_LIMIT.worker);
    const found: Plain[] = [];
    const memory = Buffer.alloc(size);
    for (let at = 0; at < bytes.length; at += size) {
      reader.receive(memory.subarray(0, bytes.copy(memory, 0, at, at + size)));
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) found.push(plain(frame));
      reader.keepRest();
      memory.fill(0xee);
    }
    assert.deepEqual(joined(found), joined(frames));
  });
  fc.assert(same, { numRuns: 300 });
});

test('arbitrary bytes give frames or a ProtocolError, and a split changes nothing', () => {
  const outcome = (pieces: readonly Buffer[]) => {
    try {
      return read(pieces, 200);
    } catch (error) {
      assert(error instanceof ProtocolError, String(error));
      return error.message;
    }
  };
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.tuple(anyFrame, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([frame, at, byte]) => {
      const changed = bytesOf(frame);
      changed[at % HEADER_SIZE] = byte;
      return changed;
    }),
  );
  fc.assert(
    fc.property(bytes, fc.nat(), (given, place) => {
      const buffer = Buffer.from(given);
      const cut = place % (buffer.length + 1);
      assert.deepEqual(outcome([buffer.subarray(0, cut), buffer.subarray(cut)]), outcome([buffer]));
    }),
    { numRuns: 1000 },
  );
});

test('the body of a DATA frame is given as it comes, and its flags with its last part', () => {
  const bytes = encodeFrame(TYPE.DATA, 7, { flags: FLAG.END, body: Buffer.from('abcdef') });
  const reader = new FrameReader(FRAME_LIMIT.front);
  const given = [bytes.subarray(0, 18), bytes.subarray(18, 20), bytes.subarray(20)].map((piece) => {
    reader.receive(piece);
    const frame = reader.next();
    assert.equal(reader.next(), undefined);
    return [frame?.id, frame?.flags, String(frame?.body)];
  });
  assert.deepEqual(given, [
    [7, 0, 'ab'],
    [7, 0, 'cd'],
    [7, FLAG.END, 'ef'],
  ]);
});

function hostile(change: (bytes: Buffer) => void): Buffer {
  const bytes = encodeFrame(TYPE.DATA, 1, { head: 'ab', body: Buffer.from('cd') });
  change(bytes);
  return bytes;
}

test('a frame that lies is refused by its header alone', async (t) => {
  const lies: Record<string, [Buffer, RegExp]> = {
    'an unknown type': [hostile((bytes) => bytes.writeUInt8(6, 4)), /unknown type 6/],
    'the type 0': [hostile((bytes) => bytes.writeUInt8(0, 4)), /unknown type 0/],
    'a size over the bound': [hostile((bytes) => bytes.writeUInt32LE(FRAME_LIMIT.front + 1, 0)), /over the bound/],
    'the largest size there is': [hostile((bytes) => bytes.writeUInt32LE(0xffffffff, 0)), /over the bound/],
    'a head larger than the frame': [hostile((bytes) => bytes.writeUInt32LE(5, 12)), /larger than its 4 bytes/],
  };
  for (const [name, [bytes, words]] of Object.entries(lies)) {
    await t.test(name, () => {
      const reader = new FrameReader(FRAME_LIMIT.front);
      reader.receive(bytes.subarray(0, HEADER_SIZE));
      assert.throws(
        () => reader.next(),
        (error) => error instanceof ProtocolError && words.test(error.message),
      );
    });
  }
});

test('a frame of the bound passes', () => {
  const body = Buffer.alloc(FRAME_LIMIT.front);
  const [frame] = read([encodeFrame(TYPE.DATA, 1, { body })], FRAME_LIMIT.front);
  assert.equal(frame?.body.length, FRAME_LIMIT.front);
});

test('a large frame in small pieces is joined once, not once for each piece', (t) => {
  const concat = t.mock.method(Buffer, 'concat');
  const bytes = encodeFrame(TYPE.REQUEST, 1, { body: Buffer.alloc(1 << 20, 'x') });
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1024) }, (_, at) =>
    bytes.subarray(at * 1024, (at + 1) * 1024),
  );
  assert.equal(read(pieces)[0]?.body.length, 1 << 20);
  assert(concat.mock.callCount() <= 2, `joined ${concat.mock.callCount()} times`);
});

test('a head is refused a NUL too many and what is no byte, wherever it comes from', async (t) => {
  for (const text of ['a\0b', '/x\0REMOTE_USER\0admin', '\0', '€', '\u0100']) {
    await t.test(JSON.stringify(text), () => {
      assert.throws(() => checkHead(`PATH_INFO\0${text}\0`, 2), ProtocolError);
      assert.throws(() => checkHead(`${text}\0x\0`, 2), ProtocolError);
    });
  }
  checkHead('A\0\x01\xff\r\n\0', 2);
  checkHead('\0', 1);
  checkHead('', 0);
});

test('a head holds as many strings as it announces', async (t) => {
  const heads: readonly (readonly [text: string, expected: number, strings: string[] | undefined])[] = [
    ['', 0, []],
    ['a\0', 1, ['a']],
    ['a\0\0', 2, ['a', '']],
    ['\0\0', 2, ['', '']],
    ['a\0b\0', 1, undefined],
    ['a\0b\0', 3, undefined],
    ['a\0b', 2, undefined],
    ['a', 0, undefined],
    ['', 1, undefined],
  ];
  for (const [text, expected, strings] of heads) {
    await t.test(`${JSON.stringify(text)} for ${expected}`, () => {
      const split = () => splitHead(text, expected);
      if (strings === undefined) assert.throws(split, ProtocolError);
      else assert.deepEqual(split(), strings);
    });
  }
});
