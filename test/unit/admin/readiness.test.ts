import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusPage } from '../../../src/admin/page.ts';
import { notReady } from '../../../src/admin/status.ts';
import { appStatus as app, serverStatus as server } from '../../support/status.ts';

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
