/** News as server-sent events from Flask, which end when their readers leave. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Visitor } from '../support/browser.ts';
import { type Project, SERVERS } from '../support/gunicorn.ts';
import { until } from '../support/until.ts';
import { ask, Wire } from '../support/wire.ts';

const THREADS = 2;
/** One process, in which all readers are; and few threads, so that readers who stay would be felt. */
const PROJECT: Project = { folder: 'flask_events', target: 'events:application', threads: THREADS };

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** Tells the news. @returns how many readers there are */
async function tell(port: number, news: string): Promise<number> {
  const body = Buffer.from(news);
  const head = `POST /news HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answer = await ask(port, Buffer.concat([Buffer.from(head), body]));
  assert.equal(answer.status, 200);
  return Number(String(answer.body));
}

async function readEvents(port: number): Promise<Wire> {
  const wire = await Wire.open(port);
  wire.send('GET /events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n');
  let received = '';
  await until(async () => {
    received += await wire.some();
    return received.includes('event: welcome');
  }, 'the first event');
  assert.match(received, /^HTTP\/1\.1 200 .*\r\ncontent-type: text\/event-stream/ims);
  return wire;
}

for (const { name, start } of SERVERS) {
  describe(`server-sent events from Flask under ${name}`, () => {
    it('reach a page as they happen, and end when it is closed', async () => {
      await using server = await start(PROJECT);
      {
        await using visitor = await Visitor.of(browser, server.port);
        await visitor.page.goto('/');
        await visitor.page.getByText('reader 1').waitFor();
        for (const [count, news] of ['one', 'Zoë: two', 'three\nlines\nlong'].entries()) {
          assert.equal(await tell(server.port, news), 1);
          await visitor.page.locator(`li:nth-child(${count + 1})`).waitFor();
        }
        const items = await visitor.page.locator('li').allTextContents();
        assert.deepEqual(items, ['one', 'Zoë: two', 'three\nlines\nlong']);
        assert.deepEqual(visitor.faults, []);
      }
      await server.line('reader 1 has left');
      assert.equal(await tell(server.port, 'nobody hears it'), 0);
    });

    it('leave every thread of the worker free when their readers have left', async () => {
      await using server = await start(PROJECT);
      for (let round = 0; round < 3; round++) {
        const readers = await Promise.all(Array.from({ length: THREADS }, () => readEvents(server.port)));
        for (const reader of readers) reader[Symbol.dispose]();
        for (let reader = 1; reader <= THREADS; reader++)
          await server.line(`reader ${round * THREADS + reader} has left`);
      }
      assert.equal(await tell(server.port, 'nobody hears it'), 0);
    });
  });
}
