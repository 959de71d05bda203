// Mandrill: every X-MC-* field.
import { expect, test } from 'vitest';
import { mandrill } from '../../../../src/accept/dialects/mandrill.ts';
import { answer, runCases, type Case, type Cases } from './ask.ts';

const NINE = Date.UTC(2026, 4, 1, 9);

/** Truth values as Mandrill's manual has them. */
const truth = (field: string, yes: object, no: object): readonly Case[] => [
  ...['true', 'yes', 'y', 'on', '1', 'True'].map((word) => [`${field}: ${word}`, yes] as const),
  ...['false', 'no', 'n', 'off', '0'].map((word) => [`${field}: ${word}`, no] as const),
  [`${field}:`, {}],
  [`${field}: perhaps`, new RegExp(`^${field} must be yes or no$`)],
];

const domains = (field: string, key: string): readonly Case[] => [
  [`${field}: Mail.Shop.example`, { [key]: 'mail.shop.example' }],
  [`${field}: münchen.example`, { [key]: 'xn--mnchen-3ya.example' }],
  [`${field}: not a domain`, new RegExp(`^${field} must be a domain name$`)],
  [`${field}:`, {}],
];

const cases: Cases = {
  'X-MC-Tags': [
    ['X-MC-Tags: welcome, password-reset ,, welcome', { tags: ['welcome', 'password-reset'] }],
    [['X-MC-Tags: a', 'X-MC-Tags: b'], { tags: ['a', 'b'] }],
    ['X-MC-Tags: =?utf-8?q?Gr=C3=BC=0A=C3=9Fe?=', { tags: ['Grü ße'] }],
    [
      `X-MC-Tags: ${Array.from({ length: 25 }, (_, i) => i).join()}`,
      { tags: Array.from({ length: 20 }, (_, i) => `${i}`) },
    ],
  ],
  'X-MC-Track': [
    ['X-MC-Track: opens,clicks_htmlonly', { opens: true, clicks: 'html' }],
    ['X-MC-Track: clicks_textonly', { opens: false, clicks: 'text' }],
    ['X-MC-Track: Opens, Clicks', { opens: true, clicks: 'all' }],
    ['X-MC-Track: clicks_all', { opens: false, clicks: 'all' }],
    ['X-MC-Track: opens', { opens: true, clicks: 'none' }],
    ['X-MC-Track: none', { opens: false, clicks: 'none' }],
    ['X-MC-Track:', { opens: false, clicks: 'none' }],
    [
      'X-MC-Track: everything',
      /^X-MC-Track must be opens and one of clicks_all, clicks, clicks_htmlonly, clicks_textonly$/,
    ],
  ],
  'X-MC-Template': [
    ['X-MC-Template: welcome|content', { template: { name: 'welcome', block: 'content' } }],
    ['X-MC-Template: welcome', { template: { name: 'welcome', block: 'main' } }],
    ['X-MC-Template: welcome|', { template: { name: 'welcome', block: 'main' } }],
    ['X-MC-Template:', {}],
  ],
  'X-MC-MergeVars': [
    [
      'X-MC-MergeVars: {"FNAME":"Ada","n":1}',
      { merge: { syntaxes: ['mailchimp'], fields: { FNAME: 'Ada', n: '1' } } },
    ],
    [
      ['X-MC-MergeVars: {"a":"1","b":"1"}', 'X-MC-MergeVars: {"b":"2","list":[1,{"x":null}]}'],
      { merge: { syntaxes: ['mailchimp'], fields: { a: '1', b: '2', list: '[1,{"x":null}]' } } },
    ],
    [
      [
        'X-MC-MergeVars: {"a":"1"}',
        'X-MC-MergeVars: {"_rcpt":"Ada@X.example","a":"2"}',
        'X-MC-MergeVars: {"_rcpt":"ada@x.example","b":"3"}',
      ],
      {
        merge: {
          syntaxes: ['mailchimp'],
          fields: { a: '1' },
          recipients: { 'ada@x.example': { a: '2', b: '3' } },
        },
        separate: true,
      },
    ],
    ...[true, false].map((keep): Case => [
      ['X-MC-MergeVars: {"_rcpt":"ada@x.example","a":"2"}', `X-MC-PreserveRecipients: ${keep}`],
      {
        merge: { syntaxes: ['mailchimp'], recipients: { 'ada@x.example': { a: '2' } } },
        separate: !keep,
      },
    ]),
    ['X-MC-MergeVars: []', {}],
    ['X-MC-MergeVars:', {}],
    ['X-MC-MergeVars: {"_rcpt":"nobody","a":"2"}', /^X-MC-MergeVars must have a mail address at _rcpt$/],
    ['X-MC-MergeVars: {"a":1', /^X-MC-MergeVars must be JSON; it breaks at character 7$/],
    ['X-MC-MergeVars: 1', /^X-MC-MergeVars must be a JSON object$/],
  ],
  'X-MC-MergeLanguage': [
    ['X-MC-MergeLanguage: handlebars', { merge: { syntaxes: ['handlebars'] } }],
    ['X-MC-MergeLanguage: Mailchimp', { merge: { syntaxes: ['mailchimp'] } }],
    [
      ['X-MC-MergeVars: {"a":"1"}', 'X-MC-MergeLanguage: handlebars'],
      { merge: { syntaxes: ['handlebars'], fields: { a: '1' } } },
    ],
    ['X-MC-MergeLanguage: liquid', /^X-MC-MergeLanguage must be one of mailchimp, handlebars$/],
  ],
  'X-MC-GoogleAnalytics': [
    [
      'X-MC-GoogleAnalytics: shop.example, www.Shop.example',
      {
        utm: {
          source: 'mandrill',
          medium: 'email',
          campaign: 'me@shop.example',
          domains: ['shop.example', 'www.shop.example'],
        },
      },
    ],
    ['X-MC-GoogleAnalytics:', {}],
  ],
  'X-MC-GoogleAnalyticsCampaign': [
    [
      ['X-MC-GoogleAnalytics: shop.example', 'X-MC-GoogleAnalyticsCampaign: Spring'],
      { utm: { source: 'mandrill', medium: 'email', campaign: 'Spring', domains: ['shop.example'] } },
    ],
    ['X-MC-GoogleAnalyticsCampaign: alone', {}],
  ],
  'X-MC-Metadata': [
    [
      'X-MC-Metadata: {"order": 17, "vip": true, "none": null}',
      { metadata: { order: '17', vip: 'true', none: '' } },
    ],
    ['X-MC-Metadata: {"a":}', /^X-MC-Metadata must be JSON; it breaks at character 6$/],
  ],
  'X-MC-PreserveRecipients': truth('X-MC-PreserveRecipients', { separate: false }, { separate: true }),
  'X-MC-InlineCSS': truth('X-MC-InlineCSS', { inlineCss: true }, { inlineCss: false }),
  'X-MC-Important': truth('X-MC-Important', { priority: 2 }, {}),
  'X-MC-TrackingDomain': domains('X-MC-TrackingDomain', 'trackingDomain'),
  'X-MC-SigningDomain': domains('X-MC-SigningDomain', 'signingDomain'),
  'X-MC-ReturnPathDomain': domains('X-MC-ReturnPathDomain', 'returnPathDomain'),
  'X-MC-IpPool': [['X-MC-IpPool: Main', { pool: 'main' }]],
  'X-MC-BccAddress': [
    [
      'X-MC-BccAddress: copy@x.example',
      { asked: { instructions: {}, also: [{ address: 'copy@x.example' }] } },
    ],
    ['X-MC-BccAddress: copy', /^X-MC-BccAddress must be a mail address$/],
  ],
  'X-MC-SendAt': [
    ['X-MC-SendAt: 2026-05-01 09:00:00', { sendAt: NINE }],
    ['X-MC-SendAt: 2012-01-01 00:00:00', { sendAt: Date.UTC(2012, 0, 1) }],
    ['X-MC-SendAt: 2026-02-30 09:00:00', /^X-MC-SendAt must be a date such as /],
  ],
};

runCases(mandrill, cases);

test('a message says what it asked for in vain', () => {
  expect(answer('X-MC-Autotext: yes', 'X-MC-Subaccount: cust-1', 'X-MC-ViewContentLink: no')).toEqual({
    instructions: {},
    notes: [
      'X-MC-Autotext is not supported and was ignored.',
      'X-MC-Subaccount is not supported and was ignored.',
    ],
  });
});
