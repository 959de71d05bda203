// A delivery's record survives its way through a Redis hash.
import { expect, test } from 'vitest';
import { readRecord, writeRecord } from '../../../src/backlog/records.ts';
import { domainOf, refOf, type Delivery } from '../../../src/model/delivery.ts';
import { splitRef } from '../../../src/backlog/keys.ts';

const delivery: Delivery = {
  v: 1,
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV-12',
  account: 'default',
  submission: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  user: 'shop@example.net',
  recipient: { address: '"a b"@example.net', notify: ['FAILURE'], orcpt: 'rfc822;a+20b@example.net' },
  domain: 'example.net',
  pool: 'default',
  transport: 'ip1',
  priority: 2,
  state: 'parked',
  run: 4,
  attempts: 3,
  ambiguous: 1,
  due: 1_700_000_000_000,
  expiresAt: 1_700_000_100_000,
  pins: { dkim: [{ domain: 'shop.example', selector: 'po1' }] },
};

test('what is written is read back', () => {
  expect(readRecord(writeRecord(delivery))).toEqual(delivery);
});

test('wishes of a sender are written and read back, and cost nothing where there are none', () => {
  const wishes = { maxAttempts: 3, campaign: 'Frühling: "neu"\r\n', batch: 'b-1' };
  expect(readRecord(writeRecord({ ...delivery, ...wishes }))).toEqual({ ...delivery, ...wishes });
  expect(writeRecord(delivery)).not.toContain('campaign');
});

test('a record of an unknown version is not read as one of ours', () => {
  const flat = writeRecord(delivery);
  flat[flat.indexOf('v') + 1] = '2';
  expect(readRecord(flat)).toBeUndefined();
});

test('a ref names its account, delivery and submission', () => {
  expect(splitRef(refOf(delivery))).toEqual({
    account: 'default',
    id: delivery.id,
    submission: delivery.submission,
  });
});

test('the domain of an address is what follows its last @, in lower case', () => {
  expect(domainOf('"a@b"@Example.NET')).toBe('example.net');
});
