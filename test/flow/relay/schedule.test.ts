// When mail is sent, for how long, how often, and how urgent, through the whole relay; and keys by which it is sent once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { loginOf, startTreated, type Treated } from '../../support/treated.ts';
import { until } from '../../support/until.ts';

let treated: Treated;

beforeAll(async () => {
  treated = await startTreated({
    users: { shop: { scheduleAhead: '2d', maxPriority: 2 }, other: { priority: 4 } },
    config: { delivery: { retry: { steps: ['1s'], expire: '1h' } } },
  });
});
afterAll(() => treated.close());

const HOUR = 3_600_000;
const seconds = (at: number): string => String(Math.ceil(at / 1000));
const iso = (at: number): string => new Date(Math.ceil(at / 1000) * 1000).toISOString();

async function send(
  to: string | readonly string[],
  fields: readonly string[],
  user = 'shop',
): Promise<readonly string[]> {
  const rcpt = [to].flat();
  const header = ['From: <orders@shop.example>', `To: ${rcpt.join(', ')}`, ...fields];
  return treated.talk({ rcpt, data: message(header), user: loginOf(user) });
}

const eventsOf = (to: string): readonly Event[] =>
  treated.relay.events().filter(({ recipient }) => recipient === to);
const arrivals = (to: string): number => treated.world.mx.good.messages.filter((one) => one.to === to).length;

async function cli(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await treated.relay.cli(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

describe('mail for later', () => {
  test('is sent when its sender says, by each dialect, and never before', async () => {
    const at = Date.now() + 4000;
    const ways = {
      postino: `X-Postino-Send-At: ${iso(at)}`,
      smtpplus: `X-SMTPAPI: {"Schedule": "${iso(at).replace('Z', '+00:00')}"}`,
      sendgrid: `X-SMTPAPI: {"send_at": ${seconds(at)}}`,
      mandrill: `X-MC-SendAt: ${iso(at).slice(0, 19).replace('T', ' ')}`,
      mailgun: `X-Mailgun-Deliver-By: ${new Date(Math.ceil(at / 1000) * 1000).toUTCString().replace('GMT', '+0000')}`,
    };
    for (const [way, field] of Object.entries(ways))
      expect(idIn(await send(`${way}@mail.test`, [field]))).not.toBe('');
    const mail = `<orders@shop.example> HOLDUNTIL=${iso(at)}`;
    const data = message(['From: <orders@shop.example>', 'Subject: held']);
    const replies = await sendMail({
      port: treated.relay.ports.plain,
      user: loginOf('shop'),
      mail,
      rcpt: ['held@mail.test'],
      data,
    });
    expect(replies[1]).toMatch(/^250-FUTURERELEASE \d+ \d{4}-/m);
    expect(idIn(replies)).not.toBe('');
    for (const way of [...Object.keys(ways), 'held']) {
      const { at: sent } = await treated.event('delivered', `${way}@mail.test`);
      expect(sent).toBeGreaterThanOrEqual(at);
      expect(sent).toBeLessThan(at + 8000);
    }
  });

  test('SendGrid gives each recipient a time of its own', async () => {
    const now = Date.now();
    const api = {
      to: ['soon@mail.test', 'late@mail.test'],
      send_each_at: [now - HOUR, now + HOUR].map((at) => Math.floor(at / 1000)),
    };
    await send('list@shop.example', [`X-SMTPAPI: ${JSON.stringify(api)}`]);
    await treated.event('delivered', 'soon@mail.test');
    expect(JSON.parse(await cli('queue', 'list', '--recipient', 'late@mail.test', '--json'))).toMatchObject([
      { due: Math.floor((now + HOUR) / 1000) * 1000, attempts: 0 },
    ]);
  });

  test('the past is now, and what is beyond the horizon is refused', async () => {
    await send('past@mail.test', ['X-MC-SendAt: 2020-01-01 10:00:00']);
    await treated.event('delivered', 'past@mail.test');
    const replies = await send('far@mail.test', [`X-Postino-Send-At: ${iso(Date.now() + 49 * HOUR)}`]);
    expect(replies.at(-1)).toMatch(/^550 5\.7\.1 This user may schedule mail at most 2 days ahead/);
  });

  test('is cancelled by batch, and what is not in the batch stays', async () => {
    const later = `X-Postino-Send-At: ${iso(Date.now() + HOUR)}`;
    await send('batch1@mail.test', [later, 'X-Postino-Batch: B 1']);
    await send(
      ['batch2@mail.test', 'batch3@mail.test'],
      [`X-SMTPAPI: {"batch_id": "B 1", "send_at": ${seconds(Date.now() + HOUR)}}`],
    );
    await send('kept@mail.test', [later, 'X-Postino-Batch: B 2']);
    expect(await cli('queue', 'cancel', '--batch', 'B 1')).toContain('3 deliveries were cancelled.');
    for (const n of [1, 2, 3]) await treated.event('cancelled', `batch${n}@mail.test`);
    expect(JSON.parse(await cli('queue', 'list', '--batch', 'B 2', '--json'))).toHaveLength(1);
    expect(eventsOf('kept@mail.test').map(({ type }) => type)).toEqual(['accepted']);
  });

  test('is put off and brought forward, by id and by campaign', async () => {
    const soon = `X-Postino-Send-At: ${iso(Date.now() + HOUR)}`;
    const id = idIn(await send('moved@mail.test', [soon]));
    await send('campaign@mail.test', [soon, 'X-Postino-Campaign: spring']);
    await cli('queue', 'reschedule', '--campaign', 'spring', '--at', '+3h');
    const [put] = JSON.parse(await cli('queue', 'list', '--campaign', 'spring', '--json'));
    expect(put.due).toBeGreaterThan(Date.now() + 2.9 * HOUR);
    await cli('queue', 'reschedule', '--id', id, '--at', 'now');
    await treated.event('delivered', 'moved@mail.test');
    await cli('queue', 'retry', '--campaign', 'spring');
    await treated.event('delivered', 'campaign@mail.test');
  });
});

describe('sent once', () => {
  test('the same key gives the same id and one delivery, whatever else the message says', async () => {
    const first = await send('once@mail.test', [
      'Message-ID: <k1@shop.example>',
      'X-Postino-Idempotency-Key: order 1',
    ]);
    const again = await send('once@mail.test', [
      'Message-ID: <k2@shop.example>',
      'Idempotency-Key: "order 1"',
      'Subject: again',
    ]);
    expect(again.at(-1)).toBe(first.at(-1));
    const another = await send('once@mail.test', ['Idempotency-Key: order 2']);
    expect(idIn(another)).not.toBe(idIn(first));
    const others = await send('once@mail.test', ['Idempotency-Key: order 1'], 'other');
    expect(idIn(others)).not.toBe(idIn(first));
    await until(() => arrivals('once@mail.test') === 3);
    const delivered = (): number =>
      eventsOf('once@mail.test').filter(({ type }) => type === 'delivered').length;
    await until(() => delivered() === 3);
    expect(arrivals('once@mail.test')).toBe(3);
    expect(treated.world.mx.good.messages.at(-1)?.data.toString()).not.toMatch(/idempotency-key/i);
  });

  test('also when both come at the same time', async () => {
    const both = await Promise.all([1, 2, 3, 4].map(() => send('race@mail.test', ['Idempotency-Key: race'])));
    expect(new Set(both.map((replies) => replies.at(-1))).size).toBe(1);
    await treated.event('delivered', 'race@mail.test');
    expect(arrivals('race@mail.test')).toBe(1);
  });
});

describe('how long, how often, how urgent', () => {
  test('a message is given up when its time or its attempts are over', async () => {
    await send('busy@retry.test', ['X-Postino-TTL: 3s']);
    await send('full@retry.test', ['X-Postino-Attempts: 2']);
    const timed = await treated.event('expired', 'busy@retry.test');
    expect(timed.age).toBeLessThan(5000);
    await treated.event('expired', 'full@retry.test');
    expect(eventsOf('full@retry.test').map(({ type }) => type)).toEqual(['accepted', 'deferred', 'expired']);
    const report = await treated.arrived('orders@shop.example');
    expect(report.raw).toMatch(/^Content-Type: multipart\/report/im);
  });

  test('priority is the more urgent of user and message, as far as the user may go', async () => {
    const later = `X-Postino-Send-At: ${iso(Date.now() + HOUR)}`;
    const cases = [
      ['none', 'shop', [], 3],
      ['one', 'shop', ['X-Postino-Priority: 1'], 2],
      ['five', 'shop', ['X-Postino-Priority: 5'], 3],
      ['smtpplus', 'shop', ['X-SMTPAPI: {"Priority": "High"}'], 2],
      ['important', 'other', ['X-MC-Important: yes'], 2],
      ['mailjet', 'other', ['X-Mailjet-Prio: 2'], 3],
      ['low', 'other', [], 4],
    ] as const;
    for (const [name, user, fields] of cases) await send(`prio-${name}@mail.test`, [later, ...fields], user);
    const listed: { recipient: { address: string }; priority: number }[] = JSON.parse(
      await cli('queue', 'list', '--domain', 'mail.test', '--json'),
    );
    const found = Object.fromEntries(listed.map(({ recipient, priority }) => [recipient.address, priority]));
    for (const [name, , , want] of cases)
      expect([name, found[`prio-${name}@mail.test`]]).toEqual([name, want]);
  });

  test.each([
    ['Mailgun', 'X-Mailgun-Drop-Message: yes'],
    ['SparkPost', 'X-MSYS-API: {"options": {"sandbox": true}}'],
    ['Postino', 'X-Postino-Drop: yes'],
  ])('a test message of %s is taken, reported as delivered and not sent', async (name, field) => {
    const to = `drop-${name.toLowerCase()}@mail.test`;
    expect(idIn(await send(to, [field, 'X-Postino-Tag: test']))).not.toBe('');
    expect(await treated.event('delivered', to)).toMatchObject({ tags: ['test'] });
    expect(arrivals(to)).toBe(0);
  });

  test('what must go by TLS does not go without', async () => {
    await send('tls@retry.test', ['X-Mailgun-Require-TLS: yes', 'X-Mailgun-Skip-Verification: yes']);
    await send('tls@mail.test', ['X-Postino-Require-TLS: yes']);
    expect((await treated.arrived('tls@mail.test')).came.tls).toBeDefined();
    const { reason, type } = await Promise.race([
      treated.event('deferred', 'tls@retry.test'),
      treated.event('bounced', 'tls@retry.test'),
    ]);
    expect(`${type}: ${reason}`).toMatch(/TLS/);
    expect(treated.world.mx.retry.messages.some(({ to }) => to === 'tls@retry.test')).toBe(false);
  });
});
