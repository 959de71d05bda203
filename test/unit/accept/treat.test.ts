// The treatment: when there is one, what it takes from the settings, and which mail never gets one.
import { describe, expect, test } from 'vitest';
import { hasTrackingHost } from '../../../src/accept/links.ts';
import { treat, type Untreated } from '../../../src/accept/treat.ts';
import type { Instructions } from '../../../src/model/instructions.ts';
import { domainSchema, templateSchema, userSchema } from '../../../src/model/settings.ts';

const shop = userSchema.parse({
  v: 1,
  origin: 'file',
  name: 'shop',
  account: 'acme',
  domains: ['shop.example', '*.shop.example', 'other.example'],
  mergeHeaders: ['Subject', 'To'],
  header: { html: '<p>Top</p>' },
  footer: { text: 'Bottom' },
});
const domain = (name: string, account: string, trackingHost?: string) =>
  domainSchema.parse({ v: 1, origin: 'file', name, account, ...(trackingHost ? { trackingHost } : {}) });
const domains = [
  domain('shop.example', 'acme', 'click.shop.example'),
  domain('deep.shop.example', 'acme', 'click.deep.shop.example'),
  domain('bare.shop.example', 'acme'),
  domain('other.example', 'acme', 'go.other.example'),
  domain('rival.example', 'rival', 'click.rival.example'),
];
const template = templateSchema.parse({ v: 1, name: 'acme/hello', engine: 'liquid', versions: [1, 4] });

const message: Untreated = {
  user: shop,
  settings: {
    domains: new Map(domains.map((one) => [one.name, one])),
    templates: new Map([[template.name, template]]),
  },
  links: { base: 'https://t.relay.example', secureHosts: true },
  instructions: {},
  asked: {},
  standing: {},
  facts: { autoReply: false, contentType: 'text/html', toAndCc: () => ['a@example.org'] },
  from: 'bounce@shop.example',
  headerFrom: 'me@plain.example',
  isForeign: false,
  recipients: [{ address: 'A@example.org' }, { address: 'B@example.org' }],
};
const asked = (instructions: Instructions, more: Partial<Untreated> = {}): Untreated => ({
  ...message,
  instructions,
  asked: instructions,
  ...more,
});
const by = (standing: Instructions): Partial<Untreated> => ({ asked: {}, standing });
const BASE = { linkBase: 'https://t.relay.example' };
const MERGES = { ...BASE, mergeHeaders: ['subject', 'to'] };

describe('what gets a treatment', () => {
  test.each<[string, Untreated, object | undefined]>([
    ['nothing', asked({}), undefined],
    ['a priority', asked({ priority: 1, tags: ['a'], campaign: 'c' }), undefined],
    ['tracking that is off', asked({ opens: false, clicks: 'none', unsubscribe: false }), undefined],
    ['an open pixel', asked({ opens: true }), BASE],
    ['links', asked({ clicks: 'text' }), BASE],
    ['an unsubscribe link', asked({ unsubscribe: true }), BASE],
    ['an unsubscribe text', asked({ unsubscribeText: { text: 'no more: ' } }), BASE],
    ['UTM parameters', asked({ utm: {} }), BASE],
    ['CSS', asked({ inlineCss: true }), BASE],
    ['a copy for each', asked({ separate: true }), BASE],
    ['values', asked({ merge: { fields: { a: '1' } } }), MERGES],
    ['values of a recipient', asked({ merge: { recipients: { 'a@example.org': { a: '1' } } } }), MERGES],
    ['strict merging', asked({ merge: { strict: true } }), MERGES],
    ['a way to write tags and no values', asked({ merge: { syntaxes: ['mailgun'] } }), undefined],
    ['merging that it switches on', asked({ merge: { off: false, syntaxes: ['brackets'] } }), MERGES],
    ['empty values', asked({ merge: { fields: {}, recipients: {} } }), undefined],
    ['merging by default', asked({ merge: {} }, by({ merge: {} })), MERGES],
    ['merging off', asked({ merge: { off: true } }, by({ merge: {} })), undefined],
    [
      'a template, of the latest version',
      asked({ template: { name: 'hello' } }),
      { ...MERGES, template: { name: 'hello', version: 4, engine: 'liquid' } },
    ],
    [
      'a template of a version',
      asked({ template: { name: 'hello', version: 1 } }),
      { ...MERGES, template: { name: 'hello', version: 1, engine: 'liquid' } },
    ],
    ['a header', asked({ header: true }), { ...BASE, header: { html: '<p>Top</p>' } }],
    ['a footer', asked({ footer: true }), { ...BASE, footer: { text: 'Bottom' } }],
    ['a footer of its own', asked({ footer: { text: 'x' } }), BASE],
    ['no header, no footer', asked({ header: false, footer: false }), undefined],
    ['own copies for a Bcc', asked({ ownBcc: true }), { ...BASE, ownTo: ['b@example.org'] }],
    [
      'own copies and nobody in Bcc',
      asked({ ownBcc: true }, { recipients: [{ address: 'a@example.org' }] }),
      undefined,
    ],
    ['own copies for all anyway', asked({ ownBcc: true, separate: true }), BASE],
  ])('%s', (_, untreated, want) => expect(treat(untreated).treatment).toEqual(want));

  test.each<[string, Instructions, boolean]>([
    ['a pixel', { opens: true }, false],
    ['values', { merge: { fields: { a: '1' } } }, true],
    ['a template', { template: { name: 'hello' } }, true],
    ['a template with merging off', { template: { name: 'hello' }, merge: { off: true } }, false],
  ])('the recipient store is asked for %s: %s', (_, wish, want) =>
    expect(treat(asked(wish)).wantsStored).toBe(want),
  );
});

describe('links point to', () => {
  test.each<[string, Partial<Untreated>, string | undefined]>([
    ['the installation, by default', {}, 'https://t.relay.example'],
    ['the host of the sender’s domain', { headerFrom: 'me@shop.example' }, 'https://click.shop.example'],
    [
      'that of the nearest domain',
      { headerFrom: 'me@a.deep.shop.example' },
      'https://click.deep.shop.example',
    ],
    ['that of one above', { headerFrom: 'me@a.bare.shop.example' }, 'https://click.shop.example'],
    ['never that of another account', { headerFrom: 'me@rival.example' }, 'https://t.relay.example'],
    ['no domain that only looks alike', { headerFrom: 'me@evilshop.example' }, 'https://t.relay.example'],
    [
      'plain hosts, where there is no TLS',
      { headerFrom: 'me@shop.example', links: { base: 'http://t.relay.example', secureHosts: false } },
      'http://click.shop.example',
    ],
    [
      'no host of a domain as long as the world does not reach us',
      {
        headerFrom: 'me@shop.example',
        links: { base: 'http://localhost:8081', secureHosts: false, ignoreHosts: true },
      },
      'http://localhost:8081',
    ],
    ['nowhere', { links: { base: undefined, secureHosts: true } }, undefined],
  ])('%s', (_, more, want) => expect(treat(asked({ separate: true }, more)).treatment?.linkBase).toBe(want));

  test.each([
    ['other.example', 'https://go.other.example'],
    ['go.other.example', 'https://go.other.example'],
    ['bare.shop.example', 'https://click.shop.example'],
  ])('the domain %s that the message chose', (trackingDomain, want) =>
    expect(treat(asked({ opens: true, trackingDomain })).treatment?.linkBase).toBe(want),
  );

  test('a host is the user’s when its domain is', () => {
    const { settings } = message;
    expect(hasTrackingHost('click.shop.example', shop, settings)).toBe(true);
    expect(hasTrackingHost('click.rival.example', shop, settings)).toBe(false);
    expect(hasTrackingHost('shop.example', shop, settings)).toBe(false);
    expect(hasTrackingHost('click.shop.example', { ...shop, domains: [] }, settings)).toBe(false);
  });
});

describe('without an address for links', () => {
  const links = { base: undefined, secureHosts: true };
  test('what needs one is left out and noted, where the message asked for it', () => {
    const wish: Instructions = { opens: true, clicks: 'all', unsubscribe: true };
    const { treatment, notes } = treat(asked(wish, { links }));
    expect(treatment).toBeUndefined();
    expect(notes).toEqual([
      expect.stringMatching(/^Opens were not tracked: .*tracking\.url is not set\.$/),
      expect.stringMatching(/^Clicks were not tracked: /),
      expect.stringMatching(/^No unsubscribe link was added: /),
    ]);
    expect(treat(asked(wish, { links, ...by(wish) }))).toEqual({
      treatment: undefined,
      wantsStored: false,
      notes: [],
    });
  });

  test('a mailbox is enough to unsubscribe', () =>
    expect(
      treat(
        asked({ unsubscribe: true }, { links: { ...links, unsubscribeMailbox: 'unsubscribe@b.example' } }),
      ),
    ).toEqual({ treatment: { unsubscribeMailbox: 'unsubscribe@b.example' }, wantsStored: false, notes: [] }));

  test('the rest is done', () =>
    expect(treat(asked({ opens: true, footer: true }, { links })).treatment).toEqual({
      footer: { text: 'Bottom' },
    }));
});

test('blocks that the user does not have are noted', () => {
  const bare = userSchema.parse({ v: 1, origin: 'file', name: 'bare', header: {} });
  expect(treat(asked({ header: true, footer: true }, { user: bare }))).toEqual({
    treatment: undefined,
    wantsStored: false,
    notes: ['No header block was added: this user has none.', 'No footer was added: this user has none.'],
  });
});

describe('never, for what a change would break', () => {
  const everything: Instructions = {
    opens: true,
    clicks: 'all',
    unsubscribe: true,
    header: true,
    footer: true,
    separate: true,
    ownBcc: true,
    inlineCss: true,
    utm: {},
    template: { name: 'hello' },
    merge: { fields: { a: '1' } },
  };
  const facts = (change: Partial<Untreated['facts']>): Partial<Untreated> => ({
    facts: { ...message.facts, ...change },
  });
  const cases: readonly (readonly [string, Partial<Untreated>])[] = [
    ['the null sender', { from: '' }],
    ['outside mail of a smart host', { isForeign: true }],
    ['an automatic reply', facts({ autoReply: true })],
    ...[
      'multipart/signed',
      'multipart/encrypted',
      'multipart/report',
      'application/pkcs7-mime',
      'application/x-pkcs7-mime',
      'text/calendar',
      'application/ms-tnef',
    ].map((contentType) => [contentType, facts({ contentType })] as const),
  ];
  test.each(cases)('%s', (_, more) => {
    expect(treat(asked(everything, more))).toEqual({
      treatment: undefined,
      wantsStored: false,
      notes: [expect.stringMatching(/^The message was passed on as it came: it (is|has|was) .*\.$/)],
    });
    expect(treat(asked(everything, { ...more, ...by(everything) })).notes).toEqual([]);
    expect(treat(asked({ priority: 1, merge: { syntaxes: ['brackets'] } }, more)).notes).toEqual([]);
  });

  test.each(Object.entries(everything))('%s alone is noted', (name, value) =>
    expect(treat(asked({ [name]: value }, { from: '' })).notes).toHaveLength(1),
  );
});
