// Which keys a backup takes: settings and what was learned, and no mail in flight.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isKept, KEPT_FILES } from '../../../src/backup/families.ts';

test.each([
  ['users', true],
  ['rcpt:default:ann@example.com', true],
  ['suppressed:default', true],
  ['webhooks', true],
  ['webhook:wh_1', true],
  ['format', true], // an older version must not start on what a newer one wrote
  ['preview:abc', false],
  ['template:default/order:3', true],
  ['users:sub', true],
  ['subject', true],
  ['', true],
  ['sub:default:01J', false],
  ['sub', false],
  ['q:deliver.mx1:wait', false],
  ['due', false],
  ['lane:mx1:sub', false],
  ['session:abc', false],
  ['restoring', false],
  ['lease:house', false],
])('%s: %j', (key, kept) => expect(isKept(key)).toBe(kept));

const readme = readFileSync(new URL('../../../src/README.md', import.meta.url), 'utf8');
const families = [...readme.matchAll(/`p:([a-z-]+)/g)].map(([, family = '']) => family);

test.each<[kept: boolean, list: string]>([
  [
    true,
    'users domains pools transports templates template suppressed rcpt members api-keys webhooks webhook declared',
  ],
  [true, 'states limits pauses warmup warmed senders link alerts'],
  [
    false,
    'sub body open del due hand lane fair lanes resting carried shelf waits same spill spilled events q',
  ],
  [
    false,
    'lease epoch share turns session idempotency processes restoring scanning quarantine caught preview',
  ],
])('the table of src/README.md has these keys, and a backup takes them: %j %s', (kept, list) => {
  for (const family of list.split(' ')) {
    expect(families).toContain(family);
    expect([family, isKept(family)]).toEqual([family, kept]);
  }
});

test('where only the settings are asked for, no events and no history come along', () => {
  const names = (settings: boolean): string[] =>
    KEPT_FILES.filter((one) => one.settings === settings).map(({ name }) => name);
  expect(names(true)).toContain('keys');
  expect(names(false)).toEqual(['events', 'history']);
});
