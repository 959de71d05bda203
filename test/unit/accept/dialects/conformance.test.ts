// What holds for every dialect: what all say alike is read alike, several may speak at once, and no input does harm.
import { describe, expect, test } from 'vitest';
import { dialects, type Asked } from '../../../../src/accept/dialects/index.ts';
import { isControlField, isInstruction } from '../../../../src/mail/control.ts';
import { instructionsSchema } from '../../../../src/model/instructions.ts';
import { answer, ask, askRaw } from './ask.ts';
import { cpuClock } from '../../../support/cpu.ts';
import { randomFrom } from '../../../support/random.ts';

const JSON_HEADERS: Readonly<Record<string, string>> = {
  'SMTP+': 'X-SMTPAPI',
  SendGrid: 'X-SMTPAPI',
  SparkPost: 'X-MSYS-API',
};

/** Names of all header fields that a dialect reads. */
const headersOf = (dialect: (typeof dialects)[number]): readonly string[] => {
  const header = JSON_HEADERS[dialect.name];
  if (header !== undefined) return [header];
  return dialect.docs.map((doc) => doc.field.replace('*', 'Color')).filter((field) => !field.includes('/'));
};

describe.each(dialects)('$name', (dialect) => {
  test('asks for nothing when none of its fields is there', () => {
    const facts = { now: 0, names: new Set(['from', 'x-other']), spelling: (name: string) => name };
    expect(dialect.read(() => ['x'], facts)).toEqual({ ok: true, instructions: {} });
  });

  test('says what every field does, in a sentence of one line', () => {
    for (const { field, note } of dialect.docs) expect(note, field).toMatch(/^[^\n]{3,300}\.$/);
    expect(dialect.about).toMatch(/\.$/);
  });

  test('has its fields removed from what is sent', () => {
    for (const header of headersOf(dialect)) {
      expect(isInstruction(header.toLowerCase()), header).toBe(true);
      expect(isControlField(header.toLowerCase()), header).toBe(true);
    }
  });

  test('an empty field is no harm, except in our own', () => {
    for (const header of headersOf(dialect)) {
      const said = answer(`${header}:`);
      if (dialect.name === 'Postino') expect(said).toMatch(/must be there with a value$/);
      else expect(said, header).not.toBeTypeOf('string');
    }
  });
});

test.each([
  'x-mailin-tag',
  'x-smtpeter-tags',
  'x-mq-pool',
  'x-postal-tag',
  'x-amp',
  'x-mailer',
  'x-priority',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'message-id',
  'x-postback',
  'x-postino',
])('%s is not ours to remove', (name) => expect(isControlField(name)).toBe(false));

const settings = (filter: string, inside: object): string =>
  `X-SMTPAPI: ${JSON.stringify({ filters: { [filter]: { settings: inside } } })}`;

describe('what all say alike is read alike', () => {
  test.each<[string, object, readonly string[]]>([
    [
      'no opens',
      { opens: false },
      [
        'X-Postino-Track-Opens: no',
        'X-SMTPAPI: {"ViewTracking":false}',
        settings('opentrack', { enable: 0 }),
        'X-Mailgun-Track-Opens: no',
        'X-MSYS-API: {"options":{"open_tracking":false}}',
        'X-PM-TrackOpens: false',
        'X-Mailjet-TrackOpen: 0',
      ],
    ],
    [
      'no opens and no clicks',
      { opens: false, clicks: 'none' },
      [
        'X-Postino-No-Track: yes',
        'X-SMTPAPI: {"ViewTracking":0,"ClickTracking":0}',
        'X-MC-Track: none',
        'X-Mailgun-Track: no',
        'X-MSYS-API: {"options":{"open_tracking":false,"click_tracking":false}}',
      ],
    ],
    [
      'clicks in HTML',
      { clicks: 'html' },
      [
        'X-Postino-Track-Clicks: html',
        settings('clicktrack', { enable: 1, enable_text: false }),
        'X-Mailgun-Track-Clicks: htmlonly',
        'X-PM-TrackLinks: HtmlOnly',
      ],
    ],
    [
      'a tag',
      { tags: ['welcome'] },
      [
        'X-Postino-Tag: welcome',
        'X-SMTPAPI: {"category":"welcome"}',
        'X-MC-Tags: welcome',
        'X-Mailgun-Tag: welcome',
        'X-MSYS-API: {"tags":["welcome"]}',
        'X-PM-Tag: welcome',
        'X-MJ-MonitoringCategory: welcome',
      ],
    ],
    [
      'metadata',
      { metadata: { order: '17' } },
      [
        'X-Postino-Metadata: {"order":"17"}',
        'X-SMTPAPI: {"unique_args":{"order":17}}',
        'X-MC-Metadata: {"order":17}',
        'X-Mailgun-Variables: {"order":17}',
        'X-MSYS-API: {"metadata":{"order":17}}',
        'X-PM-Metadata-order: 17',
        'X-SES-MESSAGE-TAGS: order=17',
      ],
    ],
    [
      'a campaign',
      { campaign: 'spring' },
      [
        'X-Postino-Campaign: spring',
        'X-SMTPAPI: {"CampaignCode":"spring"}',
        'X-MSYS-API: {"campaign_id":"spring"}',
        'X-Mailjet-Campaign: spring',
      ],
    ],
    [
      'a pool',
      { pool: 'bulk' },
      [
        'X-Postino-Pool: bulk',
        'X-SMTPAPI: {"ip_pool":"bulk"}',
        'X-MC-IpPool: bulk',
        'X-Mailgun-Sending-Ip-Pool: bulk',
        'X-MSYS-API: {"options":{"ip_pool":"bulk"}}',
      ],
    ],
    [
      'a time',
      { sendAt: 1_777_626_000_000 },
      [
        'X-Postino-Send-At: 2026-05-01T09:00:00Z',
        'X-SMTPAPI: {"Schedule":"2026-05-01T11:00+02:00"}',
        'X-SMTPAPI: {"send_at":1777626000}',
        'X-MC-SendAt: 2026-05-01 09:00:00',
        'X-Mailgun-Deliver-By: Fri, 01 May 2026 09:00:00 GMT',
      ],
    ],
    [
      'a topic',
      { topic: 'news', unsubscribe: true },
      [
        'X-Postino-Topic: news\r\nX-Postino-Unsubscribe: yes',
        'X-SMTPAPI: {"asm_group_id":"news"}',
        'X-SES-LIST-MANAGEMENT-OPTIONS: list; topic=news',
      ],
    ],
    ['own copies', { separate: true }, ['X-Postino-Separate: yes', 'X-MC-PreserveRecipients: no']],
    [
      'test mode',
      { drop: true },
      ['X-Postino-Drop: yes', 'X-Mailgun-Drop-Message: yes', 'X-MSYS-API: {"options":{"sandbox":true}}'],
    ],
    [
      'in spite of suppressions',
      { bypassSuppression: true },
      [
        'X-Postino-Bypass-Suppression: yes',
        settings('bypass_list_management', { enable: 1 }),
        'X-MSYS-API: {"options":{"skip_suppression":true}}',
      ],
    ],
    [
      'styles in place',
      { inlineCss: true },
      ['X-Postino-Inline-CSS: yes', 'X-MC-InlineCSS: true', 'X-MSYS-API: {"options":{"inline_css":true}}'],
    ],
  ])('%s', (_, want, lines) => {
    for (const line of lines) expect(answer(line), line).toEqual({ instructions: want });
  });
});

describe('several dialects at once', () => {
  test('add up; the first of the list wins, ours before all', () => {
    expect(
      answer(
        'X-SES-MESSAGE-TAGS: a=ses, s=ses',
        'X-PM-Tag: pm',
        'X-PM-Metadata-a: pm',
        'X-MSYS-API: {"tags":["sp"],"bcc":["c@x.example"],"options":{"ip_pool":"sp"}}',
        'X-MC-Tags: mc',
        'X-MC-BccAddress: b@x.example',
        'X-MC-MergeVars: {"name":"mc","only":"mc"}',
        'X-MC-MergeVars: {"_rcpt":"a@x.example","name":"mc","own":"mc"}',
        'X-Mailgun-Recipient-Variables: {"a@x.example":{"name":"mg","id":"mg"}}',
        'X-SMTPAPI: {"DynamicFields":[{"N":"name","V":"smtp+"}],"category":["sg"],"filters":{"ganalytics":{"settings":{"enable":1,"utm_source":"sg","utm_term":"sg"}}}}',
        'X-Postino-UTM-Source: own',
        'X-Postino-Pool: own',
        'X-Postino-Tag: own',
        'X-Postino-Recipient-Fields: {"A@x.example":{"name":"own"}}',
      ),
    ).toEqual({
      instructions: {
        pool: 'own',
        tags: ['own', 'sg', 'mc', 'sp', 'pm'],
        metadata: { a: 'pm', s: 'ses' },
        utm: { source: 'own', term: 'sg' },
        separate: true,
        merge: {
          syntaxes: ['brackets', 'mailchimp', 'mailgun'],
          fields: { name: 'smtp+', only: 'mc' },
          recipients: { 'a@x.example': { name: 'own', own: 'mc', id: 'mg' } },
        },
      },
      also: [{ address: 'b@x.example' }, { address: 'c@x.example' }],
    });
  });

  test('never more than 20 tags', () => {
    const tags = Array.from({ length: 15 }, (_, i) => `${i}`);
    const wish = answer(
      `X-MC-Tags: ${tags.join()}`,
      `X-SMTPAPI: ${JSON.stringify({ category: tags.map((tag) => `s${tag}`) })}`,
    );
    expect((wish as Asked).instructions.tags).toHaveLength(20);
  });

  test('one that is wrong is named, and what all others ask for is told', () =>
    expect(
      ask(
        'X-MC-Important: perhaps',
        'X-MC-Tags: a',
        'X-Postino-Drop: yes',
        'X-Postino-Pool: a',
        'X-Postino-Pool: b',
        'X-SMTPAPI: {"Footer":"x","Header":1,"filters":7,"category":"b"}',
        'X-MSYS-API: {',
      ),
    ).toEqual({
      ok: false,
      field: 'X-Postino-Pool',
      must: 'must be there only once',
      rest: { instructions: { drop: true, header: true, tags: ['b', 'a'] } },
    }));
});

describe('as it travels', () => {
  const encoded = (text: string): string =>
    (text.match(/.{1,30}/gsu) ?? [])
      .map((piece) => `=?utf-8?B?${Buffer.from(piece).toString('base64')}?=`)
      .join('\r\n ');

  test.each([
    ['raw UTF-8', 'X-SMTPAPI: {"CampaignCode":"Grüße"}'],
    ['escapes', 'X-SMTPAPI: {"CampaignCode":"Gr\\u00fc\\u00DFe"}'],
    ['encoded words around the whole', `X-SMTPAPI: ${encoded('{"CampaignCode":"Grüße"}')}`],
    ['encoded words inside', 'X-SMTPAPI: {"CampaignCode":"=?iso-8859-1?Q?Gr=FC=DFe?="}'],
    ['folds', 'X-SMTPAPI:\r\n {"CampaignCode"\r\n\t:\r\n "Grüße"\r\n }'],
    ['a fold in a token', 'X-SMTPAPI: {"CampaignCode":"Gr\\u00\r\n fc\\u00dfe"}'],
    ['a bare LF in a fold', 'X-SMTPAPI: {"CampaignCode":\n "Grüße"}'],
    ['odd case and space before the colon', 'x-SmtpApi : {"CampaignCode":"Grüße"}'],
  ])('%s', (_, line) => expect(answer(line)).toEqual({ instructions: { campaign: 'Grüße' } }));

  test('Latin-1 bytes are read as such', () => {
    const wish = askRaw(
      Buffer.from('From: a@x.example\r\nX-SMTPAPI: {"CampaignCode":"Gr\u00fc\u00dfe"}\r\n', 'latin1'),
    );
    expect(wish).toEqual({ ok: true, instructions: { campaign: 'Grüße' } });
  });
});

describe('hostile input', () => {
  const random = randomFrom(20_260_302);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;

  /** Everything that came out, checked: valid by the schema, no control characters, nobody's prototype changed. */
  const judge = (wish: ReturnType<typeof ask>, line: string): void => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    if (!wish.ok) {
      expect(wish.must, line).toMatch(/^[ -~]{4,300}$/);
      expect(wish.field, line).toMatch(/^(?:X-|Idempotency-Key)[\w*-]*$/);
    }
    judgeAsked(wish.ok ? wish : wish.rest, line);
  };
  const judgeAsked = (asked: Asked, line: string): void => {
    const checked = instructionsSchema.safeParse(asked.instructions);
    expect(checked.error?.issues, line).toBeUndefined();
    const { instructions, ...rest } = asked;
    const { merge, footer, unsubscribeText, ...single } = instructions;
    const controls = /\\u00[01][0-9a-f]|\\u007f|\\u2028|[\u0080-\u009f\u2028\u2029]|\\[bfnrt]/;
    expect(JSON.stringify([single, rest]).replaceAll('\\\\', ''), line).not.toMatch(controls);
    const inMail = JSON.stringify([merge, footer, unsubscribeText])
      .replaceAll('\\\\', '')
      .replaceAll(/\\[nt]/g, '');
    expect(inMail, line).not.toMatch(controls);
    expect(JSON.stringify([instructions, rest]).isWellFormed(), line).toBe(true);
  };

  /** A slow machine may be slow once; a slow reader is slow each time. */
  const timed = (line: string): ReturnType<typeof ask> => {
    let wish = ask();
    for (let round = 0; round < 4; round++) {
      const spent = cpuClock();
      wish = ask(line);
      if (spent() < 50) return wish;
    }
    expect.fail(`slow: ${line.slice(0, 200)}`);
  };

  const headers = [...new Set(dialects.flatMap(headersOf))];
  const paths = dialects
    .filter((dialect) => dialect.name in JSON_HEADERS)
    .flatMap((dialect) => dialect.docs.map((doc) => doc.field));
  const scraps = [
    '',
    '0',
    'yes',
    'a@x.example',
    'a',
    '\u0000',
    '\r\nBcc: x@x.example',
    '\u2028',
    '\ud800',
    '💥',
    '-1',
    '1e400',
    '__proto__',
    'constructor',
    '=?utf-8?q?=0D=0A?=',
    '<% x %>',
    '2026-05-01T00:00Z',
    ',',
    ';',
    '=',
  ];
  const value = (depth: number): unknown => {
    const kind = random(depth > 5 ? 4 : 9);
    if (kind < 2) return pick(scraps) + pick(scraps);
    if (kind === 2) return pick([true, false, null, 0, 1, -1, 1.5, 1e21]);
    if (kind === 3) return 'x'.repeat(random(600));
    if (kind < 6) return Array.from({ length: random(4) }, () => value(depth + 1));
    const names = [
      'enable',
      'settings',
      'text/html',
      'replace',
      'email',
      'N',
      'V',
      '_rcpt',
      'a@x.example',
      ...scraps,
    ];
    return Object.fromEntries(Array.from({ length: random(5) }, () => [pick(names), value(depth + 1)]));
  };

  test('random bytes in every field', () => {
    for (let round = 0; round < 1500; round++) {
      const bytes = Buffer.from(Array.from({ length: random(120) }, () => random(256)));
      const text = bytes.toString('latin1').replace(/[\r\n]+/g, '\r\n ');
      judge(ask(`${pick(headers)}: ${text}`), text);
    }
  });

  test('pieces of sense in every field', () => {
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: random(5) }, () => pick(scraps)).join(pick(['', ' ', ',', '|']));
      const safe = text.replace(/[\r\n]+/g, '\r\n ').toWellFormed();
      const words = `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
      judge(ask(`${pick(headers)}: ${pick([safe, words, JSON.stringify(value(0))])}`), text);
    }
  });

  test('random values at every place of a JSON field', () => {
    for (let round = 0; round < 3000; round++) {
      const root: Record<string, unknown> = {};
      for (let i = 0; i < 3; i++) {
        const [first = '', second] = pick(paths).split('.');
        const inside = {
          settings: { enable: 1, 'text/html': value(3), replace: value(4), ...(value(2) as object) },
        };
        root[first] = second === undefined ? value(1) : { [second]: pick([inside, value(1)]) };
      }
      const line = `${pick(['X-SMTPAPI', 'X-MSYS-API'])}: ${JSON.stringify(root)}`;
      judge(ask(line), line);
    }
  });

  const many = (count: number, make: (index: number) => string): string =>
    Array.from({ length: count }, (_, i) => make(i)).join();
  test.each([
    [
      'many recipients with values',
      `X-SMTPAPI: {"to":[${many(3000, (i) => `"a${i}@x.ex"`)}],"sub":{"-n-":[${many(3000, (i) => `"${i}"`)}]}}`,
    ],
    ['many recipients', `X-SMTPAPI: {"to":[${many(6000, (i) => `"${i}@x.y"`)}]}`],
    ['many tags to replace', `X-SMTPAPI: {"sub":{${many(1000, (i) => `"-${i}-":["${i}"]`)}}}`],
    ['many tags', `X-MC-Tags: ${many(20_000, (i) => `${i}`)}`],
    [
      'many variables',
      `X-Mailgun-Recipient-Variables: {${many(1000, (i) => `"a${i}@x.example":{"name":"n${i}"}`)}}`,
    ],
    ['many names', `X-SMTPAPI: {${many(1000, (i) => `"name${i}":{"a":[{}]}`)}}`],
    ['one address', `X-MC-BccAddress: ${'a,'.repeat(30_000)}`],
    [
      'many link marks',
      `X-SMTPAPI: {"filters":{"subscriptiontrack":{"settings":{"enable":1,"text/html":"${'<%'.repeat(30_000)}"}}}}`,
    ],
    ['many brackets', `X-SMTPAPI: ${'{"a":'.repeat(12_000)}`],
    ['many encoded words', `X-SMTPAPI: ${'=?utf-8?q?x?= '.repeat(4500)}`],
    ['many semicolons', `X-SES-LIST-MANAGEMENT-OPTIONS: ${';='.repeat(30_000)}`],
    ['much space', `X-Postino-Send-At: 2026-05-01${' '.repeat(60_000)}x`],
    ['many folds', `X-SMTPAPI: {"a":${'\r\n '.repeat(20_000)}"x"}`],
    ['a long key', `X-Postino-Template: ${'@1'.repeat(30_000)}`],
  ])('%s: read or refused in less than 50 ms', (_, line) => judge(timed(line), line.slice(0, 100)));
});
