// SMTP+'s aggregation policies through the whole relay: every event has the campaign, and single messages stay findable.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { campaignPolicies } from '../../../src/model/settings.ts';
import { message } from '../../support/sender.ts';
import { loginOf, startTreated, type Treated } from '../../support/treated.ts';

let treated: Treated;

beforeAll(async () => {
  treated = await startTreated({
    users: {
      shop: {},
      ...Object.fromEntries(
        campaignPolicies.map((campaigns) => [campaigns, { campaigns, defaults: { opens: true } }]),
      ),
    },
  });
  await Promise.all(
    campaignPolicies.map(async (policy) => {
      expect(await send(`by-${policy}@mail.test`, policy)).not.toBe('');
      const letter = await treated.arrived(`by-${policy}@mail.test`);
      await treated.visit(letter.pixel ?? '');
    }),
  );
});
afterAll(() => treated.close());

const HTML = ['MIME-Version: 1.0', 'Content-Type: text/html; charset=utf-8'];

async function send(to: string, user: string, fields: readonly string[] = []): Promise<string> {
  const header = [
    'From: =?utf-8?q?B=C3=BCro?= <Orders@shop.example>',
    `To: ${to}`,
    ...(fields.some((field) => field.startsWith('Subject:')) ? [] : ['Subject: Ticket [4711] solved']),
    ...HTML,
    ...fields,
  ];
  return treated.send({ rcpt: [to], data: message(header, '<p>x</p>\r\n'), user: loginOf(user) });
}

async function cli(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await treated.relay.cli(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const today = (): string => new Date().toISOString().slice(0, 10);

describe('a campaign by', () => {
  test.each([
    ['day', () => [today(), today()]],
    ['month', () => [today().slice(0, 7), expect.stringMatching(/^[A-Z][a-z]+ \d{4}$/)]],
    ['week', () => [expect.stringMatching(/^\d{4}-W\d\d$/), expect.stringMatching(/^Week \d+ of \d{4}$/)]],
    ['year', () => [today().slice(0, 4), today().slice(0, 4)]],
    ['subject', () => ['Ticket [4711] solved', 'Ticket [4711] solved']],
    ['dynamic-subject', () => ['Ticket solved', 'Ticket solved']],
    ['sender', () => ['orders@shop.example', 'orders@shop.example']],
    ['sender-name', () => ['Büro', 'Büro']],
    [
      'sender-subject',
      () => ['orders@shop.example Ticket [4711] solved', 'orders@shop.example Ticket [4711] solved'],
    ],
    ['user', () => ['user', 'user']],
  ] as const)('%s stands in every event, and in nothing that the recipient sees', async (policy, wanted) => {
    const to = `by-${policy}@mail.test`;
    const [campaign, campaignName] = wanted();
    const letter = await treated.arrived(to);
    for (const kind of ['accepted', 'delivered', 'opened'] as const)
      expect(await treated.event(kind, to)).toMatchObject({ campaign, campaignName });
    expect(letter.raw).not.toMatch(/campaign|Week \d+ of|ticket solved/i);
  });
});

describe('a code of the message', () => {
  test("wins over the policy, in SMTP+'s and in other dialects", async () => {
    const ways = {
      smtpplus: 'X-SMTPAPI: {"CampaignCode": "C-1", "CampaignName": "One"}',
      sparkpost: 'X-MSYS-API: {"campaign_id": "C-1"}',
      mailjet: 'X-Mailjet-Campaign: C-1',
      postino: 'X-Postino-Campaign: C-1',
    };
    for (const [way, field] of Object.entries(ways)) await send(`code-${way}@mail.test`, 'subject', [field]);
    for (const way of Object.keys(ways))
      expect((await treated.event('delivered', `code-${way}@mail.test`)).campaign).toBe('C-1');
    expect((await treated.event('delivered', 'code-smtpplus@mail.test')).campaignName).toBe('One');
  });

  test('holds many messages, and each of them is found by itself', async () => {
    const ids = [];
    for (const n of [1, 2, 3])
      ids.push(
        await send(`one${n}@mail.test`, 'shop', [
          'X-Postino-Campaign: many',
          `Message-ID: <order-${n}@shop.example>`,
          `Subject: Order ${n}`,
        ]),
      );
    for (const n of [1, 2, 3]) await treated.event('delivered', `one${n}@mail.test`);
    const all: { recipient: string; campaign: string }[] = JSON.parse(
      await cli('message', 'search', '--campaign', 'many', '--json'),
    );
    expect(all.map(({ recipient }) => recipient).toSorted()).toEqual([
      'one1@mail.test',
      'one2@mail.test',
      'one3@mail.test',
    ]);
    const [found] = JSON.parse(
      await cli('message', 'search', '--message-id', '<order-2@shop.example>', '--json'),
    );
    expect(found).toMatchObject({ recipient: 'one2@mail.test', campaign: 'many', submission: ids[1] });
    expect(await cli('message', 'show', ids[2] ?? '')).toContain('one3@mail.test');
  });

  test('stops and cancels what belongs to it, and nothing else', async () => {
    await cli('queue', 'pause', '--campaign', 'stopped');
    await send('stopped@mail.test', 'shop', ['X-SMTPAPI: {"CampaignCode": "stopped"}']);
    await send('goes-on@mail.test', 'shop', ['X-SMTPAPI: {"CampaignCode": "other"}']);
    await treated.event('delivered', 'goes-on@mail.test');
    expect(treated.world.mx.good.messages.some(({ to }) => to === 'stopped@mail.test')).toBe(false);
    expect(await cli('queue', 'cancel', '--campaign', 'stopped')).toContain('1 delivery was cancelled.');
    expect(await treated.event('cancelled', 'stopped@mail.test')).toMatchObject({ campaign: 'stopped' });
    await cli('queue', 'resume', '--campaign', 'stopped');
  });
});
