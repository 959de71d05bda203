// The door for mail to ourselves over real sockets: what it takes, that it relays nothing, and what it bears with.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { smtpConfig } from '../../../src/accept/config.ts';
import { makeInbound, type InboundDeps } from '../../../src/accept/inbound.ts';
import type { InboundMail } from '../../../src/accept/inbound-desk.ts';
import type { Listeners } from '../../../src/accept/listeners.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { Talker } from '../../support/dialog.ts';

const OURS = 'unsubscribe@bounces.example.net';
const MAX = 262_144;
const certificateFolder = mkdtempSync(join(tmpdir(), 'postino-inbound-'));
afterAll(() => rmSync(certificateFolder, { recursive: true, force: true }));
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Door = Readonly<{ port: number; mails: InboundMail[]; inbound: Listeners }>;

async function open(
  deps: Partial<InboundDeps> = {},
  { listener = {}, ...config }: Readonly<Record<string, unknown>> = {},
): Promise<Door> {
  const mails: InboundMail[] = [];
  const inbound = makeInbound({
    config: smtpConfig.parse({
      listeners: [{ port: 0, host: '127.0.0.1', ...Object(listener) }],
      ...config,
    }),
    hostname: 'relay.example.net',
    certificateFolder,
    clock: systemClock,
    log: silentLog,
    takes: (address) => address.toLowerCase() === OURS,
    receive: async (mail) => {
      mails.push(mail);
      return 'taken';
    },
    ...deps,
  });
  const [opened] = await inbound.start();
  closers.push(() => inbound.stop(0));
  return { port: opened?.port ?? 0, mails, inbound };
}

async function talk({ port }: Pick<Door, 'port'>, hello = 'EHLO mx.example.org'): Promise<Talker> {
  const talker = await Talker.open(port);
  closers.push(() => talker.close());
  await talker.reply();
  await talker.say(hello);
  return talker;
}

async function toData(talker: Talker, from = 'ann@example.org'): Promise<void> {
  expect(await talker.say(`MAIL FROM:<${from}>`)).toMatch(/^250/);
  expect(await talker.say(`RCPT TO:<${OURS}>`)).toMatch(/^250/);
  expect(await talker.say('DATA')).toMatch(/^354/);
}

async function send(talker: Talker, message: string | Buffer, from?: string): Promise<string> {
  await toData(talker, from);
  talker.send(message);
  talker.send('\r\n.\r\n');
  return talker.reply();
}

describe('what comes for us', () => {
  test('is handed on whole, from anybody, with its sender', async () => {
    const door = await open();
    const talker = await talk(door);
    const message = 'Subject: x\r\n\r\n..two dots\r\nGr\xfc\xdfe';
    expect(await send(talker, Buffer.from(message, 'latin1'))).toBe('250 2.0.0 Ok');
    expect(await send(talker, 'Subject: y\r\n', '')).toBe('250 2.0.0 Ok');
    await talker.say('MAIL FROM:<root>');
    expect(await talker.say('RCPT TO:<Unsubscribe@BOUNCES.example.net>')).toMatch(/^250 2\.1\.5/);
    expect(await talker.say(`RCPT TO:<${OURS}>`)).toMatch(/^250 2\.1\.5/);
    await talker.say('DATA');
    talker.send('z\r\n.\r\n');
    expect(await talker.reply()).toMatch(/^250/);
    expect(door.mails.map(({ from, to }) => ({ from, to }))).toEqual([
      { from: 'ann@example.org', to: [OURS] },
      { from: '', to: [OURS] },
      { from: undefined, to: ['Unsubscribe@bounces.example.net', OURS] },
    ]);
    expect(door.mails[0]?.message.toString('latin1')).toBe(`${message.replace('..', '.')}\r\n`);
  });

  test('may end in a bare line feed nowhere: only CR LF dot CR LF ends a message', async () => {
    const door = await open();
    const talker = await talk(door);
    await toData(talker);
    talker.send('Subject: x\n.\nMAIL FROM:<>\n.\r\nRCPT TO:<a@b.example>\r\n.\nDATA\r\n.\r\n');
    expect(await talker.reply()).toBe('250 2.0.0 Ok');
    expect(await talker.say('NOOP')).toBe('250 2.0.0 Ok');
    expect(door.mails).toHaveLength(1);
    expect(await send(talker, 'Subject: x\r.\r\ny')).toMatch(/^554 5\.6\.0/);
  });

  test.each([
    ['taken', /^250 2\.0\.0 Ok$/],
    ['later', /^451 4\.3\.0 /],
    ['noRequest', /^550 5\.7\.1 No subscription is named here; use the unsubscribe link/],
    ['expired', /^550 5\.7\.1 This request to unsubscribe is too old; use/],
  ] as const)('and is %s has its answer', async (receipt, answer) => {
    const talker = await talk(await open({ receive: async () => receipt }));
    expect(await send(talker, 'Subject: x')).toMatch(answer);
    expect(await talker.say('QUIT')).toMatch(/^221/);
  });

  test('and breaks us is to come again', async () => {
    const door = await open({ receive: () => Promise.reject(new Error('away')) });
    expect(await send(await talk(door), 'Subject: x')).toMatch(/^451 4\.3\.0 /);
  });

  test('over TLS is taken as well', async () => {
    const door = await open();
    const talker = await talk(door);
    expect(await talker.say('STARTTLS')).toMatch(/^220/);
    await talker.startTls();
    expect(await talker.say(`RCPT TO:<${OURS}>`)).toMatch(/^503/);
    expect(await talker.say('EHLO mx.example.org')).not.toContain('STARTTLS');
    expect(await send(talker, 'Subject: x')).toMatch(/^250/);
    expect(door.mails).toHaveLength(1);
  });

  test('EHLO offers no log-in and nothing for mail that goes on', async () => {
    const talker = await Talker.open((await open()).port);
    closers.push(() => talker.close());
    expect(await talker.reply()).toBe('220 relay.example.net ESMTP Postino');
    expect(await talker.say('EHLO mx.example.org')).toBe(
      [
        '250-relay.example.net',
        '250-PIPELINING',
        `250-SIZE ${MAX}`,
        '250-8BITMIME',
        '250-SMTPUTF8',
        '250-ENHANCEDSTATUSCODES',
        '250 STARTTLS',
      ].join('\n'),
    );
    const plain = await talk(await open({}, { listener: { tls: 'none' } }));
    expect(await plain.say('STARTTLS')).toMatch(/^502 5\.5\.1/);
  });
});

describe('nothing is relayed', () => {
  const senders = ['', 'a@example.org', OURS, 'orders@shop.example', 'root'];
  const strangers = [
    '<victim@example.org>',
    'victim@example.org',
    '<postmaster@bounces.example.net>',
    '<postmaster>',
    '<other@bounces.example.net>',
    '<unsubscribe@example.org>',
    '<unsubscribe@a.bounces.example.net>',
    '<unsubscribe@bounces.example.net.example.org>',
    '<unsubscribe@bounces.example.net@example.org>',
    '<victim%example.org@bounces.example.net>',
    '<example.org!victim@bounces.example.net>',
    '<"victim@example.org"@bounces.example.net>',
    '<@bounces.example.net:victim@example.org>',
    '<@example.org,@bounces.example.net:victim@example.org>',
    `<"${OURS}"@example.org>`,
    `<${OURS}>victim@example.org`,
    `<${OURS},victim@example.org>`,
    `<${OURS}> <victim@example.org>`,
    '<unsubscribe@[127.0.0.1]>',
    '<victim@[127.0.0.1]>',
    '<unsubscribe@127.0.0.1>',
    `<${OURS}> ORCPT=rfc822;victim@example.org`,
    `<${OURS}> NOTIFY=SUCCESS,FAILURE`,
    '<>',
  ];
  test.each(senders)('from <%s> to anybody else, whatever the address looks like', async (sender) => {
    const door = await open();
    const talker = await talk(door);
    for (const address of strangers) {
      expect(await talker.say(`MAIL FROM:<${sender}>`)).toMatch(/^250/);
      expect(await talker.say(`RCPT TO:${address}`), address).toMatch(/^5\d\d 5\.\d\.\d /);
      expect(await talker.say('DATA')).toMatch(/^503 5\.5\.1/);
      expect(await talker.say('RSET')).toMatch(/^250/);
      // Errors end a session: each address has a new one's patience.
      if (strangers.indexOf(address) % 8 === 7)
        await send(talker, 'Subject: x', sender === 'root' ? '' : sender);
    }
    expect(door.mails.flatMap(({ to }) => to).every((to) => to === OURS)).toBe(true);
  });

  test('the sentence says that there is nobody here', async () => {
    const talker = await talk(await open());
    await talker.say('MAIL FROM:<>');
    expect(await talker.say('RCPT TO:<postmaster@bounces.example.net>')).toBe(
      '550 5.1.1 No such mailbox here, and nothing is relayed; write to the sender of the mail that you received',
    );
  });

  test('a stranger beside an address of ours gets nothing', async () => {
    const door = await open();
    const talker = await talk(door);
    talker.send(`MAIL FROM:<a@example.org>\r\nRCPT TO:<${OURS}>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\n`);
    expect(
      [await talker.reply(), await talker.reply(), await talker.reply()].map((line) => line.slice(0, 9)),
    ).toEqual(['250 2.1.0', '250 2.1.5', '550 5.1.1']);
    await talker.reply();
    talker.send(
      'To: victim@example.org\r\nBcc: other@example.org\r\nX-Postino-Schedule: now\r\n\r\nx\r\n.\r\n',
    );
    expect(await talker.reply()).toMatch(/^250/);
    expect(door.mails.map(({ to }) => to)).toEqual([[OURS]]);
  });

  const good = Buffer.from('\0shop\0secret').toString('base64');
  test.each([
    ['before EHLO', [`AUTH PLAIN ${good}`], /^502 5\.5\.1/],
    ['after it', ['EHLO c', `AUTH PLAIN ${good}`], /^502 5\.5\.1/],
    ['by LOGIN', ['EHLO c', 'AUTH LOGIN'], /^502 5\.5\.1/],
    ['within a transaction', ['EHLO c', 'MAIL FROM:<>', `AUTH PLAIN ${good}`], /^502 5\.5\.1/],
    ['as a parameter', ['EHLO c', 'MAIL FROM:<a@example.org> AUTH=a@example.org'], /^555 5\.5\.4/],
  ])('a log-in %s is not taken', async (_, lines, answer) => {
    const talker = await Talker.open((await open()).port);
    closers.push(() => talker.close());
    await talker.reply();
    let last = '';
    for (const line of lines) last = await talker.say(line);
    expect(last).toMatch(answer);
    await talker.say('RSET');
    await talker.say('EHLO c');
    await talker.say('MAIL FROM:<a@example.org>');
    expect(await talker.say('RCPT TO:<victim@example.org>')).toMatch(/^550 5\.1\.1/);
  });

  test.each([
    [['MAIL FROM:<>'], /^503 5\.5\.1 Send EHLO first/],
    [['EHLO c', `RCPT TO:<${OURS}>`], /^503 5\.5\.1/],
    [['EHLO c', 'DATA'], /^503 5\.5\.1/],
    [['EHLO c', 'MAIL FROM:<>', 'DATA'], /^503 5\.5\.1/],
    [['EHLO c', 'MAIL FROM:<>', 'MAIL FROM:<>'], /^503 5\.5\.1/],
    [['EHLO c', 'MAIL FROM:<>', `RCPT TO:<${OURS}>`, 'RSET', 'DATA'], /^503 5\.5\.1/],
    [['EHLO c', 'MAIL FROM:<>', `RCPT TO:<${OURS}>`, 'EHLO c', 'DATA'], /^503 5\.5\.1/],
    [['EHLO c', 'BDAT 5 LAST'], /^502 5\.5\.1/],
    [['EHLO c', 'VRFY postmaster'], /^252/],
    [['EHLO c', 'MAIL FROM:<a@example.org> RET=FULL'], /^555 5\.5\.4/],
    [['EHLO c', 'MAIL FROM:<a@example.org> HOLDFOR=60'], /^555 5\.5\.4/],
    [['EHLO c', 'MAIL FROM:<a@example.org> REQUIRETLS'], /^555 5\.5\.4/],
    [['EHLO c', 'MAIL FROM:<a@example.org> SIZE=100 BODY=8BITMIME SMTPUTF8'], /^250/],
    [['HELO c', 'MAIL FROM:<>'], /^250/],
    [['GET / HTTP/1.1'], /^421/],
  ])('%j ends in %s', async (lines, answer) => {
    const talker = await Talker.open((await open()).port);
    closers.push(() => talker.close());
    await talker.reply();
    let last = '';
    for (const line of lines) last = await talker.say(line);
    expect(last).toMatch(answer);
  });
});

describe('limits', () => {
  test('a message of 256 KiB is taken, one byte more is refused, announced or not; the session goes on', async () => {
    const door = await open();
    const talker = await talk(door);
    const header = 'Subject: x\r\n\r\n';
    expect(await send(talker, header + 'x'.repeat(MAX - header.length - 2))).toMatch(/^250/);
    expect(await send(talker, header + 'x'.repeat(MAX - header.length - 1))).toMatch(/^552 5\.3\.4/);
    expect(await talker.say(`MAIL FROM:<> SIZE=${MAX + 1}`)).toMatch(/^552 5\.3\.4/);
    expect(await send(talker, `Subject: x\r\n${'X: y\r\n'.repeat(1200)}\r\nz`)).toMatch(
      /^552 5\.3\.4 The header/,
    );
    expect(await send(talker, 'Subject: small')).toMatch(/^250/);
    expect(door.mails.map(({ message }) => message.length)).toEqual([MAX, 16]);
  });

  test('memory comes back: far more goes through than may be held at a time', async () => {
    const door = await open();
    const talker = await talk(door);
    const message = `Subject: x\r\n\r\n${`${'x'.repeat(98)}\r\n`.repeat(2600)}`;
    for (let i = 0; i < 150; i++) {
      const reply = await send(talker, message);
      if (!reply.startsWith('250')) expect(reply).toBe('250');
    }
    expect(door.mails).toHaveLength(150);
  });

  test('who tries out addresses is sent away', async () => {
    const talker = await talk(await open());
    await talker.say('MAIL FROM:<>');
    for (let i = 0; i < 20; i++)
      expect(await talker.say(`RCPT TO:<user${i}@bounces.example.net>`)).toMatch(/^550 5\.1\.1/);
    expect(await talker.say('RCPT TO:<user20@bounces.example.net>')).toMatch(/^421 4\.7\.0/);
    expect(await talker.closed()).toBe('');
  });

  test('at most a hundred recipients, and then the others are for later', async () => {
    const talker = await talk(await open({ takes: () => true }));
    await talker.say('MAIL FROM:<>');
    for (let i = 0; i < 100; i++) expect(await talker.say(`RCPT TO:<u${i}@b.example>`)).toMatch(/^250/);
    expect(await talker.say('RCPT TO:<u100@b.example>')).toMatch(/^452 4\.5\.3/);
    expect(await talker.say('RCPT TO:<u7@b.example>')).toMatch(/^250/);
  });

  test('connections are counted, in all and from one address', async () => {
    const door = await open({}, { maxConnections: 3, maxConnectionsPerIp: 2 });
    await talk(door);
    await talk(door);
    const third = await Talker.open(door.port);
    closers.push(() => third.close());
    expect(await third.reply()).toMatch(/^421 4\.7\.0/);
    const other = await Talker.open(door.port, { from: '127.0.0.9' });
    closers.push(() => other.close());
    expect(await other.reply()).toMatch(/^220/);
    const fourth = await Talker.open(door.port, { from: '127.0.0.10' });
    closers.push(() => fourth.close());
    expect(await fourth.reply()).toMatch(/^421 4\.3\.2/);
    expect(door.inbound.connections()).toBe(3);
  });

  test('who says nothing, or sends its message too slowly, is cut off', async () => {
    const door = await open({}, { deadlines: { idle: '1s', dataGrace: '1s', minBytesPerSecond: 100_000 } });
    const silent = await talk(door);
    const slow = await talk(door);
    await toData(slow);
    slow.send('Subject: x\r\n');
    expect(await silent.reply()).toMatch(/^421 4\.4\.2 Nothing was sent/);
    expect(await slow.reply()).toMatch(/^421 4\.4\.2/);
    expect(door.mails).toHaveLength(0);
  });
});

test('a stop lets mail that is being dealt with have its answer, and takes no more', async () => {
  let answer: ((receipt: 'taken') => void) | undefined;
  const door = await open({ receive: () => new Promise((resolve) => (answer = resolve)) });
  const talker = await talk(door);
  await toData(talker);
  talker.send('Subject: x\r\n.\r\n');
  await expect.poll(() => answer !== undefined).toBe(true);
  const stopped = door.inbound.stop(5000);
  await expect(Talker.open(door.port)).rejects.toThrow();
  answer?.('taken');
  expect(await talker.reply()).toMatch(/^250/);
  expect(await talker.reply()).toMatch(/^421 4\.3\.2/);
  await stopped;
});

test('a port that is taken is said with the key of the configuration', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await expect(open({}, { listener: { port } })).rejects.toThrow(
    /^Cannot listen on 127\.0\.0\.1 port \d+: another program has it; .* in feedback\.listeners\.$/,
  );
});
