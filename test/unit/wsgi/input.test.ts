/** wsgi.input reads as a Python file does, however its bytes come in (PEP 3333, "Input and Error Streams"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Input } from '../../../src/wsgi/input.ts';
import { heldMemory } from '../../support/memory.ts';

function inputOf(pieces: readonly string[], failure?: Error): Input {
  const rest = pieces.map((piece) => Buffer.from(piece, 'latin1'));
  return new Input(async () => {
    const piece = rest.shift();
    if (piece === undefined && failure !== undefined) throw failure;
    return piece;
  });
}

/** Every way to cut a short text in pieces. */
function splits(text: string): string[][] {
  if (text === '') return [[]];
  return Array.from({ length: text.length }, (_, at) => at + 1).flatMap((size) =>
    splits(text.slice(size)).map((rest) => [text.slice(0, size), ...rest]),
  );
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

async function linesOf(input: Input): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of input) lines.push(text(line));
  return lines;
}

const BODY = 'ab\n\ncd\ne';

const READS: readonly (readonly [name: string, read: (input: Input) => Promise<unknown>, expected: unknown])[] = [
  ['read()', async (input) => text(await input.read()), BODY],
  ['read(-1)', async (input) => text(await input.read(-1)), BODY],
  ['read(0)', async (input) => text(await input.read(0)), ''],
  ['read(3), then read()', async (input) => [text(await input.read(3)), text(await input.read())], ['ab\n', '\ncd\ne']],
  ['read(100)', async (input) => text(await input.read(100)), BODY],
  ['readline()', async (input) => text(await input.readline()), 'ab\n'],
  ['readline(0)', async (input) => text(await input.readline(0)), ''],
  [
    'readline(1), then readline()',
    async (input) => [text(await input.readline(1)), text(await input.readline())],
    ['a', 'b\n'],
  ],
  [
    'readline(2), then readline(1)',
    async (input) => [text(await input.readline(2)), text(await input.readline(1))],
    ['ab', '\n'],
  ],
  ['readline(3)', async (input) => text(await input.readline(3)), 'ab\n'],
  ['readline(100)', async (input) => text(await input.readline(100)), 'ab\n'],
  ['readline(-1)', async (input) => text(await input.readline(-1)), 'ab\n'],
  ['readlines()', async (input) => (await input.readlines()).map(text), ['ab\n', '\n', 'cd\n', 'e']],
  ['readlines(0)', async (input) => (await input.readlines(0)).map(text), ['ab\n', '\n', 'cd\n', 'e']],
  [
    'readlines(3), then read()',
    async (input) => [(await input.readlines(3)).map(text), text(await input.read())],
    [['ab\n'], '\ncd\ne'],
  ],
  ['readlines(4)', async (input) => (await input.readlines(4)).map(text), ['ab\n', '\n']],
  ['iteration', linesOf, ['ab\n', '\n', 'cd\n', 'e']],
  [
    'read(4), then iteration',
    async (input) => [text(await input.read(4)), await linesOf(input)],
    ['ab\n\n', ['cd\n', 'e']],
  ],
];

test('each way to read gives the same over every split of the body', async (t) => {
  for (const [name, read, expected] of READS) {
    await t.test(name, async () => {
      for (const pieces of splits(BODY))
        assert.deepEqual(await read(inputOf(pieces)), expected, JSON.stringify(pieces));
    });
  }
});

test('the end is sticky: who reads on is given nothing, and nobody is asked', async () => {
  let pulls = 0;
  const input = new Input(() => {
    pulls++;
    return undefined;
  });
  for (let round = 0; round < 3; round++) {
    assert.equal((await input.read()).length, 0);
    assert.equal((await input.read(5)).length, 0);
    assert.equal((await input.readline()).length, 0);
    assert.deepEqual(await input.readlines(), []);
    assert.deepEqual(await linesOf(input), []);
  }
  assert.equal(pulls, 1);
});

test('a body that was cut short rejects again and again, and never looks complete', async () => {
  const cut = new Error('cut');
  const input = inputOf(['ab\nc'], cut);
  assert.equal(text(await input.readline()), 'ab\n');
  for (let round = 0; round < 3; round++) {
    await assert.rejects(input.read(), cut);
    await assert.rejects(input.readline(), cut);
    await assert.rejects(input.readlines(), cut);
    await assert.rejects(linesOf(input), cut);
    await assert.rejects(input.read(2), cut);
  }
  assert.equal(text(await input.read(1)), 'c', 'what came before the cut can still be read');
  await assert.rejects(input.read(1), cut);
});

test('Input.of gives its bytes, and Input.of of nothing the end', async () => {
  assert.equal(text(await Input.of(Buffer.from(BODY)).read()), BODY);
  assert.equal((await Input.of(new Uint8Array(0)).read()).length, 0);
});

test('any mix of reads gives the body back, in order and once', async () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('read' as const), size: fc.constantFrom(1, 2, 7, 40, 1000, 20_000) }),
    fc.record({
      kind: fc.constant('readline' as const),
      size: fc.constantFrom(-1, 1, 2, 20, 1024, 3000),
    }),
    fc.record({ kind: fc.constant('readlines' as const), size: fc.integer({ min: 1, max: 30 }) }),
  );
  const piece = fc.oneof(
    { weight: 5, arbitrary: fc.stringMatching(/^[ab\n]{1,12}$/) },
    // Around the sizes at which pieces are joined, and at which a joined one is full.
    fc.constantFrom(1, 1000, 1024, 1025, 9000, 16_384).map((size) => `${'c'.repeat(size - 1)}\n`),
    fc.constant('d'.repeat(1024)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }),
      fc.array(operation, { minLength: 1, maxLength: 6 }),
      async (pieces, operations) => {
        const input = inputOf(pieces);
        const whole = pieces.join('');
        let seen = '';
        for (let at = 0; seen.length < whole.length; at++) {
          const { kind, size } = operations[at % operations.length]!;
          if (kind === 'readlines') {
            seen += (await input.readlines(size)).map(text).join('');
            continue;
          }
          const bytes = text(await input[kind](size));
          const line = whole.slice(seen.length, whole.indexOf('\n', seen.length) + 1 || whole.length);
          const most = size < 0 ? whole.length : size;
          const expected = kind === 'read' ? whole.slice(seen.length, seen.length + most) : line.slice(0, most);
          assert.equal(bytes, expected);
          seen += bytes;
        }
        assert.equal(seen, whole);
        assert.equal((await input.read()).length, 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('a body that comes a byte at a time takes no more memory than a few of itself', async () => {
  const size = 300_000;
  const before = heldMemory();
  let given = 0;
  let after = 0;
  const input = new Input(() => {
    if (given++ < size) return Uint8Array.of(0x61);
    after = heldMemory();
    return undefined;
  });
  assert.equal((await input.read()).length, size);
  assert(after - before < 8 * size, `${after - before} bytes are held for ${size}`);
});
