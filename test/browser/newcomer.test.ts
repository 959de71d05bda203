// The newcomer's road in a real browser, by words and buttons alone, from the first start on; the time of each step is printed.
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  buildDashboard,
  hasBrowser,
  obstacles,
  startBrowser,
  visit,
  type Watched,
} from '../support/browser.ts';
import { startRelay, type Relay } from '../support/relay.ts';
import { startSignedReceiver, typesOf, type SignedReceiver } from '../support/signed-receiver.ts';

/** Somebody at a desk; programs that look at mail say other things. */
const PERSON =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** As long as somebody looks at a page before they press a key for it to load again. */
const SOON = { timeout: 15_000 };

describe.skipIf(!hasBrowser)('the road of a newcomer', () => {
  let relay: Relay;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let origin = '';
  let receiver: SignedReceiver;
  let beganAt = 0;
  /** Whoever lost the way takes no further step. */
  let isLost = false;
  const shown = { host: '', port: 0, user: '', password: '', secret: '' };
  const times: (readonly [step: string, ms: number])[] = [];

  const button = (name: string): Locator => page.getByRole('button', { name, exact: true }).first();
  const dialog = (): Locator => page.getByRole('dialog');
  const rail = (name: string): Promise<void> =>
    page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).first().click();
  const main = (): Locator => page.getByRole('main');
  const heading = (name: string): Promise<void> =>
    main().getByRole('heading', { level: 1, name }).waitFor(SOON);
  const send = (to: string, subject: string, html = '<p>Thank you.</p>'): Promise<unknown> =>
    createTransport({
      // The name that the page shows is in no DNS here.
      host: '127.0.0.1',
      port: shown.port,
      requireTLS: true,
      tls: { servername: shown.host, rejectUnauthorized: false },
      auth: { user: shown.user, pass: shown.password },
    }).sendMail({ from: 'orders@shop.example', to, subject, html });

  /** A step of the road; whatever page it ends on must be fit for everybody. */
  const step = (name: string, walk: () => Promise<void>): void =>
    test(
      name,
      async (context) => {
        if (isLost) context.skip();
        isLost = true;
        const began = performance.now();
        await walk();
        times.push([name, performance.now() - began]);
        expect(await obstacles(page)).toEqual([]);
        isLost = false;
      },
      60_000,
    );

  beforeAll(async () => {
    buildDashboard();
    receiver = await startSignedReceiver();
    beganAt = performance.now();
    relay = await startRelay({
      config: {
        // As a fresh installation: nobody has declared anything.
        adminPassword: undefined,
        users: undefined,
        domains: undefined,
        transports: undefined,
        // What docs/webhooks.md says for receivers on one's own network.
        webhooks: { http: true, ports: [receiver.port], networks: ['127.0.0.0/8'] },
      },
    });
    times.push(['the first start', performance.now() - beganAt]);
    origin = `http://127.0.0.1:${relay.ports.http}`;
    browser = await startBrowser();
    watched = await visit(browser, origin);
    page = watched.page;
  }, 120_000);
  afterEach(() => expect([watched.complaints, watched.outside]).toEqual([[], []]));
  afterAll(async () => {
    for (const [name, ms] of times) console.log(`${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`);
    console.log(`${(times.reduce((sum, [, ms]) => sum + ms, 0) / 1000).toFixed(1).padStart(6)} s  in all`);
    await browser?.close();
    await relay?.close();
    await receiver?.close();
  });

  step('log in with the password that the first start made', async () => {
    const file = /Passwords +(\S+)/.exec(relay.log())?.[1] ?? '';
    const password = /^page \(admin\): (\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    await page.goto(origin);
    await page.getByText('the name is “admin”').waitFor(SOON);
    await page.getByLabel('Name').fill('admin');
    await page.getByLabel('Password').fill(password);
    await button('Log in').click();
    await heading('Now');
    await main().getByText('Send a first message').waitFor(SOON);
  });

  step('make a domain', async () => {
    await main().getByRole('link', { name: 'Add a domain' }).click();
    await dialog().getByLabel('Domain').fill('shop.example');
    await dialog().getByRole('button', { name: 'Add and make keys' }).click();
    await heading('shop.example');
    await main().getByText('Signature (DKIM)').first().waitFor(SOON);
  });

  step('make a user, and keep its password', async () => {
    await main().getByRole('link', { name: 'Add a user' }).click();
    await dialog().getByLabel('Name').fill('webshop');
    await expect.poll(() => dialog().getByLabel('May send from').inputValue(), SOON).toBe('shop.example');
    await dialog().getByLabel('Count opens and clicks').check();
    await dialog().getByRole('button', { name: 'Add', exact: true }).click();
    shown.password = (await dialog().locator('code').textContent(SOON)) ?? '';
    expect(shown.password.length).toBeGreaterThan(11);
    await dialog().getByRole('button', { name: 'I have kept it' }).click();
  });

  step('read the settings off the guide', async () => {
    await heading('Set-up guides');
    await main().getByRole('link', { name: 'WordPress' }).click();
    await heading('WordPress');
    const fields = async (name: string): Promise<string> =>
      (await main().locator(`dt:text-is("${name}") + dd`).first().textContent()) ?? '';
    shown.host = await fields('SMTP Host');
    shown.port = Number(await fields('SMTP Port'));
    shown.user = await fields('SMTP Username');
    expect(shown).toMatchObject({ host: 'relay.test', port: relay.ports.starttls, user: 'webshop' });
  });

  step('send through SMTP, and see it arrive live', async () => {
    await rail('Now');
    await heading('Now');
    await main().getByText('Each event as it happens').waitFor(SOON);
    const html =
      '<h1>Thank you</h1><p><a href="https://shop.example/orders/17">Your order</a></p><p>Your invoice is 1182.</p>';
    await send('anna.rossi@example.net', 'Your invoice 1182', html);
    await main().getByRole('link', { name: 'anna.rossi@example.net' }).first().waitFor(SOON);
    await main().getByText('Caught by the sandbox instead of being sent').first().waitFor(SOON);
  });

  let links: readonly string[] = [];
  step('read it as the recipient gets it', async () => {
    await rail('Sandbox');
    await main().getByRole('link', { name: 'Your invoice 1182' }).click();
    const letter = page.frameLocator('iframe');
    await letter.getByRole('heading', { name: 'Thank you' }).waitFor(SOON);
    await page.getByRole('tab', { name: 'Links' }).click();
    const link = main()
      .getByRole('link', { name: `http://localhost:${relay.ports.tracking}/` })
      .first();
    const clicked = (await link.getAttribute('href', SOON)) ?? '';
    await page.getByRole('tab', { name: 'Source' }).click();
    const source = await page.getByRole('tabpanel').locator('pre').textContent(SOON);
    links = [pixelIn(source ?? ''), clicked];
  });

  step('open and click it, and see the statistics move', async () => {
    await rail('Statistics');
    const figure = (name: string): Locator =>
      main()
        .getByRole('row', { name })
        .or(main().locator('.tile', { hasText: name }))
        .first();
    await figure('Accepted').waitFor(SOON);
    const before = await main().textContent();
    const [pixel = '', link = ''] = links;
    expect((await visitAsPerson(pixel)).status).toBe(200);
    const followed = await visitAsPerson(link);
    expect([followed.status, followed.headers.get('location')]).toEqual([
      302,
      'https://shop.example/orders/17',
    ]);
    await expect.poll(() => main().textContent(), SOON).not.toBe(before);
    const said = main().locator('.bars, dl, table').first();
    await expect.poll(() => said.textContent(), SOON).toMatch(/Opened.*1/s);
  });

  step('find it by a part of the name, and read the answer', async () => {
    await page.getByRole('searchbox', { name: 'Search messages' }).fill('rossi');
    await page.keyboard.press('Enter');
    await main().getByRole('link', { name: 'anna.rossi@example.net' }).click(SOON);
    await main().getByText('Opened once. One link clicked.').waitFor(SOON);
  });

  step('make a webhook, and see its test signed and received', async () => {
    await rail('Webhooks');
    await button('Add a webhook').click();
    await dialog().getByLabel('Name').fill('shop');
    await dialog().getByLabel('Address').fill(`http://127.0.0.1:${receiver.port}/hooks`);
    await dialog().getByRole('button', { name: 'Add', exact: true }).click();
    shown.secret = (await dialog().locator('code').textContent(SOON)) ?? '';
    await dialog().getByRole('button', { name: 'I have kept it' }).click();
    await heading('shop');
    await button('Send a test').click();
    await dialog().getByText('The receiver took it.').waitFor(SOON);
    await page.keyboard.press('Escape');
    expect(receiver.got(shown.secret)).toMatchObject([{ isSigned: true }]);
  });

  step('the next message comes to the receiver, too', async () => {
    await send('bruno@example.net', 'Your order 18');
    await expect
      .poll(() => typesOf(receiver.got(shown.secret), 'bruno@example.net'), SOON)
      .toEqual(['accepted', 'delivered']);
    expect(receiver.got(shown.secret).every(({ isSigned }) => isSigned)).toBe(true);
    expect(receiver.got('whsec_bm90LXRoZS1zZWNyZXQ=').some(({ isSigned }) => isSigned)).toBe(false);
    await expect.poll(() => main().getByText('2 events').count(), SOON).toBeGreaterThan(0);
  });

  step('suppress an address: mail to it is refused, and the page says why', async () => {
    await rail('Suppressions');
    await button('Suppress an address').click();
    await dialog().getByLabel('Address').fill('carla@example.net');
    await dialog().getByLabel('Why').fill('She asked us by telephone');
    await dialog().getByRole('button', { name: 'Suppress', exact: true }).click();
    await main().getByText('She asked us by telephone').waitFor(SOON);
    await expect(send('carla@example.net', 'Your order 19')).rejects.toThrow(/550 5\.7\.1/);
    await page.getByRole('searchbox', { name: 'Search messages' }).fill('carla@example.net');
    await page.keyboard.press('Enter');
    await main().getByText('carla@example.net is on the suppression list').waitFor(SOON);
  });

  step('pause a transport: what comes waits, and the page says why', async () => {
    await rail('Transports');
    await main().getByRole('link', { name: 'sandbox' }).first().click();
    await heading('sandbox');
    await button('Pause').click();
    await main().getByText('Paused', { exact: true }).first().waitFor(SOON);
    await send('dora@example.net', 'Your order 20');
    await page.getByRole('searchbox', { name: 'Search messages' }).fill('dora');
    await page.keyboard.press('Enter');
    await main().getByRole('link', { name: 'dora@example.net' }).click(SOON);
    await main().getByText('It waits: somebody paused the transport sandbox.').waitFor(SOON);
  });

  step('let it go on, and see the message leave by itself', async () => {
    await main().getByRole('link', { name: 'To the transport' }).click();
    await heading('sandbox');
    await button('Resume').click();
    await page.goBack();
    await main().getByText('Caught by the sandbox today').first().waitFor({ timeout: 30_000 });
  });
});

/** The address of the picture that tells of opens, in a letter's source with its quoted-printable lines. */
function pixelIn(source: string): string {
  const text = source.replace(/=\r?\n/g, '').replace(/=3D/gi, '=');
  return (/<img[^>]+src="(http:\/\/localhost:[^"]+)"/.exec(text)?.[1] ?? '').replaceAll('&amp;', '&');
}

const visitAsPerson = (url: string): Promise<Response> =>
  fetch(url.replace('//localhost', '//127.0.0.1'), {
    redirect: 'manual',
    headers: { 'user-agent': PERSON, accept: 'text/html,image/*', 'accept-language': 'it-IT,it' },
  });
