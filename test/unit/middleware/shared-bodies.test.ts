/** Request bodies in a file that workers share: no two have the same place, and what is not needed is given back. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BodyMemory } from '../../../src/middleware/body-memory.ts';
import { type Extent, SharedBodies } from '../../../src/middleware/shared-bodies.ts';
import { Folder } from '../../support/folder.ts';

const BLOCK = 16_384;
const MIB = 1 << 20;

/** A file, and the descriptor of whoever reads it. */
class Shared implements Disposable {
  readonly #folder = new Folder();
  readonly memory: BodyMemory;
  readonly bodies: SharedBodies;
  readonly fd: number;
  readonly path: string;
  space = { free: 0, total: 0 };

  constructor(most = 64 * MIB) {
    this.memory = new BodyMemory(most);
    this.path = join(this.#folder.path, 'bodies');
    writeFileSync(this.path, '');
    this.fd = openSync(this.path, 'r');
    this.bodies = new SharedBodies(this.path, this.memory, () => this.space);
  }

  get length(): number {
    return fstatSync(this.fd).size;
  }

  read(offset: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    readSync(this.fd, bytes, 0, size, offset);
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
    this.#folder[Symbol.dispose]();
  }
}

test('it has no name once it is open', () => {
  using shared = new Shared();
  assert.equal(existsSync(shared.path), false);
});

test('no two bodies have the same place, and each reads what was written, in any order of coming and going', () => {
  const steps = fc.array(fc.record({ size: fc.integer({ min: 1, max: 300_000 }), leaves: fc.nat(10) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (all) => {
      using shared = new Shared(4 * MIB);
      const { bodies, memory } = shared;
      const kept: { extent: Extent; byte: number; size: number }[] = [];
      for (const [byte, { size, leaves }] of all.entries()) {
        const extent = bodies.take(size);
        if (extent === undefined) {
          assert.ok(memory.used + size > 4 * MIB - 2 * BLOCK || kept.length > 0, 'there was room');
        } else {
          assert.ok(extent.room >= size && extent.room < size + BLOCK);
          bodies.write(Buffer.alloc(size, byte), extent.offset);
          kept.push({ extent, byte, size });
        }
        if (leaves < 5) for (const { extent } of kept.splice(leaves, 1)) bodies.giveBack(extent);
        if (leaves === 7) bodies.trim();
        for (const { extent, byte, size } of kept)
          assert.ok(shared.read(extent.offset, size).equals(Buffer.alloc(size, byte)));
        assert.ok(memory.used >= shared.length - BLOCK && memory.used <= 4 * MIB);
      }
      for (const { extent } of kept) bodies.giveBack(extent);
      bodies.trim();
      bodies.trim();
      assert.deepEqual([memory.used, shared.length], [0, 0]);
    }),
    { numRuns: 50 },
  );
});

test('the length of the file is what counts, and what was needed lately stays', () => {
  using shared = new Shared();
  const { bodies, memory } = shared;
  const [one, other] = [bodies.take(100_000), bodies.take(200_000)] as [Extent, Extent];
  bodies.write(Buffer.alloc(200_000), other.offset);
  bodies.giveBack(other);
  bodies.trim();
  assert.equal(memory.used, 20 * BLOCK, 'it was needed since the last time');
  bodies.trim();
  assert.deepEqual([memory.used, shared.length], [7 * BLOCK, 7 * BLOCK]);
  bodies.giveBack(one);
});

test('there is no room beyond the bound of all bodies, nor in a file that is to be closed', () => {
  using shared = new Shared(100_000);
  const { bodies, memory } = shared;
  assert.equal(bodies.take(100_001), undefined);
  const extent = bodies.take(60_000) as Extent;
  assert.equal(memory.reserve(50_000), false, 'others count it');
  bodies.close();
  assert.equal(bodies.take(100), undefined);
  bodies.write(Buffer.from('still'), extent.offset);
  assert.equal(String(bodies.read(extent.offset, 5)), 'still', 'who has a place keeps it');
  bodies.giveBack(extent);
  assert.equal(memory.used, 0);
  assert.throws(() => bodies.read(extent.offset, 5), { code: 'EBADF' });
});

test('half of the file system stays free', () => {
  using shared = new Shared();
  const { bodies } = shared;
  shared.space = { free: 60 * BLOCK, total: 100 * BLOCK };
  assert.equal(bodies.take(11 * BLOCK), undefined);
  const extent = bodies.take(10 * BLOCK) as Extent;
  shared.space = { free: 50 * BLOCK, total: 100 * BLOCK };
  assert.equal(bodies.take(1), undefined);
  bodies.giveBack(extent);
  assert.notEqual(bodies.take(10 * BLOCK), undefined, 'what the file has already may be used');
});

test('a body that is not there whole is an error', () => {
  using shared = new Shared();
  const { offset } = shared.bodies.take(10) as Extent;
  assert.throws(() => shared.bodies.read(offset, 10), /ends before byte 10/);
});
