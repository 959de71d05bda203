// Secrets of webhooks: which may be given, which are in use, and that each opens for its own webhook alone.
import { createPublicKey, createSign, createVerify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeSealer } from '../../../src/store/seal.ts';
import {
  givenSecret,
  makeSecret,
  openLogin,
  openSecrets,
  rotated,
  sealLogin,
  sealSecret,
} from '../../../src/webhooks/secrets.ts';
import { webhookSchema, type Webhook } from '../../../src/webhooks/webhook.ts';

const seals = makeSealer(Buffer.alloc(32, 1));
const others = makeSealer(Buffer.alloc(32, 2));

const hook = (id: string, secrets: Webhook['secrets'], more: Partial<Webhook> = {}): Webhook => ({
  ...webhookSchema.parse({
    v: 1,
    id,
    name: 'app',
    account: 'default',
    url: 'https://app.example/',
    secrets,
    enabled: true,
    at: 0,
    turn: 1,
  }),
  ...more,
});
const sealed = (id: string, secret: string): string => sealSecret(seals, id, secret);

describe('a new one', () => {
  test('of Standard Webhooks has 32 bytes behind whsec_, and is another one each time', () => {
    const [one, two] = [makeSecret('whsec'), makeSecret('whsec')];
    expect(one).toEqual({ secret: one.shown, shown: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
    expect(one.secret).not.toBe(two.secret);
  });

  test('as a text has 24 bytes that fit into a URL', () =>
    expect(makeSecret('text')).toMatchObject({ shown: expect.stringMatching(/^[\w-]{32}$/) }));

  test('as a pair of keys shows only what verifies', () => {
    const { secret, shown, publicKey = '' } = makeSecret('ecdsa');
    expect([shown, secret.includes(publicKey)]).toEqual([publicKey, false]);
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    const proof = createSign('sha256').update('x').sign(secret);
    expect(createVerify('sha256').update('x').verify(key, proof)).toBe(true);
    expect(createVerify('sha256').update('y').verify(key, proof)).toBe(false);
  });
});

test.each([
  ['whsec', 'x'.repeat(15), /16 to 200/],
  ['whsec', 'x'.repeat(16), undefined],
  ['text', 'x'.repeat(200), undefined],
  ['text', 'x'.repeat(201), /16 to 200/],
  ['text', '', /16 to 200/],
  ['whsec', `whsec_${Buffer.alloc(15).toString('base64')}`, /at least 16 bytes/],
  ['whsec', `whsec_${Buffer.alloc(16).toString('base64')}`, undefined],
  ['whsec', `whsec_${'!'.repeat(40)}`, /at least 16 bytes/],
  ['ecdsa', 'x'.repeat(32), /a key of ours/],
] as const)('as %s, %s is taken or told why not', (kind, text, problem) => {
  const given = givenSecret(kind, text);
  if (problem === undefined) expect(given).toEqual({ secret: text, shown: text });
  else expect(given).toMatch(problem);
});

describe('in use', () => {
  const secrets = [
    { sealed: sealed('wh_1', 'new'), since: 100 },
    { sealed: sealed('wh_1', 'old'), since: 0, until: 200 },
  ];

  test.each([
    [150, ['new', 'old']],
    [199, ['new', 'old']],
    [200, ['new']],
    [9e15, ['new']],
  ])('at %i: %j', (now, want) => expect(openSecrets(seals, hook('wh_1', secrets), now)).toEqual(want));

  test('none, where the master key or the webhook is another, or one of two was changed', () => {
    expect(openSecrets(others, hook('wh_1', secrets), 150)).toBeUndefined();
    expect(openSecrets(seals, hook('wh_2', secrets), 150)).toBeUndefined();
    const [first = { sealed: '', since: 0 }] = secrets;
    const broken = [first, { sealed: `${sealed('wh_1', 'old').slice(0, -4)}AAAA`, since: 0, until: 200 }];
    expect(openSecrets(seals, hook('wh_1', broken), 150)).toBeUndefined();
    // Once it is not in use any more it does not matter.
    expect(openSecrets(seals, hook('wh_1', broken), 200)).toEqual(['new']);
  });

  test('a log-in opens as a log-in, and not as a secret', () => {
    const login = sealLogin(seals, 'wh_1', 'user:pass');
    expect(openLogin(seals, hook('wh_1', secrets, { login }))).toBe('user:pass');
    expect(openLogin(seals, hook('wh_2', secrets, { login }))).toBeUndefined();
    expect(openLogin(seals, hook('wh_1', secrets))).toBeUndefined();
    expect(openSecrets(seals, hook('wh_1', [{ sealed: login, since: 0 }]), 1)).toBeUndefined();
  });
});

test.each([
  ['the old one stays for a while', 500, ['new', 'b']],
  ['not at all', 100, ['new']],
  ['a while that is over', 50, ['new']],
])('rotated: %s', (_, until, want) => {
  const before = {
    secrets: [
      { sealed: 'b', since: 10 },
      { sealed: 'a', since: 0, until: 900 },
    ],
  };
  const after = rotated(before, 'new', { now: 100, until });
  expect(after.map((one) => one.sealed)).toEqual(want);
  expect(after[0]).toEqual({ sealed: 'new', since: 100 });
  if (after[1]) expect(after[1]).toEqual({ sealed: 'b', since: 10, until });
});
