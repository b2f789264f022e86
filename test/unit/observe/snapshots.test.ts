import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Family, family } from '../../../src/observe/metrics.ts';
import { DeadCounters, exposition } from '../../../src/observe/snapshots.ts';
import { Tally } from '../../../src/observe/tally.ts';

const IDLE = () => ({ queued: 0, inFlight: 0 });

function accepted(value: number): Family {
  return family('accepted', [{ labels: {}, value }]);
}

test('the counters of the dead are added up, their gauges forgotten', () => {
  const dead = new DeadCounters();
  const open = family('connections', [{ labels: {}, value: 7 }]);
  const dropped = (process: string, value: number) => family('logDropped', [{ labels: { process }, value }]);
  dead.bury([accepted(2), open, dropped('front', 1)]);
  assert.deepEqual(dead.families, [accepted(2), dropped('front', 1)], 'at once, with no promise between');
  dead.bury([accepted(3), open, dropped('supervisor', 5)]);
  const both = [...dropped('front', 1).values, ...dropped('supervisor', 5).values];
  assert.deepEqual(dead.families, [accepted(5), family('logDropped', both)]);
});

test('the order of labels does not matter, and their values are not confused', () => {
  const dead = new DeadCounters();
  const samples = ['GET', 'PUT'].map((method) => ({ labels: { app: 'a', method, status: '2xx' }, value: 1 }));
  dead.bury([family('requests', samples)]);
  dead.bury([family('requests', [{ labels: { status: '2xx', method: 'GET', app: 'a' }, value: 1 }])]);
  assert.deepEqual(
    dead.families[0]?.values.map(({ value }) => value),
    [2, 1],
  );
});

test('histograms of the dead keep their buckets, sums and counts apart', async () => {
  const [one, other] = [new Tally(), new Tally()];
  one.app('a').latency.observe(0.004);
  other.app('a').latency.observe(0.2);
  const dead = new DeadCounters();
  dead.bury(one.snapshot(IDLE));
  const text = await exposition([dead.families, other.snapshot(IDLE)]);
  const lines = text.split('\n').filter((line) => line.startsWith('stillhouse_request_duration_seconds'));
  assert.ok(lines.includes('stillhouse_request_duration_seconds_bucket{le="0.0025",app="a"} 0'));
  assert.ok(lines.includes('stillhouse_request_duration_seconds_bucket{le="0.005",app="a"} 1'));
  assert.ok(lines.includes('stillhouse_request_duration_seconds_bucket{le="0.25",app="a"} 2'));
  assert.ok(lines.includes('stillhouse_request_duration_seconds_bucket{le="+Inf",app="a"} 2'));
  assert.ok(lines.includes('stillhouse_request_duration_seconds_sum{app="a"} 0.20400000000000001'));
  assert.ok(lines.includes('stillhouse_request_duration_seconds_count{app="a"} 2'));
});

test('making the text changes no snapshot', async () => {
  const snapshot = [accepted(1)];
  const first = await exposition([snapshot, snapshot]);
  assert.equal(await exposition([snapshot, snapshot]), first);
  assert.match(first, /^stillhouse_connections_accepted_total 2$/m);
  assert.deepEqual(snapshot, [accepted(1)]);
});
