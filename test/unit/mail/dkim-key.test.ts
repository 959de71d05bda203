// DKIM keys and their DNS records fit together, and verifiers can read them.
import { createPrivateKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { dnsRecord, makeKeyPair, publicKeyOf, txtStrings } from '../../../src/mail/dkim-key.ts';
import { hashBody } from '../../../src/compose/canonical.ts';
import { signFields } from '../../../src/compose/sign.ts';
import { AT, verify } from '../../support/letters.ts';

test.each(['rsa-sha256', 'ed25519-sha256'] as const)(
  'a %s key signs what its record verifies',
  async (algorithm) => {
    const { privateKeyPem, publicKey } = await makeKeyPair(algorithm);
    const key = createPrivateKey(privateKeyPem);
    expect(publicKeyOf(key)).toBe(publicKey);
    const record = dnsRecord('shop.example', { selector: 's1', algorithm, publicKey });
    expect(record).toMatchObject({ name: 's1._domainkey.shop.example', type: 'TXT' });
    const fields = Buffer.from('From: a@shop.example\r\n');
    const body = Buffer.from('Hi\r\n');
    const signer = { domain: 'shop.example', selector: 's1', key: { algorithm, key } };
    const signatures = await signFields(fields, hashBody(body), [signer], AT);
    const message = Buffer.concat([...signatures, fields, Buffer.from('\r\n'), body]);
    expect(await verify(message, { [record.name]: record.value })).toMatchObject([{ result: 'pass' }]);
  },
);

test('zone files get strings of at most 255 characters', () => {
  expect(txtStrings('x'.repeat(300))).toBe(`"${'x'.repeat(255)}" "${'x'.repeat(45)}"`);
});
