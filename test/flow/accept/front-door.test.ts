// The front door under pressure: large bodies, slow clients, a store that is away, limits, stopping, certificates.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import type { Spill } from '../../../src/accept/body.ts';
import { makeAccept } from '../../../src/accept/accept.ts';
import { makeCertificates } from '../../../src/accept/certificates.ts';
import { smtpConfig } from '../../../src/accept/config.ts';
import type { Submitted } from '../../../src/accept/take.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { Talker } from '../../support/dialog.ts';
import { openFrontDoor, type FrontDoor, type ListenerName } from '../../support/front-door.ts';

const SCANNER = '127.0.0.66';
const PLAIN = Buffer.from('\0shop\0secret').toString('base64');
const HEADER = 'From: scan@office.example\r\nSubject: x\r\nMessage-ID: <1@office.example>\r\n\r\n';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: Parameters<typeof openFrontDoor>[0] = {}): Promise<FrontDoor> {
  const door = await openFrontDoor({ names: ['plain'], ...options });
  closers.push(() => door.close());
  return door;
}

async function talk(door: FrontDoor, from = SCANNER, name: ListenerName = 'plain'): Promise<Talker> {
  const talker = await Talker.open(door.port(name), { from });
  closers.push(() => talker.close());
  await talker.reply();
  await talker.say('EHLO c');
  return talker;
}

async function toData(talker: Talker, recipient = 'a@example.org'): Promise<void> {
  for (const line of ['MAIL FROM:<scan@office.example>', `RCPT TO:<${recipient}>`, 'DATA'])
    expect(await talker.say(line)).toMatch(/^[23]5/);
}

async function send(talker: Talker, message: string | Buffer): Promise<string> {
  await toData(talker);
  talker.send(message);
  talker.send('\r\n.\r\n');
  return talker.reply();
}

/** Spills kept in memory, so that a test can look at them. */
function memorySpills(): Readonly<{
  open: () => Promise<Spill>;
  spills: { bytes: Buffer[]; state: string }[];
}> {
  const spills: { bytes: Buffer[]; state: string }[] = [];
  return {
    spills,
    open: async () => {
      const spill = { bytes: [] as Buffer[], state: 'open' };
      spills.push(spill);
      return {
        write: async (chunk) => void spill.bytes.push(Buffer.from(chunk)),
        commit: async () => {
          spill.state = 'committed';
          return `file:${spills.length}`;
        },
        discard: async () => void (spill.state = 'discarded'),
      };
    },
  };
}

/** A clock whose time jumps by hand; its timers are the real ones. */
function jumpingClock(): Readonly<{ clock: Clock; jump: (ms: number) => void }> {
  let ahead = 0;
  return {
    clock: {
      ...systemClock,
      now: () => systemClock.now() + ahead,
      ticks: () => systemClock.ticks() + ahead,
      every: (ms, task) => systemClock.every(Math.min(ms, 20), task),
    },
    jump: (ms) => {
      ahead += ms;
    },
  };
}

describe('a body', () => {
  test('up to 256 KiB is handed on in memory, a larger one goes to a file as it comes in', async () => {
    const { open: openSpill, spills } = memorySpills();
    const door = await open({ deps: { openSpill } });
    const talker = await talk(door);
    expect(await send(talker, `${HEADER}${'x'.repeat(262_144 - HEADER.length - 2)}`)).toMatch(/^250/);
    expect(door.taken[0]?.body?.length).toBe(262_144);
    expect(spills).toHaveLength(0);

    const large = Buffer.from(`${HEADER}${'Grüße 0123456789\r\n'.repeat(60_000)}`);
    expect(await send(talker, large)).toMatch(/^250/);
    const [, request] = door.taken;
    expect(request?.body).toBeUndefined();
    expect(request?.submission).toMatchObject({
      body: 'file:1',
      size: large.length + 2,
      headerSize: HEADER.length,
      eightBit: true,
      messageId: '<1@office.example>',
    });
    expect(spills[0]?.state).toBe('committed');
    expect(Buffer.concat(spills[0]?.bytes ?? [])).toEqual(Buffer.concat([large, Buffer.from('\r\n')]));
  });

  test('over the limit is read to its end, refused with 552, and its file removed; the next message goes', async () => {
    const { open: openSpill, spills } = memorySpills();
    const door = await open({ deps: { openSpill }, config: { maxMessageBytes: 400_000 } });
    const talker = await talk(door);
    expect(await send(talker, HEADER + 'x'.repeat(3_000_000))).toMatch(/^552 5\.3\.4/);
    expect(spills[0]?.state).toBe('discarded');
    expect(await send(talker, `${HEADER}small`)).toMatch(/^250/);
  });

  test('with an endless header is refused before it fills the memory', async () => {
    const door = await open();
    const talker = await talk(door);
    expect(await send(talker, `${HEADER.trimEnd()}\r\n${`X: ${'y'.repeat(900)}\r\n`.repeat(200)}`)).toMatch(
      /^552 5\.3\.4 The header/,
    );
    expect(await send(talker, `${HEADER.trimEnd()}\r\n${'X: y\r\n'.repeat(1200)}\r\nbody`)).toMatch(
      /^552 5\.3\.4 The header/,
    );
  });

  test('beyond the memory that all sessions share is refused for now, and the memory comes back', async () => {
    const door = await open({ config: { memoryBudget: '100KiB' } });
    const [one, two] = [await talk(door), await talk(door)];
    await toData(one);
    one.send(HEADER + 'x'.repeat(80_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await send(two, HEADER + 'x'.repeat(80_000))).toMatch(/^452 4\.3\.1/);
    one.send('\r\n.\r\n');
    expect(await one.reply()).toMatch(/^250/);
    expect(await send(two, HEADER + 'x'.repeat(80_000))).toMatch(/^250/);
  });

  test('of a client that went away in the middle is forgotten', async () => {
    const { open: openSpill, spills } = memorySpills();
    const door = await open({ deps: { openSpill } });
    const talker = await talk(door);
    await toData(talker);
    talker.send(HEADER + 'x'.repeat(400_000));
    await expect.poll(() => spills.length).toBe(1);
    talker.close();
    await expect.poll(() => spills[0]?.state).toBe('discarded');
    expect(door.taken).toHaveLength(0);
    await expect.poll(() => door.accept.connections()).toBe(0);
  });
});

describe('a submission', () => {
  test('carries the facts of its envelope, header and connection', async () => {
    const door = await open({ names: ['starttls'] });
    const talker = await talk(door, '127.0.0.1', 'starttls');
    await talker.say('STARTTLS');
    await talker.startTls();
    await talker.say('EHLO client (evil)');
    await talker.say(`AUTH PLAIN ${PLAIN}`);
    await talker.say('MAIL FROM:<www-data@localhost> RET=HDRS ENVID=abc SMTPUTF8');
    await talker.say('RCPT TO:<Jörg@MÜLLER.example> NOTIFY=FAILURE');
    await talker.say('DATA');
    talker.send(
      'From: =?utf-8?q?Sh=C3=B6p?= <me@Shop.example>\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\n =?utf-8?q?_aus?=\r\n',
    );
    talker.send(
      'X-Postino-Pool: bulk\r\nX-Postino-Priority: 1\r\nX-Postino-Tag: a, b\r\nX-Postino-Tag: c\r\n\r\nhi\r\n.\r\n',
    );
    expect(await talker.reply()).toMatch(/^250 2\.0\.0 Ok: queued as [0-9A-HJKMNP-TV-Z]{26}$/);
    const { submission, recipients, fingerprint } = door.taken[0] ?? {};
    expect(recipients).toEqual([{ address: 'Jörg@xn--mller-kva.example', notify: ['FAILURE'] }]);
    expect(fingerprint).toBe('');
    expect(submission).toMatchObject({
      account: 'default',
      user: 'shop',
      from: 'me@shop.example',
      headerFrom: 'me@shop.example',
      messageId: `<${submission?.id}@relay.example.net>`,
      subject: 'Grüße aus',
      smtputf8: true,
      ret: 'HDRS',
      envid: 'abc',
      instructions: { pool: 'bulk', priority: 2, tags: ['a', 'b', 'c'] },
    });
    expect(submission?.received).toMatchObject({
      helo: 'client??evil?',
      address: '127.0.0.1',
      protocol: 'UTF8SMTPSA',
    });
    expect(submission?.received.tls).toMatch(/^TLSv1\.3 TLS_/);
  });

  test('has the same fingerprint when a client repeats it, another one when anything differs', async () => {
    const door = await open();
    const talker = await talk(door);
    for (const text of ['hello', 'hello', 'other']) await send(talker, HEADER + text);
    const [first, again, other] = door.taken.map((one) => one.fingerprint);
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test('of a visitor is rewritten where the user wants it', async () => {
    const door = await open();
    const talker = await talk(door, '127.0.0.1');
    await talker.say(`AUTH PLAIN ${Buffer.from('\0contact\0secret').toString('base64')}`);
    await talker.say('MAIL FROM:<jane@visitor.example>');
    await talker.say('RCPT TO:<info@site.example>');
    await talker.say('DATA');
    talker.send('From: "Jane Doe" <jane@visitor.example>\r\n\r\nhi\r\n.\r\n');
    expect(await talker.reply()).toMatch(/^250/);
    expect(door.taken[0]?.submission).toMatchObject({
      from: 'no-reply@site.example',
      headerFrom: 'no-reply@site.example',
      rewrite: {
        from: '"Jane Doe via site.example" <no-reply@site.example>',
        replyTo: 'jane@visitor.example',
      },
    });
  });
});

describe('when the store', () => {
  const refused: readonly (readonly [string, Submitted, RegExp])[] = [
    ['is away', { kind: 'refused', why: 'away' }, /^451 4\.3\.0/],
    ['is slow', { kind: 'refused', why: 'slow' }, /^451 4\.3\.0/],
    ['is broken', { kind: 'refused', why: 'broken' }, /^451 4\.3\.0/],
    ['is full', { kind: 'refused', why: 'full' }, /^452 4\.3\.1/],
  ];
  test.each(refused)('%s the client hears that it should try again', async (_, submitted, reply) => {
    const door = await open({ deps: { submit: async () => submitted } });
    expect(await send(await talk(door), `${HEADER}x`)).toMatch(reply);
  });

  test('throws, the client hears that it should try again, and the session goes on', async () => {
    const door = await open({ deps: { submit: async () => Promise.reject(new Error('bug')) } });
    const talker = await talk(door);
    expect(await send(talker, `${HEADER}x`)).toMatch(/^451 4\.3\.0/);
    expect(await talker.say('NOOP')).toMatch(/^250/);
  });

  test('is away and settings with it, log-in and mail wait: never 535, never 5xx', async () => {
    const door = await open({ deps: { settings: () => undefined } });
    const talker = await talk(door, '127.0.0.1');
    expect(await talker.say(`AUTH PLAIN ${PLAIN}`)).toMatch(/^454 4\.7\.0/);
    expect(await talker.say('MAIL FROM:<me@shop.example>')).toMatch(/^451 4\.3\.0/);
  });

  test('knows the message already, the first id is told again and the second file removed', async () => {
    const { open: openSpill, spills } = memorySpills();
    const door = await open({ deps: { openSpill, submit: async () => ({ kind: 'queued', id: 'FIRST' }) } });
    expect(await send(await talk(door), HEADER + 'x'.repeat(300_000))).toBe('250 2.0.0 Ok: queued as FIRST');
    expect(spills[0]?.state).toBe('discarded');
  });

  test('may have taken a message although it did not answer, its file stays', async () => {
    const { open: openSpill, spills } = memorySpills();
    const door = await open({ deps: { openSpill, submit: async () => ({ kind: 'refused', why: 'slow' }) } });
    expect(await send(await talk(door), HEADER + 'x'.repeat(300_000))).toMatch(/^451/);
    expect(spills[0]?.state).toBe('committed');
  });
});

describe('limits of a user', () => {
  test('hold a message until it may go, or refuse it', async () => {
    const answers = [{ kind: 'later', at: 123 } as const, { kind: 'refused', period: 'hour' } as const];
    const asked: unknown[] = [];
    const door = await open({
      deps: {
        reserve: async (user, count) => {
          asked.push([user.name, count]);
          return answers.shift() ?? { kind: 'now' };
        },
      },
    });
    const talker = await talk(door);
    expect(await send(talker, `${HEADER}free`)).toMatch(/^250/);
    door.setUser('scanner', { limits: { over: 'hold', messagesPerHour: 5 } });
    await talker.say('RSET');
    expect(await send(talker, `${HEADER}held`)).toMatch(/^250/);
    expect(await send(talker, `${HEADER}too many`)).toMatch(/^451 4\.7\.1/);
    expect(asked).toEqual([
      ['scanner', 1],
      ['scanner', 1],
    ]);
    expect(door.taken.map((one) => one.holdUntil)).toEqual([undefined, 123]);
  });

  test('change at once: a user who was disabled sends no more, even when logged in', async () => {
    const door = await open();
    const talker = await talk(door, '127.0.0.1');
    expect(await talker.say(`AUTH PLAIN ${PLAIN}`)).toMatch(/^235/);
    expect(await talker.say('MAIL FROM:<me@shop.example>')).toMatch(/^250/);
    door.setUser('shop', { disabled: true });
    expect(await talker.say('RCPT TO:<a@example.org>')).toMatch(/^530 5\.7\.0/);
    expect(await talker.say('DATA')).toMatch(/^530 5\.7\.0/);
  });
});

describe('clients that take too long or too much', () => {
  test('are told 421: to log in, between messages, in the middle of one', async () => {
    const { clock, jump } = jumpingClock();
    const door = await open({ deps: { clock } });
    const stranger = await talk(door, '127.0.0.1');
    const idle = await talk(door);
    const slow = await talk(door);
    await toData(slow);
    slow.send('From: ');
    await new Promise((resolve) => setTimeout(resolve, 50));
    jump(29_000);
    slow.send('x'.repeat(30_000)); // 500 bytes a second until 90 s, and no longer
    await new Promise((resolve) => setTimeout(resolve, 60));
    jump(32_000);
    expect(await stranger.closed()).toMatch(/^421 4\.4\.2 You did not log in/);
    jump(40_000);
    expect(await slow.closed()).toMatch(/^421 4\.4\.2 The message came in too slowly/);
    jump(240_000);
    expect(await idle.closed()).toMatch(/^421 4\.4\.2 Nothing was sent/);
    await expect.poll(() => door.accept.connections()).toBe(0);
  });

  test('are cut off in the middle of a TLS handshake, begun or not', async () => {
    const { clock, jump } = jumpingClock();
    const door = await open({
      names: ['starttls', 'implicit'],
      deps: { clock },
      config: { deadlines: { tlsHandshake: '300ms' } },
    });
    const half = await talk(door, '127.0.0.1', 'starttls');
    expect(await half.say('STARTTLS')).toMatch(/^220/);
    const silent = await Talker.open(door.port('implicit'));
    closers.push(() => silent.close());
    silent.send(Buffer.from([0x16]));
    await silent.closed();
    jump(400);
    expect(await half.closed()).toBe('');
  });

  test('open too many connections from one address, or in all', async () => {
    const door = await open({ config: { maxConnections: 3, maxConnectionsPerIp: 2 } });
    await talk(door);
    const second = await talk(door);
    const third = await Talker.open(door.port('plain'), { from: SCANNER });
    expect(await third.closed()).toMatch(/^421 4\.7\.0 Too many connections from your address/);
    await talk(door, '127.0.0.67');
    const fifth = await Talker.open(door.port('plain'), { from: '127.0.0.68' });
    expect(await fifth.closed()).toMatch(/^421 4\.3\.2/);
    second.close();
    await expect.poll(() => door.accept.connections()).toBe(2);
    await talk(door);
    expect(door.accept.counts()).toMatchObject({ connections: 4, refusedConnections: 2 });
  });

  test('send a line without end', async () => {
    const door = await open();
    const talker = await talk(door);
    talker.send('X'.repeat(1_000_000));
    expect(await talker.closed()).toMatch(/^500 5\.5\.2 Command line too long/);
  });

  test('send commands without reading the answers', async () => {
    const door = await open();
    const talker = await talk(door);
    talker.send('RSET\r\n'.repeat(100_000));
    expect(await talker.closed()).toMatch(/421 4\.7\.0 Too many commands without mail/);
  });

  test('guess passwords over many connections: the address is shut out, others are not', async () => {
    const { clock, jump } = jumpingClock();
    const door = await open({ deps: { clock: { ...clock, sleep: async () => undefined } } });
    const wrong = Buffer.from('\0shop\0wrong').toString('base64');
    let last = '';
    for (let i = 0; i < 9 && !last.includes('Too many failed'); i++) {
      const talker = await talk(door, '127.0.0.1');
      for (let j = 0; j < 2; j++) last = await talker.say(`AUTH PLAIN ${wrong}`);
      talker.close();
    }
    for (let i = 0; i < 2; i++) await (await talk(door, '127.0.0.1')).say(`AUTH PLAIN ${wrong}`);
    expect(await (await talk(door, '127.0.0.1')).say(`AUTH PLAIN ${PLAIN}`)).toMatch(/^421 4\.7\.0/);
    expect(await (await talk(door, '127.0.0.2')).say(`AUTH PLAIN ${PLAIN}`)).toMatch(/^235/);
    // Who has the password in memory is not asked to wait.
    expect(await (await talk(door, '127.0.0.1')).say(`AUTH PLAIN ${PLAIN}`)).toMatch(/^235/);
    jump(3_600_000);
    expect(await (await talk(door, '127.0.0.1')).say(`AUTH PLAIN ${PLAIN}`)).toMatch(/^235/);
  });
});

describe('STARTTLS', () => {
  test.each([
    ['in the same packet', 'STARTTLS\r\nMAIL FROM:<scan@office.example>\r\n'],
    ['as half a line', 'STARTTLS\r\nMAIL FROM:<scan@off'],
  ])('throws away what was sent in clear behind it, %s', async (_, bytes) => {
    const door = await open({ names: ['starttls'] });
    const talker = await talk(door, SCANNER, 'starttls');
    talker.send(bytes);
    expect(await talker.reply()).toMatch(/^220/);
    await talker.startTls();
    expect(await talker.say('RCPT TO:<a@example.org>')).toMatch(/^503 5\.5\.1 Send MAIL/);
    expect(await talker.say('EHLO c')).toMatch(/^250/);
    expect(await talker.say('RCPT TO:<a@example.org>')).toMatch(/^503 5\.5\.1 Send MAIL/);
  });

  test('of old devices works where the operator allows old versions, and nowhere else', async () => {
    const shake = (port: number): Promise<string> =>
      new Promise((resolve) => {
        const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
        const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...old }, () => {
          resolve(String(socket.getProtocol()));
          socket.destroy();
        }).on('error', () => resolve('refused'));
      });
    const listener = { port: 0, host: '127.0.0.1', tls: 'implicit' };
    const modern = await open({ names: ['implicit'] });
    expect(await shake(modern.port('implicit'))).toBe('refused');
    const legacy = await open({
      names: ['implicit'],
      config: { listeners: [{ ...listener, minTls: 'TLSv1' }] },
    });
    expect(await shake(legacy.port('implicit'))).toBe('TLSv1');
  });

  test('a failed handshake ends the connection and nothing else', async () => {
    const door = await open({ names: ['starttls'] });
    const talker = await talk(door, SCANNER, 'starttls');
    expect(await talker.say('STARTTLS')).toMatch(/^220/);
    talker.send('EHLO again\r\n');
    await talker.closed();
    expect(await (await talk(door, SCANNER, 'starttls')).say('NOOP')).toMatch(/^250/);
  });
});

describe('stopping', () => {
  test('sends idle clients away and lets a message that comes in end with its answer', async () => {
    const door = await open();
    const idle = await talk(door);
    const busy = await talk(door);
    await toData(busy);
    busy.send(HEADER);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stopped = door.accept.stop(5000);
    expect(await idle.closed()).toMatch(/^421 4\.3\.2/);
    busy.send('the end\r\n.\r\n');
    expect(await busy.reply()).toMatch(/^250 2\.0\.0 Ok: queued/);
    expect(await busy.reply()).toMatch(/^421 4\.3\.2/);
    await stopped;
    expect(door.accept.connections()).toBe(0);
    await expect(Talker.open(door.port('plain'))).rejects.toThrow('ECONNREFUSED');
  });

  test('does not wait longer than it was given', async () => {
    const door = await open();
    const busy = await talk(door);
    await toData(busy);
    await door.accept.stop(50);
    expect(await busy.closed()).toBe('');
  });
});

describe('starting', () => {
  const start = async (smtp: object, folder: string): Promise<unknown> => {
    const accept = makeAccept({
      config: smtpConfig.parse(smtp),
      hostname: 'relay.example.net',
      certificateFolder: folder,
      clock: systemClock,
      log: silentLog,
      settings: () => undefined,
      submit: async () => ({ kind: 'refused', why: 'away' }),
      reserve: async () => ({ kind: 'now' }),
      openSpill: async () => Promise.reject(new Error('none')),
      isSuppressed: async () => false,
    });
    closers.push(() => accept.stop(0));
    return accept.start();
  };
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'postino-start-'));
    closers.push(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };

  test('says which port another program has', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    closers.push(() => other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(start({ listeners: [{ port, host: '127.0.0.1', tls: 'none' }] }, folder())).rejects.toThrow(
      `Cannot listen on 127.0.0.1 port ${port}: another program has it; stop that program or choose another port in smtp.listeners.`,
    );
  });

  test('says which certificate file is missing, or does not fit its key', async () => {
    const listeners = [{ port: 0, host: '127.0.0.1', tls: 'implicit' }];
    const path = folder();
    await expect(
      start({ listeners, certificate: '/nowhere/a.pem', key: '/nowhere/b.pem' }, path),
    ).rejects.toThrow(
      "The TLS certificate /nowhere/a.pem cannot be read; correct smtp.certificate or the file's permissions.",
    );
    writeFileSync(join(path, 'a.pem'), 'nonsense');
    await expect(
      start({ listeners, certificate: join(path, 'a.pem'), key: join(path, 'a.pem') }, path),
    ).rejects.toThrow(/cannot be used together/);
  });

  test('makes its own certificate, which only its owner can read', async () => {
    const path = folder();
    await start({ listeners: [{ port: 0, host: '127.0.0.1' }] }, join(path, 'certificates'));
    expect(statSync(join(path, 'certificates', 'self-signed.key')).mode & 0o777).toBe(0o600);
  });

  test('takes up a certificate that changed', async () => {
    const path = folder();
    const files = { certificate: join(path, 'cert.pem'), key: join(path, 'key.pem') };
    const make = (name: string): unknown =>
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          '2',
          '-subj',
          `/CN=${name}`,
          '-out',
          files.certificate,
          '-keyout',
          files.key,
        ],
        { stdio: 'ignore' },
      );
    make('first.example');
    const clock: Clock = { ...systemClock, every: (_, task) => systemClock.every(20, task) };
    const door = await open({ names: ['implicit'], config: files, deps: { clock } });
    const nameShown = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls(
          { port: door.port('implicit'), host: '127.0.0.1', rejectUnauthorized: false },
          () => {
            resolve(String(socket.getPeerCertificate().subject.CN));
            socket.destroy();
          },
        ).once('error', reject);
      });
    expect(await nameShown()).toBe('first.example');
    writeFileSync(files.certificate, 'half written');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await nameShown()).toBe('first.example');
    make('second.example');
    utimesSync(files.key, new Date(), new Date());
    await expect.poll(nameShown, { timeout: 5000 }).toBe('second.example');
  });

  test('does not take a certificate whose key belongs to another', async () => {
    const [one, two] = [folder(), folder()];
    for (const each of [one, two])
      await makeCertificates({ folder: each, hostname: 'h', clock: systemClock, log: silentLog }).load(
        undefined,
      );
    const certificates = makeCertificates({ folder: one, hostname: 'h', clock: systemClock, log: silentLog });
    const mixed = { certificate: join(one, 'self-signed.crt'), key: join(two, 'self-signed.key') };
    await expect(certificates.load(mixed)).rejects.toThrow(/cannot be used together/);
  });
});
