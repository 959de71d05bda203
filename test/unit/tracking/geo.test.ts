// The country of an address: from a file that the operator brings, reloaded when it changes, never in the way.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { openGeo } from '../../../src/tracking/geo.ts';
import { handClock } from '../../support/hand-clock.ts';
import { makeMmdb } from '../../support/mmdb.ts';

const folder = mkdtempSync(join(tmpdir(), 'postino-geo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const clock = handClock();
const around = { clock, log: silentLog };

test('an address has the country that the file says', async () => {
  const file = join(folder, 'a.mmdb');
  writeFileSync(file, makeMmdb({ '151.38.0.0/16': 'IT', '192.0.2.0/24': 'DE', '198.51.100.7': '??' }));
  const { countryOf, stop } = await openGeo(file, around);
  expect(countryOf('151.38.1.1')).toBe('IT');
  expect(countryOf('192.0.2.255')).toBe('DE');
  expect(countryOf('192.0.3.1')).toBeUndefined();
  for (const odd of ['198.51.100.7', '2001:db8::1', '', 'x', '999.1.1.1'])
    expect(countryOf(odd)).toBeUndefined();
  stop();
});

test('without a file no country is known; a wrong file is a sentence that says what to do', async () => {
  expect((await openGeo(undefined, around)).countryOf('151.38.1.1')).toBeUndefined();
  await expect(openGeo(join(folder, 'none.mmdb'), around)).rejects.toThrow(
    /cannot be read as an \.mmdb .* correct "geo"/,
  );
  writeFileSync(join(folder, 'bad.mmdb'), 'no such thing');
  await expect(openGeo(join(folder, 'bad.mmdb'), around)).rejects.toThrow(/cannot be read as an \.mmdb/);
});

test('a changed file is read again, and a broken one leaves the old content', async () => {
  const file = join(folder, 'b.mmdb');
  writeFileSync(file, makeMmdb({ '192.0.2.0/24': 'DE' }));
  const { countryOf, stop } = await openGeo(file, around);
  writeFileSync(file, makeMmdb({ '192.0.2.0/24': 'FR' }));
  utimesSync(file, 1, 1);
  clock.pass(60_000);
  await expect.poll(() => countryOf('192.0.2.1')).toBe('FR');
  writeFileSync(file, 'broken');
  clock.pass(60_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(countryOf('192.0.2.1')).toBe('FR');
  stop();
});
