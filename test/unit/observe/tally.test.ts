import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_ERRORS } from '../../../src/errors.ts';
import { BUCKETS, Histogram } from '../../../src/observe/histogram.ts';
import { METRICS, type MetricName } from '../../../src/observe/metrics.ts';
import { Tally } from '../../../src/observe/tally.ts';

const IDLE = () => ({ queued: 0, inFlight: 0 });

function valuesOf(tally: Tally, name: MetricName) {
  const found = tally.snapshot(IDLE).find((each) => each.name === METRICS[name].name);
  assert.ok(found, name);
  return found.values;
}

/** `METHOD STATUS` of the series that are not zero. */
function counted(tally: Tally): Record<string, number> {
  const some = valuesOf(tally, 'requests').filter(({ value }) => value > 0);
  return Object.fromEntries(some.map(({ labels, value }) => [`${labels.method} ${labels.status}`, value]));
}

test('requests are counted by method and class of status', () => {
  const tally = new Tally();
  const app = tally.app('a');
  for (const status of [200, 204, 302, 404, 499, 500, 599]) app.request('GET', status);
  app.request('DELETE', 200);
  assert.deepEqual(counted(tally), { 'GET 2xx': 2, 'GET 3xx': 1, 'GET 4xx': 2, 'GET 5xx': 2, 'DELETE 2xx': 1 });
});

test('a method that is not known is "other", and adds no series', () => {
  const tally = new Tally();
  const app = tally.app('a');
  const before = valuesOf(tally, 'requests').length;
  for (const method of ['BREW', 'get', '', 'constructor', 'PROPFIND']) app.request(method, 200);
  assert.deepEqual(counted(tally), { 'other 2xx': 5 });
  assert.equal(valuesOf(tally, 'requests').length, before);
  assert.equal(before, 8 * 4);
});

test('every series of an app and every code of a refusal is there before anything happened', () => {
  const tally = new Tally();
  tally.app('a');
  assert.ok(valuesOf(tally, 'requests').every(({ value }) => value === 0));
  assert.deepEqual(
    valuesOf(tally, 'refused').map(({ labels }) => labels.code),
    Object.keys(CLIENT_ERRORS),
  );
  tally.refused('HOST_MISSING');
  assert.deepEqual(
    valuesOf(tally, 'refused').filter(({ value }) => value > 0),
    [{ labels: { code: 'HOST_MISSING' }, value: 1 }],
  );
});

test('a snapshot does not change with what is counted after it', () => {
  const tally = new Tally();
  const app = tally.app('a');
  const before = tally.snapshot(IDLE);
  const text = JSON.stringify(before);
  app.request('GET', 200);
  app.latency.observe(1);
  tally.accepted++;
  assert.equal(JSON.stringify(before), text);
});

test('a bucket holds its own bound, and all below it', () => {
  const histogram = new Histogram();
  for (const seconds of [0, 0.001, 0.0011, 60, 61]) histogram.observe(seconds);
  const samples = histogram.samples('latency', { app: 'a' });
  const bucket = (le: number | '+Inf') => samples.find(({ labels }) => labels.le === le)?.value;
  assert.deepEqual([bucket(0.001), bucket(0.0025), bucket(60), bucket('+Inf')], [2, 3, 4, 5]);
  assert.equal(samples.length, BUCKETS.length + 3);
  assert.deepEqual(
    samples.slice(-2).map(({ metricName, value }) => [metricName, value]),
    [
      ['stillhouse_request_duration_seconds_sum', 121.0021],
      ['stillhouse_request_duration_seconds_count', 5],
    ],
  );
});
