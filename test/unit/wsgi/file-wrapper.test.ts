import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileWrapper } from '../../../src/wsgi/file-wrapper.ts';
import type { Body, FileLike, Header } from '../../../src/wsgi/types.ts';
import { Folder } from '../../support/folder.ts';
import { run } from './fake.ts';

async function chunks(body: Body): Promise<string[]> {
  const all: string[] = [];
  for await (const chunk of body) all.push(Buffer.from(chunk).toString());
  return all;
}

/** A file without a descriptor that gives these blocks, and remembers what was asked of it. */
function fileOf(...blocks: (string | Uint8Array)[]): FileLike & { sizes: number[]; closes: number } {
  return {
    sizes: [] as number[],
    closes: 0,
    read(size) {
      this.sizes.push(size);
      return blocks.shift() ?? '';
    },
    close() {
      this.closes++;
    },
  };
}

test('a FileHandle is read from its current offset, in blocks', async () => {
  using folder = new Folder({ 'a.txt': '0123456789' });
  await using file = await open(join(folder.path, 'a.txt'));
  await file.read(Buffer.alloc(3));
  assert.deepEqual(await chunks(fileWrapper(file as unknown as FileLike, 4)), ['3456', '789']);
});

test('a FileHandle is closed by close(), once', async () => {
  using folder = new Folder({ 'a.txt': 'text' });
  const file = await open(join(folder.path, 'a.txt'));
  const body = fileWrapper(file as unknown as FileLike);
  assert.deepEqual(await chunks(body), ['text']);
  assert.notEqual(file.fd, -1, 'the end of the file does not close it');
  await body.close?.();
  await body.close?.();
  assert.equal(file.fd, -1);
});

test('an object without a descriptor is read until it gives nothing', async () => {
  const file = fileOf('ab', Buffer.from('c'), '', 'never');
  assert.deepEqual(await chunks(fileWrapper(file, 2)), ['ab', 'c']);
  assert.deepEqual(file.sizes, [2, 2, 2]);
});

test('a block is 64 KiB where nothing is said', async () => {
  const file = fileOf();
  await chunks(fileWrapper(file));
  assert.deepEqual(file.sizes, [65536]);
});

test('a block that is neither text nor bytes is refused', async () => {
  await assert.rejects(chunks(fileWrapper(fileOf(5 as unknown as string))), { code: 'APP_CHUNK_INVALID' });
});

test('a response of a file honours Content-Length, and closes the file once', async () => {
  const file = fileOf('abcd', 'efgh', 'ijkl');
  const headers: Header[] = [['Content-Length', '6']];
  const { sink } = await run((environ, start) => {
    start('200 OK', headers);
    return environ['wsgi.file_wrapper'](file, 4);
  });
  assert.equal(sink.body, 'abcdef');
  assert.equal(sink.ending, 'ended');
  assert.equal(file.closes, 1);
  assert.equal(file.sizes.length, 2, 'what nobody is sent is not read');
});

test('a file without close() does as well', async () => {
  const { sink, problems } = await run((environ, start) => {
    start('200 OK', []);
    const blocks = ['a', ''];
    return environ['wsgi.file_wrapper']({ read: async () => blocks.shift() ?? '' });
  });
  assert.equal(sink.body, 'a');
  assert.deepEqual(problems, []);
});
