// What stands for a tag: whose value wins, nothing inherited, SendGrid's sections, and values that are not read again.
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { tagSearch } from '../../../../src/compose/merge/tags.ts';
import { mergeValues, resolveTag } from '../../../../src/compose/merge/values.ts';
import type { Merge } from '../../../../src/model/instructions.ts';
import { cpuClock } from '../../../support/cpu.ts';

const system: Readonly<Record<string, string>> = {
  email: 'bob@example.com',
  name: 'Bob',
  first_name: 'B.',
  unsubscribe_url: 'https://shop.example/u',
  preferences_url: 'https://shop.example/p',
};

/** The text with its tags filled in, for bob@example.com; a tag without value stays. */
function merged(text: string, merge: Merge, stored?: Record<string, string>): string {
  const values = mergeValues(merge);
  const lookup = values.lookupFor({
    address: 'bob@example.com',
    stored,
    system: (name) => (Object.hasOwn(system, name) ? system[name] : undefined),
  });
  const find = tagSearch({
    syntaxes: merge.syntaxes ?? ['brackets'],
    literals: values.literals,
    charset: utf8,
    form: 'plain',
  });
  let out = '';
  let from = 0;
  for (const { start, end, tag } of find(text, 1000)) {
    out += text.slice(from, start) + (resolveTag(tag, lookup)?.text ?? tag.source);
    from = end;
  }
  return out + text.slice(from);
}

describe('values', () => {
  const recipients = {
    'bob@example.com': { x: 'recipient', '': 'empty' },
    'eve@example.com': { x: 'Eve', secret: 's' },
  };

  test.each<[string, Merge, Record<string, string> | undefined, string, string]>([
    ['the recipient’s own win', { recipients, fields: { x: 'fields' } }, { x: 'stored' }, '[x]', 'recipient'],
    ['then those for all', { fields: { x: 'fields' } }, { x: 'stored' }, '[x]', 'fields'],
    ['then the store’s', {}, { x: 'stored' }, '[x]', 'stored'],
    [
      'then ours',
      {},
      {},
      '[email] [name] [unsubscribe_url] [unsubscribe]',
      'bob@example.com Bob https://shop.example/u https://shop.example/u',
    ],
    ['the sender may name a field like ours', { fields: { email: 'mine' } }, {}, '[email]', 'mine'],
    ['another recipient’s are not seen', { recipients }, {}, '[secret]', '[secret]'],
    ['case does not matter', { fields: { FirstName: 'Ann' } }, {}, '[firstname] [FIRSTNAME]', 'Ann Ann'],
    [
      'the exact name wins',
      { fields: { NAME: 'upper', name: 'lower', Name: 'mixed' } },
      {},
      '[name] [NAME] [Name] [nAME]',
      'lower upper mixed upper',
    ],
    ['unknown stays', {}, {}, '[nothing] [nothing|fallback]', '[nothing] fallback'],
    ['empty gives the fallback', { fields: { x: '' } }, {}, '<[x]> [x|fallback]', '<> fallback'],
    ['a value that looks like a tag is text', { fields: { x: '[email] $& $1' } }, {}, '[x]', '[email] $& $1'],
    [
      'nothing is inherited',
      { fields: {} },
      {},
      '[constructor] [toString] [__proto__] [hasOwnProperty]',
      '[constructor] [toString] [__proto__] [hasOwnProperty]',
    ],
  ])('%s', (_, merge, stored, text, want) => expect(merged(text, merge, stored)).toBe(want));

  test.each<[Merge['syntaxes'], string, string]>([
    [
      ['mailgun'],
      '%recipient.email% %recipient_email% %recipient% %recipient_fname% %unsubscribe_url%',
      'given bob@example.com bob@example.com B. https://shop.example/u',
    ],
    [
      ['mailchimp'],
      '*|EMAIL|* *|FNAME|* *|UNSUB:https://x.example|* *|NOPE|*',
      'given Ann https://shop.example/u *|NOPE|*',
    ],
    [
      ['handlebars'],
      '{{email}} {{fname}} {{unsub "x"}} {{nope}}',
      'given Ann https://shop.example/u {{nope}}',
    ],
    [
      ['mailjet'],
      '{{var:fname:"you"}} [[var:nope:"you"]] [[EMAIL_TO]] [[UNSUB_LINK_DE]]',
      'Ann you bob@example.com https://shop.example/u',
    ],
  ])('of %j', (syntaxes, text, want) => {
    expect(merged(text, { syntaxes, fields: { email: 'given', fname: 'Ann' } })).toBe(want);
  });
});

describe('SendGrid’s substitutions', () => {
  const merge: Merge = {
    syntaxes: ['literal'],
    recipients: {
      'bob@example.com': { '-name-': 'Bob', '-role-': '-seller-', word: 'W', '-section name-': 'x -deep1-' },
      'eve@example.com': { '-only-eve-': 'secret' },
    },
    fields: { plainword: 'always', '%all%': 'everybody' },
    sections: {
      '-seller-': 'Sells for: -name- (-only-eve-)',
      '-deep1-': '1 -deep2-',
      '-deep2-': '2 -deep3-',
      '-deep3-': '3 -deep4-',
      '-deep4-': '4 -deep5-',
      '-deep5-': '5',
      '-loop-': 'again -loop-',
    },
  };

  test.each([
    ['-name- and -role-', 'Bob and Sells for: Bob (-only-eve-)'],
    ['a word, %all%, plainword', 'a W, everybody, always'],
    ['-section name-', 'x 1 2 3 4 -deep5-'],
    ['<%asm_group_unsubscribe_raw_url%>', 'https://shop.example/u'],
    ['-only-eve-', '-only-eve-'],
  ])('%s', (text, want) => expect(merged(text, merge)).toBe(want));

  test('a plain word is no tag where tags are also written in another way', () => {
    const fields = { name: 'Bob', '-name-': 'Bob' };
    expect(merged('[name], -name-, name', { syntaxes: ['brackets', 'literal'], fields })).toBe(
      'Bob, Bob, name',
    );
  });

  test('a value names sections, but no other tags', () => {
    const own = { '-a-': '-b- -s-', '-b-': 'B' };
    const sections = { '-s-': 'section with -b-' };
    expect(merged('-a-', { syntaxes: ['literal'], recipients: { 'bob@example.com': own }, sections })).toBe(
      '-b- section with B',
    );
  });

  test('sections that name each other end, and stay small', () => {
    const many = '-a-'.repeat(20_000);
    const own = { '-x-': '-a--loop-', '-y-': many };
    const sections = { '-a-': many.replaceAll('-a-', '-b-'), '-b-': many, '-loop-': '-loop--loop-' };
    const values = mergeValues({ syntaxes: ['literal'], recipients: { 'bob@example.com': own }, sections });
    const lookup = values.lookupFor({ address: 'bob@example.com', system: () => undefined });
    const spent = cpuClock();
    for (const [name, value] of Object.entries(own)) {
      const tag = { syntax: 'literal', name, source: name, raw: true } as const;
      expect(lookup(tag)?.text.length).toBeLessThanOrEqual(2 * value.length + 65_536);
    }
    expect(spent()).toBeLessThan(500);
  });
});
