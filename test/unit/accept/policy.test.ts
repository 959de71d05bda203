// Who may send as whom, and what becomes of MAIL FROM and From.
import { describe, expect, test } from 'vitest';
import { readMailboxes } from '../../../src/mail/address.ts';
import { mayUse, mayUseDomain, ruleOnSender } from '../../../src/accept/policy.ts';
import { userSchema, type User } from '../../../src/model/settings.ts';

const user = (fields: object): User => userSchema.parse({ v: 1, origin: 'file', name: 'shop', ...fields });
const shop = user({
  domains: ['shop.example', '*.news.example', 'MÜLLER.example'],
  senders: ['Me@Other.example'],
});

test.each([
  ['me@shop.example', true],
  ['me@SHOP.example', true],
  ['me@sub.shop.example', false],
  ['me@a.news.example', true],
  ['me@a.b.news.example', true],
  ['me@news.example', false],
  ['me@evilnews.example', false],
  ['me@xn--mller-kva.example', true],
  ['ME@other.example', true],
  ['you@other.example', false],
  ['shop.example', false],
  ['me@', false],
  ['', false],
])('mayUse %s: %s', (address, want) => expect(mayUse(shop, address)).toBe(want));

test.each([
  ['me@shop.example', true],
  ['me@a.b.example', true],
  ['shop.example', false],
  ['me@', false],
])('a user of all domains may be %s: %s', (address, want) =>
  expect(mayUse(user({ domains: ['*'] }), address)).toBe(want),
);

test.each([
  ['shop.example', true],
  ['a.news.example', true],
  ['news.example', false],
  ['sub.shop.example', false],
  ['evilshop.example', false],
  ['other.example', false],
  ['', false],
])('the whole domain %s is the user’s: %s', (domain, want) => expect(mayUseDomain(shop, domain)).toBe(want));

describe('ruleOnSender', () => {
  const rewriting = user({ domains: ['shop.example'], unauthorisedFrom: 'rewrite' });
  const cases: readonly (readonly [string, User, string | undefined, string, object])[] = [
    [
      'keeps the own sender',
      shop,
      'bounce@shop.example',
      'me@shop.example',
      { sender: 'bounce@shop.example', headerFrom: 'me@shop.example' },
    ],
    ['keeps the null sender', shop, '', 'me@shop.example', { sender: '' }],
    [
      'replaces a foreign sender by From',
      shop,
      'www-data@localhost',
      'me@shop.example',
      { sender: 'me@shop.example' },
    ],
    ['replaces what is no address', shop, undefined, 'me@shop.example', { sender: 'me@shop.example' }],
    [
      'replaces it by the bounce address',
      user({ domains: ['shop.example'], bounceAddress: 'b@shop.example' }),
      'x@y.example',
      'me@shop.example',
      { sender: 'b@shop.example' },
    ],
    ['refuses a foreign From', shop, 'me@shop.example', 'you@bank.example', { code: 550, status: '5.7.1' }],
    [
      'refuses a foreign From under the null sender',
      shop,
      '',
      'you@bank.example',
      { code: 550, status: '5.7.1' },
    ],
    ['refuses when one of two is foreign', shop, '', 'me@shop.example, you@bank.example', { code: 550 }],
    ['refuses a From that names nobody', shop, '', 'undisclosed:;', { code: 550 }],
    [
      'lets a trusted smart host forward',
      user({ trustedSmartHost: true }),
      'a@out.example',
      'a@out.example',
      { sender: 'a@out.example', headerFrom: 'a@out.example' },
    ],
    [
      'gives a trusted smart host its bounce address',
      user({ trustedSmartHost: true, bounceAddress: 'b@corp.example' }),
      'a@out.example',
      'a@out.example',
      { sender: 'b@corp.example' },
    ],
    [
      'lets a trusted smart host send DSNs',
      user({ trustedSmartHost: true, bounceAddress: 'b@corp.example' }),
      '',
      'x@corp.example',
      { sender: '' },
    ],
    [
      'rewrites a visitor',
      rewriting,
      'v@out.example',
      'Vi Sitor <v@out.example>',
      {
        sender: 'no-reply@shop.example',
        headerFrom: 'no-reply@shop.example',
        rewrite: { from: '"Vi Sitor via shop.example" <no-reply@shop.example>', replyTo: 'v@out.example' },
      },
    ],
    [
      'rewrites a visitor without a name',
      rewriting,
      '',
      'v@out.example',
      {
        sender: '',
        rewrite: { from: '"v via shop.example" <no-reply@shop.example>', replyTo: 'v@out.example' },
      },
    ],
    [
      'rewrites a name that looks like an address',
      rewriting,
      '',
      '"ceo@bank.example" <v@out.example>',
      { rewrite: { from: '"ceo at bank.example via shop.example" <no-reply@shop.example>' } },
    ],
    [
      'rewrites to the chosen address',
      user({
        domains: ['shop.example'],
        unauthorisedFrom: 'rewrite',
        rewriteFrom: 'Shop <web@shop.example>',
      }),
      '',
      'v@out.example',
      { headerFrom: 'web@shop.example' },
    ],
    [
      'refuses when there is nothing to rewrite to',
      user({ unauthorisedFrom: 'rewrite' }),
      '',
      'v@out.example',
      { code: 550 },
    ],
  ];
  test.each(cases)('%s', (_, who, mailFrom, from, want) =>
    expect(ruleOnSender(who, mailFrom, readMailboxes(from) ?? [], false)).toMatchObject(want),
  );

  test('leaves a Reply-To that is there', () => {
    const ruling = ruleOnSender(rewriting, '', readMailboxes('v@out.example') ?? [], true);
    expect('rewrite' in ruling && ruling.rewrite).toEqual({
      from: '"v via shop.example" <no-reply@shop.example>',
    });
  });

  test('writes no control characters into the new From', () => {
    const ruling = ruleOnSender(
      rewriting,
      '',
      [{ name: '=?utf-8?q?a=0D=0ABcc:_x?=', address: 'v@out.example' }],
      false,
    );
    expect(JSON.stringify(ruling)).not.toMatch(/\\r|\\n/);
  });
});
