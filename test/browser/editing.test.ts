// What can be changed in the dashboard, in a real browser at a real relay: templates with a preview, pools, transports, webhooks, people, roles, one's password; by keyboard, and in Italian.
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
import { startFakeDns, type FakeDns } from '../support/fake-dns.ts';
import { makeClient, type Client } from '../filled/client.ts';
import { startRelay, type Relay } from '../support/relay.ts';

describe.skipIf(!hasBrowser)('changing things in the dashboard', () => {
  let relay: Relay;
  let dns: FakeDns;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let client: Client;
  let origin = '';

  const press = (name: string | RegExp): Promise<void> =>
    page.locator('main').getByRole('button', { name }).first().click();
  const inDialog = (name: string): Promise<void> =>
    page.locator('dialog[open]').getByRole('button', { name, exact: true }).click();
  const goTo = async (path: string): Promise<void> => {
    await page.goto(origin + path);
    await page.waitForSelector('main.page h1');
  };
  const text = (selector: string): Promise<string | null> => page.textContent(selector);

  beforeAll(async () => {
    buildDashboard();
    dns = await startFakeDns({});
    relay = await startRelay({
      world: { dns, mxPort: 9 },
      config: {
        transports: [
          { name: 'out1', address: '127.0.1.1', pool: 'shop' },
          { name: 'out3', address: '127.0.1.3', pool: 'spare' },
        ],
        users: [{ name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'], pool: 'shop' }],
      },
    });
    origin = `http://127.0.0.1:${relay.ports.http}`;
    client = await makeClient(origin, relay.adminPassword);
    browser = await startBrowser();
    watched = await visit(browser, origin);
    page = watched.page;
    await logIn(page, origin, relay.adminPassword);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await relay?.close();
    await dns?.close();
  });

  test('a template is written, seen as it would arrive, and saved in versions', async () => {
    await client.ask('PATCH', '/recipients/anna%40example.net', {
      name: 'Anna Rossi',
      fields: { city: 'Torino' },
    });
    await goTo('/templates');
    expect(await text('main .empty')).toContain('No template yet');
    await press('Add a template');
    await page.fill('dialog[open] input[name=name]', 'order');
    await inDialog('Add and write it');
    await expect.poll(() => text('main h1')).toBe('order');
    await page.fill('input[name=subject]', 'Order [order]');
    await page.fill(
      'textarea[name=html]',
      '<h1>Dear [name|friend] of [city]</h1><script>top.pwned = 1</script><img src="https://evil.example/x.gif" onerror="top.pwned = 1">',
    );
    const frame = page.frameLocator('iframe.mail');
    await expect
      .poll(() => frame.locator('h1').textContent(), { timeout: 20_000 })
      .toBe('Dear friend of [city]');
    expect(await text('main')).toContain('There is no value for "order", "city"');
    await page.fill('input[name=to]', 'anna@example.net');
    await page.fill('textarea[name=data]', 'order = 1182');
    await expect
      .poll(() => frame.locator('h1').textContent(), { timeout: 20_000 })
      .toBe('Dear Anna Rossi of Torino');
    expect(await text('main')).toContain('Order 1182');
    expect(await page.locator('iframe.mail').getAttribute('sandbox')).toBe('');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    await press('Save as a new version');
    await expect.poll(() => text('.page-head select')).toContain('Version 2, the latest');
    expect(await page.getByRole('button', { name: 'Save as a new version' }).isDisabled()).toBe(true);
    await page.locator('.page-head select').selectOption('1');
    await expect.poll(() => page.inputValue('textarea[name=html]')).toContain('Write here');
    await press('Make it the latest again');
    await expect.poll(() => text('.page-head select')).toContain('Version 3, the latest');
    expect([watched.complaints, watched.outside]).toEqual([[], []]);
  }, 90_000);

  test('a mistake of a template is told, and Liquid goes through lists', async () => {
    await goTo('/templates');
    await press('Add a template');
    await page.fill('dialog[open] input[name=name]', 'news');
    await page.locator('dialog[open] select').selectOption('liquid');
    await inDialog('Add and write it');
    await expect.poll(() => text('main h1')).toBe('news');
    await page.fill('textarea[name=html]', '<ul>{% for one in items %}<li>{{ one }}</li>{% endfor %}</ul>');
    await page.fill('textarea[name=data]', 'items = ["tea", "<b>milk"]');
    const frame = page.frameLocator('iframe.mail');
    await expect
      .poll(() => frame.locator('li').allTextContents(), { timeout: 20_000 })
      .toEqual(['tea', '<b>milk']);
    await page.fill('textarea[name=html]', '{% for %}');
    await page.waitForSelector('.notice.bad', { timeout: 20_000 });
    expect(await text('.notice.bad')).toMatch(/template/i);
    expect(watched.complaints).toEqual([]);
  }, 90_000);

  test('pools: one is made, takes over for another, and goes when nothing belongs to it', async () => {
    await goTo('/transports');
    await press('Add a pool');
    await page.fill('dialog[open] input[name=name]', 'reserve');
    await inDialog('Add');
    await expect.poll(() => text('main')).toContain('reserve');
    await press('Change shop');
    await page.locator('dialog[open] select').first().selectOption('spare');
    await page.locator('dialog[open] select').nth(1).selectOption('hold');
    await inDialog('Save');
    await expect
      .poll(() => page.locator('tr', { hasText: 'hold the mail' }).textContent())
      .toContain('spare');
    await press('Delete reserve');
    await inDialog('Delete');
    await expect.poll(() => text('main')).not.toContain('reserve');
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('a transport: weight, pool and name change; a password of another relay is never shown', async () => {
    await goTo('/transports/out1');
    // What the configuration file declares, only the file changes.
    await expect.poll(() => text('main dl.pairs')).toContain('the configuration file');
    expect(await page.locator('main').getByRole('button', { name: 'Change' }).count()).toBe(0);
    await client.ask('POST', '/transports', { name: 'out2', address: '127.0.1.2', pool: 'spare' });
    await goTo('/transports/out2');
    await press('Change');
    await page.fill('dialog[open] input[name=weight]', '7');
    await page.fill('dialog[open] input[name=ehlo]', 'out2.example.com');
    await page.locator('dialog[open] summary').click();
    await page.fill('dialog[open] input[name=host]', 'smtp.example.net');
    await page.fill('dialog[open] input[name=username]', 'relay');
    await page.fill('dialog[open] input[name=password]', 'relay-Secret-5');
    await inDialog('Save');
    await expect.poll(() => text('main dl.pairs')).toContain('out2.example.com');
    await press('Change');
    expect(await page.inputValue('dialog[open] input[name=weight]')).toBe('7');
    expect(await page.inputValue('dialog[open] input[name=password]')).toBe('');
    expect(await page.content()).not.toContain('relay-Secret-5');
    await page.fill('dialog[open] input[name=weight]', '8');
    await inDialog('Save');
    await expect.poll(() => text('main dl.pairs')).toContain('8');
    const shown = JSON.stringify(await client.ask('GET', '/transports/out2'));
    expect(shown).toContain('"username":"relay","password":"sealed"');
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('a webhook gets another address and fewer events', async () => {
    await client.ask('POST', '/webhooks', { name: 'app', url: 'https://hooks.example/a' });
    await goTo('/webhooks/app');
    await press('Change');
    await page.fill('dialog[open] input[name=url]', 'http://hooks.example/b');
    await inDialog('Save');
    await expect.poll(() => text('dialog[open] .notice')).toContain('must begin with https');
    await page.fill('dialog[open] input[name=url]', 'https://hooks.example/b');
    await page.locator('dialog[open]').getByLabel('Refused').check();
    await page.fill('dialog[open] input[name=batchSize]', '10');
    await inDialog('Save');
    await expect.poll(() => text('main dl.pairs')).toContain('https://hooks.example/b');
    expect(await client.ask('GET', '/webhooks/app')).toMatchObject({ types: ['bounced'], batchSize: 10 });
    await client.ask('POST', '/webhooks', {
      name: 'old',
      url: 'https://hooks.example/old',
      shape: 'smtpplus',
      user: 'shop',
      parameters: { mail: '[Email]' },
    });
    await goTo('/webhooks/old');
    await press('Change');
    expect(await page.inputValue('dialog[open] textarea')).toBe('mail = [Email]');
    await page.fill('dialog[open] textarea', 'to = [Email]');
    await page.locator('dialog[open] select').first().selectOption('');
    await page.locator('dialog[open] select').nth(1).selectOption('GET');
    await inDialog('Save');
    await expect.poll(() => text('main dl.pairs')).toContain('All');
    const old = await client.ask('GET', '/webhooks/old');
    expect(old).toMatchObject({ method: 'GET', parameters: { to: '[Email]' } });
    expect(old).not.toHaveProperty('user');
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('what merge tags say of a person changes, a field goes, another comes', async () => {
    await goTo('/recipients/anna%40example.net');
    await press('Change');
    await page.fill('dialog[open] textarea', 'country = Italy\nmotto = a\\nb');
    await inDialog('Save');
    await expect.poll(() => text('main dl.pairs')).toContain('Italy');
    expect(await client.ask('GET', '/recipients/anna%40example.net')).toMatchObject({
      name: 'Anna Rossi',
      fields: { country: 'Italy', motto: 'a\nb' },
    });
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test('a member gets another role; all by keyboard, and Escape closes what is open', async () => {
    await client.ask('POST', '/members', { name: 'bruno', role: 'viewer', password: 'bruno-Secret-1' });
    await goTo('/members');
    const button = page.locator('tr', { hasText: 'bruno' }).getByRole('button', { name: 'Role' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('dialog[open]').count()).toBe(0);
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Role');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]');
    for (let turn = 0; turn < 4; turn++) {
      if ((await page.evaluate('document.activeElement.tagName')) === 'SELECT') break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('tr', { hasText: 'bruno' }).textContent()).toContain('Operator');
    expect(watched.complaints).toEqual([]);
  }, 60_000);

  test("one's own password changes: other sessions end, this one goes on", async () => {
    const bruno = await visit(browser, origin);
    const elsewhere = await visit(browser, origin);
    for (const one of [bruno, elsewhere]) await logIn(one.page, origin, 'bruno-Secret-1', 'bruno');
    await bruno.page.goto(`${origin}/account`);
    await bruno.page.fill('input[name=password]', 'wrong');
    await bruno.page.fill('input[name=newPassword]', 'bruno-Secret-2');
    await bruno.page.fill('input[name=again]', 'bruno-Secret-3');
    expect(await bruno.page.textContent('.wrong')).toContain('not the same');
    await bruno.page.fill('input[name=again]', 'bruno-Secret-2');
    await bruno.page.click('main button[type=submit]');
    await expect.poll(() => bruno.page.textContent('main .notice')).toContain('wrong');
    await bruno.page.fill('input[name=password]', 'bruno-Secret-1');
    await bruno.page.click('main button[type=submit]');
    await expect.poll(() => bruno.page.textContent('body')).toContain('You have a new password');
    // The page goes on with its new token.
    await bruno.page.goto(`${origin}/suppressions`);
    await bruno.page.waitForSelector('main.page h1');
    await elsewhere.page.goto(`${origin}/suppressions`);
    await elsewhere.page.waitForSelector('input[name=password]');
    expect([bruno.complaints, elsewhere.complaints]).toEqual([[], []]);
    for (const one of [bruno, elsewhere]) await one.page.context().close();
  }, 60_000);

  test('who sees one user alone proves a domain by its DNS, and has it then', async () => {
    // A user of the configuration file gets its domains there.
    await client.ask('POST', '/users', { name: 'newshop', domains: ['new.example'], pool: 'shop' });
    await client.ask('POST', '/members', {
      name: 'carla',
      role: 'user',
      user: 'newshop',
      password: 'carla-Secret-1',
    });
    const { page: own, complaints } = await visit(browser, origin);
    await logIn(own, origin, 'carla-Secret-1', 'carla');
    await own.goto(`${origin}/domains?add=1`);
    await own.fill('dialog[open] input[name=name]', 'carla.example');
    await own.locator('dialog[open]').getByRole('button', { name: 'Add and make keys' }).click();
    await own.waitForSelector('dialog[open] .record');
    const [name = '', value = ''] = await own.locator('dialog[open] .record code').allTextContents();
    expect([name, value]).toEqual(['_postino.carla.example', expect.stringMatching(/^postino-proof=/)]);
    dns.table.set(name, { txt: [value], ttl: 0 });
    await expect
      .poll(
        async () => {
          const again = own.locator('dialog[open]').getByRole('button', { name: 'Look again and add' });
          if ((await again.count()) > 0) await again.click();
          return own.textContent('main h1');
        },
        { timeout: 30_000, interval: 1000 },
      )
      .toBe('carla.example');
    expect(complaints).toEqual([]);
    await own.context().close();
  }, 90_000);

  test('in Italian the server speaks Italian, too', async () => {
    const { page: own, complaints } = await visit(browser, origin, { locale: 'it-IT' });
    await logIn(own, origin, relay.adminPassword);
    await own.goto(`${origin}/members`);
    await own.locator('main').getByRole('button', { name: 'Aggiungi' }).click();
    await own.fill('dialog[open] input[name=name]', 'carla');
    await own.locator('dialog[open] form button[type=submit]').click();
    await expect
      .poll(() => own.textContent('dialog[open] .notice'))
      .toBe('C’è già un membro di nome carla; scegli un altro nome.');
    await own.fill('dialog[open] input[name=name]', 'NON BUONO');
    await own.locator('dialog[open] form button[type=submit]').click();
    await expect.poll(() => own.textContent('dialog[open] .wrong')).toContain('lettere minuscole');
    expect(complaints).toEqual([]);
    await own.context().close();
  }, 60_000);

  test.each([
    ['/templates', 'light', 390],
    ['/templates/order', 'dark', 390],
    ['/templates/order', 'light', 1280],
    ['/transports', 'light', 360],
    ['/transports/out2', 'dark', 390],
    ['/members', 'light', 1280],
    ['/account', 'dark', 390],
    ['/account', 'light', 1280],
  ] as const)(
    '%s, %s, %i pixels wide: no obstacle, no overflow, no complaint',
    (path, colorScheme, width) =>
      expectFitToSee(browser, {
        as: page,
        origin,
        path,
        colorScheme,
        width,
        heading: 'main.page h1',
        settleMs: 1500,
      }),
    60_000,
  );
});
