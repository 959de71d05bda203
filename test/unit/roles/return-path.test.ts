// Which return path a message's deliveries get, and which hosts are ours.
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config.ts';
import { newId } from '../../../src/lib/ids.ts';
import { makeReturnPaths } from '../../../src/mail/verp.ts';
import { domainSchema, userSchema, type Settings } from '../../../src/model/settings.ts';
import type { Submission } from '../../../src/model/submission.ts';
import { isReturnHost, returnPathOf } from '../../../src/roles/return-path.ts';

const NOW = Date.parse('2026-11-25T10:00:00Z');
const user = (name: string, more: object = {}) =>
  [name, userSchema.parse({ v: 1, name, origin: 'command', ...more })] as const;
const domain = (name: string, more: object = {}) =>
  [name, domainSchema.parse({ v: 1, name, origin: 'command', ...more })] as const;
const settings: Settings = {
  revision: 1,
  users: new Map([
    user('shop'),
    user('off', { verp: false }),
    user('host', { trustedSmartHost: true }),
    user('read', { trustedSmartHost: true, verp: true }),
  ]),
  domains: new Map([
    domain('shop.example', { returnPath: 'bounce.shop.example' }),
    domain('plain.example'),
    domain('foreign.example', { account: 'other', returnPath: 'bounce.foreign.example' }),
  ]),
  pools: new Map(),
  transports: new Map(),
  templates: new Map(),
  suppressing: new Set(),
};
const base = (yaml = 'feedback: { domain: bounces.example }') => ({
  config: parseConfig(yaml, { file: undefined, environment: {} }),
  settingsNow: () => settings,
  returnPaths: makeReturnPaths(Buffer.alloc(32, 1), 30 * 86_400_000),
});
const hostFor = (given: Partial<Submission>, yaml?: string): string => {
  const id = newId(NOW);
  const submission: Submission = {
    v: 1,
    id,
    account: 'default',
    user: 'shop',
    at: NOW,
    from: 'news@plain.example',
    size: 0,
    headerSize: 0,
    body: 'redis:',
    smtputf8: false,
    eightBit: false,
    messageId: '',
    subject: '',
    headerFrom: 'news@plain.example',
    received: { helo: '', address: '', protocol: 'SMTP' },
    instructions: {},
    ...given,
  };
  const path = returnPathOf(base(yaml), submission)?.(`${id}-1`, NOW) ?? '';
  return path.slice(path.indexOf('@') + 1);
};

test.each<[string, Partial<Submission>, string]>([
  ['ours', {}, 'bounces.example'],
  ['that of the sender domain', { headerFrom: 'a@shop.example' }, 'bounce.shop.example'],
  ['that of a domain above it', { headerFrom: 'a@news.shop.example' }, 'bounce.shop.example'],
  ['of a From that was rewritten', { rewrite: { from: 'X <a@shop.example>' } }, 'bounce.shop.example'],
  ['none of another account', { headerFrom: 'a@foreign.example' }, 'bounces.example'],
  ['the one asked for', { instructions: { returnPathDomain: 'bounce.shop.example' } }, 'bounce.shop.example'],
  ['none where another was asked for', { instructions: { returnPathDomain: 'plain.example' } }, ''],
  ['none for the null sender', { from: '' }, ''],
  ['none for a user who wants none', { user: 'off' }, ''],
  ['none for a smart host', { user: 'host' }, ''],
  ['one for a smart host that wants it', { user: 'read' }, 'bounces.example'],
  ['none for our own mail', { user: 'system' }, ''],
])('%s', (_, given, want) => expect(hostFor(given)).toBe(want));

test('without feedback.domain there are none', () => expect(hostFor({}, '')).toBe(''));

test('our hosts', () => {
  const isOurs = isReturnHost(base());
  const hosts = ['bounces.example', 'bounce.shop.example', 'shop.example', '', 'x.bounces.example'];
  expect(hosts.map(isOurs)).toEqual([true, true, false, false, false]);
});

test('postmaster is no address of ours itself', () => {
  expect(() => base('feedback: { domain: b.example, postmaster: me@B.example }')).toThrow(
    'address of ours itself',
  );
});
