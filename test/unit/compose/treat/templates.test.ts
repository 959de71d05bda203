// Stored templates in place of a message's own text: structure, values, Liquid, errors; and CSS inlined.
import { simpleParser } from 'mailparser';
import { afterAll, describe, expect, test } from 'vitest';
import type { TemplateContent } from '../../../../src/compose/treat/source.ts';
import { withBlock } from '../../../../src/compose/treat/texts.ts';
import type { Submission } from '../../../../src/model/submission.ts';
import { cpuClock } from '../../../support/cpu.ts';
import {
  bytesOf,
  composeOf,
  crlf,
  deliveryOf,
  MODERN_PEER,
  submissionOf,
  verify,
  workshop,
} from '../../../support/letters.ts';

afterAll(() => workshop.close());

const hello = 'From: Shop <orders@shop.example>\nTo: ann@mail.example\nSubject: Own subject\n';
const attachment = Buffer.from('%PDF-1.4 not really').toString('base64');
const mixed = `${hello}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

Own text
--a
Content-Type: text/html; charset=utf-8

<b>Own HTML</b>
--a--
--r
Content-Type: image/png
Content-ID: <logo@shop>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
--m
Content-Type: application/pdf; name="invoice.pdf"
Content-Disposition: attachment; filename="invoice.pdf"
Content-Transfer-Encoding: base64

${attachment}
--m
Content-Type: text/csv; charset=utf-8
Content-Disposition: attachment; filename="rows.csv"

a;b
--m--
`;

async function render(message: string, content: TemplateContent | undefined, more: Partial<Submission> = {}) {
  const bytes = Buffer.from(crlf(message));
  const submission = submissionOf(bytes, more);
  const compose = composeOf(bytes, { template: () => Promise.resolve(content) });
  return compose.render(submission, deliveryOf(submission))(MODERN_PEER);
}

async function mailOf(message: string, content: TemplateContent, more: Partial<Submission> = {}) {
  const result = await render(message, content, more);
  if (!('letter' in result)) throw new Error(result.refusal.detail);
  const bytes = bytesOf(result.letter);
  expect((await verify(bytes)).map((one) => one.result)).toEqual(['pass', 'pass']);
  return { mail: await simpleParser(bytes), bytes };
}

const template = { name: 'order', version: 2, engine: 'tags' as const };
const treatment = { template, mergeHeaders: ['subject'] };
const merge = { fields: { id: '17', who: 'Änn' } };

describe('tags', () => {
  const content = {
    subject: 'Order [id] for [who] ([subject])',
    html: '<h1>[who]</h1><div>[body]</div><img src="cid:logo@shop">',
    text: 'Order [id]\n[body]',
  };

  test('template, own text, pictures and attachments come together', async () => {
    const { mail } = await mailOf(mixed, content, { instructions: { merge }, treatment });
    expect(mail.subject).toBe('Order 17 for Änn (Your order)');
    expect(mail.html).toContain('<h1>Änn</h1><div><b>Own HTML</b></div>');
    expect(mail.text).toContain('Order 17\nOwn text');
    const names = mail.attachments.map((one) => one.filename ?? one.cid);
    expect(names).toEqual(expect.arrayContaining(['logo@shop', 'invoice.pdf', 'rows.csv']));
    expect(mail.attachments.find((one) => one.filename === 'invoice.pdf')?.content.toString()).toBe(
      '%PDF-1.4 not really',
    );
  });

  test('a plain message gets both forms; HTML alone is one part', async () => {
    const both = await mailOf(`${hello}\nOwn text\n`, content, { instructions: { merge }, treatment });
    expect(both.bytes.toString()).toContain('Content-Type: multipart/alternative;');
    const one = await mailOf(
      `${hello}\nOwn text\n`,
      { html: content.html },
      { instructions: { merge }, treatment },
    );
    expect(one.bytes.toString()).toMatch(
      /Content-Type: text\/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n/,
    );
    expect(one.mail.subject).toBe('Own subject');
  });

  test('a template that is gone bounces with its name', async () => {
    expect(await render(mixed, undefined, { instructions: { merge }, treatment })).toMatchObject({
      refusal: { status: '5.6.0', detail: expect.stringContaining('"order", version 2') },
    });
  });
});

describe('a place for the own text that the template lacks', () => {
  const note = expect.stringMatching(/^The template order has no place called "main", so the message's own/);
  const notesOf = async (
    content: TemplateContent,
    block: string | undefined,
    more: Partial<Submission> = {},
  ) => {
    const template = { name: 'order', version: 2, ...(block === undefined ? {} : { block }) };
    const rendered = await render(mixed, content, { instructions: { merge, template }, treatment, ...more });
    return 'letter' in rendered ? (rendered.letter.notes ?? []) : rendered;
  };
  const liquid = {
    treatment: { ...treatment, template: { name: 'order', version: 2, engine: 'liquid' as const } },
  };
  test('is noted where it was asked for', async () => {
    expect(await notesOf({ html: '<p>[body] [id]</p>' }, 'main')).toEqual([note]);
    expect(await notesOf({ html: '<p>{{ body }}</p>', text: 'x' }, 'main', liquid)).toEqual([note]);
  });
  test.each<[string, TemplateContent, string | undefined]>([
    ['it is in one part', { html: '<p>x</p>', text: '*|MAIN|*' }, 'main'],
    ['it is a region', { html: '<div mc:edit="main">old</div>' }, 'main'],
    ['none was asked for', { html: '<p>x</p>' }, undefined],
  ])('nothing is where %s', async (_, content, block) => expect(await notesOf(content, block)).toEqual([]));
  test('nothing is where Liquid names it, or the message says nothing', async () => {
    expect(await notesOf({ html: '{{ main | raw }}' }, 'main', liquid)).toEqual([]);
    const template = { name: 'order', version: 2, block: 'main' };
    const empty = await render(
      `${hello}\n \n`,
      { html: '<p>x</p>' },
      { instructions: { merge, template }, treatment },
    );
    expect('letter' in empty && (empty.letter.notes ?? [])).toEqual([]);
  });
});

describe('where the own text goes', () => {
  test.each([
    ['[main]', 'x'],
    ['{{ main }}', 'x'],
    ['{{{main}}}', 'x'],
    ['*|MAIN|*', 'x'],
    ['<%main%>', 'x'],
    ['<div class="c" mc:edit="main">old</div>', '<div class="c" mc:edit="main">x</div>'],
    ['[other]', '[other]'],
    ['[main]'.repeat(6), 'xxxx'],
  ])('%s', (source, want) => expect(withBlock(source, 'main', 'x')).toBe(want));
  test('what looks like a replacement pattern is text', () =>
    expect(withBlock('[main]', 'main', "$& $' $1")).toBe("$& $' $1"));
  test('hostile templates are searched in a moment', () => {
    const spent = cpuClock();
    for (const text of ['<a ', '{{ ', '[', '<% ', 'mc:edit="main"', '*|'])
      withBlock(text.repeat(1_000_000 / text.length), 'main', 'x');
    expect(spent()).toBeLessThan(2000);
  });
});

describe('Liquid', () => {
  const liquid = { template: { ...template, engine: 'liquid' as const } };
  const content = {
    subject: 'Order {{ id }}',
    html: '<p>{{ who }}{% if vip %} VIP{% endif %}</p>{{ body | raw }}<a href="https://shop.example/{{ id }}">x</a>',
    text: '{{ text_body }}',
  };
  const instructions = {
    merge: { fields: { id: '17', who: '<Änn>' }, recipients: { 'ann@mail.example': { vip: '1' } } },
  };

  test('is filled in for each recipient and tracked afterwards', async () => {
    const { mail } = await mailOf(mixed, content, {
      instructions: { ...instructions, clicks: 'all' },
      treatment: { ...liquid, linkBase: 'https://click.shop.example' },
    });
    expect(mail.subject).toBe('Order 17');
    expect(mail.html).toMatch(
      /^<p>&lt;Änn&gt; VIP<\/p><b>Own HTML<\/b>\s*<a href="https:\/\/click\.shop\.example\/t\/c\/[\w-]+">x<\/a>/,
    );
    expect(mail.text).toContain('Own text');
  });

  test('the same each time', async () => {
    const more = { instructions, treatment: liquid };
    const [one, two] = await Promise.all([mailOf(mixed, content, more), mailOf(mixed, content, more)]);
    expect(one.bytes.equals(two.bytes)).toBe(true);
  });

  test.each([
    ['a mistake', { html: '<p>{% if %}</p>', text: 'fine' }, '5.6.0'],
    ['an unknown filter', { html: '{{ id | nonsense }}', text: 'fine' }, '5.6.0'],
    ['another template', { html: '{% include "x" %}' }, '5.6.0'],
  ])('%s bounces with its reason', async (_, broken, status) => {
    expect(await render(mixed, broken, { instructions, treatment: liquid })).toMatchObject({
      refusal: { status, detail: expect.stringMatching(/^The template "order" could not be filled in\. /) },
    });
  });
});

test('CSS is inlined where that is asked for, and text and tracking follow', async () => {
  const html =
    '<html><head><style>p { color: #123456 }</style></head><body><p>Hi [who] <a href="http://x.example/">x</a></p></body></html>';
  const message = `${hello}MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n${html}\n`;
  const result = await render(message, undefined, {
    instructions: { inlineCss: true, merge, clicks: 'all' },
    treatment: { mergeHeaders: ['subject'], linkBase: 'https://click.shop.example' },
  });
  if (!('letter' in result)) throw new Error(result.refusal.detail);
  const mail = await simpleParser(bytesOf(result.letter));
  expect(mail.html).toMatch(/<p style="color: #123456;?">Hi Änn <a href="https:\/\/click/);
});
