// Transports that the world sees under one address are told by "postino check".
import { expect, test } from 'vitest';
import { transportSchema, type Transport } from '../../../src/model/settings.ts';
import { sharedAddressFindings } from '../../../src/verbs/check-addresses.ts';

const transport = (name: string, fields: object): Transport =>
  transportSchema.parse({ v: 1, name, origin: 'command', ...fields });

test('one address, behind NAT too, is told once with all that send from it', () => {
  const found = sharedAddressFindings([
    transport('a', { address: '192.0.2.1', pool: 'one' }),
    transport('b', { address: '10.0.0.5', publicAddress: '192.0.2.1', pool: 'two' }),
    transport('c', { address: '192.0.2.2', pool: 'one' }),
    transport('d', { address: '10.0.0.6', publicAddress: '192.0.2.3' }),
    transport('e', { address: '10.0.0.6', publicAddress: '192.0.2.4' }),
  ]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ name: 'address 192.0.2.1', state: 'warning' });
  expect(found[0]?.sentence).toMatch(/^a, b are seen as 192\.0\.2\.1: .*pools one and two are not apart/);
});

test('nothing is said of one, of this very host, of sandboxes and of upstream relays', () => {
  expect(
    sharedAddressFindings([
      transport('a', { address: '127.0.1.1' }),
      transport('b', { address: '127.0.1.1' }),
      transport('c', { kind: 'sandbox' }),
      transport('d', { kind: 'sandbox' }),
      transport('e', { address: '192.0.2.1' }),
      transport('f', { address: '192.0.2.1', via: { host: 'smtp.example.net' } }),
    ]),
  ).toEqual([]);
});
