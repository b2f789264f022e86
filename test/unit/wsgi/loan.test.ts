/** Memory that is lent without a copy, and used again when all of it has come back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEAST_LENT, Loan } from '../../../src/wsgi/loan.ts';

test('a buffer is used again when all that was lent of it has come back, and not before', () => {
  const loan = Loan.open();
  loan.lend(LEAST_LENT);
  loan.lend(2 * LEAST_LENT);
  loan.close();
  Loan.of(loan.bytes.subarray(0, LEAST_LENT))?.giveBack(LEAST_LENT);
  const other = Loan.open();
  assert.notEqual(other, loan);
  Loan.of(loan.bytes.subarray(LEAST_LENT, 3 * LEAST_LENT))?.giveBack(2 * LEAST_LENT);
  assert.equal(Loan.open(), loan);
});

test('one that is still read into is not used again', () => {
  const loan = Loan.open();
  loan.lend(LEAST_LENT);
  loan.giveBack(LEAST_LENT);
  assert.notEqual(Loan.open(), loan);
  loan.close();
  assert.equal(Loan.open(), loan);
});

test('bytes of other memory, and fewer than are lent, belong to no loan', () => {
  const loan = Loan.open();
  assert.equal(Loan.of(Buffer.alloc(LEAST_LENT)), undefined);
  assert.equal(Loan.of(loan.bytes.subarray(0, LEAST_LENT - 1)), undefined);
  assert.equal(Loan.of(loan.bytes.subarray(7, 7 + LEAST_LENT)), loan);
  assert.equal(Loan.of(Buffer.from(loan.bytes)), undefined);
});
