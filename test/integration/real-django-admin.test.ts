/** Django's admin, as its users drive it: in a browser. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { Browser, Page, Response } from 'playwright-core';
import { openBrowser, Visitor } from '../support/browser.ts';
import { Library } from '../support/django-library.ts';
import { SERVERS } from '../support/gunicorn.ts';

const LIST = '/admin/documents/document/';
const [USER, PASSWORD] = ['librarian', 'correct horse'];
const TITLE = 'Zoë’s résumé & <b>notes</b>';
/** More than Django keeps of an upload in memory (2.5 MiB), and Stillhouse of a body. */
const LARGE = randomBytes(3 * 2 ** 20);
const SMALL = Buffer.from('a small one\r\n');

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

for (const { name, start } of SERVERS) {
  it(`Django's admin under ${name}: log in, add, upload, edit, find, delete, log out`, async () => {
    using library = new Library();
    library.addAdministrator(USER, PASSWORD);
    await using server = await start(library.project({ workers: 2, threads: 4 }));
    await using visitor = await Visitor.of(browser, server.port);
    const assets = staticFilesOf(visitor.page);
    await logIn(visitor);
    await add(visitor, library);
    await edit(visitor);
    await find(visitor.page);
    await remove(visitor.page);
    await logOut(visitor.page);
    assert.deepEqual(visitor.faults, []);
    // Nothing is at fault where nothing was asked for.
    const types = await Promise.all(assets.map(async (asset) => (await asset.allHeaders())['content-type']));
    for (const type of [/^image\/svg/, /^text\/css/, /javascript/])
      assert.ok(types.some((each) => type.test(each ?? '')));
  });
}

async function logIn(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.goto(LIST);
  assert.equal(new URL(page.url()).pathname, '/admin/login/');
  await visitor.submit({ 'Username:': USER, 'Password:': 'wrong' }, 'Log in');
  assert.match(await page.locator('.errornote').innerText(), /enter the correct username and password/);
  await visitor.submit({ 'Username:': USER, 'Password:': PASSWORD }, 'Log in');
  await page.waitForURL(LIST);
  assert.equal(await countOf(page), '0 documents');
  const session = (await visitor.cookies()).find((cookie) => cookie.name === 'sessionid');
  assert.equal(session?.httpOnly, true);
}

async function add(visitor: Visitor, library: Library): Promise<void> {
  const { page } = visitor;
  await visitor.follow('Add document');
  await page.getByLabel('File:').setInputFiles({ name: 'Zoë’s plan.bin', mimeType: 'image/x-plan', buffer: LARGE });
  await visitor.submit({ 'Title:': TITLE }, 'Save');
  assert.equal(await success(page), `The document “${TITLE}” was added successfully.`);
  const uploads = join(library.media, 'documents');
  assert.deepEqual(readdirSync(uploads), ['Zoës_plan.bin']);
  assert.ok(readFileSync(join(uploads, 'Zoës_plan.bin')).equals(LARGE));
  await open(page, TITLE);
  assert.ok((await download(page)).equals(LARGE));
}

async function edit(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.getByLabel('Public').check();
  await page.locator('#id_file').setInputFiles({ name: 'small.bin', mimeType: 'image/x-plan', buffer: SMALL });
  await visitor.submit({ 'Title:': 'Plain' }, 'Save and continue editing');
  assert.equal(await success(page), 'The document “Plain” was changed successfully. You may edit it again below.');
  assert.equal(await page.getByLabel('Title:').inputValue(), 'Plain');
  assert.equal(await page.getByLabel('Public').isChecked(), true);
  assert.ok((await download(page)).equals(SMALL));
}

async function find(page: Page): Promise<void> {
  await page.goto(LIST);
  await page.locator('#searchbar').fill('no such');
  await page.locator('#searchbar').press('Enter');
  await page.getByText('0 results').waitFor();
  await page.goto(`${LIST}?is_public__exact=1&q=plai`);
  assert.equal(await countOf(page), '1 document');
}

async function remove(page: Page): Promise<void> {
  await open(page, 'Plain');
  await page.getByRole('link', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: /^Yes, I.m sure$/ }).click();
  assert.equal(await success(page), 'The document “Plain” was deleted successfully.');
  assert.equal(await countOf(page), '0 documents');
}

async function logOut(page: Page): Promise<void> {
  await page.getByText('Log out', { exact: true }).click();
  await page.getByRole('heading', { name: 'Logged out' }).waitFor();
  await page.goto('/admin/');
  assert.equal(new URL(page.url()).pathname, '/admin/login/');
}

const open = (page: Page, title: string) => page.locator('#result_list').getByRole('link', { name: title }).click();
const success = (page: Page) => page.locator('.messagelist .success').innerText();
const countOf = async (page: Page) => (await page.locator('.paginator').innerText()).trim();

/** What a click on the link of the uploaded file gives. */
async function download(page: Page): Promise<Buffer> {
  const given = page.waitForEvent('download');
  await page.locator('.file-upload a').click();
  return readFileSync(await (await given).path());
}

/** The answers with static files, as they come. */
function staticFilesOf(page: Page): Response[] {
  const found: Response[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith('/static/')) found.push(response);
  });
  return found;
}
