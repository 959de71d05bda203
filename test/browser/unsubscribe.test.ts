// The unsubscribe page in a real browser: by mouse, by keyboard, without scripts, in every language, on a phone, in the dark.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Base } from '../../src/roles/base.ts';
import type { Tracking } from '../../src/roles/tracking.ts';
import { letterLinks, openHits, writtenEvents } from '../support/hits.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const CHROMIUM = process.env['POSTINO_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const there = existsSync(CHROMIUM);
if (!there) console.log(`Browser tests are skipped: there is no Chromium at ${CHROMIUM}.`);
const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const LOGO = 'https://cdn.shop.example/logo.svg';
const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="44"><rect width="120" height="44"/></svg>';
const evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
const topics = { topic: 'Newsletter', topics: ['Newsletter', 'Offers'] };

describe.skipIf(!there)('the unsubscribe page', () => {
  let redis: TestRedis;
  let data = '';
  let base: Base;
  let tracking: Tracking;
  let browser: Browser;
  const pages: Page[] = [];
  const outside: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    data = mkdtempSync(join(tmpdir(), 'postino-page-'));
    ({ base, tracking } = await openHits({ redis, data, brand: { name: 'The Shop & Söhne', logo: LOGO } }));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: flags.split(' ') });
  }, 60_000);
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await tracking?.stop();
    await base?.close();
    await redis?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  async function show(
    facts: Parameters<typeof letterLinks>[1],
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB', ...options });
    const page = await context.newPage();
    pages.push(page);
    outside.length = 0;
    complaints.length = 0;
    const own = `http://127.0.0.1:${tracking.port}`;
    await page.route(
      (url) => url.origin !== own,
      (route) => {
        outside.push(route.request().url());
        return route.fulfill({ contentType: 'image/svg+xml', body: picture });
      },
    );
    page.on('console', (line) => {
      if (line.type() === 'error' && !line.text().includes('status of 4')) complaints.push(line.text());
    });
    await page.goto(own + new URL(letterLinks(base, facts).unsubscribe()).pathname);
    return page;
  }
  /** Waits for the page whose heading it is. */
  const comesTo = (page: Page, name: string): Promise<void> =>
    page.getByRole('heading', { level: 1, name }).waitFor();
  const isSuppressed = (address: string, topic?: string) =>
    base.suppressions.isSuppressed('default', address, topic);

  test('asks, stops all mail, and takes it back, without a script', async () => {
    const recipient = 'all@example.net';
    const page = await show({ recipient });
    expect(await page.title()).toBe('Unsubscribe – The Shop & Söhne');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Unsubscribe');
    expect(await page.textContent('main')).toContain('a***@example.net');
    expect(await page.content()).not.toContain('all@example.net');
    expect(await isSuppressed(recipient)).toBe(false);
    await page.getByRole('button', { name: 'Unsubscribe' }).click();
    await comesTo(page, 'You are unsubscribed');
    expect(await isSuppressed(recipient)).toBe(true);
    await page.reload(); // the browser sends the form again
    expect(await isSuppressed(recipient)).toBe(true);
    await page.getByRole('button', { name: 'Subscribe again' }).click();
    await comesTo(page, 'You are subscribed again');
    expect(await isSuppressed(recipient)).toBe(false);
    const events = (await writtenEvents(base)).filter((event) => event.recipient === recipient);
    expect([...new Map(events.map((event) => [event.id, event.how])).values()]).toEqual([
      'page',
      'resubscribe',
    ]);
    expect(outside.every((url) => url === LOGO)).toBe(true);
    expect(complaints).toEqual([]);
  }, 30_000);

  test('can be used by keyboard alone: boxes, the button, what is missing', async () => {
    const recipient = 'keys@example.net';
    const page = await show({ recipient, ...topics });
    const box = (name: string | RegExp) => page.getByRole('checkbox', { name });
    expect(await page.getByRole('group', { name: 'No longer send' }).isVisible()).toBe(true);
    expect(await box('Newsletter').isChecked()).toBe(true);
    expect(await box('Offers').isChecked()).toBe(false);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toBe('Please tick at least one box.');
    expect(await isSuppressed(recipient, 'Newsletter')).toBe(false);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter'); // in a form it sends
    await comesTo(page, 'You are unsubscribed');
    expect(await page.getByRole('listitem').allTextContents()).toEqual(['Offers']);
    expect(await isSuppressed(recipient, 'Offers')).toBe(true);
    expect(await isSuppressed(recipient, 'Newsletter')).toBe(false);
    expect(complaints).toEqual([]);
  }, 30_000);

  test.each([
    ['it-IT', 'it', 'Annulla l’iscrizione'],
    ['de-AT', 'de', 'Abmelden'],
    ['fr-FR', 'fr', 'Se désabonner'],
    ['es-MX', 'es', 'Darse de baja'],
    ['nl-NL', 'en', 'Unsubscribe'],
  ])(
    'speaks to a browser in %s',
    async (locale, lang, heading) => {
      const page = await show({ recipient: 'words@example.net', ...topics }, { locale });
      expect(await page.locator('html').getAttribute('lang')).toBe(lang);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(heading);
      expect(await page.getByRole('button').textContent()).toBe(heading);
    },
    30_000,
  );

  test('nothing that a sender wrote runs, even where scripts may', async () => {
    const page = await show(
      { recipient: `"${evil}"@example.net`, topic: evil, topics: [evil, '</label>'] },
      { javaScriptEnabled: true },
    );
    await page.getByRole('button').click();
    await comesTo(page, 'You are unsubscribed');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.getByRole('listitem').allTextContents()).toEqual([evil]);
    expect(complaints).toEqual([]);
    expect(outside.every((url) => url === LOGO)).toBe(true);
  }, 30_000);

  test.each([
    ['a desktop by day', { viewport: { width: 1200, height: 800 }, colorScheme: 'light' }],
    ['a desktop by night', { viewport: { width: 1200, height: 800 }, colorScheme: 'dark' }],
    ['a small phone by day', { viewport: { width: 320, height: 640 }, colorScheme: 'light' }],
    ['a small phone by night', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
  ] as const)(
    'can be read on %s',
    async (_, options) => {
      const page = await show(
        { recipient: `${'long'.repeat(15)}@${'very-long-'.repeat(6)}name.example`, topic: 'x'.repeat(100) },
        { ...options, javaScriptEnabled: true },
      );
      for (const step of ['ask', 'done'] as const) {
        if (step === 'done') {
          await page.getByRole('button').click();
          await comesTo(page, 'You are unsubscribed');
        }
        const found = await page.evaluate<Measured>(measure);
        expect(found.contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
        expect(found.contrasts.length).toBeGreaterThan(4);
        expect(found.overflow).toBeLessThanOrEqual(0);
        expect(found.smallest).toBeGreaterThanOrEqual(44);
      }
      // A box has a frame that can be seen, and focus is shown (WCAG 2.2, 1.4.11 and 2.4.7).
      await page.keyboard.press('Tab');
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    },
    30_000,
  );

  test('a link that is none of ours, and one that is too old, say so', async () => {
    const page = await show({ recipient: 'x@example.net' });
    const response = await page.goto(`${page.url()}x`);
    expect(response?.status()).toBe(404);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This link does not work');
    expect(complaints).toEqual([]);
  }, 30_000);
});

type Measured = Readonly<{
  contrasts: readonly Readonly<{ text: string; ratio: number }>[];
  /** Pixels by which the page is wider than the window. */
  overflow: number;
  /** Height in pixels of the smallest thing to press. */
  smallest: number;
}>;

/** Runs in the page: the contrast of every text with what lies behind it (WCAG 2.2, 1.4.3), and sizes. */
const measure = `(() => {
  const light = (color) => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (!/, 0\\)$|transparent/.test(backgroundColor)) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.querySelectorAll('main *')].filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''));
  const contrasts = texts.map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
    return { text: one.textContent, ratio: (a + 0.05) / (b + 0.05) };
  });
  const presses = [...document.querySelectorAll('button, label')].map((one) => one.getBoundingClientRect().height);
  const { scrollWidth, clientWidth } = document.documentElement;
  return { contrasts, overflow: scrollWidth - clientWidth, smallest: Math.min(...presses) };
})()`;
