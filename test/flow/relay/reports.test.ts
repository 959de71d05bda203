// What comes back to the sender: one report per failure, to the right address, as the sender asked (RFC 3461, RFC 3464).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrivalOf, fieldsOf, split } from '../../support/arrival.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
const { shop, office } = relayUsers;
const SYSTEM = { address: '127.0.1.9', ehlo: 'system.relay.test' };
const users = {
  silent: { name: 'silent', password: 'silent-Secret-41', domain: 'silent.example' },
  staffed: { name: 'staffed', password: 'staffed-Secret-42', domain: 'staffed.example' },
} as const;
const safe = { name: 'safe', password: 'safe-Secret-43', domain: 'safe.example' } as const;

beforeAll(async () => {
  world = await startSmallWorld();
  for (const domain of [shop.domain, 'silent.example', 'staffed.example', 'staff.example'])
    world.dns.table.set(domain, { mx: [[10, 'mx.two.test']] });
  world.dns.table.set('null.test', { mx: [[0, '.']] });
  world.dns.table.set('never.test', { fail: 'servfail' });
  world.dns.table.set('office.example', { mx: [[0, '.']] });
  relay = await startRelay({
    world,
    config: {
      delivery: { retry: { steps: ['1s'], expire: '6s' } },
      // The same address fails again and again here.
      suppression: { hard: false },
      system: { pool: 'system', domain: 'bounces.relay.test' },
      transports: [
        { name: 'shop-ip', address: shop.address, ehlo: shop.ehlo, pool: 'shop' },
        { name: 'system-ip', ...SYSTEM, pool: 'system' },
      ],
      users: [
        ...[shop, office, safe].map(({ name, password, domain }) => ({
          name,
          password,
          domains: [domain],
          pool: 'shop',
        })),
        {
          name: 'silent',
          password: users.silent.password,
          domains: ['silent.example'],
          pool: 'shop',
          notifications: 'off',
        },
        {
          name: 'staffed',
          password: users.staffed.password,
          domains: ['staffed.example'],
          pool: 'shop',
          notifications: 'team@staff.example',
        },
      ],
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

type Sender = Readonly<{ name: string; password: string; domain: string }>;
const send = async (user: Sender, mail: string, rcpt: readonly string[], header: readonly string[] = []) => {
  const data = message([`From: <from@${user.domain}>`, ...header], 'the body of the message\r\n');
  const id = idIn(await sendMail({ port: relay.ports.plain, user, mail, rcpt, data }));
  expect(id).not.toBe('');
  return id;
};
const reportsTo = (to: string) => world.mx.two.messages.filter((one) => one.to === to);
const ended = (id: string, type: string, count = 1) =>
  until(
    () => relay.events().filter((event) => event.submission === id && event.type === type).length === count,
    20_000,
  );
const settle = () => new Promise((resolve) => setTimeout(resolve, 600));

test('a failure is reported once, from nobody, by the system’s own transport, and is no failure of the system', async () => {
  const id = await send(shop, `a1@${shop.domain}`, ['missing@one.test', 'good@one.test'], ['Subject: order']);
  const report = await arrivalOf(world.mx.two, `a1@${shop.domain}`);
  await ended(id, 'bounced');
  await settle();
  expect(reportsTo(`a1@${shop.domain}`)).toHaveLength(1);
  expect(report).toMatchObject({ from: '', peer: SYSTEM.address, ehlo: SYSTEM.ehlo });
  expect(fieldsOf(report, 'from').join()).toContain('MAILER-DAEMON@bounces.relay.test');
  expect(fieldsOf(report, 'auto-submitted')).toEqual(['auto-replied']);
  expect(fieldsOf(report, 'content-type').join()).toMatch(/^multipart\/report; report-type=delivery-status/);
  const body = split(report).body.toString();
  for (const line of [
    'Reporting-MTA: dns; relay.test',
    'Final-Recipient: rfc822; missing@one.test',
    'Action: failed',
    'Status: 5.1.1',
    'Subject: order',
  ])
    expect(body).toContain(line);
  expect(body).not.toContain('good@one.test');
  expect(body).not.toContain('the body of the message');
});

test('the report of a message that wants TLS wants it, too', async () => {
  const header = ['X-Postino-Require-TLS: yes'];
  world.dns.table.set('safe.example', { mx: [[10, 'mx.one.test']] });
  const mail = (to: string): string => `<${to}> RET=FULL`;
  await send(shop, mail(`t1@${shop.domain}`), ['missing@one.test'], header); // to a host without TLS
  await send(safe, mail('t2@safe.example'), ['missing@one.test'], header);
  const report = await arrivalOf(world.mx.one, 't2@safe.example');
  expect(report.tls).toMatch(/^TLS/);
  await until(
    () =>
      relay.events().some(({ type, recipient }) => type === 'expired' && recipient === `t1@${shop.domain}`),
    20_000,
  );
  expect(reportsTo(`t1@${shop.domain}`)).toEqual([]);
}, 30_000);

test('RET=FULL brings the message back, ENVID and ORCPT are repeated', async () => {
  const mail = `<a2@${shop.domain}> RET=FULL ENVID=order+2B17+0D+0AX`;
  const rcpt = ['<missing@one.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;First+2BLast@old.test'];
  await send(shop, mail, rcpt, ['Bcc: hidden@one.test', 'X-Postino-Tag: secret']);
  const body = split(await arrivalOf(world.mx.two, `a2@${shop.domain}`)).body.toString();
  expect(body).toContain('Original-Envelope-Id: order+17+0D+0AX');
  expect(body).toContain('Original-Recipient: rfc822; First+Last@old.test');
  expect(body).toContain('the body of the message');
  expect(body).toContain('Content-Type: message/rfc822');
});

test('RET=HDRS brings the header alone', async () => {
  await send(shop, `<a3@${shop.domain}> RET=HDRS`, ['missing@one.test']);
  const body = split(await arrivalOf(world.mx.two, `a3@${shop.domain}`)).body.toString();
  expect(body).toContain('text/rfc822-headers');
  expect(body).not.toContain('the body of the message');
});

test.each([
  ['NOTIFY=NEVER', shop, `a4@${shop.domain}`, '<missing@one.test> NOTIFY=NEVER'],
  ['NOTIFY=SUCCESS alone', shop, `a5@${shop.domain}`, '<missing@one.test> NOTIFY=SUCCESS'],
  ['a user whose notifications are off', users.silent, 'a6@silent.example', 'missing@one.test'],
])('%s: no report', async (_, user, mail, rcpt) => {
  await ended(await send(user, mail, [rcpt]), 'bounced');
  await settle();
  expect(reportsTo(mail)).toHaveLength(0);
});

test('a null sender gets no report, not even at the address in From', async () => {
  await ended(await send(shop, '', ['missing@one.test']), 'bounced');
  await settle();
  expect(reportsTo(`from@${shop.domain}`)).toHaveLength(0);
});

test('notifications that go to an address go there, and not to the sender', async () => {
  await send(users.staffed, 'a7@staffed.example', ['missing@one.test']);
  const report = await arrivalOf(world.mx.two, 'team@staff.example');
  expect(fieldsOf(report, 'to')).toEqual(['team@staff.example']);
  await settle();
  expect(reportsTo('a7@staffed.example')).toHaveLength(0);
});

test('a report that fails is reported to nobody', async () => {
  const id = await send(office, `a8@${office.domain}`, ['missing@one.test']);
  await ended(id, 'bounced');
  const bouncedReport = () =>
    relay.events().filter((event) => event.type === 'bounced' && event.recipient === `a8@${office.domain}`);
  await until(() => bouncedReport().length === 1);
  await settle();
  expect(bouncedReport()[0]?.user).toBe('system');
  expect(
    relay
      .events()
      .filter(
        (event) =>
          event.type === 'accepted' && event.user === 'system' && event.recipient.includes('relay.test'),
      ),
  ).toEqual([]);
});

test.each([
  ['a domain that takes no mail', 'x@null.test', '5.1.10'],
  ['a domain that does not exist', 'x@nowhere.test', '5.1.2'],
  ['a host that refuses after the dot', 'spam@one.test', '5.7.1'],
])('%s fails for good, with its status', async (name, to, status) => {
  const sender = `${name.replace(/\W/g, '')}@${shop.domain}`;
  await ended(await send(shop, sender, [to]), 'bounced');
  expect(split(await arrivalOf(world.mx.two, sender)).body.toString()).toContain(`Status: ${status}`);
});

test('what cannot be sent in its time expires, with an event and a report', async () => {
  const id = await send(shop, `a9@${shop.domain}`, ['x@never.test', 'busy@one.test']);
  await ended(id, 'expired', 2);
  await until(() => reportsTo(`a9@${shop.domain}`).length === 2);
  const texts = reportsTo(`a9@${shop.domain}`).map((one) => split(one).body.toString());
  expect(texts.join()).toContain('busy@one.test');
  for (const text of texts) expect(text).toMatch(/^Status: [45]\.\d+\.\d+\r$/m);
}, 40_000);
