// Headers as programs really write them: SendGrid's own library in nodemailer, PHPMailer 6.6, Symfony 5.4's bridges for SMTP.
import { readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';
import Smtpapi from 'smtpapi';
import { describe, expect, test } from 'vitest';
import { answer, askRaw } from './ask.ts';

/** The header that a program wrote (folder "written", dates and the like left out). */
const written = (name: string): unknown => {
  const wish = askRaw(
    readFileSync(new URL(`written/${name}.txt`, import.meta.url), 'utf8').replaceAll('\n', '\r\n'),
  );
  if (!wish.ok) return `${wish.field} ${wish.must}`;
  const { ok: _, ...asked } = wish;
  return asked;
};

/** What nodemailer makes of a header field. */
async function nodemailed(
  name: string,
  value: string | { prepared: boolean; foldLines?: boolean; value: string },
): Promise<string[]> {
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true });
  const sent = await transport.sendMail({
    from: 'me@shop.example',
    to: 'a@x.example',
    text: 'x',
    headers: { [name]: value },
  });
  const message = Buffer.isBuffer(sent.message) ? sent.message.toString() : '';
  const [head] = message.split('\r\n\r\n');
  return head?.split(/\r\n(?![ \t])/) ?? [];
}

const customers = Array.from({ length: 40 }, (_, i) => `customer${i}@example.com`);
const fortyCustomers = {
  to: customers.map((address) => ({ address })),
  instructions: {
    separate: true,
    metadata: { shop: 'Café Zürich' },
    merge: {
      syntaxes: ['literal'],
      recipients: Object.fromEntries(
        customers.map((address, i) => [address, { '-name-': `Käufer ${i}`, '-order-': `${1000 + i}` }]),
      ),
    },
  },
};
/** PHPMailer and Symfony write more than SendGrid's field. */
const withTags = (...tags: string[]): object => ({
  ...fortyCustomers,
  instructions: { ...fortyCustomers.instructions, tags },
});

describe("SendGrid's smtpapi", () => {
  const header = new Smtpapi();
  header.setTos(customers);
  header.setSubstitutions({
    '-name-': customers.map((_, i) => `Käufer ${i}`),
    '-order-': customers.map((_, i) => `${1000 + i}`),
  });
  header.addSection('%greeting%', 'Hello -name-');
  header.setUniqueArgs({ shop: 'Café Zürich' });
  header.setCategories(['newsletter']);
  header.addCategory(['spring']);
  header.addFilter('clicktrack', 'enable', 1);
  header.addFilter('footer', 'enable', 1);
  header.addFilter('footer', 'text/html', '<strong>boo</strong>');
  header.setSendAt(1_777_626_000);
  header.setBatchId('batch-1');
  header.setASMGroupID(42);
  header.setIpPool('marketing');
  const want = {
    ...fortyCustomers,
    instructions: {
      ...fortyCustomers.instructions,
      tags: ['newsletter', 'spring'],
      merge: { ...fortyCustomers.instructions.merge, sections: { '%greeting%': 'Hello -name-' } },
      clicks: 'html',
      footer: { html: '<strong>boo</strong>' },
      sendAt: 1_777_626_000_000,
      batch: 'batch-1',
      topic: '42',
      unsubscribe: true,
      pool: 'marketing',
    },
  };

  test('on one line', () => expect(answer(`X-SMTPAPI: ${header.jsonString()}`)).toEqual(want));

  test('in nodemailer, which folds it', async () => {
    const lines = await nodemailed('X-SMTPAPI', header.jsonString());
    expect(lines.join('\n')).toContain('\r\n ');
    expect(answer(...lines)).toEqual(want);
  });

  test('in nodemailer as it is', async () =>
    expect(
      answer(...(await nodemailed('X-SMTPAPI', { prepared: true, value: header.jsonString() }))),
    ).toEqual(want));

  test('cut by Postfix on its way', () => {
    const line = `X-SMTPAPI: ${header.jsonString()}`;
    const cut = [
      line.slice(0, 998),
      ...(line.slice(998).match(/.{1,997}/g) ?? []).map((piece) => ` ${piece}`),
    ];
    expect(cut.length).toBe(3);
    expect(answer(cut.join('\r\n'))).toEqual(want);
  });

  test('with nothing in it', () =>
    expect(answer(`X-SMTPAPI: ${new Smtpapi().jsonString()}`)).toEqual({ instructions: {} }));
});

describe('PHPMailer', () => {
  test('writes a short field as it is', () =>
    expect(written('phpmailer-short')).toEqual({
      instructions: { tags: ['orders', 'welcome', 'größe', 'password-reset'] },
    }));

  test('writes a longer one in encoded words, cut anywhere', () =>
    expect(written('phpmailer-filters')).toEqual({
      instructions: { clicks: 'none', unsubscribe: false, tags: ['welcome', 'größe', 'password-reset'] },
    }));

  test.each(['phpmailer-escaped', 'phpmailer-utf8'])('%s: the same with 40 recipients', (name) =>
    expect(written(name)).toEqual(withTags('newsletter', 'welcome', 'größe', 'password-reset')),
  );
});

describe('Symfony', () => {
  const metadata = { Color: 'blue', 'client-id': '12345 & Zürich' };
  test('Postmark', () =>
    expect(written('symfony-postmark')).toEqual({
      instructions: { tags: ['password-reset'], metadata, topic: 'broadcast', unsubscribe: true },
    }));

  test.each(['symfony-mailchimp', 'symfony-mailgun'])('%s', (name) =>
    expect(written(name)).toEqual({ instructions: { tags: ['password-reset'], metadata } }),
  );

  test('Mailjet and Amazon SES', () =>
    expect(written('symfony-mailjet-ses')).toEqual({
      notes: [
        'X-Mailjet-DeduplicateCampaign is not supported and was ignored.',
        'X-MJ-TemplateErrorReporting is not supported and was ignored.',
      ],
      instructions: {
        campaign: 'SendAPI_campaign',
        priority: 3,
        template: { name: '1234567' },
        topic: 'news',
        unsubscribe: true,
        metadata: {
          CustomID: 'CustomValue',
          EventPayload: 'Eticket,1234,row,15,seat,B',
          'ses:configuration-set': 'Config',
          color: 'blue',
          'client-id': '12345',
        },
        merge: {
          off: false,
          syntaxes: ['mailjet'],
          strict: false,
          fields: {
            firstname: 'Ada',
            city: 'Zürich',
            link: 'https://shop.example/a/b?c=d',
            note: 'long text '.repeat(12),
          },
        },
      },
    }));

  test('long JSON is folded at its spaces, after lines of any length', () =>
    expect(written('symfony-long')).toEqual({
      ...fortyCustomers,
      instructions: {
        ...fortyCustomers.instructions,
        tags: ['newsletter', 'a', 'b'],
        metadata: { shop: 'Café Zürich', Zürich: 'ü', long: 'word '.repeat(40) },
        opens: true,
        clicks: 'none',
      },
    }));
});
