// The door: which keys are pinned, what an envelope says, and that recipients of one submission share the work.
import { afterAll, describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pin } from '../../../src/compose/compose.ts';
import type { Settings } from '../../../src/model/settings.ts';
import {
  BOTH,
  bytesOf,
  composeOf,
  crlf,
  deliveryOf,
  MODERN_PEER,
  PLAIN_PEER,
  renderOf,
  signingKeys,
  submissionOf,
  USUAL_PEER,
  verify,
} from '../../support/letters.ts';

const message = Buffer.from(crlf('From: orders@shop.example\nTo: ann@mail.example\n\nHello\n'));
const eightBit = Buffer.from(
  crlf('From: orders@shop.example\nContent-Type: text/plain; charset=utf-8\n\nGrüße\n'),
);

describe('pin', () => {
  const key = (selector: string, algorithm: 'rsa-sha256' | 'ed25519-sha256') => ({
    selector,
    algorithm,
    sealedPrivateKey: 'x',
    publicKey: 'y',
  });
  const domain = (name: string, account: string, ...keys: ReturnType<typeof key>[]) =>
    [name, { v: 1, name, account, keys, origin: 'file' }] as const;
  const settings = {
    revision: 1,
    users: new Map(),
    pools: new Map(),
    transports: new Map(),
    templates: new Map(),
    suppressing: new Set(),
    domains: new Map([
      domain('shop.example', 'default', key('e1', 'ed25519-sha256'), key('r1', 'rsa-sha256')),
      domain('rotated.example', 'default', key('old', 'rsa-sha256'), key('new', 'rsa-sha256')),
      domain('keyless.shop.example', 'default'),
      domain('foreign.example', 'other', key('f', 'rsa-sha256')),
      domain('theirs.shop.example', 'other', key('t', 'rsa-sha256')),
    ]),
  } as const satisfies Settings;

  test.each([
    ['the From domain, RSA first', 'a@shop.example', 'r1.shop.example e1.shop.example'],
    ['upper case', 'a@SHOP.example', 'r1.shop.example e1.shop.example'],
    ['the nearest parent', 'a@mail.eu.shop.example', 'r1.shop.example e1.shop.example'],
    ['the parent of a domain without keys', 'a@keyless.shop.example', 'r1.shop.example e1.shop.example'],
    ['the newest key of an algorithm', 'a@rotated.example', 'new.rotated.example'],
    ['never the domain of another account', 'a@foreign.example', ''],
    ['not the look-alike', 'a@notshop.example', ''],
    ['an unknown domain', 'a@nowhere.example', ''],
  ])('%s', (_, headerFrom, want) => {
    const pins = pin(submissionOf(message, { headerFrom }), settings);
    expect(pins.dkim.map((one) => `${one.selector}.${one.domain}`).join(' ')).toBe(want);
  });

  test('the rewritten From decides, not the visitor’s', () => {
    const rewrite = { from: 'Visitor via Shop <no-reply@shop.example>' };
    const pins = pin(submissionOf(message, { headerFrom: 'v@foreign.example', rewrite }), settings);
    expect(pins.dkim[0]).toEqual({ domain: 'shop.example', selector: 'r1' });
  });

  test('a signing domain that was granted comes before the From', () => {
    const instructions = { signingDomain: 'rotated.example' };
    const pins = pin(submissionOf(message, { headerFrom: 'a@shop.example', instructions }), settings);
    expect(pins.dkim[0]).toEqual({ domain: 'rotated.example', selector: 'new' });
  });

  test('another account’s key on a sub-domain falls back to our parent', () => {
    const pins = pin(submissionOf(message, { headerFrom: 'a@theirs.shop.example' }), settings);
    expect(pins.dkim[0]?.domain).toBe('shop.example');
  });
});

describe('the envelope', () => {
  test('carries addresses, DSN parameters and the size of the parts', async () => {
    const submission = submissionOf(message, { ret: 'HDRS', envid: 'QQ1' });
    const recipient = {
      address: 'ann@mail.example',
      notify: ['FAILURE' as const],
      orcpt: 'rfc822;ann@mail.example',
    };
    const result = await composeOf(message).render(
      submission,
      deliveryOf(submission, { recipient }),
    )(USUAL_PEER);
    if (!('letter' in result)) throw new Error('refused');
    expect(result.letter).toMatchObject({
      from: 'bounce@shop.example',
      to: 'ann@mail.example',
      smtputf8: false,
      eightBit: false,
      dsn: { ret: 'HDRS', envid: 'QQ1', notify: ['FAILURE'], orcpt: 'rfc822;ann@mail.example' },
      size: bytesOf(result.letter).length,
    });
  });

  test('8-bit text goes as 8BITMIME where the peer has it, to the byte', async () => {
    const letter = await renderOf(eightBit, USUAL_PEER);
    expect(letter.eightBit).toBe(true);
    expect(letter.parts[1]).toEqual(Buffer.from('Grüße\r\n'));
  });

  test('an unsigned message needs no key', async () => {
    const submission = submissionOf(message);
    const result = await composeOf(message).render(
      submission,
      deliveryOf(submission, { pins: { dkim: [] } }),
    )(USUAL_PEER);
    if (!('letter' in result)) throw new Error('refused');
    expect(bytesOf(result.letter).toString()).not.toContain('DKIM-Signature');
  });

  test.each([
    ['recipient', { from: 'a@shop.example' }, 'jörg@mail.example'],
    ['sender', { from: 'jörg@shop.example' }, 'a@mail.example'],
  ])('a %s over ASCII needs SMTPUTF8', async (_, more, address) => {
    const submission = submissionOf(message, { ...more, smtputf8: true });
    const render = composeOf(message).render(submission, deliveryOf(submission, { recipient: { address } }));
    expect(await render(USUAL_PEER)).toMatchObject({ refusal: { status: '5.6.7', class: 'unsupported' } });
    expect(await render(MODERN_PEER)).toMatchObject({ letter: { smtputf8: true } });
  });
});

describe('the recipients of a submission', () => {
  const counting = (body: Buffer) => {
    const count = { loads: 0, keys: 0 };
    const compose = composeOf(Buffer.alloc(0), {
      hostname: 'relay.example.net',
      loadBody: async () => (count.loads++, body),
      signingKey: async (_, selector) => (count.keys++, signingKeys[selector]),
    });
    return { compose, count };
  };

  test('share one load and one set of signatures, also when they come at once', async () => {
    const { compose, count } = counting(message);
    const submission = submissionOf(message);
    const letters = await Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        const delivery = deliveryOf(submission, {
          id: `${submission.id}-${n}`,
          recipient: { address: `r${n}@mail.example` },
        });
        return compose.render(submission, delivery)(n % 2 ? USUAL_PEER : PLAIN_PEER);
      }),
    );
    expect(count).toEqual({ loads: 1, keys: 2 });
    expect(letters.map((one) => 'letter' in one && one.letter.to)[49]).toBe('r49@mail.example');
  });

  test('get other bytes for another capability only where there is 8-bit text', async () => {
    const { compose, count } = counting(eightBit);
    const submission = submissionOf(eightBit);
    for (const peer of [PLAIN_PEER, MODERN_PEER, PLAIN_PEER])
      await compose.render(submission, deliveryOf(submission))(peer);
    expect(count.loads).toBe(2);
  });

  test('a refusal and a failure are not remembered', async () => {
    let broken = true;
    const compose = composeOf(Buffer.alloc(0), {
      hostname: 'relay.example.net',
      loadBody: () => (broken ? Promise.reject(new Error('away')) : Promise.resolve(message)),
      signingKey: () => Promise.resolve(undefined),
    });
    const submission = submissionOf(message);
    await expect(compose.render(submission, deliveryOf(submission))(USUAL_PEER)).rejects.toThrow('away');
    broken = false;
    expect(await compose.render(submission, deliveryOf(submission))(USUAL_PEER)).toHaveProperty('refusal');
    const unsigned = deliveryOf(submission, { pins: { dkim: [] } });
    expect(await compose.render(submission, unsigned)(USUAL_PEER)).toHaveProperty('letter');
  });
});

describe('a body in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const stored = (bytes: Buffer) => {
    const file = join(folder, `${bytes.length}`);
    writeFileSync(file, bytes);
    return composeOf(Buffer.alloc(0), {
      hostname: 'relay.example.net',
      loadBody: () => Promise.resolve({ file, size: bytes.length }),
      signingKey: (_, selector) => Promise.resolve(signingKeys[selector]),
    });
  };
  const large = Buffer.concat([eightBit, Buffer.from('Zeile  mit ä \r\n'.repeat(40_000))]);

  test('is handed on as a file and gets the signatures of the same body in memory', async () => {
    const submission = submissionOf(large);
    const result = await stored(large).render(submission, deliveryOf(submission))(MODERN_PEER);
    if (!('letter' in result)) throw new Error('refused');
    const [header, body] = result.letter.parts;
    expect(body).toMatchObject({ start: submission.headerSize, size: large.length - submission.headerSize });
    const inMemory = await renderOf(large);
    expect(header).toEqual(inMemory.parts[0]);
    expect(result.letter.size).toBe(inMemory.size);
  });

  test('is written in 7 bits where it must be', async () => {
    const submission = submissionOf(large);
    const result = await stored(large).render(submission, deliveryOf(submission))(PLAIN_PEER);
    if (!('letter' in result)) throw new Error('refused');
    const bytes = bytesOf(result.letter);
    expect(bytes.every((byte) => byte < 128)).toBe(true);
    expect((await verify(bytes)).map((one) => one.result)).toEqual(['pass', 'pass']);
  });

  test('that is shorter than recorded rejects', async () => {
    const submission = submissionOf(large);
    const compose = composeOf(Buffer.alloc(0), {
      hostname: 'relay.example.net',
      loadBody: () => Promise.resolve({ file: join(folder, `${large.length}`), size: large.length + 1 }),
      signingKey: (_, selector) => Promise.resolve(signingKeys[selector]),
    });
    await expect(
      compose.render(submission, deliveryOf(submission, { pins: BOTH }))(MODERN_PEER),
    ).rejects.toThrow('before its recorded size');
  });
});
