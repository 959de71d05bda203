// Who may come in: origins, networks, sessions, and the gate before the password.
import { expect, test } from 'vitest';
import type { Ask } from '../../../src/http/exchange.ts';
import { makeGate } from '../../../src/http/gate.ts';
import {
  clientOf,
  isForeign,
  isForwarded,
  isLoopback,
  networkOf,
  securityHeaders,
} from '../../../src/http/security.ts';
import { hasToken, makeSessions } from '../../../src/http/session.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import type { Member } from '../../../src/model/access.ts';
import { admin, memorySessions } from '../../support/page.ts';

const ask = (headers: Record<string, string> = {}, form = ''): Ask => ({
  method: 'POST',
  path: '/',
  params: {},
  query: new URLSearchParams(),
  header: (name) => headers[name],
  type: '',
  body: Buffer.alloc(0),
  form: new URLSearchParams(form),
  peer: '127.0.0.1',
});
function handClock(): Clock & { pass(ms: number): void } {
  let now = 1000;
  return { ...systemClock, now: () => now, ticks: () => now, pass: (ms) => void (now += ms) };
}

test.each([
  ['a browser on our page', { 'sec-fetch-site': 'same-origin' }, false],
  ['a typed address', { 'sec-fetch-site': 'none' }, false],
  ['another site', { 'sec-fetch-site': 'cross-site' }, true],
  ['another port of this host', { 'sec-fetch-site': 'same-site' }, true],
  ['an old browser on our page', { origin: 'http://relay:8080', host: 'relay:8080' }, false],
  ['an old browser elsewhere', { origin: 'http://evil.example', host: 'relay:8080' }, true],
  ['a sandboxed frame', { origin: 'null', host: 'relay:8080' }, true],
  ['no browser', {}, false],
])('a request of %s is judged by where it comes from', (_, headers, foreign) => {
  expect(isForeign(ask(headers))).toBe(foreign);
});

test('loopback is this host alone, and not behind a proxy', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])
    expect(isLoopback(address)).toBe(true);
  for (const address of ['128.0.0.1', '10.0.0.1', '::2', '', '127.0.0.1.evil'])
    expect(isLoopback(address)).toBe(false);
  expect(isForwarded(ask({ 'x-forwarded-for': '1.2.3.4' }))).toBe(true);
  expect(isForwarded(ask())).toBe(false);
});

test('who asks is whom a proxy on this host speaks for, and nobody else says so', () => {
  const forwarded = ask({ 'x-forwarded-for': '203.0.113.9, 198.51.100.7' });
  expect(clientOf(forwarded)).toBe('198.51.100.7');
  expect(clientOf({ ...forwarded, peer: '192.0.2.1' })).toBe('192.0.2.1');
  expect(clientOf(ask({ 'x-forwarded-for': 'nonsense' }))).toBe('127.0.0.1');
  expect(clientOf(ask())).toBe('127.0.0.1');
});

test('an IPv6 host cannot change its network by changing its address', () => {
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0');
  expect(networkOf('2001:db8:0:0:9:8:7:6')).toBe('2001:db8:0:0');
  expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8::1'));
  expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0');
});

test('no policy lets a script of others run', () => {
  for (const policy of ['page', 'data', 'mail'] as const) {
    const csp = securityHeaders(policy)['content-security-policy'] ?? '';
    expect(csp).toContain("default-src 'none'");
    expect(csp).not.toMatch(/script-src(?! 'self'(;|$))|unsafe-eval|https?:|\*/);
  }
  expect(securityHeaders('mail')['content-security-policy']).toMatch(/(^|; )sandbox$/);
});

test('each wrong password makes its network wait twice as long, and no other', async () => {
  const clock = handClock();
  const gate = makeGate((password) => Promise.resolve(password === 'right'), clock);
  for (let i = 0; i < 3; i++) expect(await gate('wrong', 'a')).toBe('wrong');
  expect(await gate('right', 'a')).toEqual({ waitMs: 1000 });
  clock.pass(1000);
  expect(await gate('wrong', 'a')).toBe('wrong');
  expect(await gate('right', 'a')).toEqual({ waitMs: 2000 });
  expect(await gate('right', 'b')).toBe('right');
  clock.pass(2000);
  expect(await gate('right', 'a')).toBe('right');
  expect(await gate('wrong', 'a')).toBe('wrong');
});

test('many tries at once are not many checks', async () => {
  let checks = 0;
  const gate = makeGate(async () => {
    checks++;
    await systemClock.sleep(5);
    return false;
  }, handClock());
  const verdicts = await Promise.all(Array.from({ length: 50 }, (_, i) => gate('x', `net${i}`)));
  expect(checks).toBe(2);
  expect(verdicts.filter((verdict) => verdict === 'wrong')).toHaveLength(2);
});

test('who has a password of their own wins no tries for another name by it', async () => {
  const gate = makeGate(
    (password, name) => Promise.resolve(password === 'right' && name === 'mia'),
    handClock(),
  );
  let checked = 0;
  for (let i = 0; i < 20; i++) {
    if ((await gate('guess', 'a', 'admin')) === 'wrong') checked++;
    await gate('right', 'a', 'mia');
  }
  expect(checked).toBeLessThanOrEqual(3);
});

test('a right password that is checked at the same time takes back nothing of a wrong one', async () => {
  const gate = makeGate(async (password) => {
    await systemClock.sleep(2);
    return password === 'right';
  }, handClock());
  let checked = 0;
  for (let i = 0; i < 20; i++) {
    const both = await Promise.all([gate('right', 'a', 'mia'), gate('guess', 'a', 'admin')]);
    if (both[1] === 'wrong') checked++;
  }
  expect(checked).toBeLessThanOrEqual(3);
});

test('a right password makes nobody wait, and keeps no wrong one of others from being forgotten', async () => {
  const clock = handClock();
  const gate = makeGate((password) => Promise.resolve(password === 'right'), clock);
  for (const name of ['ann', 'bob', 'cleo']) expect(await gate('wrong', 'office', name)).toBe('wrong');
  clock.pass(1000);
  for (const name of ['ann', 'bob', 'cleo', 'dan']) expect(await gate('right', 'office', name)).toBe('right');
  for (let i = 0; i < 3; i++) {
    clock.pass(1_200_000);
    expect(await gate('right', 'office', 'ann')).toBe('right');
  }
  for (let i = 0; i < 3; i++) expect(await gate('wrong', 'office', 'dan')).toBe('wrong');
});

test('many networks do not have many tries for a name, and do not shut out who was there before', async () => {
  const clock = handClock();
  const gate = makeGate((password) => Promise.resolve(password === 'right'), clock);
  expect(await gate('right', 'home')).toBe('right');
  let checked = 0;
  for (let i = 0; i < 5000; i++) {
    if ((await gate('guess', `net${i}`)) === 'wrong') checked++;
    clock.pass(20);
  }
  expect(checked).toBeLessThan(320);
  expect(await gate('right', 'elsewhere')).toMatchObject({ waitMs: expect.any(Number) });
  expect(await gate('right', 'home')).toBe('right');
  expect(await gate('guess', 'elsewhere', 'mia')).toBe('wrong');
});

test('guesses at a name are not forgotten over names that were only asked for', async () => {
  const gate = makeGate((password) => Promise.resolve(password === 'right'), handClock());
  for (let i = 0; i < 301; i++) expect(await gate('guess', `net${i}`)).toBe('wrong');
  for (let i = 0; i < 3; i++) await gate('guess', 'flood', 'x');
  for (let i = 0; i < 10_001; i++)
    expect(await gate('guess', 'flood', `name${i}`)).toMatchObject({ waitMs: expect.any(Number) });
  expect(await gate('right', 'elsewhere')).toMatchObject({ waitMs: expect.any(Number) });
});

test('while strangers hold all seats there is one for who was there before', async () => {
  const gate = makeGate(async (password) => {
    await systemClock.sleep(20);
    return password === 'right';
  }, handClock());
  expect(await gate('right', 'home')).toBe('right');
  const strangers = ['a', 'b', 'c'].map((network) => gate('guess', network));
  expect(await gate('right', 'home')).toBe('right');
  await Promise.all(strangers);
});

test('a session lives in its cookie until it is idle, old or ended', async () => {
  const clock = handClock();
  const sessions = makeSessions({ store: memorySessions(), memberOf: () => Promise.resolve(admin), clock });
  const begin = async (headers = {}): Promise<string> => (await sessions.begin(ask(headers), admin)).cookie;
  const cookie = await begin();
  expect(cookie).toMatch(/^postino_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  expect(await begin({ origin: 'https://relay.example' })).toMatch(/; Secure$/);
  const mine = ask({ cookie: `other=1; ${cookie.split(';')[0]}` });
  expect((await sessions.find(mine))?.member.name).toBe('admin');
  expect(await sessions.find(ask({ cookie: 'postino_session=' }))).toBeUndefined();
  expect(await sessions.find(ask({ cookie: 'postino_session=guess' }))).toBeUndefined();
  for (let hour = 0; hour < 11; hour++) {
    clock.pass(3_600_000);
    expect(await sessions.find(mine)).toBeDefined();
  }
  clock.pass(3_600_000);
  expect(await sessions.find(mine)).toBeUndefined();
  const idle = ask({ cookie: (await begin()).split(';')[0] ?? '' });
  clock.pass(2 * 3_600_000);
  expect(await sessions.find(idle)).toBeUndefined();
  const ended = ask({ cookie: (await begin()).split(';')[0] ?? '' });
  expect(await sessions.end(ended)).toContain('Max-Age=0');
  expect(await sessions.find(ended)).toBeUndefined();
});

test('a session that is ended while a request of it is answered stays ended', async () => {
  const clock = handClock();
  const memberOf = Promise.withResolvers<Member>();
  const sessions = makeSessions({ store: memorySessions(), memberOf: () => memberOf.promise, clock });
  const mine = ask({ cookie: (await sessions.begin(ask(), admin)).cookie.split(';')[0] ?? '' });
  clock.pass(3_600_000);
  const asked = sessions.find(mine);
  await sessions.end(mine);
  memberOf.resolve(admin);
  await asked;
  expect(await sessions.find(mine)).toBeUndefined();
});

test('a session ends with what its member was when it began', async () => {
  const clock = handClock();
  let member: Member | undefined = admin;
  const sessions = makeSessions({ store: memorySessions(), memberOf: () => Promise.resolve(member), clock });
  const asked = async (): Promise<Ask> =>
    ask({ cookie: (await sessions.begin(ask(), admin)).cookie.split(';')[0] ?? '' });
  const [one, other] = [await asked(), await asked()];
  expect((await sessions.find(one))?.token).not.toBe((await sessions.find(other))?.token);
  clock.pass(1);
  member = { ...admin, sessionsFrom: clock.now() };
  expect(await sessions.find(one)).toBeUndefined();
  member = undefined;
  expect(await sessions.find(other)).toBeUndefined();
});

test('a token is right in the header or the form, and nowhere else', () => {
  const session = { token: 'abc' };
  expect(hasToken(ask({ 'x-csrf-token': 'abc' }), session)).toBe(true);
  expect(hasToken(ask({}, 'token=abc'), session)).toBe(true);
  for (const wrong of [ask(), ask({ 'x-csrf-token': 'abd' }), ask({ 'x-csrf-token': 'ab' })])
    expect(hasToken(wrong, session)).toBe(false);
});
