/** A blog in the shape of Flask's tutorial, as its users drive it: in a browser. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, Visitor } from '../support/browser.ts';
import { Folder } from '../support/folder.ts';
import { folderOf, type Project, SERVERS } from '../support/gunicorn.ts';
import { PYTHON } from '../support/server.ts';

const ZOE = { Username: 'Zoë', Password: 'pass & word' };
const MAX = { Username: 'max', Password: 'another' };
const TITLE = 'Größe <i>matters</i> “a lot”';
const BODY = 'First line\nsecond: 100 % & more';

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

for (const { name, start } of SERVERS) {
  it(`Flaskr under ${name}: register, log in, write, edit and delete posts`, async () => {
    using instance = new Folder();
    await using server = await start(makeProject(instance));
    await using zoe = await Visitor.of(browser, server.port);
    await register(zoe);
    await logIn(zoe);
    await write(zoe);
    await edit(zoe);
    await meddle(server.port, zoe);
    await remove(zoe.page);
    await logOut(zoe);
    assert.deepEqual(zoe.faults, []);
  });
}

/** Two processes: who is logged in, and what is flashed, must hold in both. */
function makeProject(instance: Folder): Project {
  const project: Project = {
    folder: 'flaskr',
    target: 'flaskr:create_app()',
    workers: 2,
    threads: 4,
    environment: { FLASKR_INSTANCE: instance.path },
  };
  execFileSync(PYTHON, ['-B', '-m', 'flask', '--app=flaskr', 'init-db'], {
    cwd: folderOf(project),
    env: { ...process.env, ...project.environment },
    stdio: 'pipe',
  });
  return project;
}

async function register(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.goto('/');
  await visitor.follow('Register');
  await visitor.submit(ZOE, 'Register');
  await page.waitForURL('/auth/login');
  assert.deepEqual(await flashed(page), ['You are registered: log in.']);
  await page.reload();
  assert.deepEqual(await flashed(page), []);
  await page.goto('/auth/register');
  await visitor.submit(ZOE, 'Register');
  assert.deepEqual(await flashed(page), ['User Zoë is already registered.']);
}

async function logIn(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.goto('/create');
  assert.equal(new URL(page.url()).pathname, '/auth/login');
  await visitor.submit({ ...ZOE, Password: 'wrong' }, 'Log In');
  assert.deepEqual(await flashed(page), ['Incorrect username or password.']);
  await visitor.submit(ZOE, 'Log In');
  await page.waitForURL('/');
  assert.equal(await page.locator('nav span').innerText(), 'Zoë');
  const [cookie, ...others] = await visitor.cookies();
  assert.deepEqual([cookie?.name, cookie?.httpOnly, others], ['session', true, []]);
}

async function write(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await visitor.follow('New');
  await visitor.submit({ Body: BODY }, 'Save');
  assert.deepEqual(await flashed(page), ['Title is required.']);
  assert.equal(await page.getByLabel('Body').inputValue(), BODY);
  await visitor.submit({ Title: TITLE }, 'Save');
  await page.waitForURL('/');
  assert.equal(await page.locator('article h3').innerText(), TITLE);
  // A form sends line ends as CRLF (HTML, "Constructing entry list"); a page has LF.
  assert.equal(await page.locator('article .body').textContent(), BODY);
}

async function edit(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await visitor.follow('Edit');
  assert.equal(await page.getByLabel('Title').inputValue(), TITLE);
  await visitor.submit({ Title: 'Plain' }, 'Save');
  await page.waitForURL('/');
  assert.deepEqual(await page.locator('article h3').allInnerTexts(), ['Plain']);
}

/** Another user sees the post, and may not change it; who is not logged in may not either. */
async function meddle(port: number, zoe: Visitor): Promise<void> {
  await zoe.follow('Edit');
  const { pathname } = new URL(zoe.page.url());
  await using max = await Visitor.of(browser, port);
  await max.page.goto(pathname);
  assert.equal(new URL(max.page.url()).pathname, '/auth/login');
  await max.page.goto('/auth/register');
  await max.submit(MAX, 'Register');
  await max.page.waitForURL('/auth/login');
  await max.submit(MAX, 'Log In');
  await max.page.waitForURL('/');
  assert.equal(await max.page.locator('article h3').innerText(), 'Plain');
  assert.equal(await max.page.getByRole('link', { name: 'Edit' }).count(), 0);
  assert.equal((await max.page.goto(pathname))?.status(), 403);
}

async function remove(page: Page): Promise<void> {
  const asked = page.waitForEvent('dialog').then(async (dialog) => {
    await dialog.accept();
    return dialog.message();
  });
  await page.getByRole('button', { name: 'Delete' }).click();
  assert.equal(await asked, 'Are you sure?');
  await page.waitForURL('/');
  assert.equal(await page.locator('article').count(), 0);
}

async function logOut(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await visitor.follow('Log Out');
  await page.getByRole('link', { name: 'Log In' }).waitFor();
  await page.goto('/create');
  assert.equal(new URL(page.url()).pathname, '/auth/login');
}

const flashed = (page: Page) => page.getByRole('alert').allInnerTexts();
