import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusPage } from '../../../src/admin/page.ts';
import { appNotReady, canAnswer, notReady } from '../../../src/admin/status.ts';
import { appStatus as app, generationStatus, serverStatus as server, workerStatus } from '../../support/status.ts';

const FAILURE = { code: 'APP_IMPORT_FAILED', message: '<b>"no" & \'nope\'</b>', cure: '<i>mend</i> it' } as const;

for (const [what, status, reasons] of [
  ['all apps serve', server([app()]), []],
  ['a required app has not served yet', server([app({ state: 'starting', wasReady: false })]), ['blog is starting']],
  ['a required app failed', server([app({ state: 'failed', wasReady: false })]), ['blog is failed']],
  ['an app that is not required failed', server([app({ state: 'failed', wasReady: false, required: false })]), []],
  ['an app failed that has served', server([app({ state: 'failed' })]), []],
  ['it does not listen yet', server([app()], { state: 'starting' }), ['the server does not listen yet']],
  ['it stops', server([app()], { state: 'stopping' }), ['the server is stopping']],
  [
    'no front lives for a moment',
    server([app()], { fronts: [{ pid: 2, alive: false, state: 'dead', age: 1, deaths: 1 }] }),
    [],
  ],
] as const) {
  test(`readiness where ${what}`, () => assert.deepEqual(notReady(status), reasons));
}

const STARTING = generationStatus({ number: 2, state: 'starting', workers: [workerStatus({ state: 'starting' })] });
const BACKING_OFF = { deaths: 3, retryAt: '2026-01-01T00:01:00.000Z' };

for (const [what, status, can, words] of [
  ['serves', app(), true, 'blog is serving, with 1 of 1 workers ready'],
  ['is idle', app({ state: 'idle', generations: [] }), true, 'blog is idle, with 0 of 0 workers ready'],
  [
    'is reloaded',
    app({ generations: [generationStatus(), STARTING] }),
    true,
    'blog is serving, with 1 of 1 workers ready',
  ],
  [
    'starts',
    app({ state: 'starting', generations: [STARTING], generation: 2 }),
    false,
    'blog is starting, with 0 of 1 workers ready',
  ],
  [
    'crashes again and again',
    app({ generations: [generationStatus({ workers: [] })], backingOff: BACKING_OFF }),
    false,
    'blog is serving, with 0 of 0 workers ready; 3 workers in a row have died, and the next is started at 2026-01-01 00:01:00 UTC',
  ],
] as const) {
  test(`an app that ${what} ${can ? 'can' : 'cannot'} answer`, () => {
    assert.equal(canAnswer(status), can);
    assert.equal(appNotReady(status), words);
  });
}

test('readiness names a crash loop', () => {
  const looping = app({ state: 'failed', wasReady: false, backingOff: BACKING_OFF });
  assert.match(
    notReady(server([looping]))[0] ?? '',
    /^blog is failed; 3 workers in a row have died, and the next is .* UTC$/,
  );
});

test('the page tells of generations, queues, scaling, and fronts', () => {
  const failed = generationStatus({ number: 2, state: 'failed', workers: [], failure: FAILURE });
  const scale = { min: 1, max: 4, wanted: 2 };
  const fronts = [
    { pid: 2, alive: true, state: 'serving', age: 1, deaths: 0 },
    { pid: undefined, alive: false, state: 'dead', age: 0, deaths: 3 },
  ] as const;
  const page = statusPage(
    server([app({ generations: [generationStatus(), failed], scale, queued: 7, inFlight: 9, restarts: { exit: 2 } })], {
      fronts,
    }),
  );
  for (const cell of ['1', '1 of 2 <span class="soft">(1 to 4)</span>', '7', '9', '2 exit']) {
    assert.ok(page.includes(`<td>${cell}</td>`), cell);
  }
  assert.ok(page.includes('; 1 of its 2 fronts serve, and 3 died before.</p>'));
  assert.match(page, /<pre>generation 2 failed at 2026-01-01 00:00:01 UTC\n.*\ncure: /);
});

test('the page escapes all that is not its own', () => {
  const page = statusPage(server([app({ state: 'failed', wasReady: false, failure: FAILURE, generations: [] })]));
  assert.ok(page.includes('&lt;b&gt;&quot;no&quot; &amp; &#39;nope&#39;&lt;/b&gt;'));
  assert.ok(page.includes('&lt;i&gt;mend&lt;/i&gt; it'));
  assert.doesNotMatch(page, /<[bi]>/);
});

test('the page links what can be reached from it', () => {
  const apps = [app(), app({ name: 'shop', path: '/shop', host: 'shop.example' })];
  assert.ok(statusPage(server(apps)).includes('<a href="http://127.0.0.1:8000/blog">/blog</a>'));
  assert.ok(statusPage(server(apps)).includes('<td>shop.example/shop</td>'));
  const inContainer = statusPage(server(apps, { urls: ['http://0.0.0.0:8000/'] }));
  assert.ok(inContainer.includes('at http://0.0.0.0:8000/ since') && inContainer.includes('<td>/blog</td>'));
});

test('the page tells of a server without apps', () => {
  assert.match(statusPage(server([])), /No app/);
});
