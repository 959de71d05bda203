// Alerts and the scanner as operators meet them: a whole relay, mail that arrives, commands, a webhook.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrivalOf, fieldsOf } from '../../support/arrival.ts';
import { startFakeRspamd, type FakeRspamd } from '../../support/fake-rspamd.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
let rspamd: FakeRspamd;
let hook: Server;
const hits: { rule: string; alerts: { kind: string; key: string; reason: string }[] }[] = [];
const { shop, office } = relayUsers;

beforeAll(async () => {
  world = await startSmallWorld();
  world.dns.table.set('ops.example', { mx: [[10, 'mx.one.test']] });
  rspamd = await startFakeRspamd();
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      hits.push(JSON.parse(body).data);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  relay = await startRelay({
    world,
    config: {
      system: { pool: 'shop', domain: 'relay.test' },
      scan: { url: rspamd.url, except: ['office'] },
      alerts: {
        rules: [
          {
            name: 'mail',
            when: ['transport'],
            to: ['ops@ops.example', 'duty@ops.example'],
            transports: ['office-ip'],
          },
          {
            name: 'hook',
            when: ['unauthorised-sender', 'quarantine'],
            webhook: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`,
            allowPrivate: true,
          },
        ],
      },
    },
  });
});
afterAll(async () => {
  await relay.close();
  await Promise.all([world.close(), rspamd.stop()]);
  hook.close();
});

const send = (user: typeof shop | typeof office, header: readonly string[], rcpt: readonly string[]) =>
  sendMail({
    port: relay.ports.plain,
    user,
    mail: `from@${user.domain}`,
    rcpt,
    data: message(header, 'the body\r\n'),
  });

test('a state of a transport comes as a mail that says what to do, to all and once', async () => {
  const quarantined = await relay.cli([
    'transport',
    'quarantine',
    'office-ip',
    '--reason',
    'Somebody was unhappy.',
  ]);
  expect(quarantined.code).toBe(0);
  for (const to of ['ops@ops.example', 'duty@ops.example']) {
    const mail = await simpleParser((await arrivalOf(world.mx.one, to)).data);
    expect(mail.subject).toBe('[relay.test] state of a transport: office-ip is quarantined');
    expect(mail.text).toContain('Somebody was unhappy.');
    expect(mail.text).toContain('postino transport show office-ip');
    expect(mail.html).toContain('<code>postino transport show office-ip</code>');
    expect(mail.from?.text).toContain('postino@relay.test');
  }
  const list = await relay.cli(['alert', 'list']);
  expect(list.stdout).toMatch(/office-ip quarantined +for .*Somebody was unhappy\./);
  // Killed and started again: the sink may see it once more, nobody else does.
  await relay.kill9();
  await relay.start();
  await relay.cli(['transport', 'release', 'office-ip']);
  await until(
    () => world.mx.one.messages.filter(({ rcpt }) => String(rcpt).includes('ops@ops.example')).length >= 2,
    20_000,
  );
  const subjects = world.mx.one.messages.map((one) => fieldsOf(one, 'subject').join());
  expect(subjects.filter((text) => text.includes('quarantined')).length).toBeLessThanOrEqual(2);
});

test('who sends as somebody else is refused, and the webhook tells of it once', async () => {
  for (let i = 0; i < 3; i++) {
    const replies = await send(shop, ['From: <boss@bank.example>'], ['a@two.test']);
    expect(replies.at(-1)).toMatch(/^5/);
  }
  await until(
    () => hits.some(({ alerts }) => alerts.some(({ kind }) => kind === 'unauthorised-sender')),
    20_000,
  );
  const told = hits.flatMap(({ alerts }) => alerts.filter(({ kind }) => kind === 'unauthorised-sender'));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ key: 'shop', reason: expect.stringContaining('boss@bank.example') });
});

test('"alert test" goes to everybody, and says where it did not arrive', async () => {
  const tested = await relay.cli(['alert', 'test']);
  expect(tested.stdout).toBe('mail: sent\nhook: sent\n');
  await until(() => hits.some(({ alerts }) => alerts.some(({ key }) => key === 'test')));
  await until(() =>
    world.mx.one.messages.some((one) => fieldsOf(one, 'subject').join().includes('trouble: test')),
  );
  expect((await relay.cli(['alert', 'test', 'nobody'])).code).toBe(1);
});

test('the scanner adds fields and a subject, under the signature of the sender', async () => {
  rspamd.answer(() => ({
    action: 'rewrite subject',
    subject: '[SPÄM] Offer',
    score: 8,
    milter: { add_headers: { 'X-Spamd-Bar': { value: '++++++++' }, From: { value: 'x@y' } } },
  }));
  await send(shop, [`From: <from@${shop.domain}>`, 'Subject: Offer'], ['marked@two.test']);
  const arrived = await arrivalOf(world.mx.two, 'marked@two.test');
  expect((await simpleParser(arrived.data)).subject).toBe('[SPÄM] Offer');
  expect(fieldsOf(arrived, 'x-spam')).toEqual(['Yes']);
  expect(fieldsOf(arrived, 'x-spamd-bar')).toEqual(['++++++++']);
  expect(fieldsOf(arrived, 'from')).toHaveLength(1);
  expect(fieldsOf(arrived, 'dkim-signature')).toHaveLength(2);
  await until(() =>
    relay
      .events()
      .some(({ type, notes }) => type === 'delivered' && String(notes).includes('rewrite subject')),
  );
});

test('what is refused waits for an operator, and goes when he lets it', async () => {
  rspamd.answer(() => ({ action: 'reject', score: 30 }));
  const scans = rspamd.seen.length;
  const id = idIn(await send(shop, [`From: <from@${shop.domain}>`], ['one@two.test', 'other@two.test']));
  expect(id).not.toBe('');
  await until(async () => (await relay.cli(['quarantine', 'list'])).stdout.includes(id), 20_000);
  await until(() =>
    hits.some(({ alerts }) => alerts.some(({ kind, key }) => kind === 'quarantine' && key === id)),
  );
  const queue = await relay.cli(['queue', 'list']);
  expect(queue.stdout).toContain('quarantined: The scanner said "reject", 30 of 15 points');
  expect((await relay.cli(['queue'])).stdout).toContain('Messages in quarantine: 1');
  expect((await relay.cli(['quarantine', 'show', id, '--source'])).stdout).toContain('the body');
  expect((await relay.cli(['quarantine', 'release', id])).stdout).toContain('2 deliveries go on');
  for (const to of ['one@two.test', 'other@two.test']) await arrivalOf(world.mx.two, to);
  expect(rspamd.seen.length - scans).toBe(1);
});

test('users who are left out are not scanned', async () => {
  const scans = rspamd.seen.length;
  await send(office, [`From: <from@${office.domain}>`], ['free@two.test']);
  await arrivalOf(world.mx.two, 'free@two.test');
  expect(rspamd.seen.length).toBe(scans);
});
