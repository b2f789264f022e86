/** A real browser: Debian's Chromium, without a window. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const PATIENCE_MS = 10_000;

/** @throws where there is none */
export function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(`there is no ${CHROMIUM}, and a real application is driven by it: install Debian's chromium`);
  return chromium.launch({ executablePath: CHROMIUM });
}

/** Somebody with cookies of their own and one page open. Dispose of it (`await using`), and it is closed as by its user. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  /** What a user would see to be broken: an answer of 400 or more, one that did not come, an error in a script. */
  readonly faults: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(`error in a script: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400) this.faults.push(`${response.status()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      const { errorText } = request.failure() ?? {};
      // Aborted is what the browser ended itself: it makes a download of it, or its user goes elsewhere.
      if (errorText !== 'net::ERR_ABORTED') this.faults.push(`${errorText} ${request.url()}`);
    });
  }

  /** @param port of loopback, whose paths the page goes to */
  static async of(browser: Browser, port: number): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: `http://127.0.0.1:${port}` });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Visitor(context, await context.newPage());
  }

  /** Fills in the fields of a form by their labels, and presses a button: resolves once the page that answers is there. */
  async submit(fields: Readonly<Record<string, string>>, button: string): Promise<void> {
    for (const [label, text] of Object.entries(fields)) await this.page.getByLabel(label, { exact: true }).fill(text);
    await this.#leaveBy(this.page.getByRole('button', { name: button, exact: true }));
  }

  /** Clicks on a link: resolves once its page is there. */
  async follow(link: string): Promise<void> {
    await this.#leaveBy(this.page.getByRole('link', { name: link, exact: true }));
  }

  /** A click alone resolves when the next page has not yet come, and what is read then is read of the last one. */
  async #leaveBy(target: Locator): Promise<void> {
    await Promise.all([this.page.waitForEvent('domcontentloaded'), target.click()]);
  }

  /** Cookies as the browser keeps them. */
  cookies(): ReturnType<BrowserContext['cookies']> {
    return this.#context.cookies();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#context.close();
  }
}
