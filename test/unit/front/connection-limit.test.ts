import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostConnections } from '../../../src/front/connection-limit.ts';

function limits(soft: string): string {
  return `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft.padEnd(20)} 1048576              files     \n`;
}

test('a front keeps an eighth of its open files for what is not a connection, 64 at least, and half where there are few', () => {
  const most = (files: number) => mostConnections(limits(String(files)));
  assert.deepEqual([1_048_576, 1024, 256, 100].map(most), [917_504, 896, 192, 50]);
});

test('where nothing limits open files, nothing limits connections', () => {
  assert.equal(mostConnections(limits('unlimited')), Number.POSITIVE_INFINITY);
  assert.equal(mostConnections(''), Number.POSITIVE_INFINITY);
});
