// Mail of many makes through compose: bodies stay to the byte, signatures verify, 7-bit peers get readable mail.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { hashBody } from '../../../src/compose/canonical.ts';
import { relaxedField } from '../../../src/compose/canonical.ts';
import { scanHeaders, valueOf } from '../../../src/mail/headers.ts';
import { PLAIN_PEER, renderOf, USUAL_PEER, verify } from '../../support/letters.ts';

const root = new URL('../../../../shared/corpora/', import.meta.url).pathname;
const here = existsSync(root);
const skipped = here ? '' : ' (skipped: the shared corpora are not there)';
const read = (file: string): Buffer =>
  Buffer.from(readFileSync(file, 'latin1').replace(/\r?\n/g, '\r\n'), 'latin1');

describe.skipIf(!here)(`the corpora${skipped}`, () => {
  const files = here
    ? ['mime/**/*.eml', 'arf/**/*.eml', 'bounces/sisimai/*.eml', 'mail/**/*.eml', 'dkim/**/*.msg']
        .flatMap((glob) => globSync(root + glob))
        .sort()
    : [];

  test('are read', () => expect(files.length).toBeGreaterThan(50));

  test('to a peer with 8BITMIME the body leaves to the byte, and the signatures verify', async () => {
    for (const file of files) {
      const message = read(file);
      const { size, complete } = scanHeaders(message);
      if (!complete || size === 2) continue; // accept refuses mail without a header
      const letter = await renderOf(message, { ...USUAL_PEER, smtputf8: true });
      expect(
        letter.bytes.subarray(letter.bytes.length - (message.length - size)).equals(message.subarray(size)),
        file,
      ).toBe(true);
      const ours = (await verify(letter.bytes)).filter((one) => one.domain === 'shop.example');
      expect(
        ours.map((one) => one.result),
        `${basename(file)} ${ours[0]?.comment}`,
      ).toEqual(['pass', 'pass']);
    }
  }, 60_000);

  test('to a peer without it what leaves is 7-bit, and text reads the same', async () => {
    let converted = 0;
    for (const file of globSync(`${root}mime/**/*.eml`)) {
      const message = read(file);
      if (!scanHeaders(message).complete || message.every((byte) => byte < 128)) continue;
      const letter = await renderOf(message, PLAIN_PEER).catch((error: unknown) => String(error));
      if (typeof letter === 'string') {
        expect(letter).toMatch(/7-bit mail only|SMTPUTF8/);
        continue;
      }
      converted++;
      expect(
        letter.bytes.every((byte) => byte < 128),
        file,
      ).toBe(true);
      const [before, after] = await Promise.all([simpleParser(message), simpleParser(letter.bytes)]);
      expect(after.attachments.length, file).toBe(before.attachments.length);
    }
    expect(converted).toBeGreaterThan(0);
  });
});

describe.skipIf(!here)(`signatures of others${skipped}`, () => {
  test('their bh= is what we compute', () => {
    let compared = 0;
    for (const file of globSync(`${root}dkim/{mail-auth/dkim-*.txt,chasquid/*.msg}`)) {
      const whole = readFileSync(file, 'latin1');
      const message = Buffer.from(
        whole.slice(whole.startsWith('---') ? whole.indexOf('\n') + 1 : 0).replace(/\r?\n/g, '\r\n'),
        'latin1',
      );
      const block = scanHeaders(message);
      for (const field of block.fields.filter((one) => one.name === 'dkim-signature')) {
        const tags = valueOf(message, field).replace(/\s/g, '');
        if (!/c=\w+\/relaxed/.test(tags) || !/a=\w+-sha256/.test(tags) || /l=\d/.test(tags)) continue;
        if (hashBody(message.subarray(block.size)) === /bh=([^;]+)/.exec(tags)?.[1]) compared++;
        expect(relaxedField(message, field)).toMatch(/^dkim-signature:\S.*\S\r\n$/);
      }
    }
    expect(compared).toBeGreaterThan(3);
  });
});
