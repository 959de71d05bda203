// The page in a real browser: log in, read a hostile message, delete it; nothing runs and nothing is fetched.
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD, startPage, type TestPage } from '../support/page.ts';

const CHROMIUM = process.env['POSTINO_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const there = existsSync(CHROMIUM);
if (!there) console.log(`Browser tests are skipped: there is no Chromium at ${CHROMIUM}.`);
const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const evil = `<html><head><meta http-equiv="refresh" content="0;url=https://evil.example/">
<script>top.pwned = 1; document.title = 'pwned'</script><link rel="stylesheet" href="https://evil.example/a.css">
<style>@import url(https://evil.example/b.css); body { background: url(https://evil.example/c.png) }</style></head>
<body onload="top.pwned = 1"><h1>Invoice</h1><img src="https://evil.example/d.gif" onerror="top.pwned = 1">
<svg onload="top.pwned = 1"></svg><iframe src="javascript:top.pwned=1"></iframe><object data="https://evil.example/e"></object>
<form action="/api/v1/sandbox" method="post"><button>Pay</button></form><a href="javascript:top.pwned=1">link</a></body></html>`;
const subject = '<img src=x onerror="window.pwned=1">';
const message = [
  `From: "<script>window.pwned=1</script>" <shop@shop.example>`,
  'To: ann@example.net',
  `Subject: ${subject}`,
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html; charset=utf-8',
  '',
  evil,
  '--b',
  'Content-Type: text/html',
  'Content-Disposition: attachment; filename="<b>x.html"',
  '',
  '<script>top.pwned=1</script>',
  '--b--',
  '',
].join('\r\n');

describe.skipIf(!there)('the page', () => {
  let server: TestPage;
  let browser: Browser;
  let page: Page;
  const outside: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await startPage();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: flags.split(' ') });
    page = await browser.newPage();
    // A request that the policy stops never reaches the network, so none may be seen here.
    await page.route(
      (url) => url.origin !== server.url,
      (route) => {
        outside.push(route.request().url());
        return route.abort();
      },
    );
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => {
      const ours = !line.location().url.endsWith('/html') && !line.text().includes('evil.example');
      if (line.type() === 'error' && ours && !line.text().includes('/html')) complaints.push(line.text());
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('asks for the password, and shows the inbox after it', async () => {
    await page.goto(server.url);
    expect(new URL(page.url()).pathname).toBe('/login');
    await page.fill('#password', 'wrong');
    await page.click('button[type=submit]');
    expect(await page.textContent('[role=alert]')).toBe('That is not the password. Please try again.');
    complaints.length = 0; // the browser reports that 401 itself
    await page.fill('#password', PASSWORD);
    await page.click('button[type=submit]');
    await page.waitForSelector('#empty:not([hidden]) code');
    expect(await page.textContent('#empty')).toContain('swaks --server localhost:2525 --tls');
    expect(await page.textContent('#queue')).toBe('Queue: 2 waiting, 1 sending');
  }, 30_000);

  test('shows a message that arrives, and nothing in it runs or loads', async () => {
    server.sandbox.add(message, { id: 'EVIL-1', subject });
    await page.waitForSelector('#messages a', { timeout: 15_000 });
    expect(await page.textContent('#messages .subject')).toBe(subject);
    await page.click('#messages a');
    const frame = page.frameLocator('#panel iframe');
    expect(await frame.locator('h1').textContent({ timeout: 15_000 })).toBe('Invoice');
    await frame.locator('a').click();
    await frame.locator('button').click();
    await page.waitForTimeout(300);
    expect(await page.getAttribute('#panel iframe', 'sandbox')).toBe('');
    expect(await page.textContent('#panel .notice')).toContain('are not loaded');
    await page.getByRole('tab', { name: 'Links' }).click();
    await page.waitForSelector('#panel .links');
    expect(await page.textContent('#panel .links')).toBe('javascript:top.pwned=1 link');
    expect(await page.locator('#panel a').count()).toBe(0);
    for (const tab of ['Text', 'Headers', 'Source']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.waitForTimeout(200);
    }
    expect(await page.textContent('#panel pre')).toContain('<script>top.pwned = 1');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.title()).toBe('Sandbox – Postino');
    expect(outside).toEqual([]);
    expect(complaints).toEqual([]);
  }, 30_000);

  test('links are listed with where they lead, and open in a tab that knows nothing of the page', async () => {
    const hostile =
      '<a href=" HTTPS://Click.Example/t/c/x?a=1&amp;b=2 ">Open  your\n order</a> <a href="data:text/html,<script>1</script>">data</a>' +
      '<a href="//evil.example/">no scheme</a><a href="mailto:a@b.example">mail</a><a href="https://пример.example/\u202Egpj"><img src="https://evil.example/i.gif"></a>' +
      '<a href="https://one.example/"><script>top.pwned = 1</script></a><base href="https://evil.example/"><a href="x">y</a>';
    const raw = ['Content-Type: text/html; charset=utf-8', 'Subject: Links', '', hostile, ''].join('\r\n');
    server.sandbox.add(raw, { id: 'LINKS-1', subject: 'Links' });
    await page.goto(`${server.url}/#m/LINKS-1`);
    await page.waitForSelector('.message-head h2:text-is("Links")');
    await page.getByRole('tab', { name: 'Links' }).click();
    await page.waitForSelector('#panel .links');
    expect(await page.locator('#panel .links li').allTextContents()).toEqual([
      'https://click.example/t/c/x?a=1&b=2 Open your order',
      'data:text/html,<script>1</script> data',
      '//evil.example/ no scheme',
      'mailto:a@b.example mail',
      'https://xn--e1afmkfd.example/%E2%80%AEgpj',
      expect.stringMatching(/^https:\/\/one\.example\//),
      'x y',
    ]);
    expect(await page.locator('#panel a').count()).toBe(3);
    for (const link of await page.locator('#panel a').all())
      expect([await link.getAttribute('target'), await link.getAttribute('rel')]).toEqual([
        '_blank',
        'noopener noreferrer',
      ]);
    const opened: string[] = [];
    await page.context().route('https://click.example/**', (route) => {
      opened.push(`${route.request().url()} ${route.request().headers()['referer'] ?? 'no referrer'}`);
      return route.fulfill({
        contentType: 'text/html',
        body: '<script>document.title = String(window.opener)</script>',
      });
    });
    const popup = page.context().waitForEvent('page');
    await page.locator('#panel a').first().click();
    const tab = await popup;
    await expect.poll(() => tab.title()).toBe('null');
    expect(opened).toEqual(['https://click.example/t/c/x?a=1&b=2 no referrer']);
    await tab.close();
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect([outside, complaints]).toEqual([[], []]);
    await page.goto(`${server.url}/#m/EVIL-1`);
    await page.waitForSelector('.attachments a');
    await server.sandbox.remove('LINKS-1');
    // The list shows it until the page looks again, and who then opens it is told 404.
    await expect.poll(() => page.locator('#messages a').count(), { timeout: 10_000 }).toBe(1);
  }, 20_000);

  test('downloads an attachment and never opens it', async () => {
    const download = page.waitForEvent('download');
    await page.click('.attachments a');
    expect((await download).suggestedFilename()).toMatch(/x\.html$/);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
  }, 30_000);

  test('can be used by keyboard: tabs by arrow keys, a message by Enter', async () => {
    await page.getByRole('tab', { name: 'Source' }).click();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: 'HTML' }).getAttribute('aria-selected')).toBe('true');
    await page.goto(`${server.url}/#inbox`);
    await page.locator('#messages a').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.message-head h2');
    expect(new URL(page.url()).hash).toBe('#m/EVIL-1');
  }, 30_000);

  test('tells how to connect, deletes, and logs out', async () => {
    await page.click('#nav-connect');
    expect(await page.textContent('#connect')).toContain('WordPress');
    expect(await page.textContent('#connect')).toContain('2465');
    await page.click('#nav-inbox');
    await page.click('#clear');
    await page.click('#confirm button[value=yes]');
    await page.waitForSelector('#empty:not([hidden])');
    await expect.poll(async () => (await server.sandbox.list(0, 9)).total).toBe(0);
    expect(complaints).toEqual([]); // before the end of the session, which a refresh under way may meet with a 401
    await page.click('#logout');
    await page.waitForURL('**/login');
  }, 30_000);
});
