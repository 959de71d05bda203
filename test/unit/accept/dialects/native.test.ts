// Our own fields: every X-Postino-* field, and that they reach everything that can be asked for.
import { describe, expect, test } from 'vitest';
import { native } from '../../../../src/accept/dialects/native.ts';
import { instructionsSchema } from '../../../../src/model/instructions.ts';
import { answer, runCases, type Case, type Cases } from './ask.ts';

const long = 'x'.repeat(256);
const brackets = (merge: object): { merge: object } => ({ merge: { syntaxes: ['brackets'], ...merge } });

const truth = (name: string, yes: object, no: object): readonly Case[] => [
  ...['yes', 'true', 'on', '1', 'Y'].map((word) => [`X-Postino-${name}: ${word}`, yes] as const),
  ...['no', 'false', 'off', '0', 'N'].map((word) => [`X-Postino-${name}: ${word}`, no] as const),
  ...refused(name, 'perhaps'),
];

/** These values, no value, and two fields. */
function refused(name: string, ...values: readonly string[]): readonly Case[] {
  const must = new RegExp(`^X-Postino-${name} must (?:be|have) `);
  return [
    ...values.map((value) => [`X-Postino-${name}: ${value}`, must] as const),
    [`X-Postino-${name}:`, new RegExp(`^X-Postino-${name} must be there with a value$`)],
    [
      [`X-Postino-${name}: 1`, `x-postino-${name}: 1`],
      new RegExp(`^X-Postino-${name} must be there only once$`),
    ],
  ];
}

const text = (name: string, want: (value: string) => object): readonly Case[] => [
  [`X-Postino-${name}: some text`, want('some text')],
  [`X-Postino-${name}: =?utf-8?q?Fr=C3=BChling=0D=0ABcc:_x?=`, want('Frühling Bcc: x')],
];

const domains = (name: string, key: string): readonly Case[] => [
  [`X-Postino-${name}: Mail.Shop.example`, { [key]: 'mail.shop.example' }],
  ...refused(name, 'no domain', '-', 'a..b', '127.0.0.1'),
];

const cases: Cases = {
  'X-Postino-Priority': [
    ...([1, 2, 3, 4, 5] as const).map(
      (priority) => [`X-Postino-Priority: ${priority}`, { priority }] as const,
    ),
    ...refused('Priority', 'urgent', '0', '6', '1.5', 'constructor'),
  ],
  'X-Postino-Pool': [['X-Postino-Pool: Bulk', { pool: 'bulk' }], ...refused('Pool', long)],
  'X-Postino-Return-Path-Domain': domains('Return-Path-Domain', 'returnPathDomain'),
  'X-Postino-Signing-Domain': domains('Signing-Domain', 'signingDomain'),
  'X-Postino-Tracking-Domain': domains('Tracking-Domain', 'trackingDomain'),
  'X-Postino-Campaign': [...text('Campaign', (campaign) => ({ campaign })), ...refused('Campaign', long)],
  'X-Postino-Campaign-Name': [
    ...text('Campaign-Name', (campaignName) => ({ campaignName })),
    ...refused('Campaign-Name', long),
  ],
  'X-Postino-Tag': [
    [['X-Postino-Tag: a, b', 'X-Postino-Tag: b,,c'], { tags: ['a', 'b', 'c'] }],
    [
      `X-Postino-Tag: ${Array.from({ length: 21 }, (_, i) => `t${i}`).join()}`,
      /^X-Postino-Tag must be at most 20 tags of at most 255 characters$/,
    ],
    [`X-Postino-Tag: ${long}`, /^X-Postino-Tag must be at most 20 tags/],
    ['X-Postino-Tag:', /^X-Postino-Tag must be there with a value$/],
  ],
  'X-Postino-Metadata': [
    [
      ['X-Postino-Metadata: {"order": "17", "n": 5, "b": true}', 'X-Postino-Metadata: {"n": 6}'],
      { metadata: { order: '17', n: '6', b: 'true' } },
    ],
    ['X-Postino-Metadata: "text"', /^X-Postino-Metadata must be a JSON object$/],
    ['X-Postino-Metadata: {', /^X-Postino-Metadata must be JSON; it breaks at character 2$/],
    ['X-Postino-Metadata:', /there with a value$/],
  ],
  'X-Postino-Idempotency-Key': [
    ['X-Postino-Idempotency-Key: order-17', { asked: { instructions: {}, idempotencyKey: 'order-17' } }],
    [
      ['X-Postino-Idempotency-Key: a', 'Idempotency-Key: b'],
      { asked: { instructions: {}, idempotencyKey: 'a' } },
    ],
    ...refused('Idempotency-Key', long),
  ],
  'Idempotency-Key': [
    ['Idempotency-Key: "8e03978e-40d5"', { asked: { instructions: {}, idempotencyKey: '8e03978e-40d5' } }],
    ['Idempotency-Key: "', { asked: { instructions: {}, idempotencyKey: '"' } }],
    ['Idempotency-Key:', /^Idempotency-Key must be there with a value$/],
  ],
  'X-Postino-Send-At': [
    ['X-Postino-Send-At: 2026-05-01T09:00:00+02:00', { sendAt: Date.UTC(2026, 4, 1, 7) }],
    ['X-Postino-Send-At: 1777626000', { sendAt: 1_777_626_000_000 }],
    ['X-Postino-Send-At: Fri, 1 May 2026 09:00:00 +0200', { sendAt: Date.UTC(2026, 4, 1, 7) }],
    ['X-Postino-Send-At: 2001-01-01T00:00Z', { sendAt: Date.UTC(2001, 0, 1) }],
    ...refused('Send-At', 'tomorrow', '2026-13-01T00:00Z', '2026-02-29T00:00Z', '09:00'),
  ],
  'X-Postino-Batch': [...text('Batch', (batch) => ({ batch })), ...refused('Batch', 'x'.repeat(101))],
  'X-Postino-TTL': [
    ['X-Postino-TTL: 1h30m', { ttl: 5_400_000 }],
    ...refused('TTL', '0s', '5', 'forever', '-2h'),
  ],
  'X-Postino-Attempts': [
    ['X-Postino-Attempts: 3', { attempts: 3 }],
    ...refused('Attempts', '0', '-1', '1.5', 'x', '1001'),
  ],
  'X-Postino-Require-TLS': [
    ['X-Postino-Require-TLS: yes', { tls: 'encrypted' }],
    ['X-Postino-Require-TLS: verified', { tls: 'verified' }],
    ['X-Postino-Require-TLS: no', {}],
    ...refused('Require-TLS', 'maybe'),
  ],
  'X-Postino-Drop': truth('Drop', { drop: true }, { drop: false }),
  'X-Postino-Bypass-Suppression': truth(
    'Bypass-Suppression',
    { bypassSuppression: true },
    { bypassSuppression: false },
  ),
  'X-Postino-Merge': [
    ['X-Postino-Merge: on', brackets({ off: false })],
    ['X-Postino-Merge: strict', brackets({ off: false, strict: true })],
    ['X-Postino-Merge: off', { merge: { off: true } }],
    [
      ['X-Postino-Merge: strict', 'X-Postino-Merge-Syntax: mailgun'],
      { merge: { off: false, strict: true, syntaxes: ['mailgun'] } },
    ],
    ...refused('Merge', 'sometimes'),
  ],
  'X-Postino-Merge-Syntax': [
    ['X-Postino-Merge-Syntax: mailgun, Handlebars', { merge: { syntaxes: ['mailgun', 'handlebars'] } }],
    [
      ['X-Postino-Merge-Syntax: literal', 'X-Postino-Fields: {"-a-":"b"}'],
      { merge: { syntaxes: ['literal'], fields: { '-a-': 'b' } } },
    ],
    ...refused('Merge-Syntax', 'liquid'),
  ],
  'X-Postino-Fields': [
    [
      'X-Postino-Fields: {"name":"Ada","n":1,"list":[1]}',
      brackets({ fields: { name: 'Ada', n: '1', list: '[1]' } }),
    ],
    [
      ['X-Postino-Fields: {"a":"1","b":"1"}', 'X-Postino-Fields: {"b":"2"}'],
      brackets({ fields: { a: '1', b: '2' } }),
    ],
    ['X-Postino-Fields: {}', {}],
    ['X-Postino-Fields: name=Ada', /^X-Postino-Fields must be JSON; it breaks at character 1$/],
  ],
  'X-Postino-Recipient-Fields': [
    [
      [
        'X-Postino-Recipient-Fields: {"Ada@X.example":{"name":"Ada"}}',
        'X-Postino-Recipient-Fields: {"ada@x.example":{"n":"2"},"b@x.example":{}}',
      ],
      brackets({ recipients: { 'ada@x.example': { name: 'Ada', n: '2' } } }),
    ],
    [
      'X-Postino-Recipient-Fields: {"nobody":{}}',
      /^X-Postino-Recipient-Fields must have a mail address at nobody$/,
    ],
    ['X-Postino-Recipient-Fields: {"a@x.example":"x"}', /a JSON object at a@x\.example$/],
  ],
  'X-Postino-Sections': [
    ['X-Postino-Sections: {"seller":"You sell"}', { merge: { sections: { seller: 'You sell' } } }],
    ...refused('Sections', '{'),
  ],
  'X-Postino-Template': [
    ['X-Postino-Template: welcome', { template: { name: 'welcome' } }],
    ['X-Postino-Template: welcome@3', { template: { name: 'welcome', version: 3 } }],
    ['X-Postino-Template: a@b', { template: { name: 'a@b' } }],
    ...refused('Template', 'welcome@0', long),
  ],
  'X-Postino-Template-Block': [
    [
      ['X-Postino-Template: a@2', 'X-Postino-Template-Block: main'],
      { template: { name: 'a', version: 2, block: 'main' } },
    ],
    ['X-Postino-Template-Block: main', {}],
    ...refused('Template-Block', long),
  ],
  'X-Postino-No-Track': [
    ...truth('No-Track', { opens: false, clicks: 'none' }, {}),
    [['X-Postino-Track-Opens: yes', 'X-Postino-No-Track: yes'], { opens: false, clicks: 'none' }],
  ],
  'X-Postino-Track-Opens': truth('Track-Opens', { opens: true }, { opens: false }),
  'X-Postino-Track-Clicks': [
    ['X-Postino-Track-Clicks: yes', { clicks: 'all' }],
    ['X-Postino-Track-Clicks: html', { clicks: 'html' }],
    ['X-Postino-Track-Clicks: textonly', { clicks: 'text' }],
    ['X-Postino-Track-Clicks: no', { clicks: 'none' }],
    ...refused('Track-Clicks', 'sometimes'),
  ],
  'X-Postino-UTM-Source': text('UTM-Source', (source) => ({ utm: { source } })),
  'X-Postino-UTM-Medium': text('UTM-Medium', (medium) => ({ utm: { medium } })),
  'X-Postino-UTM-Term': text('UTM-Term', (term) => ({ utm: { term } })),
  'X-Postino-UTM-Content': text('UTM-Content', (content) => ({ utm: { content } })),
  'X-Postino-UTM-Campaign': [
    ...text('UTM-Campaign', (campaign) => ({ utm: { campaign } })),
    [['X-Postino-UTM-Source: a', 'X-Postino-UTM-Campaign: b'], { utm: { source: 'a', campaign: 'b' } }],
  ],
  'X-Postino-UTM-Domains': [
    [
      'X-Postino-UTM-Domains: shop.example, Www.Shop.example',
      { utm: { domains: ['shop.example', 'www.shop.example'] } },
    ],
    ...refused('UTM-Domains', 'https://shop.example/'),
  ],
  'X-Postino-Unsubscribe': truth('Unsubscribe', { unsubscribe: true }, { unsubscribe: false }),
  'X-Postino-Topic': [...text('Topic', (topic) => ({ topic })), ...refused('Topic', 'x'.repeat(101))],
  'X-Postino-Topics': [
    ['X-Postino-Topics: news, offers,news', { topics: ['news', 'offers'] }],
    [
      `X-Postino-Topics: ${Array.from({ length: 30 }, (_, i) => i).join()}`,
      { topics: Array.from({ length: 25 }, (_, i) => `${i}`) },
    ],
  ],
  'X-Postino-Unsubscribe-Text': [
    [
      'X-Postino-Unsubscribe-Text: {"html":"<a href=\\"[unsubscribe_url]\\">Stop</a>","text":"Stop: [unsubscribe_url]\\n"}',
      {
        unsubscribeText: { html: '<a href="[unsubscribe_url]">Stop</a>', text: 'Stop: [unsubscribe_url]\n' },
      },
    ],
    ['X-Postino-Unsubscribe-Text: {"replace":"%stop%"}', { unsubscribeText: { replace: '%stop%' } }],
    ['X-Postino-Unsubscribe-Text: {}', {}],
    ...refused('Unsubscribe-Text', 'Stop', '{"replace":""}'),
  ],
  'X-Postino-Header': truth('Header', { header: true }, { header: false }),
  'X-Postino-Footer': [
    ...truth('Footer', { footer: true }, { footer: false }),
    [
      'X-Postino-Footer: {"html":"<p>x</p>","text":"x\\r\\ny"}',
      { footer: { html: '<p>x</p>', text: 'x\ny' } },
    ],
    ['X-Postino-Footer: {"html":}', /^X-Postino-Footer must be JSON; it breaks at character 9$/],
  ],
  'X-Postino-Inline-CSS': truth('Inline-CSS', { inlineCss: true }, { inlineCss: false }),
  'X-Postino-Separate': truth('Separate', { separate: true }, { separate: false }),
  'X-Postino-Own-Bcc': truth('Own-Bcc', { ownBcc: true }, { ownBcc: false }),
};

describe('fields', () => runCases(native, cases));

test('they reach everything that can be asked for', () => {
  const asked = new Set<string>();
  const note = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, inside] of Object.entries(value)) {
      asked.add(path + name);
      if (['merge', 'utm', 'template', 'footer', 'unsubscribeText'].includes(name)) note(inside, `${name}.`);
    }
  };
  for (const [lines] of Object.values(cases).flat()) {
    const said = answer(...[lines].flat());
    if (typeof said !== 'string') note(said.instructions, '');
  }
  const shape = Object.keys(instructionsSchema.shape);
  const nested = ['off', 'syntaxes', 'fields', 'sections', 'recipients', 'strict'].map(
    (name) => `merge.${name}`,
  );
  expect([...shape, ...nested].filter((name) => !asked.has(name))).toEqual([]);
});

test('a misspelled field of ours is noted, and others stand', () => {
  expect(answer('X-Postino-Tags: a', 'X-Postino-Tag: b', 'X-Other-Tags: c')).toEqual({
    instructions: { tags: ['b'] },
    notes: ['X-Postino-Tags is no field of ours and was ignored.'],
  });
  const many = Array.from({ length: 9 }, (_, n) => `X-Postino-${n}: x`);
  expect(answer(...many)).toMatchObject({ notes: { length: 5 } });
});
