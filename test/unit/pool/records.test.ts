/** What a worker prints, as records (docs/worker-protocol.md, "Records"; RFC 7464). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AppRecord, RecordReader, readRecord } from '../../../src/pool/records.ts';

const RS = '\x1e';

function readAll(pieces: readonly (string | Uint8Array)[], stream: AppRecord['stream'] = 'stderr'): AppRecord[] {
  const reader = new RecordReader(stream);
  const records = pieces.flatMap((piece) => reader.receive(Buffer.from(piece), 0));
  return [...records, ...reader.end()];
}

function record(value: unknown): string {
  return `${RS}${JSON.stringify(value)}\n`;
}

test('a line is a record: info of stdout, a warning of stderr', () => {
  assert.deepEqual(readAll(['one\ntwo\r\n\nthree'], 'stdout'), [
    { level: 'info', message: 'one', stream: 'stdout' },
    { level: 'info', message: 'two', stream: 'stdout' },
    { level: 'info', message: 'three', stream: 'stdout' },
  ]);
  assert.equal(readAll(['one\n'], 'stderr')[0]?.level, 'warn');
});

test('a record of the worker keeps what holds', () => {
  const given = { level: 'error', code: 'APP_EXCEPTION', message: 'm', cure: 'c', traceback: 'a\nb', request: 'id-1' };
  assert.deepEqual(readAll([record(given)]), [{ ...given, stream: 'stderr' }]);
});

test('what does not hold is left out, or makes the line a plain one', async (t) => {
  const plain = (line: string): AppRecord => ({ level: 'warn', message: line, stream: 'stderr' });
  const cases: readonly (readonly [name: string, line: string, expected: AppRecord])[] = [
    ['an unknown level', `${RS}{"level":"fatal","message":"m"}`, { level: 'info', message: 'm', stream: 'stderr' }],
    [
      'a level of the prototype',
      `${RS}{"level":"__proto__","message":"m"}`,
      { level: 'info', message: 'm', stream: 'stderr' },
    ],
    [
      'a code in lower case',
      `${RS}{"level":"info","message":"m","code":"app"}`,
      { level: 'info', message: 'm', stream: 'stderr' },
    ],
    [
      'a code of 65 letters',
      `${RS}{"level":"info","message":"m","code":"${'A'.repeat(65)}"}`,
      { level: 'info', message: 'm', stream: 'stderr' },
    ],
    [
      'a request id that is not safe',
      `${RS}{"level":"info","message":"m","request":"a b"}`,
      { level: 'info', message: 'm', stream: 'stderr' },
    ],
    [
      'a traceback that is no text',
      `${RS}{"level":"info","message":"m","traceback":[1]}`,
      { level: 'info', message: 'm', stream: 'stderr' },
    ],
    [
      'other keys',
      `${RS}{"level":"info","message":"m","msg":"x","time":1}`,
      { level: 'info', message: 'm', stream: 'stderr' },
    ],
    ['no message', `${RS}{"level":"info"}`, plain(`${RS}{"level":"info"}`)],
    ['a message that is no text', `${RS}{"message":1}`, plain(`${RS}{"message":1}`)],
    ['no JSON', `${RS}{"message`, plain(`${RS}{"message`)],
    ['JSON null', `${RS}null`, plain(`${RS}null`)],
    ['JSON without its separator', '{"level":"error","message":"m"}', plain('{"level":"error","message":"m"}')],
  ];
  for (const [name, line, expected] of cases) {
    await t.test(name, () => assert.deepEqual(readRecord(line, 'stderr'), expected));
  }
});

test('a record is found behind a line that the application did not end (RFC 7464, 2.1)', () => {
  assert.deepEqual(readAll([`working...${record({ level: 'error', message: 'failed', code: 'APP_EXCEPTION' })}`]), [
    { level: 'warn', message: 'working...', stream: 'stderr' },
    { level: 'error', message: 'failed', code: 'APP_EXCEPTION', stream: 'stderr' },
  ]);
});

test('however the bytes are split, the records are the same', () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[\n\r]/.test(text)),
    fc.constant(record({ level: 'error', message: 'é€' }).trimEnd()),
  );
  const same = fc.property(
    fc.array(line, { maxLength: 8 }),
    fc.array(fc.nat(300), { maxLength: 8 }),
    (lines, places) => {
      const bytes = Buffer.from(lines.join('\n'));
      const cuts = [
        0,
        ...places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
        bytes.length,
      ];
      assert.deepEqual(readAll(cuts.slice(1).map((cut, at) => bytes.subarray(cuts[at], cut))), readAll([bytes]));
    },
  );
  fc.assert(same, { numRuns: 300 });
});

test('arbitrary bytes give records, never an error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), (pieces) => {
      for (const { message } of readAll(pieces)) assert.equal(typeof message, 'string');
    }),
    { numRuns: 300 },
  );
});

test('a line without an end does not grow for ever', () => {
  const reader = new RecordReader('stdout');
  const seen: AppRecord[] = [];
  for (let at = 0; at < 40; at++) seen.push(...reader.receive(Buffer.alloc(8192, 'x'), 0));
  assert(seen.length >= 4);
  assert(seen.every(({ message }) => message.length <= 65536));
});

test('what comes faster than the rate is dropped and counted, and the rate recovers', () => {
  const reader = new RecordReader('stdout');
  const burst = Buffer.from('x\n'.repeat(3000));
  assert.equal(reader.receive(burst, 1000).length, 2000);
  assert.equal(reader.takeDropped(), 1000);
  assert.equal(reader.takeDropped(), 0);
  assert.equal(reader.receive(burst, 2000).length, 500);
  assert.equal(reader.takeDropped(), 2500);
  assert.equal(reader.receive(burst, 1_000_000).length, 2000, 'and no more than a burst');
});

test('long lines count as several, and a flood is not even read until it has ceased for a while', () => {
  const reader = new RecordReader('stdout');
  const long = Buffer.from(`${'x'.repeat(65_000)}\n`);
  let taken = 0;
  for (let times = 0; times < 100; times++) taken += reader.receive(long, 0).length;
  assert.ok(taken > 20 && taken < 40, `${taken} of 64 KB`);
  assert.ok(reader.takeDropped() > 60);
  assert.deepEqual(reader.receive(Buffer.from('a\nb\nc'), 10), []);
  assert.equal(reader.takeDropped(), 2);
  const later = reader.receive(Buffer.from('\nd\n'), 1000);
  assert.deepEqual(
    later.map(({ message }) => message),
    ['d'],
  );
});

test('each line is either given or counted once, wherever a flood is cut', () => {
  const times = fc.array(fc.tuple(fc.nat(4000), fc.nat(400)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(times, (pieces) => {
      const reader = new RecordReader('stdout');
      const size = pieces.reduce((sum, [length]) => sum + length, 0);
      const bytes = Buffer.from(
        'y'
          .repeat(9)
          .concat('\n')
          .repeat(Math.ceil(size / 10)),
      );
      let given = 0;
      let at = 0;
      let now = 0;
      for (const [length, later] of [...pieces, [bytes.length, 0] as const]) {
        now += later;
        const records = reader.receive(bytes.subarray(at, at + length), now);
        for (const { message } of records) assert.equal(message, 'y'.repeat(9));
        given += records.length;
        at += length;
      }
      given += reader.end().length;
      assert.equal(given + reader.takeDropped(), bytes.length / 10);
    }),
    {
      numRuns: 2000,
      examples: [[[1891, 3817, 3079, 1867, 751, 1952, 1089, 2821, 1431, 2852].map((length) => [length, 0])]],
    },
  );
});
