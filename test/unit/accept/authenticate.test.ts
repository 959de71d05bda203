// Passwords, the guard, the cache, and users known by their network.
import { describe, expect, test } from 'vitest';
import { makeAuthenticate, type LogIn } from '../../../src/accept/authenticate.ts';
import { makeGuard } from '../../../src/accept/guard.ts';
import { identify, isLoopback, readNetwork, userOfAddress } from '../../../src/accept/identity.ts';
import { hashPassword, verifyInTurn, verifyPassword } from '../../../src/accept/password.ts';
import { decodeText, readPlain } from '../../../src/accept/sasl.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { cpuClock } from '../../support/cpu.ts';
import { settingsOf, user } from '../../support/front-door.ts';

const hash = await hashPassword('secret');
const shop = user({ name: 'shop', passwordHash: hash });
/** Of "password": the reference implementation's own test vector for m=256, t=2, p=1, "somesalt". */
const cheap = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
const MINUTE = 60_000;

function handClock(): { clock: Clock; slept: number[]; at: number } {
  const hand = { at: 1_000_000, slept: [] as number[], clock: systemClock };
  hand.clock = {
    ...systemClock,
    now: () => hand.at,
    ticks: () => hand.at,
    sleep: async (ms) => void hand.slept.push(ms),
  };
  return hand;
}

describe('a password hash', () => {
  test('is argon2id with 19 MiB and 2 passes, salted, and verifies its password alone', async () => {
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(await hashPassword('secret')).not.toBe(hash);
    expect(await verifyPassword('secret', hash)).toBe(true);
    expect(await verifyPassword('Secret', hash)).toBe(false);
  });

  test('made elsewhere with other costs verifies too', async () => {
    expect(await verifyPassword('password', cheap)).toBe(true);
    expect(await verifyPassword('passwort', cheap)).toBe(false);
  });

  test.each([
    undefined,
    '',
    'plain',
    '$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
    hash.slice(0, 60),
  ])('that is %j fits no password', async (bad) => expect(await verifyPassword('secret', bad)).toBe(false));

  test('an unknown user takes the same time as a known one', async () => {
    const time = async (known: string | undefined): Promise<number> => {
      const spent = cpuClock();
      await verifyPassword('wrong', known);
      return spent();
    };
    // In turns, and the quickest of each: what else runs on the machine then hits both or neither.
    const unknown: number[] = [];
    const known: number[] = [];
    for (let i = 0; i < 5; i++) {
      unknown.push(await time(undefined));
      known.push(await time(hash));
    }
    const ratio = Math.min(...unknown) / Math.min(...known);
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
  });

  test('is computed two at a time; a few wait and the rest are told to come later', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => verifyInTurn('wrong', cheap)));
    expect(answers.filter((one) => one === false)).toHaveLength(34);
    expect(answers.filter((one) => one === 'busy')).toHaveLength(26);
    expect(await verifyInTurn('password', cheap)).toBe(true);
  });
});

describe('a log-in', () => {
  const make = (users = [shop], guard = makeGuard()) => {
    const hand = handClock();
    let settings = settingsOf(users);
    const authenticate = makeAuthenticate({ settings: () => settings, guard, clock: hand.clock });
    const logIn = (password: string, name = 'shop', address = '192.0.2.1'): Promise<LogIn> =>
      authenticate({ name, password, address });
    return { hand, logIn, set: (next: typeof settings) => (settings = next) };
  };

  test('right is a user; names have no case; wrong, unknown and disabled read the same', async () => {
    const { logIn } = make([
      shop,
      user({ name: 'off', passwordHash: hash, disabled: true }),
      user({ name: 'net' }),
    ]);
    expect(await logIn('secret', 'SHOP')).toMatchObject({ kind: 'user', user: { name: 'shop' } });
    const wrong = await logIn('wrong');
    expect(wrong).toMatchObject({ kind: 'wrong', reply: { code: 535, status: '5.7.8' } });
    for (const name of ['nobody', 'off', 'net']) expect(await logIn('secret', name)).toEqual(wrong);
  });

  test('right is remembered: a thousand more cost no hash, until the password changes', async () => {
    const { logIn, set } = make();
    await logIn('secret');
    const spent = cpuClock();
    for (let i = 0; i < 1000; i++) expect((await logIn('secret')).kind).toBe('user');
    expect(spent()).toBeLessThan(1000);
    set(settingsOf([{ ...shop, passwordHash: await hashPassword('new') }]));
    expect((await logIn('secret')).kind).toBe('wrong');
    expect((await logIn('new')).kind).toBe('user');
    set(settingsOf([{ ...shop, disabled: true }]));
    expect((await logIn('new')).kind).toBe('wrong');
  });

  test('forty at once share one computation', async () => {
    const { logIn } = make();
    const all = await Promise.all(Array.from({ length: 100 }, () => logIn('secret')));
    expect(all.every((one) => one.kind === 'user')).toBe(true);
  });

  test('fails for now while settings are away', async () => {
    const authenticate = makeAuthenticate({
      settings: () => undefined,
      guard: makeGuard(),
      clock: systemClock,
    });
    expect(await authenticate({ name: 'shop', password: 'secret', address: '::1' })).toMatchObject({
      kind: 'refused',
      hangUp: false,
      reply: { code: 454, status: '4.7.0' },
    });
  });

  test('after failures waits longer and longer, then is refused before any hash', async () => {
    const { logIn, hand } = make([user({ name: 'shop', passwordHash: cheap })]);
    for (let i = 0; i < 20; i++) await logIn(`wrong ${i}`);
    expect(hand.slept.slice(0, 3)).toEqual([500, 1000, 1500]);
    expect(Math.max(...hand.slept)).toBe(5000);
    expect(await logIn('password')).toMatchObject({ kind: 'refused', hangUp: true, reply: { code: 421 } });
    expect((await logIn('password', 'shop', '192.0.2.2')).kind).toBe('user');
  });
});

describe('the guard', () => {
  test('forgets with time, an address sooner than a determined guesser', () => {
    const guard = makeGuard();
    for (let i = 0; i < 20; i++) guard.failed('192.0.2.1', 'shop', 0);
    expect(guard.check('192.0.2.1', 'other', 0)).toEqual({ kind: 'closed' });
    expect(guard.check('192.0.2.1', 'other', 8 * MINUTE)).toMatchObject({ kind: 'open', delayMs: 3500 });
    expect(guard.check('192.0.2.1', 'other', 60 * MINUTE)).toEqual({ kind: 'open', delayMs: 0 });
  });

  test('takes the whole /64 of an IPv6 guesser for one', () => {
    const guard = makeGuard();
    for (let i = 0; i < 20; i++) guard.failed(`2001:db8:1:2::${i}`, 'shop', 0);
    expect(guard.check('2001:db8:1:2:9::1', 'other', 0)).toEqual({ kind: 'closed' });
    expect(guard.check('2001:db8:1:3::1', 'other', 0)).toMatchObject({ kind: 'open' });
  });

  test('shuts a user off for strangers when guessed at from everywhere, not for who had the password', () => {
    const guard = makeGuard();
    guard.succeeded('192.0.2.1', 'shop');
    for (let i = 0; i < 100; i++) guard.failed(`198.51.100.${i}`, 'shop', 0);
    expect(guard.check('203.0.113.1', 'shop', 0)).toEqual({ kind: 'closed' });
    expect(guard.check('192.0.2.1', 'shop', 0)).toEqual({ kind: 'open', delayMs: 0 });
  });
});

describe('a network', () => {
  const settings = settingsOf([
    user({ name: 'wide', networks: ['192.0.2.0/24', '2001:db8::/32', 'nonsense', '10.0.0.0/33'] }),
    user({ name: 'narrow', networks: ['192.0.2.64/28', '2001:db8:0:1::/64'] }),
    user({ name: 'single', networks: ['192.0.2.70', '::1'] }),
    user({ name: 'off', networks: ['192.0.2.71'], disabled: true }),
  ]);
  test.each([
    ['192.0.2.1', 'wide'],
    ['192.0.2.65', 'narrow'],
    ['192.0.2.70', 'single'],
    ['192.0.2.71', 'narrow'],
    ['192.0.2.80', 'wide'],
    ['192.0.3.1', undefined],
    ['::ffff:192.0.2.65', 'narrow'],
    ['2001:db8:5::1', 'wide'],
    ['2001:DB8:0:1:ffff::9', 'narrow'],
    ['2001:db9::1', undefined],
    ['::1', 'single'],
    ['fe80::1%eth0', undefined],
    ['not an address', undefined],
  ])('of %s belongs to %s, the narrowest first', (address, name) =>
    expect(userOfAddress(settings, address)?.name).toBe(name),
  );

  test('is a CIDR or a single address', () => {
    expect(readNetwork('192.0.2.0/24')).toMatchObject({ length: 24 });
    for (const bad of ['192.0.2.0/', '192.0.2.0/x', '192.0.2/24', '::/129', '1.2.3.4/8/8', ''])
      expect(readNetwork(bad)).toBeUndefined();
  });

  test('a log-in overrides it, and a user who is gone is nobody', () => {
    expect(identify(settings, undefined, '192.0.2.1')).toMatchObject({ name: 'wide' });
    expect(identify(settings, 'single', '192.0.2.1')).toMatchObject({ name: 'single' });
    expect(identify(settings, 'off', '192.0.2.1')).toMatchObject({ code: 530 });
    expect(identify(settings, undefined, '203.0.113.1')).toMatchObject({ code: 530, status: '5.7.0' });
    expect(identify(undefined, 'single', '192.0.2.1')).toMatchObject({ code: 451 });
  });

  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['128.0.0.1', false],
    ['127.evil', false],
    ['::2', false],
  ])('loopback of %s is %s', (address, want) => expect(isLoopback(address)).toBe(want));
});

describe('AUTH PLAIN', () => {
  const b64 = (text: string): string => Buffer.from(text).toString('base64');
  test.each<[string, object | undefined]>([
    [b64('\0shop\0pass'), { name: 'shop', password: 'pass' }],
    [b64('shop\0shop\0pass'), { name: 'shop', password: 'pass' }],
    [b64('shop\0\0pass'), { name: 'shop', password: 'pass' }],
    [b64('\0shop\0'), { name: 'shop', password: '' }],
    [b64('boss\0shop\0pass'), undefined],
    [b64('\0\0pass'), undefined],
    [b64('shop\0pass'), undefined],
    [b64('\0a\nb\0pass'), undefined],
    [b64('\0shop\0pa\0ss'), undefined],
    ['=', undefined],
    ['%%%', undefined],
    ['/w==', undefined],
  ])('%s', (text, want) => expect(readPlain(text)).toEqual(want));

  test('LOGIN lines may hold no NUL', () => expect(decodeText(b64('a\0b'), 'no nul')).toBeUndefined());
});
