// SparkPost, Postmark, Mailjet and Amazon SES: every field.
import { describe, expect, test } from 'vitest';
import { mailjet } from '../../../../src/accept/dialects/mailjet.ts';
import { postmark } from '../../../../src/accept/dialects/postmark.ts';
import { ses } from '../../../../src/accept/dialects/ses.ts';
import { sparkpost } from '../../../../src/accept/dialects/sparkpost.ts';
import { answer, runCases, type Case } from './ask.ts';

const option = (name: string, value: unknown): string => JSON.stringify({ options: { [name]: value } });
const also = (...addresses: string[]): Case[1] => ({
  asked: { instructions: {}, also: addresses.map((address) => ({ address })) },
});

describe('SparkPost', () => {
  const copies = (field: string): readonly Case[] => [
    [`{"${field}":["a@x.example"]}`, also('a@x.example')],
    [`{"${field}":"a@x.example"}`, also('a@x.example')],
    [
      `{"${field}":[{"email":"a@x.example","name":"Ada"},"Bob <b@x.example>"]}`,
      {
        asked: {
          instructions: {},
          also: [
            { address: 'a@x.example', name: 'Ada' },
            { address: 'b@x.example', name: 'Bob' },
          ],
        },
      },
    ],
    [`{"${field}":[]}`, {}],
    [`{"${field}":[{"name":"Ada"}]}`, new RegExp(`^X-MSYS-API '${field}\\[0\\]' must be of type 'address'$`)],
    [`{"${field}":["x"]}`, /must be of type 'a mail address'$/],
    [
      JSON.stringify({ [field]: Array.from({ length: 1001 }, (_, i) => `a${i}@x.example`) }),
      /at most 1000 addresses/,
    ],
  ];
  runCases(
    sparkpost,
    {
      campaign_id: [['{"campaign_id":"spring"}', { campaign: 'spring' }]],
      metadata: [
        ['{"metadata":{"a":"1","b":{"c":2}}}', { metadata: { a: '1', b: '{"c":2}' } }],
        ['{"metadata":"x"}', /^X-MSYS-API 'metadata' must be of type 'json object'$/],
      ],
      tags: [
        ['{"tags":["a","b"]}', { tags: ['a', 'b'] }],
        ['{"tags":[{}]}', /^X-MSYS-API 'tags\[0\]' must be of type 'string'$/],
      ],
      cc: copies('cc'),
      bcc: copies('bcc'),
      archive: copies('archive'),
      'options.open_tracking': [
        [option('open_tracking', true), { opens: true }],
        [option('open_tracking', false), { opens: false }],
        [option('open_tracking', 'x'), /^X-MSYS-API 'options.open_tracking' must be of type 'boolean'$/],
      ],
      'options.click_tracking': [
        [option('click_tracking', true), { clicks: 'all' }],
        [option('click_tracking', false), { clicks: 'none' }],
      ],
      'options.transactional': [
        [option('transactional', false), { unsubscribe: true }],
        [option('transactional', true), { unsubscribe: false }],
      ],
      'options.sandbox': [
        [option('sandbox', true), { drop: true }],
        [option('sandbox', false), {}],
      ],
      'options.skip_suppression': [
        [option('skip_suppression', true), { bypassSuppression: true }],
        [option('skip_suppression', false), {}],
      ],
      'options.ip_pool': [
        [option('ip_pool', 'Bulk'), { pool: 'bulk' }],
        [option('ip_pool', 'sp_shared'), {}],
      ],
      'options.inline_css': [[option('inline_css', true), { inlineCss: true }]],
    },
    'X-MSYS-API',
  );

  test.each([
    ['{"campaign_id":', 'X-MSYS-API must be JSON; it breaks at character 16 (JSON parsing error)'],
    ['[1]', 'X-MSYS-API must be a JSON object'],
    ['{"options":[1]}', "X-MSYS-API 'options' must be of type 'json object'"],
  ])('%s is refused', (json, want) => expect(answer(`X-MSYS-API: ${json}`)).toBe(want));

  test('cc, bcc and archive add up', () => {
    expect(
      answer('X-MSYS-API: {"archive":["c@x.example"],"cc":["a@x.example"],"bcc":["b@x.example"]}'),
    ).toMatchObject({
      also: [{ address: 'a@x.example' }, { address: 'b@x.example' }, { address: 'c@x.example' }],
    });
  });
});

describe('Postmark', () => {
  runCases(postmark, {
    'X-PM-Tag': [
      ['X-PM-Tag: password-reset, really', { tags: ['password-reset, really'] }],
      [['X-PM-Tag: one', 'X-PM-Tag: two'], { tags: ['one'] }],
      [`X-PM-Tag: ${'x'.repeat(1000)}`, { tags: ['x'.repeat(255)] }],
      ['X-PM-Tag:', {}],
    ],
    'X-PM-Metadata-*': [
      [
        ['X-PM-Metadata-Color: blue', 'x-pm-metadata-client-id: 12345'],
        { metadata: { Color: 'blue', 'client-id': '12345' } },
      ],
      [['X-PM-Metadata-a: 1', 'X-PM-Metadata-a: 2'], { metadata: { a: '1', a_2: '2' } }],
      ['X-PM-Metadata-__proto__: x', {}],
      ['X-PM-Metadata-constructor: x', { metadata: { constructor: 'x' } }],
      ['X-PM-Metadata-: x', {}],
    ],
    'X-PM-TrackOpens': [
      ['X-PM-TrackOpens: true', { opens: true }],
      ['X-PM-TrackOpens: False', { opens: false }],
      ['X-PM-TrackOpens: eh', /^X-PM-TrackOpens must be yes or no$/],
    ],
    'X-PM-TrackLinks': [
      ['X-PM-TrackLinks: None', { clicks: 'none' }],
      ['X-PM-TrackLinks: HtmlAndText', { clicks: 'all' }],
      ['X-PM-TrackLinks: HtmlOnly', { clicks: 'html' }],
      ['X-PM-TrackLinks: TextOnly', { clicks: 'text' }],
      ['X-PM-TrackLinks: true', /^X-PM-TrackLinks must be one of none, htmlandtext, htmlonly, textonly$/],
    ],
    'X-PM-Message-Stream': [
      ['X-PM-Message-Stream: outbound', { topic: 'outbound' }],
      ['X-PM-Message-Stream: broadcast', { topic: 'broadcast', unsubscribe: true }],
      ['X-PM-Message-Stream:', {}],
    ],
  });
});

describe('Mailjet', () => {
  const tracking = (field: string, yes: object, no: object): readonly Case[] => [
    ...['1', 'true', '2', 'enabled'].map((word) => [`${field}: ${word}`, yes] as const),
    ...['0', 'false', 'disabled'].map((word) => [`${field}: ${word}`, no] as const),
    [`${field}: account_default`, {}],
    [`${field}: 3`, new RegExp(`^${field} must be one of `)],
  ];
  runCases(mailjet, {
    'X-Mailjet-Campaign': [['X-Mailjet-Campaign: SendAPI_campaign', { campaign: 'SendAPI_campaign' }]],
    'X-MJ-CustomID': [
      ['X-MJ-CustomID: PassengerEticket1234', { metadata: { CustomID: 'PassengerEticket1234' } }],
    ],
    'X-MJ-EventPayload': [
      [
        'X-MJ-EventPayLoad: Eticket,1234,row,15,seat,B',
        { metadata: { EventPayload: 'Eticket,1234,row,15,seat,B' } },
      ],
      [
        ['X-MJ-EventPayload: {"a":1}', 'X-MJ-CustomID: c'],
        { metadata: { EventPayload: '{"a":1}', CustomID: 'c' } },
      ],
    ],
    'X-Mailjet-TrackOpen': tracking('X-Mailjet-TrackOpen', { opens: true }, { opens: false }),
    'X-Mailjet-TrackClick': tracking('X-Mailjet-TrackClick', { clicks: 'all' }, { clicks: 'none' }),
    'X-Mailjet-Prio': [
      ['X-Mailjet-Prio: 0', { priority: 5 }],
      ['X-Mailjet-Prio: 1', { priority: 4 }],
      ['X-Mailjet-Prio: 2', { priority: 3 }],
      ['X-Mailjet-Prio: 3', { priority: 2 }],
      ['X-Mailjet-Prio: 4', /^X-Mailjet-Prio must be a whole number from 0 to 3$/],
      ['X-Mailjet-Prio:', {}],
    ],
    'X-MJ-TemplateID': [['X-MJ-TemplateID: 1234567', { template: { name: '1234567' } }]],
    'X-MJ-TemplateLanguage': [
      ['X-MJ-TemplateLanguage: 1', { merge: { off: false, syntaxes: ['mailjet'] } }],
      ['X-MJ-TemplateLanguage: true', { merge: { off: false, syntaxes: ['mailjet'] } }],
      ['X-MJ-TemplateLanguage: 0', { merge: { off: true } }],
    ],
    'X-MJ-Vars': [
      [
        'X-MJ-Vars: {"varname1": "value1","n": 2}',
        { merge: { syntaxes: ['mailjet'], fields: { varname1: 'value1', n: '2' } } },
      ],
      ['X-MJ-Vars: {"a"}', /^X-MJ-Vars must be JSON; it breaks at character 5$/],
    ],
    'X-MJ-TemplateErrorDeliver': [
      ['X-MJ-TemplateErrorDeliver: deliver', { merge: { strict: false } }],
      ['X-MJ-TemplateErrorDeliver: 0', { merge: { strict: true } }],
      ['X-MJ-TemplateErrorDeliver: bounce', /^X-MJ-TemplateErrorDeliver must be one of /],
    ],
    'X-MJ-MonitoringCategory': [['X-MJ-MonitoringCategory: aplus', { tags: ['aplus'] }]],
  });
});

describe('Amazon SES', () => {
  runCases(ses, {
    'X-SES-CONFIGURATION-SET': [
      ['X-SES-CONFIGURATION-SET: ConfigSet', { metadata: { 'ses:configuration-set': 'ConfigSet' } }],
    ],
    'X-SES-MESSAGE-TAGS': [
      ['X-SES-MESSAGE-TAGS: campaign=book, tier = gold', { metadata: { campaign: 'book', tier: 'gold' } }],
      [['X-SES-MESSAGE-TAGS: a=1', 'X-SES-MESSAGE-TAGS: b=2=3,'], { metadata: { a: '1', b: '2=3' } }],
      ['X-SES-MESSAGE-TAGS: nothing', /^X-SES-MESSAGE-TAGS must be name=value with commas between them$/],
      ['X-SES-MESSAGE-TAGS:', {}],
    ],
    'X-SES-LIST-MANAGEMENT-OPTIONS': [
      ['X-SES-LIST-MANAGEMENT-OPTIONS: newsletter; topic=sports', { topic: 'sports', unsubscribe: true }],
      [
        'X-SES-LIST-MANAGEMENT-OPTIONS: contactListName=newsletter;topicName=sports',
        { topic: 'sports', unsubscribe: true },
      ],
      ['X-SES-LIST-MANAGEMENT-OPTIONS: newsletter', { topic: 'newsletter', unsubscribe: true }],
      ['X-SES-LIST-MANAGEMENT-OPTIONS:', {}],
    ],
  });
});
