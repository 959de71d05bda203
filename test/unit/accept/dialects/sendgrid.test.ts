// SendGrid: every field and filter of X-SMTPAPI, and values that go with addresses.
import { describe, expect, test } from 'vitest';
import { sendgrid } from '../../../../src/accept/dialects/sendgrid.ts';
import { answer, runCases, type Case, type Cases } from './ask.ts';

const settings = (filter: string, inside: object): string =>
  JSON.stringify({ filters: { [filter]: { settings: inside } } });
const literal = (fields: object): { merge: object } => ({ merge: { syntaxes: ['literal'], fields } });

/** Without "enable", or with one that is no truth value. */
const needsEnable = (filter: string): readonly Case[] => [
  [settings(filter, { email: 'a@b.example', 'text/html': 'x', replace: 'x', template_id: 'x' }), {}],
  [settings(filter, { enable: null }), {}],
  [`{"filters":{"${filter}":[]}}`, {}],
  [`{"filters":{"${filter}":null}}`, {}],
  [
    settings(filter, { enable: 'x' }),
    new RegExp(`^X-SMTPAPI must have true or false at filters.${filter}.settings.enable$`),
  ],
  [settings(filter, { enable: [1] }), /true or false/],
  [`{"filters":{"${filter}":1}}`, new RegExp(`^X-SMTPAPI must have a JSON object at filters.${filter}$`)],
];

const cases: Cases = {
  to: [
    [
      '{"to":["a@x.example","Bob <Bob@X.example>"]}',
      {
        asked: {
          instructions: { separate: true },
          to: [{ address: 'a@x.example' }, { address: 'Bob@x.example', name: 'Bob' }],
        },
      },
    ],
    [
      '{"to":"a@x.example"}',
      { asked: { instructions: { separate: true }, to: [{ address: 'a@x.example' }] } },
    ],
    [
      '{"to":["a@x.example","A@x.example"],"sub":{"-n-":["1","2"]}}',
      {
        asked: {
          to: [{ address: 'a@x.example' }],
          instructions: {
            separate: true,
            merge: { syntaxes: ['literal'], recipients: { 'a@x.example': { '-n-': '1' } } },
          },
        },
      },
    ],
    ['{"to":[]}', {}],
    ['{"to":null}', {}],
    ['{"to":["a@x.example","nobody"]}', /^X-SMTPAPI must have a mail address at to\[1\]$/],
    ['{"to":["a@x.example, b@x.example"]}', /a mail address at to\[0\]$/],
    ['{"to":["a@x.example\\r\\nBcc: b@x.example"]}', /a mail address at to\[0\]$/],
    ['{"to":[{"email":"a@x.example"}]}', /a text at to\[0\]$/],
  ],
  sub: [
    [
      '{"to":["a@x.example","b@x.example"],"sub":{"-name-":["Ada","Bob"],"%role%":["%seller%"]}}',
      {
        asked: {
          to: [{ address: 'a@x.example' }, { address: 'b@x.example' }],
          instructions: {
            separate: true,
            merge: {
              syntaxes: ['literal'],
              recipients: {
                'a@x.example': { '-name-': 'Ada', '%role%': '%seller%' },
                'b@x.example': { '-name-': 'Bob' },
              },
            },
          },
        },
      },
    ],
    ['{"sub":{"-name-":["Ada"],"-n-":17}}', literal({ '-name-': 'Ada', '-n-': '17' })],
    ['{"sub":{"-name-":["Ada","Ada"]}}', literal({ '-name-': 'Ada' })],
    ['{"sub":{"-a-":[],"":["x"]}}', {}],
    ['{"sub":[]}', {}],
    [
      '{"sub":{"-name-":["Ada","Bob"]}}',
      /^X-SMTPAPI must have one value, or an address in "to" for each, at sub\.-name-$/,
    ],
    ['{"sub":"x"}', /a JSON object at sub$/],
    [`{"sub":{"${'x'.repeat(256)}":["y"]}}`, /names of at most 255 characters at sub$/],
  ],
  section: [
    [
      '{"section":{"%seller%":"You sell","%buyer%":"You buy -name-"}}',
      { merge: { syntaxes: ['literal'], sections: { '%seller%': 'You sell', '%buyer%': 'You buy -name-' } } },
    ],
    ['{"section":{}}', {}],
  ],
  category: [
    ['{"category":"Example Category"}', { tags: ['Example Category'] }],
    ['{"category":["a","b","a",""]}', { tags: ['a', 'b'] }],
    [
      JSON.stringify({ category: Array.from({ length: 30 }, (_, i) => `c${i}`) }),
      { tags: Array.from({ length: 20 }, (_, i) => `c${i}`) },
    ],
    ['{"category":[]}', {}],
    ['{"category":[["a"]]}', /a text at category\[0\]$/],
  ],
  unique_args: [
    [
      '{"unique_args":{"order":"12345","n":6789,"x":12345678901234567890,"ok":true}}',
      {
        metadata: { order: '12345', n: '6789', x: '12345678901234567890', ok: 'true' },
      },
    ],
    ['{"unique_args":{"a":"1\\n2","deep":{"b":[1]}}}', { metadata: { a: '1 2', deep: '{"b":[1]}' } }],
    ['{"unique_args":[]}', {}],
  ],
  send_at: [
    ['{"send_at":1409348513}', { sendAt: 1_409_348_513_000 }],
    ['{"send_at":"1409348513"}', { sendAt: 1_409_348_513_000 }],
    ['{"send_at":0}', { sendAt: 0 }],
    ['{"send_at":""}', {}],
    ['{"send_at":-5}', /a date such as .* at send_at$/],
    [
      '{"send_at":1,"send_each_at":[1]}',
      /^X-SMTPAPI must be with one of send_at and send_each_at, not with both$/,
    ],
    ['{"send_at":"","send_each_at":[7]}', { sendAt: 7000 }],
  ],
  send_each_at: [
    [
      '{"to":["a@x.example","b@x.example","c@x.example"],"send_each_at":[1409348513,1409348514]}',
      {
        asked: {
          instructions: { separate: true },
          to: [
            { address: 'a@x.example', sendAt: 1_409_348_513_000 },
            { address: 'b@x.example', sendAt: 1_409_348_514_000 },
            { address: 'c@x.example' },
          ],
        },
      },
    ],
    ['{"send_each_at":[5,5]}', { sendAt: 5000 }],
    ['{"send_each_at":[]}', {}],
    [
      '{"send_each_at":[5,6]}',
      /^X-SMTPAPI must have one time, or an address in "to" for each, at send_each_at$/,
    ],
    ['{"to":["a@x.example"],"send_each_at":["soon"]}', /a date such as .* at send_each_at\[0\]$/],
  ],
  batch_id: [
    [
      '{"batch_id":"MWQxZmIyODYtNjE1Ni0xMWU1LWI3ZTUtMDgwMDI3OGJkMmY2LWEzMmViMjYxMw"}',
      {
        batch: 'MWQxZmIyODYtNjE1Ni0xMWU1LWI3ZTUtMDgwMDI3OGJkMmY2LWEzMmViMjYxMw',
      },
    ],
    ['{"batch_id":""}', {}],
    [`{"batch_id":"${'x'.repeat(101)}"}`, /^X-SMTPAPI must have a text of 1 to 100 characters at batch_id$/],
  ],
  asm_group_id: [
    ['{"asm_group_id":123}', { topic: '123', unsubscribe: true }],
    ['{"asm_group_id":"news"}', { topic: 'news', unsubscribe: true }],
    ['{"asm_group_id":{}}', {}],
    ['{"asm_group_id":null}', {}],
  ],
  asm_groups_to_display: [
    ['{"asm_groups_to_display":[1,2,3]}', { topics: ['1', '2', '3'] }],
    [
      JSON.stringify({ asm_groups_to_display: Array.from({ length: 40 }, (_, i) => i) }),
      { topics: Array.from({ length: 25 }, (_, i) => `${i}`) },
    ],
  ],
  ip_pool: [
    ['{"ip_pool":"Marketing"}', { pool: 'marketing' }],
    ['{"ip_pool":""}', {}],
  ],
  'filters.bcc': [
    [
      settings('bcc', { enable: 1, email: 'copy@x.example' }),
      { asked: { instructions: {}, also: [{ address: 'copy@x.example' }] } },
    ],
    [settings('bcc', { enable: 0, email: 'copy@x.example' }), {}],
    [settings('bcc', { enable: 1 }), {}],
    [settings('bcc', { enable: 1, email: 'x' }), /a mail address at filters\.bcc\.settings\.email$/],
    ...needsEnable('bcc'),
  ],
  'filters.bypass_list_management': [
    [settings('bypass_list_management', { enable: 1 }), { bypassSuppression: true }],
    [settings('bypass_list_management', { enable: 0 }), {}],
    ...needsEnable('bypass_list_management'),
  ],
  'filters.clicktrack': [
    [settings('clicktrack', { enable: 1, enable_text: true }), { clicks: 'all' }],
    [settings('clicktrack', { enable: '1', enable_text: 'false' }), { clicks: 'html' }],
    [settings('clicktrack', { enable: 1 }), { clicks: 'html' }],
    [settings('clicktrack', { enable: 0 }), { clicks: 'none' }],
    ['{"filters":{"clicktrack":{"setting":{"enable":0}}}}', { clicks: 'none' }],
    ['{"filters":{"clicktrack":{"enable":0}}}', { clicks: 'none' }],
    [settings('clicktrack', { enable: 1, enable_text: {} }), /filters\.clicktrack\.settings\.enable_text$/],
    ...needsEnable('clicktrack'),
  ],
  'filters.dkim': [
    [settings('dkim', { domain: 'Example.com', use_from: false }), { signingDomain: 'example.com' }],
    [settings('dkim', { domain: 'example.com', use_from: true }), {}],
    [settings('dkim', {}), {}],
    [settings('dkim', { domain: 'no domain' }), /a domain name at filters\.dkim\.settings\.domain$/],
  ],
  'filters.footer': [
    [
      settings('footer', {
        enable: 1,
        'text/html': '<p>Thanks,<br />The Team<p>',
        'text/plain': 'Thanks,\r\n The Team\u0000',
      }),
      { footer: { html: '<p>Thanks,<br />The Team<p>', text: 'Thanks,\n The Team ' } },
    ],
    [settings('footer', { enable: 1, 'text/plain': 'x' }), { footer: { text: 'x' } }],
    [settings('footer', { enable: 1 }), { footer: true }],
    [settings('footer', { enable: 0 }), { footer: false }],
    ...needsEnable('footer'),
  ],
  'filters.ganalytics': [
    [
      settings('ganalytics', {
        enable: 1,
        utm_source: 'Transactional Email',
        utm_medium: 'email',
        utm_term: 't',
        utm_content: 'Reset Your Password',
        utm_campaign: 'Redesign',
      }),
      {
        utm: {
          source: 'Transactional Email',
          medium: 'email',
          term: 't',
          content: 'Reset Your Password',
          campaign: 'Redesign',
        },
      },
    ],
    [settings('ganalytics', { enable: 0, utm_source: 'x' }), {}],
    ...needsEnable('ganalytics'),
  ],
  'filters.opentrack': [
    [settings('opentrack', { enable: 1 }), { opens: true }],
    [
      settings('opentrack', { enable: 1, replace: '%opentrack%' }),
      { opens: true, ...literal({ '%opentrack%': '' }) },
    ],
    [settings('opentrack', { enable: 1, replace: '__proto__' }), { opens: true }],
    [settings('opentrack', { enable: 0 }), { opens: false }],
    ...needsEnable('opentrack'),
  ],
  'filters.subscriptiontrack': [
    [
      settings('subscriptiontrack', {
        enable: 1,
        'text/html': 'To unsubscribe <% click here %>. Or <%%>.',
        'text/plain': 'Unsubscribe: <% %> or <% here %>',
      }),
      {
        unsubscribe: true,
        unsubscribeText: {
          html: 'To unsubscribe <a href="[unsubscribe_url]">click here</a>. Or <a href="[unsubscribe_url]">[unsubscribe_url]</a>.',
          text: 'Unsubscribe: [unsubscribe_url] or here [unsubscribe_url]',
        },
      },
    ],
    [
      settings('subscriptiontrack', { enable: 1, 'text/html': 'x', replace: '[unsubscribe]' }),
      { unsubscribe: true, unsubscribeText: { replace: '[unsubscribe]' } },
    ],
    [settings('subscriptiontrack', { enable: 1 }), { unsubscribe: true }],
    [settings('subscriptiontrack', { enable: 0 }), { unsubscribe: false }],
    [
      settings('subscriptiontrack', { enable: 1, 'text/html': '<%%>'.repeat(10_000) }),
      /at most 65536 characters/,
    ],
    ...needsEnable('subscriptiontrack'),
  ],
  'filters.templates': [
    [
      settings('templates', { enable: 1, template_id: '5997fcf6-2b9f' }),
      { template: { name: '5997fcf6-2b9f', block: 'body' } },
    ],
    [settings('templates', { enable: 0, template_id: 'x' }), {}],
    [settings('templates', { enable: 1 }), {}],
    [
      settings('templates', { enable: 1, template_id: '' }),
      /a text of 1 to 255 characters at filters\.templates\.settings\.template_id$/,
    ],
    ...needsEnable('templates'),
  ],
};

runCases(sendgrid, cases, 'X-SMTPAPI');

describe('X-SMTPAPI', () => {
  test('only the first field counts, even when the second is no JSON', () => {
    expect(answer('X-SMTPAPI: {"category":"a"}', 'X-SMTPAPI: {', 'x-smtpapi: {"category":"b"}')).toEqual({
      instructions: { tags: ['a'] },
    });
  });

  test.each([
    ['X-SMTPAPI:'],
    ['X-SMTPAPI: {}'],
    ['X-SMTPAPI: []'],
    ['X-SMTPAPI: null'],
    ['X-SMTPAPI: {"filters":[],"to":{}}'],
  ])('%j asks for nothing', (line) => expect(answer(line)).toEqual({ instructions: {} }));

  test.each([
    ['X-SMTPAPI: "text"', 'X-SMTPAPI must be a JSON object'],
    ['X-SMTPAPI: [1]', 'X-SMTPAPI must be a JSON object'],
    ['X-SMTPAPI: {"category":\u0027a\u0027}', 'X-SMTPAPI must be JSON; it breaks at character 13'],
    [
      'x-smtpapi: {"filters":{"clicktrack":{"settings":{"enable":"never"}}}}',
      'X-SMTPAPI must have true or false at filters.clicktrack.settings.enable',
    ],
    ['X-SMTPAPI: {"filters":7}', 'X-SMTPAPI must have a JSON object at filters'],
  ])('%j: %s', (line, want) => expect(answer(line)).toBe(want));
});
