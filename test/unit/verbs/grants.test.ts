// What an account cannot grant to its own users.
import { describe, expect, test } from 'vitest';
import { domainSchema, userSchema, type User } from '../../../src/model/settings.ts';
import { excessOf } from '../../../src/verbs/grants.ts';

const make = (more: object = {}): User =>
  userSchema.parse({ v: 1, name: 'shop', account: 'acme', pool: 'shared', origin: 'command', ...more });
const domain = (name: string, account: string) =>
  domainSchema.parse({ v: 1, name, account, origin: 'command' });
const settings = {
  users: new Map([
    ['shop', make()],
    ['other', make({ name: 'other', account: 'rival', pool: 'vip' })],
  ]),
  domains: new Map([
    ['acme.example', domain('acme.example', 'acme')],
    ['rival.example', domain('rival.example', 'rival')],
  ]),
};

describe.each([
  ['its own domains', { domains: ['acme.example', '*.acme.example', 'ACME.example'] }, []],
  ['addresses of its own domains', { senders: ['me@acme.example'] }, []],
  ['its defaults', { defaults: { opens: true }, priority: 5 }, []],
  ['a domain of others', { domains: ['rival.example'] }, ['domains']],
  ['any domain', { domains: ['*'] }, ['domains']],
  ['a domain of nobody', { domains: ['new.example'] }, ['domains']],
  ['an address of others', { senders: ['me@rival.example'] }, ['senders']],
  ['an address with two @', { senders: ['x@acme.example@rival.example'] }, ['senders']],
  ['a pool of others', { pool: 'vip' }, ['pool']],
  ['more pools', { pools: ['vip'] }, ['pool']],
  ['networks', { networks: ['0.0.0.0/0'] }, ['networks']],
  ['not to be checked', { trustedSmartHost: true }, ['trustedSmartHost']],
  ['mail to suppressed addresses', { bypassSuppression: true }, ['bypassSuppression']],
  ['limits', { limits: { messagesPerDay: 1e9 } }, ['limits']],
  ['thresholds', { watch: { act: 'off' } }, ['watch']],
])('%s', (_, wish, want) => {
  test(`is ${want.length === 0 ? 'fine' : 'refused'}`, () => {
    expect(excessOf(make(wish), make(), settings).map(({ field }) => field)).toEqual(want);
  });
});

test('what it was granted stays', () => {
  const granted = make({ domains: ['old.example'], networks: ['192.0.2.1'], limits: { messagesPerDay: 5 } });
  expect(excessOf({ ...granted, priority: 5 }, granted, settings)).toEqual([]);
});
