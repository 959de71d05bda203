// The pages for setting up and running, in a real browser at a real relay: a newcomer's domain, user, webhook and key; a paused transport, a suppressed address.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildDashboard,
  expectFitToSee,
  hasBrowser,
  logIn,
  startBrowser,
  visit,
  type Watched,
} from '../support/browser.ts';
import { startRelay, type Relay } from '../support/relay.ts';
import { sendMail } from '../support/sender.ts';

describe.skipIf(!hasBrowser)('the pages for setting up and running', () => {
  let relay: Relay;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let origin = '';
  let password = '';

  const press = (name: string | RegExp): Promise<void> => page.getByRole('button', { name }).first().click();
  const inDialog = (name: string): Promise<void> =>
    page.locator('dialog[open]').getByRole('button', { name, exact: true }).click();
  const goTo = async (path: string): Promise<void> => {
    await page.goto(origin + path);
    await page.waitForSelector('main.page h1');
  };

  beforeAll(async () => {
    buildDashboard();
    relay = await startRelay({
      config: {
        transports: [
          { name: 'sandbox', kind: 'sandbox', pool: 'default' },
          { name: 'out1', address: '127.0.1.1', pool: 'shop', warmup: { day: 9 } },
        ],
        users: [{ name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'], pool: 'shop' }],
      },
    });
    origin = `http://127.0.0.1:${relay.ports.http}`;
    browser = await startBrowser();
    watched = await visit(browser, origin, { permissions: ['clipboard-read', 'clipboard-write'] });
    page = watched.page;
    await logIn(page, origin, relay.adminPassword);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await relay?.close();
  });

  test('a newcomer makes a domain, and sees which of its DNS records are there', async () => {
    await goTo('/domains');
    await press('Add a domain');
    await page.fill('dialog[open] input[name=name]', 'no domain');
    await inDialog('Add and make keys');
    await expect.poll(() => page.textContent('dialog[open] .wrong')).toContain('must be a domain name');
    await page.fill('dialog[open] input[name=name]', 'New.Example');
    await inDialog('Add and make keys');
    await expect.poll(() => page.textContent('main h1')).toBe('new.example');
    // The world of this test has no DNS.
    await expect.poll(() => page.textContent('.records'), { timeout: 20_000 }).toContain('No answer');
    expect(await page.textContent('.records')).toContain('._domainkey.new.example');
    await page.locator('.record').first().getByRole('button', { name: 'Copy Name' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/\._domainkey\.new\.example$/);
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('then a user, whose password is shown once, and a guide with all that is to be filled in', async () => {
    await goTo('/users');
    await press('Add a user');
    await page.fill('dialog[open] input[name=name]', 'newshop');
    await page.fill('dialog[open] input[name=domains]', 'new.example');
    await page.locator('dialog[open] select').selectOption('default');
    await inDialog('Add');
    await page.waitForSelector('.secret code');
    password = (await page.textContent('.secret code')) ?? '';
    expect(password.length).toBeGreaterThan(11);
    await inDialog('I have kept it');
    await page.waitForSelector('.picks a');
    expect(new URL(page.url()).search).toContain('user=newshop');
    await page.getByRole('link', { name: 'WordPress' }).click();
    await page.waitForSelector('.fill');
    const shown = await page.textContent('.steps');
    for (const part of ['relay.test', String(relay.ports.starttls), 'newshop', 'you@new.example'])
      expect(shown).toContain(part);
    expect(await page.content()).not.toContain(password);
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('mail goes in with what the guide says', async () => {
    const user = { name: 'newshop', password };
    const data = 'From: you@new.example\r\nTo: ann@example.net\r\nSubject: First\r\n\r\nHello\r\n';
    const port = relay.ports.plain;
    await sendMail({ port, user, mail: 'you@new.example', rcpt: ['ann@example.net'], data });
    const found = async (): Promise<string | null> => {
      await page.goto(`${origin}/messages?q=ann%40example.net`);
      await page.waitForSelector('tbody tr, main .empty');
      return page.textContent('main');
    };
    await expect.poll(found, { timeout: 30_000, interval: 1000 }).toContain('First');
  }, 60_000);

  test('all guides can be read in both languages, and nothing is left open in them', async () => {
    for (const language of ['it', 'en']) {
      await goTo('/guides?user=newshop');
      await page.locator('.rail.beside select').selectOption(language);
      await page.waitForSelector('.picks a');
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.picks a')].map((one) => one.pathname)",
      );
      expect(links.length).toBe(16);
      const { starttls, implicit, plain } = relay.ports;
      for (const [turn, link] of links.entries()) {
        const port = [starttls, implicit, plain][turn % 3];
        await page.goto(`${origin}${link}?user=newshop&port=${port}`);
        await page.waitForSelector('.steps');
        const text = (await page.textContent('.steps')) ?? '';
        expect(text, link).toContain('relay.test');
        expect(text, link).toContain(String(port));
        expect(text, link).not.toMatch(/undefined|\[object/);
      }
    }
    expect(watched.complaints).toEqual([]);
  }, 180_000);

  test('a webhook: its secret is shown once, a test says what went wrong, the log has request and answer', async () => {
    await goTo('/webhooks');
    await press('Add a webhook');
    await page.fill('dialog[open] input[name=name]', 'app');
    await page.fill('dialog[open] input[name=url]', 'https://127.0.0.1:9/hook');
    await inDialog('Add');
    // Addresses within are refused: a webhook is no way into the network.
    await page.waitForSelector('dialog[open] .notice.bad, .secret code');
    if ((await page.locator('.secret code').count()) === 0) {
      await page.fill('dialog[open] input[name=url]', 'https://hooks.example/mail');
      await inDialog('Add');
    }
    await page.waitForSelector('.secret code');
    const secret = (await page.textContent('.secret code')) ?? '';
    expect(secret).toMatch(/^whsec_/);
    await inDialog('I have kept it');
    await expect.poll(() => page.textContent('main h1')).toBe('app');
    await press('Send a test');
    await page.waitForSelector('dialog[open] .notice', { timeout: 20_000 });
    expect(await page.textContent('dialog[open] .notice')).toContain('did not take it');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.log li');
    await page.locator('.log summary').first().click();
    expect(await page.textContent('.log pre')).toContain('webhook-signature');
    expect(await page.content()).not.toContain(secret);
    await press('Pause');
    await expect.poll(() => page.textContent('main .page-head')).toContain('Paused');
    await press('Go on');
    await expect.poll(() => page.textContent('main .page-head')).not.toContain('Paused');
    expect(watched.complaints).toEqual([]);
  }, 90_000);

  test('a key: shown once, works, and is refused when it is deleted', async () => {
    await goTo('/keys');
    await press('Make a key');
    await page.fill('dialog[open] input[name=name]', 'invoices');
    await inDialog('Make');
    await page.waitForSelector('.secret code');
    const key = (await page.textContent('.secret code')) ?? '';
    await inDialog('I have kept it');
    const ask = async (): Promise<number> =>
      (await fetch(`${origin}/api/v1/session`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await ask()).toBe(200);
    await press('Delete invoices');
    await inDialog('Delete');
    await page.waitForSelector('main .empty');
    await expect.poll(ask).toBe(401);
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('an address is suppressed, found, and lifted, which can be taken back', async () => {
    await goTo('/suppressions');
    await press('Suppress an address');
    await page.fill('dialog[open] input[name=address]', 'bob@example.net');
    await page.fill('dialog[open] input[name=reason]', '<img src=x onerror=window.pwned=1>');
    await inDialog('Suppress');
    await page.waitForSelector('tbody tr');
    await press('Lift');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(0);
    await press('Undo');
    await page.waitForSelector('tbody tr');
    await page.fill('main input[type=search]', 'bob@example.net');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.textContent('tbody')).toContain('<img src=x');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    await goTo('/suppressions?address=free%40example.net');
    await expect.poll(() => page.textContent('main .empty')).toContain('is not suppressed');
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('a transport is paused, which can be taken back; put into quarantine with a reason, and released', async () => {
    await goTo('/transports/out1');
    await page.waitForSelector('.chart canvas');
    await press('Pause');
    await expect.poll(() => page.textContent('main .page-head .status')).toBe('Paused');
    await press('Undo');
    await expect.poll(() => page.textContent('main .page-head .status')).toBe('Warming up');
    await press('Quarantine');
    await page.fill('dialog[open] input[name=reason]', 'trying it');
    await inDialog('Quarantine');
    await expect.poll(() => page.textContent('main .page-head .status')).toBe('In quarantine');
    expect(await page.textContent('main .notice')).toContain('trying it');
    await press('Release');
    await inDialog('Release');
    await expect.poll(() => page.textContent('main .page-head .status')).not.toBe('In quarantine');
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  const views = [
    ['/domains/new.example', 'light', 390],
    ['/domains', 'dark', 1280],
    ['/users', 'light', 1280],
    ['/users/newshop', 'dark', 390],
    ['/guides', 'light', 390],
    ['/guides/exchange?user=newshop', 'dark', 1280],
    ['/guides/php?user=newshop', 'light', 360],
    ['/transports', 'dark', 390],
    ['/transports/out1', 'light', 1280],
    ['/suppressions', 'light', 390],
    ['/recipients', 'dark', 390],
    ['/recipients/ann%40example.net', 'light', 1280],
    ['/quarantine', 'light', 1280],
    ['/webhooks', 'dark', 1280],
    ['/webhooks/app', 'light', 390],
    ['/keys', 'light', 1280],
    ['/members', 'dark', 390],
    ['/alerts', 'light', 390],
    ['/settings', 'dark', 1280],
    ['/settings?view=checks', 'light', 390],
    ['/settings?view=processes', 'dark', 390],
    ['/settings?view=limits', 'light', 1920],
  ] as const;
  test.each(views)(
    '%s, %s, %i pixels wide: no obstacle, no overflow, no complaint',
    (path, colorScheme, width) => expectFitToSee(browser, { as: page, origin, path, colorScheme, width }),
    60_000,
  );

  test('who sees one user alone sees the pages that are theirs, and none of the others', async () => {
    await goTo('/members');
    await press('Add a member');
    await page.fill('dialog[open] input[name=name]', 'carla');
    await page.locator('dialog[open] select').first().selectOption('user');
    await page.locator('dialog[open] select').nth(1).selectOption('newshop');
    await inDialog('Add');
    await page.waitForSelector('.secret code');
    const secret = (await page.textContent('.secret code')) ?? '';
    const carla = await visit(browser, origin);
    await logIn(carla.page, origin, secret, 'carla');
    const links = await carla.page.locator('.rail.beside nav a').allTextContents();
    expect(links).toContain('Set-up guides');
    for (const hidden of ['Users', 'Transports', 'Settings', 'Members', 'Alerts', 'Quarantine'])
      expect(links).not.toContain(hidden);
    for (const path of ['/guides/python', '/webhooks', '/keys', '/suppressions', '/domains']) {
      await carla.page.goto(origin + path);
      await carla.page.waitForSelector('main.page h1');
      await carla.page.waitForTimeout(500);
      expect(await carla.page.locator('.notice.bad').count(), path).toBe(0);
    }
    await carla.page.goto(`${origin}/settings`);
    await expect.poll(() => carla.page.textContent('main')).toContain('There is no such page');
    expect([carla.outside, carla.complaints]).toEqual([[], []]);
    await carla.page.context().close();
  }, 60_000);
});
