// From header block to decision: wishes put together, granted and noted; and headers by people who mean harm.
import { describe, expect, test } from 'vitest';
import { decide, type DecideDeps, type Decision } from '../../../src/accept/decide.ts';
import { readMail } from '../../../src/accept/envelope.ts';
import { readHeader } from '../../../src/accept/parse.ts';
import { ruleOnSender } from '../../../src/accept/policy.ts';
import type { Reply } from '../../../src/accept/replies.ts';
import { scanHeaders } from '../../../src/mail/headers.ts';
import { domainSchema, templateSchema, userSchema, type User } from '../../../src/model/settings.ts';
import type { Recipient } from '../../../src/model/submission.ts';
import { settingsOf } from '../../support/front-door.ts';
import { randomFrom } from '../../support/random.ts';

const NOW = Date.UTC(2026, 6, 3, 10);
const DAY = 86_400_000;
const user = (fields: object = {}): User =>
  userSchema.parse({
    v: 1,
    origin: 'file',
    name: 'shop',
    account: 'acme',
    domains: ['shop.example'],
    pool: 'main',
    pools: ['bulk'],
    ...fields,
  });
const domain = (name: string, account: string) =>
  domainSchema.parse({ v: 1, origin: 'file', name, account, trackingHost: `click.${name}` });
const template = (name: string) => templateSchema.parse({ v: 1, name, engine: 'tags', versions: [1] });
const settings = {
  ...settingsOf([]),
  domains: new Map(
    [domain('shop.example', 'acme'), domain('rival.example', 'rival')].map((one) => [one.name, one]),
  ),
  templates: new Map([template('acme/hello'), template('rival/secret')].map((one) => [one.name, one])),
};
const deps: DecideDeps = {
  settings: () => settings,
  maxRecipients: 5,
  links: { base: 'https://t.relay.example', secureHosts: true },
};

type Case = Readonly<{
  /** Lines below From. */
  header?: readonly string[];
  from?: string;
  mail?: string;
  user?: User;
  recipients?: readonly Recipient[];
  deps?: Partial<DecideDeps>;
}>;

function ask(given: Case): Decision | Reply {
  const who = given.user ?? user();
  const lines = [`From: ${given.from ?? 'Shop <me@shop.example>'}`, ...(given.header ?? []), '', 'x'];
  const bytes = Buffer.from(lines.join('\r\n'));
  const block = scanHeaders(bytes);
  const facts = readHeader(bytes.subarray(0, block.size), block, bytes.length, NOW);
  const sender = readMail(given.mail ?? 'FROM:<me@shop.example>', true);
  if ('code' in facts) return facts;
  if (!sender.ok) return sender.reply;
  const ruling = ruleOnSender(who, sender.value.address, facts.from, facts.hasReplyTo);
  if ('code' in ruling) return ruling;
  const recipients = given.recipients ?? [{ address: 'a@example.org' }];
  const question = { user: who, sender: sender.value, recipients, facts, ruling, now: NOW };
  return decide(question, { ...deps, ...given.deps });
}

function decided(given: Case): Decision {
  const answer = ask(given);
  if ('code' in answer) throw new Error(answer.text);
  return answer;
}

test.each([
  ['plain mail', {}, 'optional'],
  ['in any case', { header: ['tls-required:  NO '] }, 'optional'],
  ['mail that asks for other things', { header: ['TLS-Required: No', 'X-Postino-Tag: x'] }, 'optional'],
  ['not mail that asks for TLS', { mail: 'FROM:<me@shop.example> REQUIRETLS' }, 'verified'],
  [
    'not mail of a user whose mail is to go by TLS',
    { user: user({ defaults: { tls: 'encrypted' } }) },
    'encrypted',
  ],
  ['not with another word', { header: ['TLS-Required: yes'] }, undefined],
] as const)(
  'TLS-Required: No (RFC 8689 §5) makes it go whatever its domain demands: %s',
  (_name, given, tls) => {
    expect(decided({ header: ['TLS-Required: No'], ...given }).instructions.tls).toBe(tls);
  },
);

test('plain mail gets the user’s priority and nothing else, and the settings are not looked at', () => {
  const recipients: readonly Recipient[] = [{ address: 'a@example.org' }];
  const answer = ask({ recipients, deps: { settings: () => undefined } });
  expect(answer).toEqual({ instructions: { priority: 3 }, recipients });
  expect('recipients' in answer && answer.recipients).toBe(recipients);
});

test('mail that asks for something waits for settings that can be trusted', () =>
  expect(ask({ header: ['X-Postino-Tag: a'], deps: { settings: () => undefined } })).toMatchObject({
    code: 451,
  }));

describe('who says what', () => {
  test.each<[string, Case, object]>([
    [
      'the header, where MAIL says nothing',
      { header: ['X-Postino-Send-At: 2026-07-04T10:00:00Z'] },
      { sendAt: NOW + DAY },
    ],
    [
      'MAIL before the header',
      { header: ['X-Postino-Send-At: 2026-07-04T10:00:00Z'], mail: 'FROM:<me@shop.example> HOLDFOR=60' },
      { sendAt: NOW + 60_000 },
    ],
    [
      'MAIL before the header in urgency',
      { header: ['X-Postino-Priority: 1'], mail: 'FROM:<me@shop.example> MT-PRIORITY=1' },
      { priority: 2 },
    ],
    ['MAIL alone', { mail: 'FROM:<me@shop.example> BY=600;R REQUIRETLS' }, { ttl: 600_000, tls: 'verified' }],
    [
      'the message before rule and default',
      {
        header: ['X-Postino-Campaign: mine'],
        user: user({
          rules: [{ when: {}, set: { campaign: 'rule', opens: true } }],
          defaults: { campaign: 'default', opens: false, clicks: 'all' },
        }),
      },
      { campaign: 'mine', opens: true, clicks: 'all' },
    ],
    [
      'rules look at the recipients that a field names',
      {
        header: ['X-SMTPAPI: {"to":["b@special.example"]}'],
        user: user({ rules: [{ when: { recipient: '*@special.example' }, set: { tags: ['special'] } }] }),
      },
      { tags: ['special'] },
    ],
    [
      'a campaign by policy',
      { header: ['Subject: Order [17] sent'], user: user({ campaigns: 'dynamic-subject' }) },
      { campaign: 'Order sent', campaignName: 'Order sent' },
    ],
    [
      'no policy where there is a campaign',
      { header: ['X-Postino-Campaign: c'], user: user({ campaigns: 'day' }) },
      { campaign: 'c' },
    ],
    [
      'a policy with a name of the message',
      { header: ['X-Postino-Campaign-Name: Spring'], user: user({ campaigns: 'year' }) },
      { campaign: '2026', campaignName: 'Spring' },
    ],
    ['a policy by display name', { user: user({ campaigns: 'sender-name' }) }, { campaign: 'Shop' }],
  ])('%s', (_, given, want) => expect(decided(given).instructions).toMatchObject(want));

  test('no campaign name comes from a policy that did not count', () =>
    expect(
      decided({ header: ['X-Postino-Campaign: c'], user: user({ campaigns: 'day' }) }).instructions,
    ).not.toHaveProperty('campaignName'));
});

describe('notes', () => {
  test('tell what MAIL could not have', () =>
    expect(decided({ mail: 'FROM:<me@shop.example> BY=600;N' }).notes).toEqual([
      expect.stringMatching(/mode N/),
    ]));
  test('tell what no link could be made for', () =>
    expect(
      decided({
        from: 'me@bare.example',
        user: user({ domains: ['bare.example'] }),
        header: ['X-Postino-Track-Opens: yes'],
        deps: { links: { base: undefined, secureHosts: true } },
      }).notes,
    ).toEqual([expect.stringMatching(/^Opens were not tracked/)]));
});

describe('a control field that is wrong', () => {
  const header = ['X-Postino-Priority: high', 'X-Postino-Tag: a'];
  test('refuses the message', () =>
    expect(ask({ header })).toMatchObject({
      code: 550,
      status: '5.6.0',
      text: expect.stringMatching(/^X-Postino-Priority /),
    }));
  test('or is ignored and noted; what the other fields ask for, rules and defaults stand', () => {
    const who = user({ badControls: 'ignore', defaults: { topic: 'news' } });
    expect(decided({ header, user: who })).toMatchObject({
      instructions: { priority: 3, tags: ['a'], topic: 'news' },
      notes: [expect.stringMatching(/^A control field was not followed: X-Postino-Priority .*\.$/)],
    });
  });
});

describe('an idempotency key', () => {
  const keyed = (name: string, key: string) =>
    decided({ header: [`X-Postino-Idempotency-Key: ${key}`], user: user({ name }) }).fingerprint;
  test('is the user’s own, and shows nothing of what it says', () => {
    expect(keyed('shop', 'order-17')).toMatch(/^key\.[\w-]{43}$/);
    expect(keyed('shop', 'order-17')).toBe(keyed('shop', 'order-17'));
    expect(keyed('shop', 'order-17')).not.toBe(keyed('shop', 'order-18'));
    expect(keyed('shop', 'order-17')).not.toBe(keyed('other', 'order-17'));
  });
});

describe('a trusted smart host', () => {
  const exchange = user({ trustedSmartHost: true, domains: ['corp.example'], defaults: { opens: true } });
  const header = ['X-SMTPAPI: {"to":["victim@example.net"]}', 'X-Postino-Pool: bulk', 'X-Postino-Tag: a'];

  test('does nothing that outside mail asks for', () => {
    const answer = decided({ user: exchange, from: 'stranger@outside.example', header });
    expect(answer.recipients).toEqual([{ address: 'a@example.org' }]);
    expect(answer.instructions).toEqual({ priority: 3, opens: true });
    expect(answer.treatment).toBeUndefined();
    expect(answer.notes).toEqual([expect.stringMatching(/^Control fields were not followed/)]);
  });
  test('passes outside mail on even where its control fields are wrong', () =>
    expect(
      decided({ user: exchange, from: 'stranger@outside.example', header: ['X-SMTPAPI: {'] }).recipients,
    ).toHaveLength(1));
  const own = 'boss@corp.example';
  test('follows nothing in mail that only says it is its own, as long as nobody allows it', () => {
    const forged = [
      ...header,
      'X-Postino-Idempotency-Key: order-17',
      'X-Postino-Bypass-Suppression: yes',
      'X-Postino-Merge: on',
    ];
    const trusting = { ...exchange, bypassSuppression: true };
    const answer = decided({ user: trusting, from: own, header: forged });
    expect(answer.recipients).toEqual([{ address: 'a@example.org' }]);
    expect(answer.instructions).toEqual({ priority: 3, opens: true });
    expect(answer).not.toHaveProperty('fingerprint');
    expect(answer.wantsStored).toBe(false);
    expect(answer.notes).toEqual([
      expect.stringMatching(/^Control fields were not followed: smartHostControls/),
    ]);
    expect(answer.treatment).toMatchObject({ linkBase: 'https://t.relay.example' });
    expect(decided({ user: exchange, from: own, header: ['X-SMTPAPI: {'] }).recipients).toHaveLength(1);
  });
  test('takes no recipients from the header even where its control fields are allowed', () => {
    const allowed = { ...exchange, smartHostControls: true };
    const answer = decided({ user: allowed, from: own, header: [...header, 'Idempotency-Key: a'] });
    expect(answer.recipients).toEqual([{ address: 'a@example.org' }]);
    expect(answer.instructions).toMatchObject({ pool: 'bulk', tags: ['a'], opens: true });
    expect(answer.fingerprint).toMatch(/^key\./);
    expect(answer.notes).toEqual([expect.stringMatching(/^Recipients of control fields were left out/)]);
    const outside = decided({ user: allowed, from: 'stranger@outside.example', header });
    expect(outside.instructions).toEqual({ priority: 3, opens: true });
  });
  test.each([
    ['outside mail with fields of a vendor', exchange, 'x@outside.example', ['X-SES-Outgoing: 1'], true],
    ['the same, of a vendor that we follow', exchange, 'x@outside.example', header, true],
    [
      'where nothing else is to be done',
      user({ trustedSmartHost: true }),
      'x@y.example',
      ['X-PM-Tag: a'],
      true,
    ],
    ['outside mail without', exchange, 'x@outside.example', ['Subject: x'], undefined],
    ['mail that says it is its own', exchange, own, header, undefined],
    ['mail of other users', user({}), 'a@shop.example', header.slice(2), undefined],
  ])('%s only passes through: %j', (_, who, from, lines, passes) =>
    expect(decided({ user: who, from, header: lines }).passing).toBe(passes),
  );
  test('leaves mail alone that names nobody in From', () =>
    expect(decided({ user: exchange, from: 'undisclosed:;', header }).instructions).toEqual({
      priority: 3,
      opens: true,
    }));
});

describe('people who mean harm', () => {
  const random = randomFrom(20_260_703);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const values = [
    'gold',
    'bulk',
    'main',
    'rival.example',
    'click.rival.example',
    'shop.example.rival.example',
    'secret',
    'rival/secret',
    '../rival/secret',
    'hello',
    'acme/hello',
    '__proto__',
    'constructor',
    'rival.example, shop.example',
    'rival.example\r\n shop.example',
    '=?utf-8?b?cml2YWwuZXhhbXBsZQ==?=',
    '=?utf-8?q?rival.example=0D=0ABcc:_v@example.net?=',
    '\u0000rival.example',
    'RIVAL.example.',
    'rival。example',
    '{"pool":"gold"}',
    '"secret|main"',
    'secret|main',
  ];
  const fields = [
    'X-Postino-Pool',
    'X-Postino-Return-Path-Domain',
    'X-Postino-Signing-Domain',
    'X-Postino-Tracking-Domain',
    'X-Postino-Template',
    'X-MC-IpPool',
    'X-MC-ReturnPathDomain',
    'X-MC-SigningDomain',
    'X-MC-TrackingDomain',
    'X-MC-Template',
    'X-Mailgun-Sending-Ip-Pool',
    'X-Mailgun-Template-Name',
    'X-MJ-TemplateID',
    'X-SES-CONFIGURATION-SET',
  ];
  const json = (): string => {
    const value = JSON.stringify(pick(values));
    return pick([
      `{"ip_pool":${value}}`,
      `{"filters":{"dkim":{"settings":{"domain":${value},"enable":1}}}}`,
      `{"filters":{"templates":{"settings":{"enable":1,"template_id":${value}}}}}`,
      `{"__proto__":{"pool":${value},"instructions":{"pool":${value}}}}`,
      `{"CampaignCode":${value},"__proto__":{"x":1}}`,
    ]);
  };
  const line = (): string => {
    const name = pick([...fields, 'X-SMTPAPI', 'X-MSYS-API']);
    if (name === 'X-SMTPAPI') return `${name}: ${json()}`;
    if (name === 'X-MSYS-API') return `${name}: {"options":{"ip_pool":${JSON.stringify(pick(values))}}}`;
    return `${name}: ${pick(values)}`;
  };

  test.each(['refuse', 'ignore'])('choose nothing that was not granted (wrong fields: %s)', (badControls) => {
    const who = user({ badControls });
    let taken = 0;
    for (let i = 0; i < 1000; i++) {
      const header = Array.from({ length: 1 + random(4) }, line);
      const answer = ask({ header, user: who });
      if ('code' in answer) {
        expect([550, 554], answer.text).toContain(answer.code);
        continue;
      }
      taken++;
      const { pool, template: chosen, ...wish } = answer.instructions;
      expect(['main', 'bulk', undefined]).toContain(pool);
      expect(['hello', undefined]).toContain(chosen?.name);
      for (const key of ['returnPathDomain', 'signingDomain'] as const)
        expect(['shop.example', undefined]).toContain(wish[key]);
      expect(['shop.example', 'click.shop.example', undefined]).toContain(wish.trackingDomain);
      expect(['https://click.shop.example', undefined]).toContain(answer.treatment?.linkBase);
      expect(answer.recipients).toEqual([{ address: 'a@example.org' }]);
    }
    expect(taken).toBeGreaterThan(20);
  });

  test('name at most as many recipients as they may, and only addresses', () => {
    const bits = [
      'a@x.example',
      'b@x.example',
      '<c@x.example>',
      'd',
      '@',
      '',
      'e@[127.0.0.1]',
      'f@x.example> SIZE=1',
    ];
    const evil = [
      'g@x.example\\r\\nBcc: v@x.example',
      'h@x.example,i@x.example',
      '\\u0000@x.example',
      'j@x..example',
    ];
    let several = 0;
    for (let i = 0; i < 1000; i++) {
      const to = Array.from({ length: random(9) }, () => `"${pick([...bits, ...evil])}"`).join(',');
      const who = user({ badControls: pick(['refuse', 'ignore']) });
      const api = pick([
        `X-SMTPAPI: {"to":[${to}]}`,
        `X-MSYS-API: {"bcc":[${to}]}`,
        `X-MSYS-API: {"cc":[${to}]}`,
      ]);
      const answer = ask({ header: [api], user: who });
      if ('code' in answer) {
        expect(answer.code).toBe(550);
        continue;
      }
      if (answer.recipients.length > 1) several++;
      expect(answer.recipients.length).toBeGreaterThan(0);
      expect(answer.recipients.length).toBeLessThanOrEqual(5);
      for (const { address } of answer.recipients)
        expect(address).toMatch(/^[a-j]@(?:x\.example|example\.org)$/);
    }
    expect(several).toBeGreaterThan(20);
  });

  test('write no line ends into notes or replies', () => {
    const who = user({ badControls: 'ignore' });
    const answer = decided({ user: who, header: ['X-SMTPAPI: {"to":["x\\r\\nS: 250 ok"]}'] });
    expect(JSON.stringify(answer.notes)).not.toMatch(/\\r|\\n/);
    const refused = ask({ header: ['X-Postino-Pool: =?utf-8?q?a=0D=0A250_ok?='] });
    expect('code' in refused && refused.text).not.toMatch(/[\r\n]/);
  });
});
