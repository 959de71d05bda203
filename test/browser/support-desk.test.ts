// "Did Mrs Rossi get her invoice, and if not, why?": from the first page to one sentence, in two languages, the time printed.
import { get } from 'node:http';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildDashboard,
  hasBrowser,
  logIn,
  obstacles,
  startBrowser,
  visit,
  type Watched,
} from '../support/browser.ts';
import { startRelay, type Relay } from '../support/relay.ts';
import { sendMail } from '../support/sender.ts';
import { startWorld, type World } from '../support/world.ts';

const SOON = { timeout: 20_000 };
/** What a support person has. */
const MAX_MS = 30_000;
/** The program of a mail provider, which loads pictures whether somebody reads or not. */
const PROXY = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';

describe.skipIf(!hasBrowser)('at the support desk', () => {
  let world: World<'one'>;
  let relay: Relay;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let origin = '';
  const times: string[] = [];

  const main = (): Locator => page.getByRole('main');
  const send = async (to: string, subject: string): Promise<readonly string[]> =>
    sendMail({
      port: relay.ports.plain,
      user: { name: 'shop', password: 'shop-Secret-17' },
      mail: 'orders@shop.example',
      rcpt: [to],
      data: `From: Shop <orders@shop.example>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Your invoice.</p>\r\n`,
    });

  beforeAll(async () => {
    buildDashboard();
    world = await startWorld(
      { one: { name: 'mx.one.test', host: '127.0.0.41' } },
      { 'one.test': { mx: [[10, 'mx.one.test']] }, 'mx.one.test': { a: ['127.0.0.41'] } },
    );
    relay = await startRelay({
      world,
      config: {
        tracking: { url: 'http://click.relay.test' },
        users: [
          {
            name: 'shop',
            password: 'shop-Secret-17',
            domains: ['shop.example'],
            pool: 'shop',
            suppressed: 'drop',
            defaults: { opens: true },
          },
        ],
      },
    });
    await relay.cli(['suppression', 'add', 'dario.rossi@one.test', '--reason', 'asked us']);
    await send('anna.rossi@one.test', 'Invoice 1');
    await send('busy@one.test', 'Invoice 2 of Bruno Rossi');
    await send('missing@one.test', 'Invoice 3 of Carla Rossi');
    await send('dario.rossi@one.test', 'Invoice 4');
    await send('elsa.rossi@one.test', 'Invoice 5');
    await world.mx.one.taken(2);
    for (const { to, data } of world.mx.one.messages)
      if (to.includes('elsa')) await openAsProgram(data.toString('latin1'));
    origin = `http://127.0.0.1:${relay.ports.http}`;
    browser = await startBrowser();
    watched = await visit(browser, origin);
    page = watched.page;
    await logIn(page, origin, relay.adminPassword);
  }, 120_000);
  afterAll(async () => {
    for (const time of times) console.log(time);
    await browser?.close();
    await relay?.close();
    await world?.close();
  });

  async function openAsProgram(data: string): Promise<void> {
    const text = data.replace(/=\r?\n/g, '').replace(/=3D/gi, '=');
    const pixel = /<img[^>]+src="http:\/\/click\.relay\.test(\/[^"]+)"/.exec(text)?.[1] ?? '';
    const options = {
      host: '127.0.0.1',
      port: relay.ports.tracking,
      path: pixel,
      headers: { 'user-agent': PROXY, host: 'click.relay.test' },
    };
    const status = await new Promise((resolve, reject) => {
      get(options, (answer) => resolve(answer.resume().statusCode)).once('error', reject);
    });
    expect(status).toBe(200);
  }

  /** From the first page on, as somebody does who was never here; what they read in the list and on the message's page. */
  async function lookUp(sought: string, row: RegExp): Promise<Readonly<{ list: string; answer: string }>> {
    await page.goto(origin);
    await page.getByRole('searchbox').fill(sought);
    await page.keyboard.press('Enter');
    const found = main().getByRole('row').filter({ hasText: row }).first();
    await found.waitFor(SOON);
    const list = (await found.textContent()) ?? '';
    await found.getByRole('link').first().click();
    await main().locator('.answer .sentence').waitFor(SOON);
    return { list, answer: (await main().locator('.answer').textContent()) ?? '' };
  }

  const cases = [
    [
      'delivered: a part of the name',
      'anna rossi',
      /anna\.rossi@/,
      /Delivered to one\.test today at/,
      /Delivered to one\.test today at \d.*; its server mx\.one\.test accepted it with the words “(?:250 )?2\.0\.0/,
      /Consegnato a one\.test oggi alle \d.*; il suo server mx\.one\.test l'ha accettato con le parole «/,
    ],
    [
      'deferred: a name that stands in the subject',
      'Mr Bruno Rossi',
      /busy@/,
      /did not take it yet: .*We try again (?:today|tomorrow) at \d/,
      /one\.test did not take it yet: .*We try again (?:today|tomorrow) at \d.*answered:/s,
      /one\.test non l'ha ancora preso: .*Riproviamo (?:oggi|domani) alle \d.*ha risposto:/s,
    ],
    [
      'bounced: a word of the subject',
      'Carla',
      /missing@/,
      /Refused by one\.test today at .*: the mailbox does not exist/,
      /Refused by one\.test today at .*: the mailbox does not exist\..*What to do: Ask the recipient for the right address/s,
      /Rifiutato da one\.test oggi alle .*: la casella non esiste\..*Che cosa fare: Chiedi al destinatario l’?'?indirizzo/s,
    ],
    [
      'suppressed: the whole address',
      'dario.rossi@one.test',
      /dario\.rossi@/,
      /Not sent: the address is on the suppression list/,
      /Not sent: the address is on the suppression list\..*until it is taken off/s,
      /Non inviato: l'indirizzo è nella lista di soppressione\./,
    ],
    [
      'opened by a program alone: the beginning of the address',
      'elsa.rossi',
      /elsa\.rossi@/,
      /Delivered to one\.test .*whether somebody read it is not known/,
      /accepted it with the words .*The mail provider has loaded its pictures; whether somebody read it is not known/s,
      /Il provider ha caricato le immagini; se qualcuno l'ha letto non si sa/,
    ],
  ] as const;

  test.each(cases)(
    '%s',
    async (name, sought, row, inList, inEnglish, inItalian) => {
      // What was just sent takes a moment until it is found.
      await expect
        .poll(async () => (await lookUp(sought, row)).list, { timeout: 40_000, interval: 500 })
        .toMatch(inList);
      const began = performance.now();
      const { answer } = await lookUp(sought, row);
      const ms = performance.now() - began;
      times.push(`${(ms / 1000).toFixed(1).padStart(6)} s  ${name}: ${answer}`);
      expect(answer).toMatch(inEnglish);
      expect(ms).toBeLessThan(MAX_MS);
      expect(await obstacles(page)).toEqual([]);
      await page.locator('.rail.beside select').selectOption('it');
      await expect.poll(() => main().locator('.answer').textContent(), SOON).toMatch(inItalian);
      await page.locator('.rail.beside select').selectOption('en');
      expect([watched.complaints, watched.outside]).toEqual([[], []]);
    },
    90_000,
  );

  test('words that nothing has all of find what has one of them; nothing at all says what to do next', async () => {
    await page.goto(origin);
    await page.getByRole('searchbox').fill('Mrs Elsa Bianchi');
    await page.keyboard.press('Enter');
    await main().getByText('Nothing has all of these words').waitFor(SOON);
    expect(await main().getByRole('link', { name: 'elsa.rossi@one.test' }).count()).toBe(1);
    await page.getByRole('searchbox').fill('nobody@nowhere.example');
    await page.keyboard.press('Enter');
    await main().getByText('Nothing found').waitFor(SOON);
    expect(watched.complaints).toEqual([]);
  }, 60_000);
});
