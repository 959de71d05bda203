// The catalogue of replies, deadlines, start problems and the configuration slice.
import { describe, expect, test } from 'vitest';
import { userSchema } from '../../../src/model/settings.ts';
import { smtpConfig } from '../../../src/accept/config.ts';
import { overdue } from '../../../src/accept/deadlines.ts';
import { cleanHelo, ehloLines, isHttp, receivedFacts } from '../../../src/accept/hello.ts';
import { listenProblem } from '../../../src/accept/problem.ts';
import { replies, writeLines, writeReply, type Reply } from '../../../src/accept/replies.ts';

const every = Object.entries(replies).map(([name, reply]): [string, Reply] => [
  name,
  typeof reply === 'function' ? (reply as (...args: unknown[]) => Reply)('hour', 'must') : reply,
]);

describe('every reply', () => {
  test.each(every)('%s has an enhanced status of its class, one sentence, and fits a line', (_, reply) => {
    expect(writeReply(reply)).toMatch(/^[2345]\d\d [ -~]*\r\n$/);
    expect(writeReply(reply).length).toBeLessThanOrEqual(512); // RFC 5321 §4.5.3.1.5
    if (reply.status !== undefined)
      expect(reply.status).toMatch(new RegExp(`^${Math.floor(reply.code / 100)}\\.\\d{1,3}\\.\\d{1,3}$`));
    else expect([220, 250, 334, 354]).toContain(reply.code);
    expect(reply.text).not.toMatch(/\.$/);
  });
});

test('the final reply has exactly the form that clients read', () => {
  expect(writeReply(replies.queued('01ABC'))).toBe('250 2.0.0 Ok: queued as 01ABC\r\n');
  expect(writeReply(replies.challenge(''))).toBe('334 \r\n');
});

test('control characters never get out', () => {
  expect(writeReply(replies.notYourAddress('a\r\n250 ok\0\x85\u2028@x'))).toMatch(
    /^550 5\.7\.1 This user may not send as a {2}250 ok {3}@x;[^\r\n]*\r\n$/,
  );
  expect(writeLines(250, ['a\nb', 'c'])).toBe('250-a b\r\n250 c\r\n');
  expect(writeReply(replies.notYourPool('x'.repeat(2000))).length).toBeLessThan(512);
});

const deadlines = smtpConfig.parse({}).deadlines;
test.each([
  ['a handshake in time', { phase: 'handshake', elapsed: 29_000 }, undefined],
  ['a slow handshake', { phase: 'handshake', elapsed: 31_000 }, 421],
  ['a stranger in time', { phase: 'logIn', elapsed: 59_000 }, undefined],
  ['a stranger too late', { phase: 'logIn', elapsed: 61_000 }, 421],
  ['a quiet session', { phase: 'mail', elapsed: 299_000 }, undefined],
  ['a session asleep', { phase: 'mail', elapsed: 301_000 }, 421],
  ['data that has just begun', { phase: 'data', elapsed: 29_000 }, undefined],
  ['data that trickles', { phase: 'data', elapsed: 60_000, bytes: 14_000 }, 421],
  ['data that flows', { phase: 'data', elapsed: 60_000, bytes: 16_000 }, undefined],
  ['much data that then stops', { phase: 'data', elapsed: 400_000, bytes: 30_000_000, quiet: 301_000 }, 421],
  ['our own work', { phase: 'busy', elapsed: 9_000_000 }, undefined],
] as const)('%s', (_, watch, code) => {
  const now = 10_000_000;
  const { phase, elapsed, bytes, quiet } = { bytes: 0, quiet: 0, ...watch };
  expect(overdue({ phase, since: now - elapsed, lastInput: now - quiet, bytes }, deadlines, now)?.code).toBe(
    code,
  );
});

test('the protocol of the Received field follows RFC 3848', () => {
  const protocol = (extended: boolean, tls: string | undefined, loggedIn: boolean, utf8 = false): string =>
    receivedFacts({ helo: 'h', extended, address: '::1', tls, loggedIn }, utf8).protocol;
  expect([
    protocol(false, undefined, false),
    protocol(true, undefined, false),
    protocol(true, 'TLSv1.3 X', false),
    protocol(true, undefined, true),
    protocol(true, 'TLSv1.3 X', true),
    protocol(true, 'TLSv1.3 X', true, true),
  ]).toEqual(['SMTP', 'ESMTP', 'ESMTPS', 'ESMTPA', 'ESMTPSA', 'UTF8SMTPSA']);
});

test('EHLO names and web requests are told apart, and shown without tricks', () => {
  expect(cleanHelo('a) by evil (b\u0085é')).toBe('a??by?evil??b??');
  expect(cleanHelo('')).toBe('unknown');
  expect(cleanHelo('x'.repeat(999))).toHaveLength(255);
  for (const line of ['GET / HTTP/1.1', 'POST /x', 'CONNECT relay:25 HTTP/1.1', 'OPTIONS * HTTP/1.1'])
    expect(isHttp(line)).toBe(true);
  for (const line of ['DATA', 'GET', 'HELP x']) expect(isHttp(line)).toBe(false);
});

describe('EHLO', () => {
  const offer = {
    hostname: 'h',
    maxMessageBytes: 5,
    starttls: false,
    auth: false,
    isSecure: false,
    now: Date.UTC(2026, 6, 3, 10),
    user: replies.logInFirst,
  };
  const weekly = userSchema.parse({ v: 1, origin: 'file', name: 'shop', scheduleAhead: 7 * 86_400_000 });

  test('offers nothing that would be refused', () => {
    for (const word of ['STARTTLS', 'AUTH PLAIN LOGIN', 'REQUIRETLS'])
      expect(ehloLines(offer)).not.toContain(word);
    expect(ehloLines({ ...offer, starttls: true, auth: true })).toEqual(
      expect.arrayContaining(['STARTTLS', 'AUTH PLAIN LOGIN', 'MT-PRIORITY', 'DELIVERBY 30']),
    );
    expect(ehloLines({ ...offer, isSecure: true })).toContain('REQUIRETLS');
  });

  test('says how far ahead this user may schedule, and until when', () => {
    expect(ehloLines(offer)).toContain('FUTURERELEASE 2592000 2026-08-02T10:00:00Z');
    expect(ehloLines({ ...offer, user: weekly })).toContain('FUTURERELEASE 604800 2026-07-10T10:00:00Z');
  });
});

test.each([
  ['EADDRINUSE', /another program has it/],
  ['EACCES', /ports below 1024 need a privilege/],
  ['EADDRNOTAVAIL', /this host has no such address/],
  ['ENOTFOUND', /has no address/],
  ['EWHATEVER', /EWHATEVER/],
])('a port that answers %s has a sentence that says what to do', (code, sentence) => {
  const problem = listenProblem('port 25', Object.assign(new Error('x'), { code }));
  expect(problem.message).toMatch(sentence);
  expect(problem.message).toMatch(/^Cannot listen on port 25: /);
});

describe('the configuration', () => {
  test('without anything is two listeners and the documented limits', () => {
    const config = smtpConfig.parse({});
    expect(config.listeners.map((one) => [one.port, one.tls])).toEqual([
      [2525, 'starttls'],
      [2465, 'implicit'],
    ]);
    expect(config).toMatchObject({
      maxMessageBytes: 36_000_000,
      maxRecipients: 500,
      deadlines: { tlsHandshake: 30_000, logIn: 60_000, idle: 300_000 },
    });
  });

  test('takes sizes and durations as people write them', () => {
    const config = smtpConfig.parse({
      maxMessageBytes: '25MB',
      memoryBudget: 1000,
      deadlines: { idle: '10m' },
    });
    expect(config).toMatchObject({
      maxMessageBytes: 25_000_000,
      memoryBudget: 1000,
      deadlines: { idle: 600_000, logIn: 60_000 },
    });
  });

  test.each<[object, string]>([
    [{ listeners: [{ port: 70_000 }] }, 'listeners.0.port'],
    [{ listeners: [{ port: 25, tls: 'ssl' }] }, 'listeners.0.tls'],
    [{ listeners: [{ port: 25, proxyProtocol: ['10.0.0.0/8'] }] }, 'listeners.0.proxyProtocol.0'],
    [{ listeners: [{ port: 25, certificate: 'a.pem' }] }, 'listeners.0'],
    [{ listeners: [{ port: 25, typo: 1 }] }, 'listeners.0'],
    [{ maxMessageBytes: 'huge' }, 'maxMessageBytes'],
    [{ deadlines: { idle: 5 } }, 'deadlines.idle'],
    [{ key: 'a.pem' }, ''],
    [{ maxRecipients: 0 }, 'maxRecipients'],
  ])('%j is refused with its path', (smtp, path) => {
    const { error } = smtpConfig.safeParse(smtp);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});
