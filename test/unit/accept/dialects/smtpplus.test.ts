// SMTP+: all eleven fields of X-SMTPAPI, with every way to write yes, no and nothing.
import { describe, expect, test } from 'vitest';
import { smtpplus } from '../../../../src/accept/dialects/smtpplus.ts';
import { answer, runCases, type Cases } from './ask.ts';

const long = 'x'.repeat(300);

/** Truth values as programs write them. */
const truth = (field: string, yes: object, no: object): Cases[string] => [
  ...['true', '"true"', '1', '"1"', '"Yes"'].map((word) => [`{"${field}":${word}}`, yes] as const),
  ...['false', '"false"', '0', '"0"', '"no"'].map((word) => [`{"${field}":${word}}`, no] as const),
  ...['null', '""'].map((word) => [`{"${field}":${word}}`, {}] as const),
  [`{"${field}":"maybe"}`, new RegExp(`^X-SMTPAPI must have true or false at ${field}$`)],
  [`{"${field}":[]}`, /true or false/],
  [`{"${field}":2}`, /true or false/],
];

const cases: Cases = {
  CampaignCode: [
    ['{"CampaignCode":"orders"}', { campaign: 'orders' }],
    ['{"CampaignCode":1001}', { campaign: '1001' }],
    [`{"CampaignCode":"${long}"}`, { campaign: long.slice(0, 255) }],
    ['{"CampaignCode":"a\\r\\nBcc: x\\u0000"}', { campaign: 'a Bcc: x' }],
    ['{"CampaignCode":null}', {}],
    ['{"CampaignCode":""}', {}],
    ['{"CampaignCode":{}}', /^X-SMTPAPI must have a text at CampaignCode$/],
  ],
  CampaignName: [
    ['{"CampaignName":"Fr\\u00fchling"}', { campaignName: 'Frühling' }],
    ['{"CampaignName":"=?utf-8?q?x"}', { campaignName: '=?utf-8?q?x' }],
  ],
  Header: truth('Header', { header: true }, { header: false }),
  Footer: truth('Footer', { footer: true }, { footer: false }),
  ClickTracking: truth('ClickTracking', { clicks: 'all' }, { clicks: 'none' }),
  ViewTracking: truth('ViewTracking', { opens: true }, { opens: false }),
  Priority: [
    ...([1, 2, 3, 4, 5] as const).map((priority) => [`{"Priority":${priority}}`, { priority }] as const),
    ['{"Priority":"2"}', { priority: 2 }],
    ['{"Priority":"VeryHigh"}', { priority: 1 }],
    ['{"Priority":"normal"}', { priority: 3 }],
    ['{"Priority":"VeryLow"}', { priority: 5 }],
    ['{"Priority":null}', {}],
    ['{"Priority":0}', /^X-SMTPAPI must have one of 1, 2, 3, 4, 5, veryhigh, .* at Priority$/],
    ['{"Priority":"constructor"}', /one of/],
  ],
  Schedule: [
    ['{"Schedule":"2021-09-14T17:58+02:00"}', { sendAt: Date.UTC(2021, 8, 14, 15, 58) }],
    ['{"Schedule":"2026-05-01T08:00:00.000Z"}', { sendAt: Date.UTC(2026, 4, 1, 8) }],
    ['{"Schedule":"2026-05-01T08:00:00"}', { sendAt: Date.UTC(2026, 4, 1, 8) }],
    ['{"Schedule":null}', {}],
    ['{"Schedule":""}', {}],
    ['{"Schedule":"tomorrow"}', /^X-SMTPAPI must have a date such as .* at Schedule$/],
  ],
  DynamicFields: [
    [
      '{"DynamicFields":[{"N":"firstname","V":"Ada"},{"N":"code","V":17},{"N":"empty","V":null}]}',
      { merge: { syntaxes: ['brackets'], fields: { firstname: 'Ada', code: '17', empty: '' } } },
    ],
    [
      '{"DynamicFields":[{"N":"a","V":"1"},{"N":"a","V":"2"}]}',
      { merge: { syntaxes: ['brackets'], fields: { a: '2' } } },
    ],
    ['{"DynamicFields":{"a":"b"}}', { merge: { syntaxes: ['brackets'], fields: { a: 'b' } } }],
    [
      '{"DynamicFields":[{"N":"a","V":"l1\\r\\nl2\\u0007"}]}',
      { merge: { syntaxes: ['brackets'], fields: { a: 'l1\nl2 ' } } },
    ],
    ['{"DynamicFields":[]}', {}],
    ['{"DynamicFields":null}', {}],
    [
      '{"DynamicFields":[{"V":"x"}]}',
      /^X-SMTPAPI must have \{"N": name, "V": value\} at DynamicFields\[0\]$/,
    ],
    ['{"DynamicFields":["x"]}', /must have a JSON object at DynamicFields\[0\]$/],
    ['{"DynamicFields":"x"}', /must have a JSON object at DynamicFields$/],
    [`{"DynamicFields":[{"N":"${long}","V":"x"}]}`, /names of at most 255 characters/],
  ],
  SkipDynamicFields: [
    ['{"SkipDynamicFields":true}', { merge: { off: true } }],
    ['{"SkipDynamicFields":false}', { merge: { off: false, syntaxes: ['brackets'] } }],
    ['{"SkipDynamicFields":null}', {}],
    [
      '{"SkipDynamicFields":"1","DynamicFields":[{"N":"a","V":"b"}]}',
      { merge: { off: true, syntaxes: ['brackets'], fields: { a: 'b' } } },
    ],
  ],
};

runCases(smtpplus, cases, 'X-SMTPAPI');

describe('as programs send it', () => {
  test('what clients of its API write, all fields at once', () => {
    const header = JSON.stringify({
      CampaignName: 'Test Campaign',
      CampaignCode: '1001',
      Header: false,
      Footer: true,
      ClickTracking: null,
      ViewTracking: null,
      Priority: null,
      Schedule: '2021-09-14T17:58+02:00',
      DynamicFields: [
        { N: 'firstname', V: 'Christian Alessandro' },
        { N: 'lastname', V: 'Rossi' },
      ],
      CampaignReport: null,
      SkipDynamicFields: null,
    });
    expect(answer(`X-SMTPAPI: ${header}`)).toEqual({
      instructions: {
        campaign: '1001',
        campaignName: 'Test Campaign',
        header: false,
        footer: true,
        sendAt: Date.UTC(2021, 8, 14, 15, 58),
        merge: { syntaxes: ['brackets'], fields: { firstname: 'Christian Alessandro', lastname: 'Rossi' } },
      },
    });
  });

  test('unknown fields and fields in another case are no concern of ours', () => {
    expect(answer('X-SMTPAPI: {"Unknown":{"a":[1]},"campaigncode":"x","FOOTER":1}')).toEqual({
      instructions: {},
    });
  });

  test("SendGrid's fields in the same object", () => {
    expect(
      answer(
        'X-SMTPAPI: {"CampaignCode":"a","category":"b","Footer":0,"filters":{"footer":{"settings":{"enable":1}}}}',
      ),
    ).toEqual({
      instructions: { campaign: 'a', tags: ['b'], footer: false },
    });
  });
});
