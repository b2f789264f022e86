/** Bars, tables and the report, of a run that is made up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BARS, barsTable, judge } from '../../bench/bars.ts';
import { renderReport } from '../../bench/report.ts';
import type { Figure, Results } from '../../bench/results.ts';
import { formatNumber, workloadTable } from '../../bench/table.ts';

function run(workload: string, rows: Readonly<Record<string, Figure>>): Results {
  return {
    at: '2026-01-02T03:04:05.000Z',
    node: '26.0.0',
    machine: '2 cores',
    rounds: 1,
    seconds: 3,
    setups: { stillhouse: 'two workers', waitress: 'two processes' },
    absent: { waitress: 'it is not on this machine' },
    versions: { nginx: '1.2.3' },
    workloads: [
      {
        name: workload,
        title: `The ${workload}`,
        rows: Object.entries(rows).map(([contender, figure]) => ({ contender, rounds: [figure] })),
      },
    ],
  };
}

const HELLO = run('hello', {
  stillhouse: { cpu: 20, requestsPerSecond: 90_000 },
  'gunicorn-gthread': { cpu: 160, requestsPerSecond: 10_000 },
  'nginx-uwsgi': { cpu: 32, requestsPerSecond: 40_000 },
});

function verdicts(results: Results): Record<string, boolean> {
  const measured = judge(results).filter((verdict) => !Number.isNaN(verdict.measured));
  return Object.fromEntries(measured.map(({ bar, met }) => [bar.what, met]));
}

test('bars are judged by the ratios of the rows that a run has', () => {
  assert.deepEqual(verdicts(HELLO), {
    'CPU/request of stillhouse, times gunicorn-gthread’s': true,
    'CPU/request of stillhouse, times nginx-uwsgi’s': false,
    'requests/s of stillhouse, times nginx-uwsgi’s': true,
  });
});

test('a bar beside the best of two peers takes the fastest one’s latency, and the least CPU of both', () => {
  const traffic = run('flask-json', {
    stillhouse: { requestsPerSecond: 100, cpu: 90, p99: 10 },
    'granian-t1': { requestsPerSecond: 90, cpu: 80, p99: 1 },
    'granian-t4': { requestsPerSecond: 95, cpu: 100, p99: 11 },
  });
  assert.deepEqual(verdicts(traffic), {
    'requests/s of stillhouse, times the best of granian-t1 and granian-t4’s': true,
    'CPU/request of stillhouse, times the best of granian-t1 and granian-t4’s': false,
    'p99 of stillhouse, times the best of granian-t1 and granian-t4’s': true,
  });
});

test('a bar of an absolute figure, and one of a difference', () => {
  assert.deepEqual(verdicts(run('up-1g', { stillhouse: { rise: 65 } })), { 'rise of the front’s memory': false });
  const logs = run('access-log', { stillhouse: { cpu: 20 }, 'stillhouse+log': { cpu: 23.5 } });
  assert.deepEqual(verdicts(logs), { 'CPU/request that it adds to stillhouse': true });
});

test('the table of bars says by how much one is missed, and leaves out what was not measured', () => {
  const lines = barsTable(HELLO).split('\n');
  assert.equal(lines.length, 2 + 3);
  assert.match(lines[3] ?? '', /at most 0\.50 \|\s+0\.625 \|\s+missed by 25% \|$/);
  assert.match(lines[4] ?? '', /at least 1\.80 \|\s+2\.25 \|\s+met \|$/);
});

test('no bar is measured by a run of nothing', () => {
  assert.ok(judge({ workloads: [] }).every(({ measured, met }) => Number.isNaN(measured) && !met));
  assert.ok(BARS.length >= 18);
});

test("a workload's table has the metrics that were measured, and ratios to its first row", () => {
  const [workload] = HELLO.workloads;
  assert.ok(workload);
  const [head, , first, second] = workloadTable(workload).split('\n');
  assert.match(head ?? '', /requests\/s \| × stillhouse \| CPU µs\/request \| × stillhouse \|$/);
  assert.match(first ?? '', /^\| stillhouse +\| +90,000 \| +1\.00 \| +20\.0 \| +1\.00 \|$/);
  assert.match(second ?? '', /^\| gunicorn-gthread \| +10,000 \| +0\.11 \| +160\.0 \| +8\.00 \|$/);
});

test('a number that is none is a dash', () => {
  assert.deepEqual([formatNumber(Number.NaN, 1), formatNumber(Number.POSITIVE_INFINITY, 1)], ['–', '–']);
});

test('the report has the notes, the bars, the set-ups, and what was left out and why', () => {
  const report = renderReport(HELLO, '## How it got there\n\nBy hand.\n');
  for (const part of ['Node 26.0.0', '2026-01-02', 'missed by 25%', '\n\nBy hand.\n\n', 'nginx 1.2.3', '## The hello'])
    assert.ok(report.includes(part), part);
  assert.match(report, /\| stillhouse \| two workers \|/);
  assert.match(report, /waitress was left out: it is not on this machine\./);
  assert.doesNotMatch(report, /\| waitress/);
});
