// The corpora through the full treatment: only links, pixel and added fields differ, every link leads back, signatures verify.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unescapeHtml } from '../../../../src/compose/html/tokens.ts';
import { findLeaves } from '../../../../src/compose/treat/leaves.ts';
import { decode } from '../../../../src/compose/treat/transfer.ts';
import { base64Lines, quotedPrintable } from '../../../../src/mail/encode.ts';
import { splitEntity } from '../../../../src/mail/mime.ts';
import { scanHeaders } from '../../../../src/mail/headers.ts';
import { dkimpy, dkimpySkipped, hasDkimpy } from '../../../support/dkimpy.ts';
import {
  bytesOf,
  composeOf,
  deliveryOf,
  kept,
  MODERN_PEER,
  submissionOf,
  tokens,
  verify,
} from '../../../support/letters.ts';

const root = new URL('../../../../../shared/corpora/', import.meta.url).pathname;
const here = existsSync(root);
const skipped = here ? '' : ' (skipped: the shared corpora are not there)';
const BASE = 'https://click.shop.example';
const LINK = /https:\/\/click\.shop\.example\/t\/c\/([\w-]+)/;
const PIXEL = /<img src="https:\/\/click\.shop\.example\/t\/o\/[\w-]+\.gif" alt="" [^>]*>/g;

const crlf = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n'), 'latin1');

/** The message as it leaves, with opens and clicks tracked and a way to unsubscribe. */
async function tracked(message: Buffer, unsubscribe: boolean): Promise<Buffer> {
  const submission = submissionOf(message, {
    instructions: { opens: true, clicks: 'all', unsubscribe },
    treatment: { linkBase: BASE },
    smtputf8: true,
  });
  const result = await composeOf(message).render(submission, deliveryOf(submission))(MODERN_PEER);
  if (!('letter' in result)) throw new Error(result.refusal.detail);
  return bytesOf(result.letter);
}

/** The text parts of a message, decoded, one character per byte. */
function textsOf(message: Buffer): readonly string[] {
  const entity = splitEntity(message);
  return findLeaves(entity.fields, entity.body).map(
    (leaf) => decode(entity.body.subarray(leaf.start, leaf.end), leaf.encoding).text,
  );
}

function targetOf(token: string): string {
  const target = tokens.openClick(token)?.target;
  if (target === undefined) throw new Error(`the token ${token} does not open`);
  return typeof target === 'string' ? target : (kept.get(target.stored) ?? '');
}

/** Walks both texts side by side: what is no link of ours is the same, and what is one leads to what stood there. */
function compare(before: string, after: string, file: string): number {
  const pieces = after.replace(PIXEL, '').split(new RegExp(LINK, 'g'));
  let at = 0;
  let links = 0;
  for (let i = 0; i < pieces.length; i += 2) {
    const kept = pieces[i] ?? '';
    expect(before.slice(at, at + kept.length) === kept, `${file}: bytes after ${at} changed`).toBe(true);
    at += kept.length;
    const token = pieces[i + 1];
    if (token === undefined) continue;
    const next = pieces[i + 2] ?? '';
    const target = targetOf(token);
    // the source of the target ends where the next piece begins
    let end = before.indexOf(next.slice(0, 40), at);
    while (end >= 0 && readsAs(before.slice(at, end)) !== target)
      end = before.indexOf(next.slice(0, 40), end + 1);
    expect(
      end,
      `${file}: ${target} is not what stood there: ${before.slice(at, at + 80)}`,
    ).toBeGreaterThanOrEqual(0);
    at = end;
    links++;
  }
  expect(at, `${file}: the end is missing`).toBe(before.length);
  return links;
}

const readsAs = (source: string): string =>
  unescapeHtml(source)
    .replace(/[\r\n\t]/g, '')
    .trim();

const ENCODINGS = [
  ['8bit', (text: Buffer): Buffer => text],
  ['quoted-printable', quotedPrintable],
  ['base64', base64Lines],
] as const;

function wrapped(html: Buffer, n: number, type = 'text/html'): Buffer {
  const [name, encode] = ENCODINGS[n % ENCODINGS.length] ?? ENCODINGS[0];
  const head = `From: Shop <orders@shop.example>\r\nTo: ann@mail.example\r\nSubject: corpus\r\nMIME-Version: 1.0\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${name}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), encode(html)]);
}

const letters: Buffer[] = [];

async function prove(message: Buffer, file: string, unsubscribe = false): Promise<number> {
  const out = await tracked(message, unsubscribe);
  letters.push(out);
  const before = textsOf(message);
  const after = textsOf(out);
  expect(after.length, file).toBe(before.length);
  const links = before.map((text, i) => compare(text, after[i] ?? '', file));
  const ours = (await verify(out)).filter((one) => one.domain === 'shop.example');
  expect(
    ours.map(({ result }) => result),
    `${file} ${ours[0]?.comment}`,
  ).toEqual(['pass', 'pass']);
  return links.reduce((sum, count) => sum + count, 0);
}

describe.skipIf(!here)(`the corpora, tracked${skipped}`, () => {
  const html = here ? globSync(`${root}html/**/*.{html,hbs}`).sort() : [];
  const plain = here ? globSync(`${root}html/**/*.txt`).sort() : [];
  const mails = here
    ? globSync([`${root}mail/spamassassin/**/*`, `${root}mime/**/*.eml`])
        .filter((file) => /\.(?:eml|txt)$|\/[\d.]+[a-f\d]*$/.test(file))
        .sort()
    : [];

  test('HTML files, in each transfer encoding', async () => {
    let links = 0;
    for (const file of html) {
      for (let n = 0; n < ENCODINGS.length; n++)
        links += await prove(wrapped(crlf(readFileSync(file)), n), basename(file));
    }
    console.log(
      `${html.length} HTML files × ${ENCODINGS.length} encodings: ${links} links lead back to what stood there`,
    );
    expect(html.length).toBeGreaterThan(50);
    expect(links).toBeGreaterThan(150);
  }, 120_000);

  test('plain texts', async () => {
    for (const [n, file] of plain.entries())
      await prove(wrapped(crlf(readFileSync(file)), n, 'text/plain'), basename(file));
    expect(plain.length).toBeGreaterThan(10);
  }, 60_000);

  test('real mail', async () => {
    let links = 0;
    let messages = 0;
    for (const file of mails) {
      const message = crlf(readFileSync(file));
      const { complete, size } = scanHeaders(message);
      if (!complete || size === 2) continue; // accept refuses mail without a header
      links += await prove(message, basename(file), true);
      messages++;
    }
    console.log(`${messages} real messages: ${links} links lead back to what stood there`);
    expect(messages).toBeGreaterThan(50);
  }, 120_000);

  test.skipIf(!hasDkimpy)(
    `dkimpy verifies them all${dkimpySkipped}`,
    () => {
      // A field name with a space in it is more than dkimpy reads.
      const unread = (one: unknown): boolean =>
        String(one).startsWith('Unexpected characters in RFC822 header');
      const verdicts = dkimpy(letters).filter((both) => !both.some(unread));
      const wrong = verdicts.filter((both) => both.some((one) => one !== true));
      console.log(`${letters.length} letters, both signatures: dkimpy finds ${wrong.length} wrong`);
      expect(letters.length).toBeGreaterThan(100);
      expect(wrong).toEqual([]);
    },
    120_000,
  );
});
