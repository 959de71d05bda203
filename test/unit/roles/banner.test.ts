// What a start prints: where everything is that it opened, and nothing of what it did not.
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config.ts';
import { banner, type Facts } from '../../../src/roles/banner.ts';

const config = parseConfig(
  '{ hostname: relay.example, tracking: { url: "https://click.example" }, feedback: { domain: bounces.example } }',
  { file: undefined, environment: {} },
);
const bare: Facts = {
  config,
  listeners: [],
  http: undefined,
  tracking: undefined,
  feedback: [],
  users: [],
  transports: ['smtp'],
  firstRun: undefined,
};

test('a role that opens nothing says only that it is up', () =>
  expect(banner(bare).trim()).toBe('Postino is up on relay.example.'));

test('everything that is open is named', () => {
  const text = banner({
    ...bare,
    listeners: [{ port: 2525, host: undefined, tls: 'starttls' }],
    http: { host: '::1', port: 8080 },
    tracking: { port: 8081 },
    feedback: [2526],
    users: ['shop'],
    transports: ['sandbox'],
    firstRun: { file: '/data/first-run', text: 'SMTP user "shop": secret\n' },
  });
  for (const line of [
    'SMTP       2525 (STARTTLS)',
    'Page       http://[::1]:8080/',
    'Links      https://click.example, served on port 8081',
    'Feedback   2526, mail to bounces.example',
    'Users      shop',
    'Passwords  /data/first-run',
    'curl -sS --url smtp://127.0.0.1:2525 --user "shop:$(sed',
  ])
    expect(text).toContain(line);
  expect(text).not.toContain('secret');
});

test.each([
  ['all are sandboxes', ['sandbox', 'sandbox'], 'is caught by the sandbox'],
  ['there is none', [], 'is taken and waits: there is no transport yet'],
] as const)('it says what becomes of mail: %s', (_, transports, said) =>
  expect(banner({ ...bare, transports })).toContain(said),
);

test('nothing is said of a sandbox beside a real transport', () =>
  expect(banner({ ...bare, transports: ['sandbox', 'smtp'] })).not.toContain('Mail'));
