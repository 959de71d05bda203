// Mailgun: every X-Mailgun-* field.
import { mailgun } from '../../../../src/accept/dialects/mailgun.ts';
import { runCases, type Cases } from './ask.ts';

const cases: Cases = {
  'X-Mailgun-Tag': [
    [['X-Mailgun-Tag: welcome', 'X-Mailgun-Tag: a, b', 'X-Mailgun-Tag:'], { tags: ['welcome', 'a, b'] }],
    [`X-Mailgun-Tag: ${'x'.repeat(300)}`, { tags: ['x'.repeat(255)] }],
  ],
  'X-Mailgun-Deliver-By': [
    ['X-Mailgun-Deliver-By: Fri, 14 Oct 2011 12:00:00 +0200', { sendAt: Date.UTC(2011, 9, 14, 10) }],
    ['X-Mailgun-Deliver-By: Fri, 14 Oct 2011 12:00:00 0000', { sendAt: Date.UTC(2011, 9, 14, 12) }],
    ['X-Mailgun-Deliver-By: 1318600800', { sendAt: 1_318_600_800_000 }],
    ['X-Mailgun-Deliver-By: next week', /^X-Mailgun-Deliver-By must be a date such as /],
  ],
  'X-Mailgun-Deliver-Within': [
    ['X-Mailgun-Deliver-Within: 1h30m', { ttl: 5_400_000 }],
    ['X-Mailgun-Deliver-Within: soon', /^X-Mailgun-Deliver-Within must be a duration such as /],
    ['X-Mailgun-Deliver-Within: 0m', /duration/],
  ],
  'X-Mailgun-Drop-Message': [
    ['X-Mailgun-Drop-Message: yes', { drop: true }],
    ['X-Mailgun-Drop-Message: no', {}],
    ['X-Mailgun-Drop-Message: dunno', /^X-Mailgun-Drop-Message must be yes or no$/],
  ],
  'X-Mailgun-Track-Opens': [
    ['X-Mailgun-Track-Opens: yes', { opens: true }],
    ['X-Mailgun-Track-Opens: no', { opens: false }],
  ],
  'X-Mailgun-Track-Clicks': [
    ['X-Mailgun-Track-Clicks: yes', { clicks: 'all' }],
    ['X-Mailgun-Track-Clicks: htmlonly', { clicks: 'html' }],
    ['X-Mailgun-Track-Clicks: no', { clicks: 'none' }],
    ['X-Mailgun-Track-Clicks: sometimes', /^X-Mailgun-Track-Clicks must be one of /],
  ],
  'X-Mailgun-Track': [
    ['X-Mailgun-Track: yes', { opens: true, clicks: 'all' }],
    ['X-Mailgun-Track: no', { opens: false, clicks: 'none' }],
    [['X-Mailgun-Track: yes', 'X-Mailgun-Track-Clicks: htmlonly'], { opens: true, clicks: 'html' }],
    [['X-Mailgun-Track-Opens: no', 'X-Mailgun-Track: yes'], { opens: false, clicks: 'all' }],
  ],
  'X-Mailgun-Sending-Ip-Pool': [
    ['X-Mailgun-Sending-Ip-Pool: 60140bc1fee3e84dec5abeeb', { pool: '60140bc1fee3e84dec5abeeb' }],
  ],
  'X-Mailgun-Require-TLS': [
    ['X-Mailgun-Require-TLS: yes', { tls: 'verified' }],
    ['X-Mailgun-Require-TLS: True', { tls: 'verified' }],
    ['X-Mailgun-Require-TLS: no', {}],
    [['X-Mailgun-Require-TLS: yes', 'X-Mailgun-Skip-Verification: no'], { tls: 'verified' }],
    [['X-Mailgun-Require-TLS: no', 'X-Mailgun-Skip-Verification: no'], {}],
  ],
  'X-Mailgun-Skip-Verification': [
    [['X-Mailgun-Require-TLS: yes', 'X-Mailgun-Skip-Verification: yes'], { tls: 'encrypted' }],
    ['X-Mailgun-Skip-Verification: yes', {}],
    ['X-Mailgun-Skip-Verification: what', /^X-Mailgun-Skip-Verification must be yes or no$/],
  ],
  'X-Mailgun-Recipient-Variables': [
    [
      'X-Mailgun-Recipient-Variables: {"Bob@x.example": {"first":"Bob", "id":1}, "ada@x.example": {"first":"Ada"}}',
      {
        separate: true,
        merge: {
          syntaxes: ['mailgun'],
          recipients: { 'bob@x.example': { first: 'Bob', id: '1' }, 'ada@x.example': { first: 'Ada' } },
        },
      },
    ],
    [
      [
        'X-Mailgun-Recipient-Variables: {"a@x.example":{"a":1}}',
        'X-Mailgun-Recipient-Variables: {"A@x.example":{"b":2},"b@x.example":[]}',
      ],
      {
        separate: true,
        merge: {
          syntaxes: ['mailgun'],
          recipients: { 'a@x.example': { a: '1', b: '2' }, 'b@x.example': {} },
        },
      },
    ],
    ['X-Mailgun-Recipient-Variables: {}', {}],
    [
      'X-Mailgun-Recipient-Variables: {"nobody":{}}',
      /^X-Mailgun-Recipient-Variables must have a mail address at nobody$/,
    ],
    ['X-Mailgun-Recipient-Variables: {"a@x.example":7}', /a JSON object at a@x.example$/],
  ],
  'X-Mailgun-Template-Name': [
    ['X-Mailgun-Template-Name: welcome-email', { template: { name: 'welcome-email' } }],
    ['X-Mailgun-Template-Name:', {}],
  ],
  'X-Mailgun-Template-Version': [
    [
      ['X-Mailgun-Template-Name: a', 'X-Mailgun-Template-Version: v2'],
      { template: { name: 'a', version: 2 } },
    ],
    [
      ['X-Mailgun-Template-Name: a', 'X-Mailgun-Template-Version: 3'],
      { template: { name: 'a', version: 3 } },
    ],
    [
      ['X-Mailgun-Template-Name: a', 'X-Mailgun-Template-Version: initial'],
      /^X-Mailgun-Template-Version must be a whole number from 1 to /,
    ],
    ['X-Mailgun-Template-Version: 3', {}],
  ],
  'X-Mailgun-Template-Variables': [
    [
      'X-Mailgun-Template-Variables: {"name":"M\\u00fcller"}',
      { merge: { syntaxes: ['handlebars'], fields: { name: 'Müller' } } },
    ],
  ],
  'X-Mailgun-Variables': [
    [
      'X-Mailgun-Variables: {"my-id": "7", "deep": {"a":[1]}}',
      { metadata: { 'my-id': '7', deep: '{"a":[1]}' } },
    ],
    [
      ['X-Mailgun-Variables: {"a":1,"b":1}', 'X-Mailgun-Variables: {"b":2}'],
      { metadata: { a: '1', b: '2' } },
    ],
    [
      [
        'X-Mailgun-Variables: {"a":"v","b":"v"}',
        'X-Mailgun-Template-Name: t',
        'X-Mailgun-Template-Variables: {"b":"t"}',
      ],
      {
        metadata: { a: 'v', b: 'v' },
        template: { name: 't' },
        merge: { syntaxes: ['handlebars'], fields: { a: 'v', b: 't' } },
      },
    ],
    ['X-Mailgun-Variables: {}', {}],
  ],
};

runCases(mailgun, cases);
