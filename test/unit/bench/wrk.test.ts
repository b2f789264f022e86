/** What is read out of wrk's words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWrk } from '../../bench/measures/requests.ts';

const WORDS = `Running 3s test @ http://127.0.0.1:18101/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     4.04ms    2.01ms  40.10ms   80.00%
    Req/Sec    14.96k     1.10k   16.32k    70.00%
  Latency Distribution
     50%    3.78ms
     75%    4.90ms
     90%  890.00us
     99%    1.25s
  44886 requests in 3.00s, 5.91MB read
`;

test('figures are in milliseconds whatever the unit', () => {
  const figure = readWrk(`${WORDS}Requests/sec:  14962.10\nTransfer/sec:      1.97MB\n`);
  assert.deepEqual(figure, { requests: 44_886, requestsPerSecond: 14_962.1, p50: 3.78, p99: 1250, failed: 0 });
});

test('refusals, broken connections and timeouts are failures', () => {
  const errors = '  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 50000\n';
  assert.equal(readWrk(`${WORDS}${errors}Requests/sec:  1.00\n`).failed, 54_321);
});

test('words of another kind are an error that has them', () => {
  assert.throws(() => readWrk('unable to connect'), /unexpected:\nunable to connect/);
});
