// Unsubscribing through the whole relay: by one click, on the page, from topics; who looks and who only scans; what comes after.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { idIn, message } from '../../support/sender.ts';
import { loginOf, startTreated, type Arrived, type Treated } from '../../support/treated.ts';
import { until } from '../../support/until.ts';

let treated: Treated;

beforeAll(async () => {
  treated = await startTreated({
    users: {
      shop: {
        defaults: { unsubscribe: true, opens: true, clicks: 'all' },
        topicNames: { '1234': 'Angebote <wöchentlich>' },
      },
      dropper: { defaults: { unsubscribe: true }, suppressed: 'drop' },
      passer: { bypassSuppression: true },
    },
    config: {
      domains: [
        { name: 'shop.example', trackingHost: 'click.shop.example', brand: { name: 'Die Bäckerei' } },
      ],
    },
  });
});
afterAll(() => treated.close());

const ONE_CLICK = { method: 'POST', body: 'List-Unsubscribe=One-Click' } as const;
const HTML = ['MIME-Version: 1.0', 'Content-Type: text/html; charset=utf-8', 'Content-Language: de'];
const PAGE = '<p>x</p><a href="https://shop.example/x">x</a>\r\n';
let count = 0;

async function talk(to: string, fields: readonly string[] = [], user = 'shop'): Promise<readonly string[]> {
  const header = ['From: <news@shop.example>', `To: ${to}`, `Subject: News ${++count}`, ...HTML, ...fields];
  return treated.talk({ rcpt: [to], data: message(header, PAGE), user: loginOf(user) });
}

async function deliver(to: string, fields: readonly string[] = [], user = 'shop'): Promise<Arrived> {
  const nth = arrivals(to).length;
  expect(idIn(await talk(to, fields, user))).not.toBe('');
  await until(() => arrivals(to).length > nth);
  return treated.arrived(to);
}

const arrivals = (to: string): readonly unknown[] =>
  treated.world.mx.good.messages.filter((one) => one.to === to);
const eventsOf = (to: string, type: Event['type']): readonly Event[] =>
  treated.relay.events().filter((event) => event.recipient === to && event.type === type);

async function dropped(to: string, fields: readonly string[], user = 'shop'): Promise<Event> {
  const before = [arrivals(to).length, eventsOf(to, 'dropped').length] as const;
  expect(idIn(await talk(to, fields, user))).not.toBe('');
  await until(() => eventsOf(to, 'dropped').length > before[1]);
  expect(arrivals(to)).toHaveLength(before[0]);
  const [event] = eventsOf(to, 'dropped').slice(-1);
  if (!event) throw new Error('nothing was dropped');
  return event;
}

const unsubscribe = (letter: Arrived): ReturnType<Treated['visit']> =>
  treated.visit(letter.unsubscribe ?? '', ONE_CLICK);

describe('one click', () => {
  test('stops all mail of a message without a topic: 550 at RCPT', async () => {
    const to = 'all@mail.test';
    expect(await unsubscribe(await deliver(to))).toMatchObject({ status: 200 });
    const replies = await talk(to);
    expect(replies).toHaveLength(5); // greeting, EHLO, AUTH, MAIL, RCPT: it is refused there
    expect(replies.at(-1)).toMatch(/^550 5\.7\.1 This address is on your suppression list/);
    expect(await treated.event('unsubscribed', to)).toMatchObject({
      how: 'one-click',
      recipient: to,
      sender: 'orders@shop.example',
    });
  });

  test('or taken and dropped with an event, where the user wants that', async () => {
    const to = 'quiet@mail.test';
    await unsubscribe(await deliver(to, [], 'dropper'));
    expect((await dropped(to, ['X-Postino-Tag: t'], 'dropper')).tags).toEqual(['t']);
    expect(arrivals(to)).toHaveLength(1);
  });

  test('of a topic stops that topic, and mail of another and of none still arrives', async () => {
    const to = 'topics@mail.test';
    await unsubscribe(await deliver(to, ['X-Postino-Topic: Offers']));
    expect((await treated.event('unsubscribed', to)).topic).toBe('Offers');
    await dropped(to, ['X-Postino-Topic: Offers']);
    await dropped(to, ['X-SMTPAPI: {"asm_group_id": "Offers"}']);
    await deliver(to, ['X-Postino-Topic: Orders']);
    await deliver(to);
  });

  test('twice is once, and a stranger’s token is nobody’s', async () => {
    const to = 'doubled@mail.test';
    const letter = await deliver(to);
    for (const n of [1, 2]) expect([n, (await unsubscribe(letter)).status]).toEqual([n, 200]);
    const broken = (letter.unsubscribe ?? '').replace(/.{4}$/, 'AAAA');
    expect((await treated.visit(broken, ONE_CLICK)).status).toBe(404);
    await treated.event('unsubscribed', to);
    const ids = new Set(eventsOf(to, 'unsubscribed').map(({ id }) => id));
    expect(ids.size).toBe(1);
    expect(
      (await treated.visit((letter.unsubscribe ?? '').replace('click.shop', 'evil.shop'), ONE_CLICK)).status,
    ).toBe(421);
  });

  test('also stops what was taken before and waits', async () => {
    const to = 'waits@mail.test';
    const letter = await deliver(to);
    await talk(to, [`X-Postino-Send-At: ${new Date(Date.now() + 3000).toISOString()}`]);
    await unsubscribe(letter);
    await treated.event('dropped', to);
    expect(arrivals(to)).toHaveLength(1);
  });

  test('does not stop who may send past the list and says so', async () => {
    const to = 'must@mail.test';
    await unsubscribe(await deliver(to));
    expect((await talk(to, ['X-Postino-Bypass-Suppression: yes'])).at(-1)).toMatch(/^550/);
    await deliver(to, ['X-Postino-Bypass-Suppression: yes'], 'passer');
  });
});

describe('the page', () => {
  test('speaks for the sender, and looking at it changes nothing, whoever looks', async () => {
    const to = 'looks@mail.test';
    const { unsubscribe: address = '' } = await deliver(to);
    const page = await treated.visit(address);
    expect(page.body).toContain('Die Bäckerei');
    for (const agent of ['Mozilla/5.0', 'Barracuda Sentinel', 'curl/8'])
      for (const method of ['GET', 'HEAD'])
        expect((await treated.visit(address, { agent, method })).status).toBe(200);
    await deliver(to);
    expect(eventsOf(to, 'unsubscribed')).toEqual([]);
  });

  test('stops what is chosen on it, and takes it back', async () => {
    const to = 'chooses@mail.test';
    const topics = ['X-Postino-Topic: News', 'X-Postino-Topics: News, Offers'];
    const { unsubscribe: address = '' } = await deliver(to, topics);
    const form = (body: string): Promise<{ status: number }> =>
      treated.visit(address, { method: 'POST', body });
    expect((await form('do=stop&topic=1')).status).toBe(200);
    expect(await treated.event('unsubscribed', to)).toMatchObject({ topic: 'Offers', how: 'page' });
    await dropped(to, ['X-Postino-Topic: Offers']);
    await deliver(to, ['X-Postino-Topic: News']);
    expect((await form('do=resume&topic=1')).status).toBe(200);
    await until(() => eventsOf(to, 'unsubscribed').some(({ how }) => how === 'resubscribe'));
    await deliver(to, ['X-Postino-Topic: Offers']);
    await form('do=stop&all=1');
    expect((await talk(to, ['X-Postino-Topic: News'])).at(-1)).toMatch(/^550/);
  });
});

test('the page calls a topic by its name, and the list, the events and further mail by what the header says', async () => {
  const to = 'group@mail.test';
  const group = ['X-SMTPAPI: {"asm_group_id":1234,"asm_groups_to_display":[1234,5678]}'];
  const { unsubscribe: address = '' } = await deliver(to, group);
  const named = expect.stringMatching(/<bdi>Angebote &lt;wöchentlich&gt;<\/bdi>/);
  const shown = await treated.visit(address);
  expect(shown.body).toEqual(named);
  expect(shown.body).toContain('<bdi>5678</bdi>');
  expect(shown.body).not.toContain('1234</bdi>');
  expect((await treated.visit(address, { method: 'POST', body: 'do=stop&topic=0' })).body).toEqual(named);
  expect(await treated.event('unsubscribed', to)).toMatchObject({ topic: '1234', how: 'page' });
  await dropped(to, group);
});

test('who came is told: people, proxies of providers, and programs that follow links', async () => {
  const proxy = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
  const cases = [
    ['person', undefined, undefined],
    ['phone', phone, { device: 'mobile', os: expect.stringContaining('iOS') }],
    ['gmail', proxy, { machine: 'proxy' }],
    ['bot', 'Mozilla/5.0 (compatible; Barracuda Sentinel (EE))', { machine: 'scanner' }],
  ] as const;
  for (const [name, agent] of cases) {
    const { pixel = '', links } = await deliver(`${name}@mail.test`);
    const how = agent === undefined ? {} : { agent };
    if (name !== 'bot') await treated.visit(pixel, how);
    if (name !== 'gmail') await treated.visit(links.html[0] ?? '', how);
  }
  for (const [name, , wanted] of cases) {
    const event = await treated.event(name === 'gmail' ? 'opened' : 'clicked', `${name}@mail.test`);
    if (wanted === undefined) expect(event.machine).toBeUndefined();
    else expect(event).toMatchObject(wanted);
    expect(event.ip).toBe('127.0.0.1');
  }
});

test('a suppression is listed with its topic, and an operator may lift it', async () => {
  const to = 'lifted@mail.test';
  await unsubscribe(await deliver(to, ['X-Postino-Topic: Offers']));
  await treated.event('unsubscribed', to);
  const list = await treated.relay.cli(['suppression', 'list']);
  expect(list.stdout).toMatch(/lifted@mail\.test.*Offers|Offers.*lifted@mail\.test/);
  const lifted = await treated.relay.cli(['suppression', 'remove', to, '--topic', 'Offers']);
  expect([lifted.code, lifted.stderr]).toEqual([0, '']);
  await deliver(to, ['X-Postino-Topic: Offers']);
});
