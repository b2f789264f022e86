import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppStatus, ServerStatus } from '../../../src/admin/status.ts';
import { columns, fold, line, paint } from '../../../src/cli/columns.ts';
import { bytes, duration } from '../../../src/cli/quantities.ts';
import { statusLines } from '../../../src/cli/status-table.ts';
import { appStatus, generationStatus, serverStatus, workerStatus } from '../../support/status.ts';

const NOW = new Date('2026-01-01T02:03:04.000Z');
const FAILURE = {
  code: 'APP_IMPORT_FAILED',
  message: 'blog: the import failed:\nNameError: \x1b[31mnope',
  cure: 'mend it',
} as const;

function textOf(apps: readonly AppStatus[], change: Partial<ServerStatus> = {}, width = 200): string {
  const lines = statusLines(serverStatus(apps, change), NOW);
  return `\n${lines.map((each) => paint(each, width, false)).join('\n')}\n`;
}

test('a server with an app that serves', () => {
  const workers = [
    workerStatus({ requests: 12_345, age: 7300 }),
    workerStatus({ pid: 1102, requests: 7, memory: 1.5 * 1024 ** 3, age: 3 }),
  ];
  const app = appStatus({
    generations: [generationStatus({ workers })],
    scale: { min: 1, max: 4, wanted: 2 },
    queued: 3,
    inFlight: 5,
    restarts: { exit: 2, timeout: 1 },
  });
  assert.equal(
    textOf([app], { limits: { cpus: 1.5, memory: 512 * 1024 ** 2, from: { cpus: 'machine', memory: 'machine' } } }),
    `
Stillhouse 1, server 1, ready
serves at http://127.0.0.1:8000/, up 2 h 3 min, with 1.5 CPUs and 512 MiB of memory

APP   MOUNTED AT  STATE    GENERATION  WORKERS  MAY HAVE  QUEUED  IN FLIGHT  REPLACED
blog  /blog       serving           1  2 of 2   1 to 4         3          5  2 exit, 1 timeout

WORKER  APP   GENERATION  STATE        AGE  REQUESTS   MEMORY  FRONT
   101  blog           1  ready  2 h 1 min    12,345   20 MiB      2
  1102  blog           1  ready        3 s         7  1.5 GiB      2

FRONT  STATE      AGE  DEATHS
    2  serving  1 min       0
`,
  );
});

test('a reload that goes on, one that failed, a crash loop, an app that is idle', () => {
  const starting = generationStatus({
    number: 4,
    state: 'starting',
    since: '2026-01-01T02:03:00.000Z',
    workers: [workerStatus({ pid: 102, generation: 4, state: 'starting', age: 4, requests: 0 })],
  });
  const apps = [
    appStatus({ generation: 3, generations: [generationStatus({ number: 3 }), starting] }),
    appStatus({
      name: 'shop',
      path: '/',
      host: 'shop.example',
      generations: [
        generationStatus(),
        generationStatus({ number: 2, state: 'failed', workers: [], failure: FAILURE }),
      ],
      lastReload: { at: '2026-01-01T02:00:00.000Z', ok: false, failure: FAILURE },
    }),
    appStatus({
      name: 'loop',
      generations: [generationStatus({ workers: [] })],
      backingOff: { deaths: 5, retryAt: '2026-01-01T02:03:14.000Z' },
    }),
    appStatus({ name: 'old', lastReload: { at: '2026-01-01T02:00:00.000Z', ok: false, failure: FAILURE } }),
    appStatus({ name: 'idle', state: 'idle', generations: [], scale: { min: 0, max: 2, wanted: 0 } }),
  ];
  const fronts = [{ pid: undefined, alive: false, state: 'dead', age: 0, deaths: 2 }] as const;
  assert.equal(
    textOf(apps, { fronts }),
    `
Stillhouse 1, server 1, ready
serves at http://127.0.0.1:8000/, up 2 h 3 min, with 2 CPUs and 1 GiB of memory

APP   MOUNTED AT     STATE    GENERATION  WORKERS  MAY HAVE  QUEUED  IN FLIGHT  REPLACED
blog  /blog          serving           3  1 of 1   1              0          0
    generation 4 is starting since 2026-01-01 02:03:00 UTC, 0 of 1 workers ready
shop  shop.example/  serving           1  1 of 1   1              0          0
    generation 2 failed at 2026-01-01 00:00:01 UTC
        blog: the import failed:
        NameError: \\x1b[31mnope
        cure: mend it
        code: APP_IMPORT_FAILED
loop  /blog          serving           1  0 of 1   1              0          0
    5 workers in a row have died, and the next is started at 2026-01-01 02:03:14 UTC
old   /blog          serving           1  1 of 1   1              0          0
    the reload at 2026-01-01 02:00:00 UTC failed
        blog: the import failed:
        NameError: \\x1b[31mnope
        cure: mend it
        code: APP_IMPORT_FAILED
idle  /blog          idle              1  0 of 0   0 to 2         0          0

WORKER  APP   GENERATION  STATE       AGE  REQUESTS  MEMORY  FRONT
   101  blog           1  ready     1 min         0  20 MiB      2
   102  blog           4  starting    4 s         0  20 MiB      2
   101  shop           1  ready     1 min         0  20 MiB      2
   101  old            1  ready     1 min         0  20 MiB      2

FRONT  STATE  AGE  DEATHS
       dead   0 s       2
`,
  );
});

test('a server that is not ready, with an app that failed', () => {
  const app = appStatus({ state: 'failed', wasReady: false, generations: [], failure: FAILURE });
  assert.equal(
    textOf([app], { state: 'starting', started: '2026-01-01T02:03:04.500Z' }),
    `
Stillhouse 1, server 1, not ready
is starting at http://127.0.0.1:8000/, up 0 s, with 2 CPUs and 1 GiB of memory
    blog is failed

APP   MOUNTED AT  STATE   GENERATION  WORKERS  MAY HAVE  QUEUED  IN FLIGHT  REPLACED
blog  /blog       failed           1  0 of 1   1              0          0
        blog: the import failed:
        NameError: \\x1b[31mnope
        cure: mend it
        code: APP_IMPORT_FAILED

FRONT  STATE      AGE  DEATHS
    2  serving  1 min       0
`,
  );
  assert.match(textOf([]), /\nno app is mounted\n/);
});

test('a line is no wider than the terminal, and colours take no room', () => {
  for (const each of textOf([appStatus()], {}, 20).split('\n')) assert.ok([...each].length <= 20, each);
  assert.equal(paint(line('a line of text', 'bad'), 6, true), '\x1b[31ma lin…\x1b[0m');
  assert.equal(paint([{ text: 'four' }, { text: 'more', tone: 'good' }], 4, true), 'four');
  assert.equal(paint(line('söñë'), 4, false), 'söñë');
  assert.deepEqual(columns(['A', '>B'], [[{ text: 'x' }, { text: '1' }]])[1], [
    { text: 'x  ', tone: undefined },
    { text: '1', tone: undefined },
  ]);
});

test('durations and sizes are told in the units that say most', () => {
  const durations = [-1, 0, 59.9, 60, 3599, 3600, 86_399, 90_000].map(duration);
  assert.deepEqual(durations, ['0 s', '0 s', '59 s', '1 min', '59 min', '1 h 0 min', '23 h 59 min', '1 d 1 h']);
  const sizes = [0, 1023, 1024, 1024 ** 2 * 45.4, 1024 ** 3, 1024 ** 3 * 1.55, 1024 ** 5].map(bytes);
  assert.deepEqual(sizes, ['0 B', '1023 B', '1 KiB', '45 MiB', '1 GiB', '1.6 GiB', '1024 TiB']);
});

test('a remark that is wider than the terminal goes on in the next line, as far in; a row of a table stays one', () => {
  const remark = line('    cure: install markdown for python3, or another', 'bad');
  assert.deepEqual(fold(remark, 30), [
    line('    cure: install markdown for', 'bad'),
    line('    python3, or another', 'bad'),
  ]);
  assert.deepEqual(fold(remark, 80), [remark]);
  assert.deepEqual(fold([], 30), [[]]);
  const row = [{ text: 'blog' }, { text: 'serving '.repeat(9) }];
  assert.deepEqual(fold(row, 30), [row]);
});
