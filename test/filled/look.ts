// Takes pictures of every page of the dashboard, wide and on a phone, light and dark, in both languages, and says what axe finds.
// usage: node test/filled/look.ts <folder> [--at <origin>] [--built <folder>] [--only "<name of a view>,…"] [<page>…]
// Without --at it starts the filled relay itself. --built serves another build of the dashboard than the relay's own.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { logIn, obstacles, startBrowser } from '../support/browser.ts';
import { startFilled } from './relay.ts';

const PASSWORD = 'admin-Secret-19';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const pages = [
  '/',
  '/messages',
  '/messages?q=rossi',
  '/sandbox',
  '/statistics',
  '/campaigns',
  '/campaigns/autumn',
  '/domains',
  '/domains/shop.example',
  '/users',
  '/users/shop',
  '/guides',
  '/guides/wordpress?user=shop',
  '/webhooks',
  '/webhooks/warehouse',
  '/templates',
  '/templates/order-confirmed',
  '/keys',
  '/transports',
  '/transports/out3',
  '/suppressions',
  '/suppressions?address=luca.conti@libero.it',
  '/recipients',
  '/recipients/anna.rossi@libero.it',
  '/quarantine',
  '/alerts',
  '/members',
  '/settings',
  '/account',
] as const;

type View = Readonly<{
  name: string;
  width: number;
  height: number;
  colorScheme: 'light' | 'dark';
  locale: string;
}>;

const views: readonly View[] = [
  { name: 'wide-light-en', width: 1280, height: 800, colorScheme: 'light', locale: 'en-GB' },
  { name: 'phone-light-it', width: 390, height: 844, colorScheme: 'light', locale: 'it-IT' },
  { name: 'wide-dark-it', width: 1280, height: 800, colorScheme: 'dark', locale: 'it-IT' },
  { name: 'phone-dark-en', width: 390, height: 844, colorScheme: 'dark', locale: 'en-GB' },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { at: { type: 'string' }, built: { type: 'string' }, only: { type: 'string' } },
});
const [folder = 'screens', ...wanted] = positionals;
const filled = values.at === undefined ? await startFilled() : undefined;
const origin = values.at ?? `http://127.0.0.1:${filled?.relay.ports.http}`;
mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
try {
  const shown = views.filter(
    ({ name }) => values.only === undefined || values.only.split(',').includes(name),
  );
  for (const view of shown) await lookAt(browser, view);
} finally {
  await browser.close();
  await filled?.close();
}

async function lookAt(from: Browser, view: View): Promise<void> {
  const { name, width, height, ...options } = view;
  const context = await from.newContext({
    viewport: { width, height },
    timezoneId: 'Europe/Rome',
    ...options,
  });
  if (values.built !== undefined) await serve(context, values.built);
  const page = await context.newPage();
  page.on('pageerror', (error) => console.log(`${name}: ${error.message}`));
  await logIn(page, origin, PASSWORD);
  for (const path of wanted.length === 0 ? pages : wanted) await picture(page, name, path);
  await context.close();
}

async function picture(page: Page, view: string, path: string): Promise<void> {
  await page.goto(origin + path);
  await page.waitForSelector('main.page :is(h1, .empty)');
  const waits = page.locator('main .skeleton').first();
  await waits.waitFor({ state: 'hidden', timeout: 8000 }).catch(() => {
    console.log(`${view} ${path}: still waits`);
  });
  await page.waitForTimeout(400);
  const sides = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
  if (sides[0] > sides[1]) console.log(`${view} ${path}: sticks out by ${sides[0] - sides[1]} px`);
  for (const one of await obstacles(page)) console.log(`${view} ${path}: ${one}`);
  const file = path.replace(/[^\w.-]+/g, '_').replace(/^_$/, '_now');
  await page.screenshot({ path: join(folder, `${file}.${view}.png`), fullPage: true });
}

/** The files of another build, as the relay would send them. */
async function serve(context: BrowserContext, built: string): Promise<void> {
  await context.route(
    (url) => url.origin === origin && !/^\/(?:api|page)\//.test(url.pathname),
    (route) => {
      const { pathname } = new URL(route.request().url());
      const file = join(built, pathname.startsWith('/assets/') ? pathname : 'index.html');
      if (!existsSync(file)) return route.abort();
      return route.fulfill({ body: readFileSync(file), contentType: TYPES[extname(file)] ?? 'text/plain' });
    },
  );
}
