// What comes back through a whole relay: bounces, complaints and answers to return paths, and what they do to mail to come.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrivalOf, fieldsOf } from '../../support/arrival.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { bounceReport, complaintReport, vacation } from '../../support/reports.ts';
import { freePorts } from '../../support/relay-process.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startWorld, type World } from '../../support/world.ts';

const { shop, office } = relayUsers;
const DOMAIN = 'bounces.relay.test';

let world: World<'one' | 'shop'>;
let relay: Relay;
let port = 0;

beforeAll(async () => {
  world = await startWorld(
    {
      one: { name: 'mx.one.test', host: '127.0.0.41' },
      shop: { name: 'mx.shop.example', host: '127.0.0.42' },
    },
    {
      'one.test': { mx: [[10, 'mx.one.test']] },
      'mx.one.test': { a: ['127.0.0.41'] },
      'shop.example': { mx: [[10, 'mx.shop.example']] },
      'operator.test': { mx: [[10, 'mx.shop.example']] },
      'mx.shop.example': { a: ['127.0.0.42'] },
    },
  );
  [port = 0] = await freePorts(1);
  relay = await startRelay({
    world,
    config: {
      feedback: {
        domain: DOMAIN,
        postmaster: 'boss@operator.test',
        listeners: [{ host: '127.0.0.1', port }],
      },
      // So few messages, and so many complaints.
      monitor: { senders: { act: 'off' } },
      domains: [{ name: 'shop.example', returnPath: 'bounce.shop.example' }, { name: 'office.example' }],
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

type Who = typeof shop | typeof office;
const sendAs = (who: Who, to: string, header: readonly string[] = []): Promise<readonly string[]> =>
  sendMail({
    port: relay.ports.plain,
    user: who,
    mail: `news@${who.domain}`,
    rcpt: [to],
    data: message([`From: News <news@${who.domain}>`, `To: ${to}`, 'Subject: News', ...header]),
  });
/** Sends to the address, and gives the return path that its host saw. */
const pathTo = async (to: string, who: Who = shop, header: readonly string[] = []): Promise<string> => {
  expect(idIn(await sendAs(who, to, header))).not.toBe('');
  // What comes back before that is written down is asked to come again.
  await until(() => eventsOf(to, 'delivered').some(({ user }) => user === who.name));
  return world.mx.one.messages.findLast((one) => one.to === to)?.from ?? '';
};
const back = async (to: string, data: string, from = ''): Promise<string> =>
  (await sendMail({ port, mail: `<${from}>`, rcpt: [to], data })).at(-1) ?? '';
const eventsOf = (recipient: string, type: string) =>
  relay.events().filter((event) => event.recipient === recipient && event.type === type);
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1200));
const isListed = async (address: string): Promise<string> =>
  (await relay.cli(['suppression', 'list', address])).stdout;

describe('a return path', () => {
  test('is in the sender’s domain where that has a host for it, else in ours; events show the sender', async () => {
    expect(await pathTo('r1@one.test')).toMatch(/^b[0-9a-z]{43,46}@bounce\.shop\.example$/);
    expect(await pathTo('r2@one.test', office)).toMatch(/^b[0-9a-z]{43,46}@bounces\.relay\.test$/);
    await until(() => eventsOf('r1@one.test', 'delivered').length === 1);
    expect(eventsOf('r1@one.test', 'delivered')[0]?.sender).toBe('news@shop.example');
  });

  test('stays the same for a retry, which is byte-identical', async () => {
    const id = idIn(await sendAs(shop, 'later-once@one.test'));
    await until(() => eventsOf('later-once@one.test', 'deferred').length === 1);
    await relay.cli(['queue', 'retry', '--id', id]);
    const second = await arrivalOf(world.mx.one, 'later-once@one.test');
    const [first] = world.mx.one.refused.filter(({ to }) => to === 'later-once@one.test');
    expect(first?.data.equals(second.data)).toBe(true);
    const paths = world.mx.one.lines.filter((line) => line.includes(second.from));
    expect(paths.length).toBe(2);
  });

  test('is not for the null sender', async () => {
    const data = message(['From: News <news@shop.example>', 'Subject: x']);
    await sendMail({ port: relay.ports.plain, user: shop, mail: '<>', rcpt: ['r3@one.test'], data });
    expect((await arrivalOf(world.mx.one, 'r3@one.test')).from).toBe('');
  });

  test.each(['nobody', `b${'0'.repeat(45)}`, 'fbl-000000000000000000', 'mailer-daemon'])(
    '%s@ is refused at RCPT',
    async (local) => {
      expect(await back(`${local}@${DOMAIN}`, 'x')).toMatch(/^550 5\.1\.1 /);
      expect(await back(`${local}@bounce.shop.example`, 'x')).toMatch(/^550 5\.1\.1 /);
    },
  );
});

describe('a bounce', () => {
  test('is told once, in any case, and holds back the mail of that user alone', async () => {
    const path = await pathTo('anna@one.test');
    await pathTo('anna@one.test', office);
    expect(await back(path.toUpperCase(), bounceReport('anna@one.test'))).toBe('250 2.0.0 Ok');
    await until(() => eventsOf('anna@one.test', 'bounced').length === 1);
    expect(eventsOf('anna@one.test', 'bounced')[0]).toMatchObject({
      user: 'shop',
      report: 'dsn',
      class: 'bad-mailbox',
      category: 'hard',
      sender: 'news@shop.example',
      transport: 'shop-ip',
      reply: { code: 550, status: '5.1.1' },
    });
    await until(async () => (await isListed('anna@one.test')).includes('bounce: bad-mailbox'));
    expect((await sendAs(shop, 'anna@one.test')).at(-1)).toMatch(/^550 5\.7\.1 This address is on your/);
    expect(idIn(await sendAs(office, 'anna@one.test'))).not.toBe('');
    for (let i = 0; i < 3; i++) await back(path, bounceReport('anna@one.test'));
    await settle();
    expect(eventsOf('anna@one.test', 'bounced')).toHaveLength(1);
    // Whom the user's reports go to gets this one as well, once.
    const copies = world.mx.shop.messages.filter(({ data }) => data.includes('rfc822; anna@one.test'));
    expect(copies).toMatchObject([{ from: '', to: 'news@shop.example' }]);
  });

  test('of another recipient in its text is one of ours', async () => {
    const path = await pathTo('berta@one.test');
    await back(path, bounceReport('victim@one.test'));
    await until(() => eventsOf('berta@one.test', 'bounced').length === 1);
    await settle();
    expect(await isListed('victim@one.test')).not.toContain('bounce');
    expect(await isListed('berta@one.test')).toContain('bounce');
  });

  test('in reply to our attempt holds back mail, too', async () => {
    await sendAs(shop, 'missing@one.test');
    await until(async () => (await isListed('missing@one.test')).includes('bounce: bad-mailbox'));
    expect((await relay.cli(['suppression', 'export'])).stdout).toMatch(
      /^missing@one\.test,.*,user:shop,,550 5\.1\.1 .*,session$/m,
    );
  });

  test('lets mail to others in the same message go, and drops what control fields name', async () => {
    await relay.cli(['suppression', 'add', 'gone@one.test', '--user', 'shop']);
    await relay.cli(['suppression', 'add', 'left@one.test', '--domain', 'shop.example']);
    const to = JSON.stringify({ to: ['gone@one.test', 'left@one.test', 'stays@one.test'] });
    expect(idIn(await sendAs(shop, 'first@one.test', [`X-SMTPAPI: ${to}`]))).not.toBe('');
    await until(() => eventsOf('stays@one.test', 'delivered').length === 1);
    await until(() => eventsOf('gone@one.test', 'dropped').length === 1);
    await until(() => eventsOf('left@one.test', 'dropped').length === 1);
    expect(eventsOf('gone@one.test', 'dropped')[0]?.reason).toContain('of the user shop');
    expect(eventsOf('left@one.test', 'dropped')[0]?.reason).toContain('of the sender domain shop.example');
    expect(world.mx.one.messages.filter((one) => /^(?:gone|left)@/.test(one.to))).toEqual([]);
  });

  test.each([
    ['a delay', { action: 'delayed', status: '4.4.1', said: '451 4.4.1 try later' }],
    ['success', { action: 'delivered', status: '2.0.0', said: '250 2.0.0 ok' }],
  ])('a report of %s is none', async (what, said) => {
    const to = `${what.replace(' ', '-')}@one.test`;
    expect(await back(await pathTo(to), bounceReport(to, said))).toBe('250 2.0.0 Ok');
    await settle();
    expect(eventsOf(to, 'bounced')).toEqual([]);
  });

  test('of a filter is told and suppresses nobody', async () => {
    const path = await pathTo('spam-filter@one.test');
    await back(
      path,
      bounceReport('spam-filter@one.test', { status: '5.7.1', said: '554 5.7.1 rejected as spam' }),
    );
    await until(() => eventsOf('spam-filter@one.test', 'bounced').length === 1);
    await settle();
    expect(await isListed('spam-filter@one.test')).not.toContain('bounce');
  });
});

describe('a complaint', () => {
  const fbl = async (): Promise<string> =>
    /fbl-[0-9a-z]+@\S+/.exec((await relay.cli(['feedback', 'show'])).stdout)?.[0] ?? '';

  test('is proved by the return path in the copy, at any address of ours', async () => {
    for (const [to, at] of [
      ['c1@one.test', await fbl()],
      ['c2@one.test', `abuse@${DOMAIN}`],
    ] as const) {
      const path = await pathTo(to);
      const report = complaintReport(
        [`Return-Path: <${path}>`, 'Subject: News'],
        ['Original-Rcpt-To: x@y.test'],
      );
      expect(await back(at, report, 'fbl@provider.test')).toBe('250 2.0.0 Ok');
      await until(() => eventsOf(to, 'complained').length === 1);
      expect(eventsOf(to, 'complained')[0]).toMatchObject({ report: 'arf', class: 'abuse', user: 'shop' });
      await until(async () => (await isListed(to)).includes('complaint: abuse'));
    }
  });

  test('is proved by a Message-ID of ours where only providers write', async () => {
    const id = idIn(await sendAs(shop, 'c3@one.test'));
    const [messageId = ''] = fieldsOf(await arrivalOf(world.mx.one, 'c3@one.test'), 'message-id');
    expect(messageId).toBe(`<${id}@relay.test>`);
    const report = complaintReport([`Message-ID: ${messageId}`], ['Original-Rcpt-To: <c3@one.test>']);
    expect(await back(await fbl(), report)).toBe('250 2.0.0 Ok');
    await until(() => eventsOf('c3@one.test', 'complained').length === 1);
  });

  test('unproved changes nothing', async () => {
    const before = relay.events().filter(({ type }) => type === 'complained').length;
    const id = idIn(await sendAs(shop, 'c4@one.test'));
    const report = complaintReport([`Message-ID: <${id}@relay.test>`], ['Original-Rcpt-To: <c4@one.test>']);
    await back(`abuse@${DOMAIN}`, report);
    await back(await fbl(), complaintReport(['Message-ID: <x@y>'], ['Original-Rcpt-To: <c4@one.test>']));
    await settle();
    expect(relay.events().filter(({ type }) => type === 'complained').length).toBe(before);
    expect(await isListed('c4@one.test')).not.toContain('complaint');
  });
});

describe('an answer', () => {
  const arrived = (subject: string) =>
    world.mx.shop.messages.filter(({ data }) => data.includes(`Subject: ${subject}\r\n`));

  test('goes on to the sender, as it is, from nobody, and a few times only', async () => {
    const path = await pathTo('dora@one.test');
    for (let i = 0; i < 8; i++) await back(path, vacation(`Away ${i}`), i % 2 ? 'dora@one.test' : '');
    await until(() => arrived('Away 4').length === 1);
    await settle();
    expect(arrived('Away 7')).toEqual([]);
    const [letter] = arrived('Away 0');
    expect(letter).toMatchObject({ from: '', to: 'news@shop.example' });
    const text = String(letter?.data);
    expect(text).toContain('Auto-Submitted: auto-replied\r\n');
    expect(text).toContain(`X-Loop: ${DOMAIN}\r\n`);
    expect(text).not.toContain('DKIM-Signature');
    // Coming round, it ends.
    await back(await pathTo('emil@one.test'), text.replace('Away 0', 'Away round'));
    await settle();
    expect(arrived('Away round')).toEqual([]);
  });

  test('to postmaster goes to the operator', async () => {
    const data = message(['From: x@y.test', 'Subject: Please help']);
    for (const local of ['postmaster', 'Abuse']) await back(`${local}@${DOMAIN}`, data, 'x@y.test');
    await until(() => arrived('Please help').length > 0);
    expect(arrived('Please help')[0]).toMatchObject({ from: '', to: 'boss@operator.test' });
  });
});
