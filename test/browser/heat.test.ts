// A finished message in a real browser: shown from the archive, with its clicks on it, hostile as it is, and sent again.
import { mkdirSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import process from 'node:process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD, startApi, type Client, type TestApi } from '../support/api.ts';
import { buildDashboard, hasBrowser, logIn, obstacles, startBrowser, visit } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { startSmallWorld, type World } from '../support/world.ts';

/** Where pictures go, for people to look at; "": nowhere. */
const PICTURES = process.env['POSTINO_TEST_PICTURES'] ?? '';
const HTML = [
  '<html><head><style>span{display:none} a{color:#06c}</style></head><body style="font-family:sans-serif">',
  '<h1>Spring sale</h1><p>Dear [name], everything must go.</p>',
  '<p><a href="https://shop.example/shoes?utm=1">Shoes</a> <a href="https://shop.example/bags">Bags</a>',
  '<a href="https://shop.example/hats" title="> <script>top.pwned=1</script>">Hats</a></p>',
  '<script>top.pwned = 1; parent.document.title = "pwned"</script><img src="https://evil.example/x.gif" onerror="top.pwned=1">',
  '<a href="https://shop.example/shoes">Once more: shoes</a><form action="https://evil.example/"><button>x</button></form>',
  '</body></html>',
].join('\n');

describe.skipIf(!hasBrowser)('a finished message', () => {
  let world: World<'one' | 'two'>;
  let api: TestApi;
  let client: Client;
  let browser: Browser;
  let id = '';

  beforeAll(async () => {
    buildDashboard();
    world = await startSmallWorld();
    api = await startApi({
      roles: ['http', 'delivery'],
      dns: world.dns.server,
      config: {
        delivery: { mxPort: world.mxPort },
        tracking: { host: '127.0.0.1', port: 0, url: 'http://click.test:8081' },
        transports: [{ name: 'ip1', address: '127.0.0.1', pool: 'default' }],
        domains: [{ name: 'shop.example' }],
        users: [
          {
            name: 'shop',
            password: 'long-Secret-17',
            domains: ['shop.example'],
            archive: '30d',
            defaults: { clicks: 'html' },
          },
        ],
      },
    });
    client = await api.client();
    const sent = await client.post('/messages', {
      user: 'shop',
      from: 'orders@shop.example',
      to: ['ann@one.test'],
      subject: 'Spring sale',
      html: HTML,
      campaign: 'spring',
      recipientData: { 'ann@one.test': { name: 'Ann' } },
    });
    id = String(sent.json.id);
    await until(async () => (await client.get(`/messages/${id}-1/kept`)).json?.where === 'archive', 90_000);
    await clickOn(world.mx.one.messages[0]?.data.toString() ?? '');
    await until(
      async () => (await client.get(`/messages/${id}-1`)).json.deliveries[0].row.clicks === 5,
      30_000,
    );
    // The first reading of a mail may take longer than it may, where the machine is busy.
    await until(async () => (await client.get(`/messages/${id}-1/heat`)).status === 200, 60_000);
    browser = await startBrowser();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await api?.close();
    await world?.close();
  });

  /** The first link three times, the second twice, as somebody with a browser. */
  async function clickOn(letter: string): Promise<void> {
    const text = letter.replace(/=\r\n/g, '').replaceAll('=3D', '=');
    const links = [...text.matchAll(/href="http:\/\/click\.test:8081(\/t\/[^"]+)"/g)].map(
      ([, path]) => path ?? '',
    );
    expect(links.length).toBeGreaterThanOrEqual(3);
    const port = api.relay.running.tracking?.port ?? 0;
    for (const path of [links[0], links[0], links[0], links[1], links[1]]) {
      const headers = {
        host: 'click.test:8081',
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
      };
      const status = await new Promise<number | undefined>((resolve, reject) => {
        httpGet({ host: '127.0.0.1', port, path, headers }, (answer) =>
          resolve(answer.resume().statusCode),
        ).on('error', reject);
      });
      expect(status).toBeLessThan(400);
    }
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (PICTURES === '') return;
    mkdirSync(PICTURES, { recursive: true });
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
  }

  /** Where the machine is so busy that a mail is not read in time, the page is looked at again, as people do. */
  async function marks(page: Page, button: string): Promise<readonly string[]> {
    const frame = page.frameLocator('iframe.mail');
    for (let tries = 0; tries < 4; tries++) {
      await page.getByRole('button', { name: button }).click();
      // In a frame without scripts nothing can wait for us.
      const are = until(async () => (await frame.locator('a > span').count()) === 4, 8_000);
      if (await are.then(() => true).catch(() => false)) break;
      await page.reload();
    }
    return frame.locator('a > span:visible').allTextContents();
  }

  test('its clicks stand on it, and it does nothing of what it would like to', async () => {
    const { page, complaints, outside } = await visit(browser, api.url, {
      viewport: { width: 1280, height: 900 },
    });
    await logIn(page, api.url, ADMIN_PASSWORD);
    await page.goto(`${api.url}/messages/${id}-1?view=view`);
    expect(await marks(page, 'With its clicks')).toEqual(['3 · 60%', '2 · 40%', '0 · 0%', '0 · 0%']);
    const text = await page.frameLocator('iframe.mail').locator('body').innerText();
    expect(text).toContain('Dear Ann');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.title()).not.toContain('pwned');
    expect(await obstacles(page)).toEqual([]);
    await picture(page, 'heat-desktop-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture(page, 'heat-desktop-dark');
    await page.goto(`${api.url}/campaigns/spring?time=day`);
    expect(await marks(page, 'Show them on the message')).toEqual(['3 · 60%', '2 · 40%', '0 · 0%', '0 · 0%']);
    await picture(page, 'heat-campaign-dark');
    expect(complaints).toEqual([]);
    expect(outside).toEqual([]);
    await page.context().close();
  }, 120_000);

  test('it is sent again after one question, to somebody else, and each message leads to the other; in Italian, on a phone', async () => {
    const { page, complaints } = await visit(browser, api.url, {
      viewport: { width: 390, height: 844 },
      locale: 'it-IT',
    });
    await logIn(page, api.url, ADMIN_PASSWORD);
    await page.goto(`${api.url}/messages/${id}-1`);
    await page.getByRole('button', { name: 'Invia di nuovo' }).click();
    await picture(page, 'resend-phone-question');
    const question = page.getByRole('dialog');
    await question.getByLabel('A', { exact: true }).fill('bea');
    await question.getByRole('button', { name: 'Invia di nuovo' }).click();
    await question.getByRole('alert').first().waitFor();
    await question.getByLabel('A', { exact: true }).fill('bea@one.test');
    await question.getByRole('button', { name: 'Invia di nuovo' }).click();
    await until(() => world.mx.one.messages.length === 2, 20_000);
    expect(world.mx.one.messages[1]?.to).toBe('bea@one.test');
    const link = page.getByRole('link', { name: 'Al nuovo messaggio' });
    await link.waitFor();
    expect(await obstacles(page)).toEqual([]);
    await picture(page, 'resend-phone-done');
    const address = await link.getAttribute('href');
    await until(
      async () => (await client.get(`/messages/${address?.split('/').at(-1)}`)).status === 200,
      20_000,
    );
    await link.click();
    await page.getByRole('link', { name: 'Al messaggio precedente' }).click();
    await page.waitForURL(`**/messages/${id}-1`);
    await page.goto(`${api.url}/messages/${id}-1?view=view`);
    await marks(page, 'Con i clic');
    await picture(page, 'heat-phone-it');
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 120_000);
});
