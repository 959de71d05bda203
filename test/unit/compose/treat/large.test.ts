// Large messages: only their headers and texts are in memory, the bytes of all else go out from where they are stored.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeReader, readParts } from '../../../../src/compose/body.ts';
import { makeBudget } from '../../../../src/lib/budget.ts';
import { buildMessage } from '../../../../src/compose/treat/build.ts';
import { partsOf, type Holed } from '../../../../src/compose/treat/holed.ts';
import { findLeaves } from '../../../../src/compose/treat/leaves.ts';
import { findGaps, readBetween } from '../../../../src/compose/treat/outline.ts';
import { makeWorkshop } from '../../../../src/compose/worker/workshop.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import type { Letter } from '../../../../src/model/letter.ts';
import type { Submission } from '../../../../src/model/submission.ts';
import { splitEntity } from '../../../../src/mail/mime.ts';
import {
  composeOf,
  deliveryOf,
  MODERN_PEER,
  PLAIN_PEER,
  submissionOf,
  verify,
} from '../../../support/letters.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

// Its own: the one of all tests is closed by another file.
const workshop = makeWorkshop({ clock: systemClock });
const folder = mkdtempSync(join(tmpdir(), 'postino-large-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await workshop.close();
});

const MB = 1024 * 1024;
const head =
  'From: Shop <orders@shop.example>\r\nTo: ann@mail.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n';
const html = '<style>p{color:red}</style><p>Dear [name], <a href="https://shop.example/i">see</a></p>';
const row = `${'QUJD'.repeat(19)}\r\n`;
const base64 = (size: number): string => row.repeat(Math.floor(size / row.length));
const part = (header: string, body: string): string => `--b\r\n${header}\r\n\r\n${body}\r\n`;
const textPart = part('Content-Type: text/html; charset=utf-8', html);
const pdf = (size: number): string =>
  part('Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64', base64(size));
const mixed = (...parts: readonly string[]): string =>
  `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`;

const more: Partial<Submission> = {
  instructions: { clicks: 'all', opens: true, merge: { fields: { name: 'Ann' } } },
  treatment: { linkBase: 'https://click.shop.example', mergeHeaders: ['subject'] },
};
const template = { name: 'order', version: 1, engine: 'tags' as const };

let files = 0;
/** The letter of a message that is stored in a file. */
async function letterOf(message: string | Buffer, wish = more, peer = MODERN_PEER) {
  const bytes = Buffer.isBuffer(message) ? message : Buffer.from(message, 'latin1');
  const file = join(folder, String(files++));
  writeFileSync(file, bytes);
  const submission = submissionOf(bytes, wish);
  const compose = composeOf(bytes, {
    workshop,
    loadBody: () => Promise.resolve({ file, size: bytes.length }),
    template: () => Promise.resolve({ html: '<h1>[name]</h1>{{ body }}', text: 'Hello' }),
  });
  return compose.render(submission, deliveryOf(submission))(peer);
}

async function made(message: string, wish = more, peer = MODERN_PEER): Promise<Letter> {
  const result = await letterOf(message, wish, peer);
  if (!('letter' in result)) throw new Error(result.refusal.detail);
  return result.letter;
}

const held = ({ parts }: Letter): number =>
  parts.reduce((sum, one) => sum + (Buffer.isBuffer(one) ? one.length : 0), 0);

describe('an attachment of 20 MB stays in its file', () => {
  const message = mixed(textPart, pdf(20 * MB));
  test.each<[string, Partial<Submission>]>([
    ['with links and values', more],
    ['with a template', { ...more, treatment: { ...more.treatment, template } }],
    ['with inlined CSS', { ...more, instructions: { ...more.instructions, inlineCss: true } }],
    [
      'with a template in Liquid and inlined CSS',
      {
        instructions: { ...more.instructions, inlineCss: true },
        treatment: { ...more.treatment, template: { ...template, engine: 'liquid' } },
      },
    ],
  ])('%s', { timeout: 30_000 }, async (_, wish) => {
    const letter = await made(message, wish);
    expect(held(letter)).toBeLessThan(20_000);
    const bytes = await readParts(letter.parts);
    expect(bytes.length).toBe(letter.size);
    expect((await verify(bytes)).map(({ result }) => result)).toEqual(['pass', 'pass']);
    expect(bytes.includes(base64(20 * MB))).toBe(true);
    expect(bytes.includes('click.shop.example')).toBe(true);
  });
});

test('no structure is lost in the gaps, and no byte', { timeout: 60_000 }, async () => {
  const random = randomFrom(7);
  const boundaries = ['b', 'inner', 'b2', 'a:b'];
  const pieces = [
    ...boundaries.flatMap((one) => [`--${one}\r\n`, `--${one}\r\n`, `--${one}--\r\n`, `--${one}  \r\n`]),
    ...boundaries.flatMap((one) => [`\n--${one}\r`, `--${one}x\r\n`]),
    ...boundaries.map((one) => `Content-Type: multipart/mixed; boundary="${one}"\r\n\r\n`),
    'Content-Type: multipart/signed; boundary=inner\r\n\r\n',
    'Content-Type: text/html; charset=utf-8\r\n\r\n',
    'Content-Type: application/pdf\r\n\r\n',
    'Content-Type: image/png\r\n\r\n',
    'Content-Type: message/rfc822\r\n\r\n',
    'Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\n',
    '\r\n',
    html,
    base64(150_000),
    'x'.repeat(140_000),
    `\r\n${base64(131_072)}`,
    '-- \r\nGreetings\r\n',
  ];
  let cuts = 0;
  for (let round = 0; round < rounds(400); round++) {
    let text = 'preamble\r\n--b\r\n';
    for (let n = 0; n < 16; n++) text += pieces[random(pieces.length)] ?? '';
    const body = Buffer.from(text, 'latin1');
    const fields = Buffer.from(`${head}Content-Type: multipart/mixed; boundary=b\r\n`);
    const reader = await makeReader(body, 0);
    const gaps = (await findGaps(fields, body.length, reader.read)) ?? [];
    cuts += gaps.length;
    const holed = await readBetween(body.length, gaps, reader);
    const all = async (message: Holed, start = 0, end = message.body.length): Promise<string> =>
      (await readParts(partsOf(message, start, end))).toString('latin1');
    const textsOf = (message: Holed): Promise<readonly string[]> =>
      Promise.all(
        findLeaves(fields, message.body).map(async ({ kind, fields: own, start, end }) =>
          [kind, own.toString('latin1'), await all(message, start, end)].join(),
        ),
      );
    const build = (message: Holed): Promise<string> =>
      all(buildMessage({ fields, ...message }, { html: '<p>T</p>' }, 'ID'));
    expect((await all(holed)) === text).toBe(true);
    expect((await textsOf(holed)).join('|') === (await textsOf({ body })).join('|')).toBe(true);
    expect((await build(holed)) === (await build({ body }))).toBe(true);
  }
  expect(cuts).toBeGreaterThan(rounds(400) / 8);
});

describe('what is too much', () => {
  test('a text that is too large is left alone and stays in its file', async () => {
    const large = part(
      'Content-Type: text/html; charset=utf-8',
      `${html}${'x'.repeat(70)}\r\n`.repeat(30_000),
    );
    const wish = { ...more, instructions: { clicks: 'all' as const, opens: true } };
    const letter = await made(mixed(large), {
      ...wish,
      treatment: { linkBase: 'https://click.shop.example' },
    });
    expect(letter.notes?.join()).toContain('it is too large');
    expect(held(letter)).toBeLessThan(20_000);
    expect((await readParts(letter.parts)).includes(large)).toBe(true);
  });

  test('a template takes in no such text', async () => {
    const large = part('Content-Type: text/html', 'y'.repeat(4 * MB));
    const result = await letterOf(mixed(large), { ...more, treatment: { ...more.treatment, template } });
    expect(result).toMatchObject({
      refusal: { status: '5.6.0', detail: expect.stringContaining('too large') },
    });
  });

  test('a million delimiters: nothing is personalised, and nothing waits', { timeout: 30_000 }, async () => {
    const many = `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(1_000_000)}`;
    expect(await letterOf(many)).toMatchObject({ refusal: { status: '5.6.0' } });
    const letter = await made(many, { ...more, instructions: { clicks: 'all' } });
    expect(letter.notes?.join()).toContain('more parts than can be looked through');
    expect((await readParts(letter.parts)).toString('latin1').endsWith('--b\r\n'.repeat(1_000_000))).toBe(
      true,
    );
  });
});

test('gaps are in attachments only, also nested ones', async () => {
  const inner = `Content-Type: multipart/related; boundary=i\r\n\r\n--i\r\nContent-Type: text/html\r\n\r\n${html}\r\n--i\r\nContent-Type: image/png\r\n\r\n${base64(MB)}\r\n--i--`;
  const message = Buffer.from(mixed(`--b\r\n${inner}\r\n`, pdf(MB)), 'latin1');
  const { fields, body } = splitEntity(message);
  const gaps = await findGaps(fields, body.length, (start, size) =>
    Promise.resolve(body.subarray(start, start + size)),
  );
  expect(gaps?.length).toBe(2);
  for (const { from, to } of gaps ?? [])
    expect(body.toString('latin1', from, to)).toMatch(/^[A-Za-z0-9+/\r\n]{500000,}$/);
});

test('written in 7 bits, a large message is whole and the same', { timeout: 30_000 }, async () => {
  const message = mixed(textPart.replace('Dear', 'D\xc3\xa9ar'), pdf(2 * MB));
  const letter = await made(message, more, PLAIN_PEER);
  const bytes = await readParts(letter.parts);
  expect((await verify(bytes)).map(({ result }) => result)).toEqual(['pass', 'pass']);
  expect(bytes.includes(base64(2 * MB))).toBe(true);
});

/** Resident memory, as the kernel counts it. */
const rss = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;

test('thirty letters with 30 MB each take little memory together', { timeout: 120_000 }, async () => {
  const bytes = Buffer.from(mixed(textPart, pdf(30 * MB)), 'latin1');
  const file = join(folder, 'thirty');
  writeFileSync(file, bytes);
  const { length } = bytes;
  const wish = {
    ...more,
    treatment: { ...more.treatment, template: { ...template, engine: 'liquid' as const } },
  };
  const submission = submissionOf(bytes, wish);
  const compose = composeOf(bytes, {
    workshop,
    loadBody: () => Promise.resolve({ file, size: length }),
    template: () => Promise.resolve({ html: '<h1>{{ name }}</h1>{{ body }}' }),
  });
  const before = rss();
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, rss())), 5);
  const letters = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      compose.render(submission, deliveryOf(submission, { id: `${submission.id}-${n + 1}` }))(MODERN_PEER),
    ),
  );
  clearInterval(watch);
  expect(letters.every((one) => 'letter' in one)).toBe(true);
  // With each attachment in memory it is 900 MB and more.
  expect(most - before).toBeLessThan(150 * MB);
});

describe('the budget', () => {
  test('who finds no room waits for it, in the order of coming; more than all is all', async () => {
    const budget = makeBudget(100);
    const log: string[] = [];
    const ends: (() => void)[] = [];
    const use = (name: string, bytes: number): Promise<void> =>
      budget.use(bytes, async () => {
        log.push(name);
        await new Promise<void>((end) => ends.push(end));
      });
    const all = [use('a', 60), use('b', 500), use('c', 10), use('d', 10)];
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await turn();
    expect([log.join(''), budget.inUse()]).toEqual(['a', 60]);
    ends[0]?.();
    await turn();
    expect([log.join(''), budget.inUse()]).toEqual(['ab', 100]);
    ends[1]?.();
    await turn();
    expect([log.join(''), budget.inUse()]).toEqual(['abcd', 20]);
    for (const end of ends) end();
    await Promise.all(all);
    expect(budget.inUse()).toBe(0);
  });

  test('what fails gives its room back', async () => {
    const budget = makeBudget(10);
    const failing = budget.use(10, () => Promise.reject(new Error('no')));
    const next = budget.use(10, () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(budget.inUse()).toBe(0);
  });
});
