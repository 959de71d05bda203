// DKIM signatures as verifiers see them: valid, over-signed, folded, and never left out.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashBody } from '../../../src/compose/canonical.ts';
import { signedFields, signFields } from '../../../src/compose/sign.ts';
import {
  AT,
  BOTH,
  bytesOf,
  composeOf,
  crlf,
  deliveryOf,
  MODERN_PEER,
  renderOf,
  signingKeys,
  submissionOf,
  verify,
} from '../../support/letters.ts';

const order = crlf(`From: Shop <orders@shop.example>
To: Ann <ann@mail.example>
Subject: Your order
 no. 17
Date: Mon, 02 Mar 2026 10:11:12 +0000
Message-ID: <17@shop.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
List-Unsubscribe: <https://shop.example/u/17>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Feedback-ID: 17:shop

Thank you,  Ann.\t
\tGoods: 3

`);
const pass = (domain = 'shop.example') => [
  expect.objectContaining({ algorithm: 'rsa-sha256', result: 'pass', domain }),
  expect.objectContaining({ algorithm: 'ed25519-sha256', result: 'pass', domain }),
];

test('both signatures verify', async () => {
  const { bytes } = await renderOf(order);
  expect(await verify(bytes)).toEqual(pass());
});

test('lines of the signed header are at most 78 columns', async () => {
  const { bytes } = await renderOf(order);
  const header = bytes.subarray(0, bytes.indexOf('\r\n\r\n')).toString();
  expect(header.split('\r\n').filter((line) => line.length > 78)).toEqual([]);
});

test.each([
  'Subject: forged',
  'Reply-To: thief@evil.example',
  'From: thief@evil.example',
  'To: x@y.example',
  'Cc: x@y.example',
  'Date: Tue, 03 Mar 2026 10:11:12 +0000',
  'Message-ID: <x@y.example>',
  'MIME-Version: 1.0',
  'Content-Type: text/html',
  'Content-Transfer-Encoding: base64',
  'In-Reply-To: <x@y.example>',
  'References: <x@y.example>',
  'List-Unsubscribe: <https://evil.example/>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  'Feedback-ID: other',
])('an added "%s" breaks the signatures, above or below', async (line) => {
  const { bytes } = await renderOf(order);
  const end = bytes.indexOf('\r\n\r\n') + 2;
  const above = Buffer.concat([Buffer.from(`${line}\r\n`), bytes]);
  const below = Buffer.concat([bytes.subarray(0, end), Buffer.from(`${line}\r\n`), bytes.subarray(end)]);
  for (const forged of [above, below])
    expect((await verify(forged)).map((one) => one.result)).not.toContain('pass');
});

test.each([
  'List-Id: <group.mail.example>',
  'Sender: group@mail.example',
  'Received: from a by b; Mon, 02 Mar 2026 10:11:12 +0000',
])('a group that adds "%s" does not break them', async (line) => {
  const { bytes } = await renderOf(order);
  expect(await verify(Buffer.concat([Buffer.from(`${line}\r\n`), bytes]))).toEqual(pass());
});

test('a changed body breaks the signatures', async () => {
  const { bytes } = await renderOf(order);
  bytes[bytes.length - 10] = 0x58;
  expect((await verify(bytes)).map((one) => one.result)).not.toContain('pass');
});

test('fields that occur several times are signed from the lowest up, and once more', () => {
  const fields = Buffer.from('To: a\r\nFrom: x\r\nList-Id: one\r\nTo: b\r\nlist-id: two\r\n');
  const { names, canonical } = signedFields(fields);
  expect(names.filter((name) => name === 'to')).toHaveLength(3);
  expect(names.filter((name) => name === 'list-id')).toHaveLength(3);
  expect(canonical).toBe('from:x\r\nto:b\r\nto:a\r\nlist-id:two\r\nlist-id:one\r\n');
});

test('the same inputs give the same bytes, and the time is that of acceptance', async () => {
  const [one, two] = await Promise.all([renderOf(order), renderOf(order)]);
  expect(one.bytes.equals(two.bytes)).toBe(true);
  expect(one.bytes.toString()).toContain(`t=${AT / 1000};`);
});

describe('without a usable key nothing leaves', () => {
  const message = Buffer.from(order);
  const submission = submissionOf(message);

  test('a pinned key that is gone defers', async () => {
    const delivery = deliveryOf(submission, {
      pins: { dkim: [{ domain: 'shop.example', selector: 'gone' }] },
    });
    const result = await composeOf(message).render(submission, delivery)(MODERN_PEER);
    expect(result).toMatchObject({ refusal: { phase: 'compose', class: 'local', status: '4.3.5' } });
  });

  test('a record without pins defers', async () => {
    const { pins: _, ...delivery } = deliveryOf(submission);
    const result = await composeOf(message).render(submission, delivery)(MODERN_PEER);
    expect(result).toMatchObject({ refusal: { class: 'local' } });
  });

  test('a key that cannot sign rejects', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const signer = {
      domain: 'shop.example',
      selector: 's',
      key: { algorithm: 'rsa-sha256', key: publicKey },
    } as const;
    await expect(signFields(Buffer.from('From: a\r\n'), 'x', [signer], AT)).rejects.toThrow();
  });
});

test('RFC 8463 appendix A: the Ed25519 body hash and key of the standard', async () => {
  // A.2: the private key; A.3: the body and its hash.
  const seed = Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64');
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const body = Buffer.from(crlf('Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n'));
  const bodyHash = hashBody(body);
  expect(bodyHash).toBe('2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=');
  const fields = Buffer.from(
    crlf(
      'From: Joe SixPack <joe@football.example.com>\nTo: Suzie Q <suzie@shopping.example.net>\nSubject: Is dinner ready?\n',
    ),
  );
  const signer = {
    domain: 'football.example.com',
    selector: 'brisbane',
    key: { algorithm: 'ed25519-sha256', key },
  } as const;
  const signature = await signFields(fields, bodyHash, [signer], AT);
  const dns = {
    'brisbane._domainkey.football.example.com':
      'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  };
  const message = Buffer.concat([...signature, fields, Buffer.from('\r\n'), body]);
  expect(await verify(message, dns)).toMatchObject([{ result: 'pass' }]);
});

test('Ed25519 or RSA alone sign too', async () => {
  for (const pin of BOTH.dkim) {
    const message = Buffer.from(order);
    const submission = submissionOf(message);
    const result = await composeOf(message).render(
      submission,
      deliveryOf(submission, { pins: { dkim: [pin] } }),
    )(MODERN_PEER);
    if (!('letter' in result)) throw new Error(result.refusal.detail);
    const [verdict] = await verify(bytesOf(result.letter));
    expect(verdict).toMatchObject({ result: 'pass', algorithm: signingKeys[pin.selector]?.algorithm });
  }
});
