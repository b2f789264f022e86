/** A guestbook in Bottle, as its users drive it in a browser, and a program by JSON. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Visitor } from '../support/browser.ts';
import { Folder } from '../support/folder.ts';
import { type Project, SERVERS } from '../support/gunicorn.ts';

const [WIDTH, HEIGHT] = [640, 480];
const TEXT = 'So <b>nice</b> & warm: 100 %,\r\nœuvre 文';
const PICTURE = bitmap(randomBytes(WIDTH * HEIGHT * 3));

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

for (const { name, start } of SERVERS) {
  it(`a guestbook in Bottle under ${name}: a form with a picture, a cookie, a list as JSON`, async () => {
    using data = new Folder();
    await using server = await start(makeProject(data));
    await using visitor = await Visitor.of(browser, server.port);
    await sign(visitor);
    await showsPicture(visitor, server.port);
    await speaksJson(server.port);
    await visitor.page.reload();
    assert.deepEqual(await visitor.page.locator('li b').allInnerTexts(), ['Zoë', 'program']);
    assert.deepEqual(visitor.faults, []);
  });
}

function makeProject({ path }: Folder): Project {
  const environment = { GUESTBOOK_DATA: path };
  return { folder: 'bottle_guestbook', target: 'guestbook:application', workers: 2, threads: 4, environment };
}

async function sign(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.goto('/');
  const picture = { name: 'rain & snow.bmp', mimeType: 'image/bmp', buffer: PICTURE };
  await page.getByLabel('Picture').setInputFiles(picture);
  await visitor.submit({ Name: 'Zoë', Text: TEXT }, 'Sign');
  assert.equal(await page.locator('li b').innerText(), 'Zoë');
  assert.ok((await page.locator('li').innerText()).includes('<b>nice</b> & warm: 100 %, œuvre 文'));
  assert.equal(await page.getByLabel('Name').inputValue(), 'Zoë');
}

async function showsPicture({ page }: Visitor, port: number): Promise<void> {
  const image = page.getByAltText('picture of Zoë');
  assert.equal(await page.evaluate("document.querySelector('img').decode().then(() => 'shown')"), 'shown');
  assert.deepEqual(await image.boundingBox().then((box) => [box?.width, box?.height]), [WIDTH, HEIGHT]);
  const answer = await fetch(new URL((await image.getAttribute('src')) ?? '', `http://127.0.0.1:${port}/`));
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(PICTURE));
}

async function speaksJson(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/entries.json`;
  const post = (body: string) => fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const added = await post(JSON.stringify({ name: 'program', text: '{"a": 1}' }));
  assert.deepEqual([added.status, await added.json()], [201, { id: 2 }]);
  const list = await fetch(url);
  assert.equal(list.headers.get('content-type'), 'application/json');
  assert.deepEqual(await list.json(), {
    entries: [
      { id: 1, name: 'Zoë', text: TEXT, picture: 'rain-snow.bmp' },
      { id: 2, name: 'program', text: '{"a": 1}', picture: null },
    ],
  });
  assert.equal((await post('{"name":')).status, 400);
}

/** A picture as BMP: 24 bits per pixel, rows of a multiple of four bytes. */
function bitmap(pixels: Buffer): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM', 'latin1');
  head.writeUInt32LE(head.length + pixels.length, 2);
  head.writeUInt32LE(head.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(WIDTH, 18);
  head.writeInt32LE(HEIGHT, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, pixels]);
}
