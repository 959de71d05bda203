// The configuration in effect: who says what, and what is never shown.
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config.ts';
import { effectiveSettings, MASK } from '../../../src/verbs/settings.ts';

const text = `hostname: relay.example
redis: redis://joe:redis-Secret-1@10.0.0.1:6379/2
adminPassword: "\${ADMIN}"
log:
  level: debug
delivery:
  routes:
    - { domain: "*.example.org", host: 10.0.0.5, username: me, password: route-Secret-2 }
alerts:
  to: [ops@example.com]
  rules:
    - { name: chat, when: [disk], webhook: "https://joe:hook-Secret-7@chat.example/services/T0/hook-Secret-8?token=hook-Secret-3", secret: "signing-Secret-4444" }
users:
  - { name: shop, password: user-Secret-5 }
`;
const environment = { ADMIN: 'admin-Secret-6', POSTINO_MASTER_KEY: 'ab'.repeat(32) };
const config = parseConfig(text, { file: '/etc/postino.yaml', environment });
const all = effectiveSettings(config);
const at = (path: string) => all.find((one) => one.path === path);

test.each([
  ['hostname', { value: 'relay.example', source: 'file', line: 1 }],
  ['log.level', { value: 'debug', source: 'file', line: 5 }],
  ['smtp.maxRecipients', { value: 500, source: 'default' }],
  ['archive.maxBytes', { value: 10_000_000_000, unit: 'bytes' }],
  ['events.compressAfter', { unit: 'ms' }],
  ['adminPassword', { value: MASK, source: 'environment', line: 3, masked: true }],
  ['masterKey', { value: MASK, source: 'environment', masked: true }],
  ['redis', { value: `redis://${MASK}@10.0.0.1:6379/2`, source: 'file', line: 2 }],
  ['delivery.routes.0.password', { value: MASK, source: 'file', masked: true }],
  ['delivery.routes.0.host', { value: '10.0.0.5', source: 'file' }],
  ['alerts.rules.0.webhook', { value: `https://chat.example/${MASK}` }],
  ['alerts.rules.0.secret', { value: MASK, masked: true }],
  ['alerts.to', { value: ['ops@example.com'], source: 'file' }],
])('%s', (path, want) => expect(at(path)).toMatchObject(want));

test('no secret is shown, whoever said it', () => {
  expect(JSON.stringify(all)).not.toMatch(/Secret-\d|abab/);
});

test('entries have pages of their own', () => {
  expect(all.some(({ path }) => /^(?:users|domains|pools|transports)\b/.test(path))).toBe(false);
});

test('settings say what they are for', () => {
  expect(at('log.level')?.description).toBe('How much to log.');
  expect(at('data')?.description).toContain('Folder');
});

test('without a file everything is a default', () => {
  const bare = effectiveSettings(parseConfig('', { file: undefined, environment: {} }));
  expect(new Set(bare.map(({ source }) => source))).toEqual(new Set(['default']));
});
