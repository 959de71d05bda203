// What comes out of the front door for what a message asks: instructions, recipients, treatment, fingerprints, room at RCPT.
import { afterEach, describe, expect, test } from 'vitest';
import type { SubmitRequest } from '../../../src/accept/take.ts';
import { Talker } from '../../support/dialog.ts';
import { openFrontDoor, type FrontDoor } from '../../support/front-door.ts';

const PLAIN = Buffer.from('\0shop\0secret').toString('base64');
const HOUR = 3_600_000;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(deps: NonNullable<Parameters<typeof openFrontDoor>[0]>['deps'] = {}): Promise<FrontDoor> {
  const door = await openFrontDoor({ names: ['plain'], config: { maxRecipients: 4 }, deps });
  closers.push(() => door.close());
  return door;
}

async function logIn(door: FrontDoor): Promise<Talker> {
  const talker = await Talker.open(door.port('plain'));
  closers.push(() => talker.close());
  await talker.reply();
  await talker.say('EHLO c');
  await talker.say(`AUTH PLAIN ${PLAIN}`);
  return talker;
}

/** Sends one message of user "shop"; the reply to its end. */
async function send(
  door: FrontDoor,
  header: readonly string[] = [],
  envelope: Readonly<{ mail?: string; rcpt?: readonly string[] }> = {},
): Promise<string> {
  const talker = await logIn(door);
  await talker.say(`MAIL FROM:<me@shop.example> ${envelope.mail ?? ''}`);
  for (const to of envelope.rcpt ?? ['a@example.org']) await talker.say(`RCPT TO:<${to}>`);
  await talker.say('DATA');
  const lines = [
    'From: Shop <me@shop.example>',
    'Message-ID: <1@shop.example>',
    ...header,
    '',
    'Hello [name]',
    '.',
  ];
  return talker.say(lines.join('\r\n'));
}

function last(door: FrontDoor): SubmitRequest {
  const request = door.taken.at(-1);
  if (!request) throw new Error('nothing was taken');
  return request;
}

test('plain mail is handed in as before: no treatment, no notes, no window of its own', async () => {
  const door = await open({
    recipientFields: () => Promise.reject(new Error('nobody may ask')),
    links: { base: 'https://t.example', secureHosts: true },
  });
  expect(await send(door)).toMatch(/^250 2\.0\.0 Ok: queued as /);
  const { submission, ...rest } = last(door);
  for (const key of ['treatment', 'notes']) expect(submission).not.toHaveProperty(key);
  for (const key of ['repeatWithin', 'holdUntil']) expect(rest).not.toHaveProperty(key);
  expect(submission.instructions).toEqual({ priority: 3 });
});

test('MAIL and header together make the instructions', async () => {
  const door = await open();
  const before = Date.now();
  await send(door, ['X-Postino-Tag: a, b', 'X-Postino-Priority: 5'], {
    mail: 'HOLDFOR=3600 MT-PRIORITY=4 BY=7200;R',
  });
  const { submission, holdUntil } = last(door);
  expect(submission.instructions).toEqual({
    tags: ['a', 'b'],
    priority: 2, // capped by the user's maxPriority
    sendAt: expect.any(Number),
    ttl: HOUR,
  });
  expect(submission.instructions.sendAt).toBe(submission.at + HOUR);
  expect(submission.at).toBeGreaterThanOrEqual(before);
  expect(holdUntil).toBeUndefined();
});

test('recipients of a field take the envelope’s place, are counted, and are booked', async () => {
  const booked: number[] = [];
  const door = await open({
    reserve: async (_, count) => {
      booked.push(count);
      return { kind: 'later', at: 5 * HOUR };
    },
  });
  door.setUser('shop', { limits: { messagesPerHour: 10, over: 'hold' } });
  await send(door, ['X-SMTPAPI: {"to":["b@example.org","c@Example.org","b@EXAMPLE.org"]}']);
  expect(last(door).recipients).toEqual([{ address: 'b@example.org' }, { address: 'c@example.org' }]);
  expect(last(door).holdUntil).toBe(5 * HOUR);
  expect(booked).toEqual([2]);
  const five = JSON.stringify({ to: [1, 2, 3, 4, 5].map((n) => `${n}@example.org`) });
  expect(await send(door, [`X-SMTPAPI: ${five}`])).toMatch(/^550 5\.5\.3 .* at most 4 /);
  for (const bad of ['nobody', 'a@[127.0.0.1]', 'a@x..example'])
    expect(await send(door, [`X-SMTPAPI: {"to":["${bad}"]}`])).toMatch(/^550 5\.[16]\.[03] /);
  expect(door.taken).toHaveLength(1);
});

describe('the recipient store', () => {
  const api = 'X-SMTPAPI: {"DynamicFields":[{"N":"name","V":"Anna"}]}';
  test('is asked for values where they are merged, by addresses in lower case', async () => {
    const asked: unknown[] = [];
    const door = await open({
      recipientFields: async (...args) => {
        asked.push(args);
        return { 'a@example.org': { city: 'Rome' } };
      },
    });
    await send(door, [api], { rcpt: ['A@example.org'] });
    expect(asked).toEqual([['default', ['a@example.org']]]);
    expect(last(door).submission.treatment).toMatchObject({
      mergeHeaders: ['subject', 'to', 'reply-to'],
      stored: { 'a@example.org': { city: 'Rome' } },
    });
  });
  test('may be away', async () => {
    const door = await open({ recipientFields: () => Promise.reject(new Error('away')) });
    expect(await send(door, [api])).toMatch(/^250 /);
    expect(last(door).submission.treatment).not.toHaveProperty('stored');
  });
  test('may be slow: the message is stored without its values before its client gives up', async () => {
    const { promise } = Promise.withResolvers<never>();
    const door = await open({ recipientFields: () => promise });
    const since = performance.now();
    expect(await send(door, [api])).toMatch(/^250 /);
    expect(performance.now() - since).toBeLessThan(3000);
    expect(last(door).submission.treatment).not.toHaveProperty('stored');
  });
  test('is told names and values, and nothing of what was refused', async () => {
    const told: unknown[] = [];
    const door = await open({ learn: (...args) => void told.push(args) });
    await send(door, ['X-Postino-Pool: gold', 'To: Anna <a@example.org>']);
    expect(told).toEqual([]);
    await send(door, [api, 'To: =?utf-8?q?Anna_M=C3=BCller?= <A@example.org>, Other <o@example.org>']);
    expect(told).toEqual([
      ['default', [{ address: 'a@example.org', name: 'Anna Müller', fields: { name: 'Anna' } }]],
    ]);
  });
});

test('a key names the message for a day; without one, Message-ID, envelope and body do', async () => {
  const door = await open();
  const key = 'X-Postino-Idempotency-Key: order-17';
  await send(door, [key]);
  await send(door, [key, 'Subject: another'], { rcpt: ['b@example.org'] });
  await send(door, []);
  const [first, second, third] = door.taken;
  expect(first?.fingerprint).toMatch(/^key\./);
  expect(second?.fingerprint).toBe(first?.fingerprint);
  expect(first?.repeatWithin).toBe(24 * HOUR);
  expect(third?.fingerprint).not.toMatch(/^key\./);
  expect(third).not.toHaveProperty('repeatWithin');
});

test('a repeated message gives back what was booked for it', async () => {
  let booked = 0;
  const names: string[] = [];
  const door = await open({
    reserve: async (_, count, fingerprint) => {
      names.push(fingerprint);
      booked += count;
      return {
        kind: 'now',
        giveBack: async () => {
          booked -= count;
        },
      };
    },
    submit: async ({ submission }) => ({
      kind: 'queued',
      id: names.length === 1 ? submission.id : 'EARLIER',
    }),
  });
  door.setUser('shop', { limits: { messagesPerHour: 10, over: 'refuse' } });
  const key = 'X-Postino-Idempotency-Key: order-17';
  expect(await send(door, [key])).toMatch(/^250 /);
  expect(await send(door, [key])).toMatch(/^250 2\.0\.0 Ok: queued as EARLIER/);
  expect(booked).toBe(1);
  expect(names[0]).toMatch(/^key\./);
  expect(names[1]).toBe(names[0]);
});

test('a return path of a granted domain becomes the envelope sender, a foreign one is refused', async () => {
  const door = await open();
  expect(await send(door, ['X-Postino-Return-Path-Domain: shop.example'])).toMatch(/^250/);
  expect(last(door).submission.from).toBe('me@shop.example');
  expect(await send(door, ['X-Postino-Return-Path-Domain: other.example'])).toMatch(/^550 5\.7\.1/);
});

test('what was asked for and cannot be done is noted', async () => {
  const door = await open();
  await send(door, ['X-Postino-Track-Opens: yes']);
  expect(last(door).submission.notes).toEqual([expect.stringMatching(/^Opens were not tracked: /)]);
});

describe('limits that refuse', () => {
  const limits = { messagesPerHour: 3, over: 'refuse' } as const;
  test('are asked once, and refuse those beyond at RCPT', async () => {
    let asked = 0;
    const door = await open({
      room: async () => {
        asked++;
        return { left: 2, period: 'hour' };
      },
    });
    door.setUser('shop', { limits });
    const talker = await logIn(door);
    await talker.say('MAIL FROM:<me@shop.example>');
    expect(await talker.say('RCPT TO:<a@example.org>')).toMatch(/^250 /);
    expect(await talker.say('RCPT TO:<b@example.org>')).toMatch(/^250 /);
    expect(await talker.say('RCPT TO:<a@example.org>')).toMatch(/^250 /);
    expect(await talker.say('RCPT TO:<c@example.org>')).toMatch(/^452 4\.7\.1 Too many messages this hour; /);
    expect(asked).toBe(1);
  });
  test('let pass what cannot be asked about, and are kept at the end', async () => {
    const door = await open({
      room: () => Promise.reject(new Error('away')),
      reserve: async () => ({ kind: 'refused', period: 'day' }),
    });
    door.setUser('shop', { limits });
    expect(await send(door)).toMatch(/^451 4\.7\.1 Too many messages this day/);
  });
  test('are not asked for users whose mail waits instead', async () => {
    const door = await open({ room: () => Promise.resolve({ left: 0, period: 'day' }) });
    door.setUser('shop', { limits: { messagesPerHour: 3, over: 'hold' } });
    expect(await send(door)).toMatch(/^250 /);
  });
});

describe('a suppressed recipient', () => {
  const rcpt = async (door: FrontDoor): Promise<string> => {
    const talker = await logIn(door);
    await talker.say('MAIL FROM:<me@shop.example>');
    return talker.say('RCPT TO:<gone@example.org>');
  };
  const careful = { account: 'careful' };
  test('is refused at RCPT', async () => {
    const door = await open();
    door.setUser('shop', careful);
    expect(await rcpt(door)).toMatch(/^550 5\.7\.1 This address is on your suppression list/);
  });
  test('is taken where the user wants it dropped, and where messages may be sent past the list', async () => {
    const door = await open();
    door.setUser('shop', { ...careful, suppressed: 'drop' });
    expect(await rcpt(door)).toMatch(/^250 /);
    door.setUser('shop', { ...careful, suppressed: 'refuse', bypassSuppression: true });
    expect(await rcpt(door)).toMatch(/^250 /);
  });
  test('that a field names is taken', async () => {
    const door = await open();
    door.setUser('shop', careful);
    expect(await send(door, ['X-SMTPAPI: {"to":["gone@example.org"]}'])).toMatch(/^250 /);
    expect(last(door).recipients).toEqual([{ address: 'gone@example.org' }]);
  });
});
