// A real browser at the dashboard of a real relay: logged in or not, with every complaint of the page written down.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';

const CHROMIUM = process.env['POSTINO_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** False where there is no Chromium: the tests are then left out, and say so. */
export const hasBrowser = existsSync(CHROMIUM);
if (!hasBrowser) console.log(`Browser tests are skipped: there is no Chromium at ${CHROMIUM}.`);

/** Builds what the relay serves, where its sources have changed. */
export function buildDashboard(): void {
  execFileSync(process.execPath, ['src/http/dashboard/build.mjs', '--if-stale'], { stdio: 'inherit' });
}

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: flags.split(' ') });

export type Watched = Readonly<{
  page: Page;
  /** Console errors, exceptions and violations of the policy, without those that a stranger's mail causes in its frame. */
  complaints: string[];
  /** Addresses on other hosts that something asked for. */
  outside: string[];
}>;

/** A fresh visitor. */
export async function visit(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Rome', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const outside: string[] = [];
  // A request that the policy stops never reaches the network, so none may be seen here.
  await page.route(
    (url) => url.origin !== origin,
    (route) => {
      outside.push(route.request().url());
      return route.abort();
    },
  );
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (line) => {
    const inFrame =
      /\/(?:html|view|heat|previews\/[\w-]+)(?:\?.*)?$/.test(line.location().url) ||
      line.text().includes('evil.example');
    // The browser itself reports answers such as 401 and 404, which pages are made for.
    const isAnswer = line.text().startsWith('Failed to load resource');
    if (line.type() === 'error' && !inFrame && !isAnswer) complaints.push(line.text());
  });
  return { page, complaints, outside };
}

/** Logs in on the page, and waits for the frame. */
export async function logIn(page: Page, origin: string, password: string, name = 'admin'): Promise<void> {
  await page.goto(origin);
  await page.fill('input[name=name]', name);
  await page.fill('input[name=password]', password);
  await page.click('button[type=submit]');
  await page.waitForSelector('main.page h1');
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What an assistive program would stumble over on the page as it is, serious things only. */
export async function obstacles(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(axe, 'utf8'));
  const found: unknown = await page.evaluate(
    `axe.run(document, { exclude: [['iframe.mail']], iframes: false }).then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
  );
  if (!Array.isArray(found)) throw new Error('axe found no list');
  return found.map(String);
}

/** Nothing sticks out of the screen to the side. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const [wide, screen] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, innerWidth]',
  );
  expect(wide).toBeLessThanOrEqual(screen);
}

export type Look = Readonly<{
  /** A page of somebody who has logged in. */
  as: Page;
  origin: string;
  path: string;
  colorScheme: 'light' | 'dark';
  width: number;
  /** What is there when the page is. */
  heading?: string;
  /** How long it has to fill. */
  settleMs?: number;
}>;

/** Looks at a page as it is at a width and in a colour: nothing is in the way, nothing runs over, nobody complains. */
export async function expectFitToSee(
  browser: Browser,
  { as, origin, path, colorScheme, width, heading = 'main.page h1, main.page h2', settleMs = 1000 }: Look,
): Promise<void> {
  const { page, complaints } = await visit(browser, origin, {
    storageState: await as.context().storageState(),
    colorScheme,
    viewport: { width, height: 850 },
  });
  await page.goto(origin + path);
  await page.waitForSelector(heading);
  await page.waitForTimeout(settleMs);
  expect(await obstacles(page)).toEqual([]);
  await expectNoOverflow(page);
  expect(complaints).toEqual([]);
  await page.context().close();
}
