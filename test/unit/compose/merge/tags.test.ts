// Merge tags as the vendors write them, what only looks like one, and texts that are made to cost time.
import { describe, expect, test } from 'vitest';
import { unescapeHtml } from '../../../../src/compose/html/tokens.ts';
import { charsetOf, utf8, type Charset } from '../../../../src/compose/merge/charset.ts';
import { tagSearch, type Hit } from '../../../../src/compose/merge/tags.ts';
import { tagSyntaxes, type TagSyntax } from '../../../../src/model/instructions.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

const search = (
  text: string,
  syntaxes: readonly TagSyntax[],
  {
    form = 'html',
    literals = [],
    charset = utf8,
  }: { form?: 'html' | 'plain'; literals?: readonly string[]; charset?: Charset } = {},
): readonly Hit[] =>
  tagSearch({ syntaxes, literals, charset, form, unescape: unescapeHtml })(charset.encode(text, form), 1000);

const brief = (hits: readonly Hit[]): string[] =>
  hits.map(
    ({ tag }) =>
      `${tag.syntax} ${tag.name}${tag.fallback === undefined ? '' : `|${tag.fallback}`}${tag.raw ? ' raw' : ''}`,
  );

describe('brackets', () => {
  test.each([
    ['Dear [firstname],', ['brackets firstname']],
    ['[firstname|friend]', ['brackets firstname|friend']],
    ['[firstname|]', ['brackets firstname|']],
    ['[ First Name ]', ['brackets First Name']],
    ['[a.b-c_d]', ['brackets a.b-c_d']],
    ['[_hash] [1]', ['brackets _hash', 'brackets 1']],
    ['[Größe] [名前] [имя]', ['brackets Größe', 'brackets 名前', 'brackets имя']],
    ['[Gr&ouml;&szlig;e] [first&nbsp;name]', ['brackets Größe', 'brackets first name']],
    ['[first\r\n  name]', ['brackets first name']],
    ['[a|b|c] [x|caf&eacute;]', ['brackets a|b|c', 'brackets x|café']],
    ['[[name]]', ['brackets name']],
    ['[a [b] c]', ['brackets b']],
    ['[] [ ] [a,b] [a@b] [a&b] [Tom &amp; Jerry] ["x"] [a/b] [a=b] [a|b', []],
    [`[${'x'.repeat(64)}]`, [`brackets ${'x'.repeat(64)}`]],
    [`[${'x'.repeat(65)}] [x|${'y'.repeat(256)}]`, []],
    ['[x|<b>]', []],
    ['[<b>name</b>]', []],
  ])('%s', (text, tags) => expect(brief(search(text, ['brackets']))).toEqual(tags));

  test('plain text has no entities and no tag over two lines', () => {
    expect(
      brief(search('[Gr&ouml;&szlig;e] [a\r\nb] [Größe|x & y]', ['brackets'], { form: 'plain' })),
    ).toEqual(['brackets Größe|x & y']);
  });

  test('in another charset', () => {
    const charset = charsetOf('iso-8859-15');
    expect(charset).toBeDefined();
    if (charset) expect(brief(search('[Größe|€]', ['brackets'], { charset }))).toEqual(['brackets Größe|€']);
  });

  test('name their place and what of ours they may mean', () => {
    expect(search('ü [Email]', ['brackets'])).toEqual([
      {
        start: 3,
        end: 10,
        tag: { syntax: 'brackets', name: 'Email', source: '[Email]', raw: false, system: 'email' },
      },
    ]);
    expect(search('[unsubscribe]', ['brackets'])[0]?.tag.system).toBe('unsubscribe_url');
  });
});

describe('other vendors', () => {
  test.each<[TagSyntax, string, string[]]>([
    ['mailgun', '%recipient.first% %recipient.Last-Name%', ['mailgun first raw', 'mailgun Last-Name raw']],
    [
      'mailgun',
      '%recipient% %recipient_email% %unsubscribe_url%',
      ['mailgun recipient raw', 'mailgun recipient_email raw', 'mailgun unsubscribe_url raw'],
    ],
    [
      'mailgun',
      '%tag_unsubscribe_url% %mailing_list_unsubscribe_url%',
      ['mailgun tag_unsubscribe_url raw', 'mailgun mailing_list_unsubscribe_url raw'],
    ],
    ['mailgun', '100% recipient. %recipient.% %recipient.a b% %other%', []],
    [
      'mailchimp',
      '*|FNAME|* *|fname|* *|A_B-1|*',
      ['mailchimp FNAME raw', 'mailchimp fname raw', 'mailchimp A_B-1 raw'],
    ],
    [
      'mailchimp',
      '*|UNSUB|* *|UNSUB:https://shop.example/bye?a=1|*',
      ['mailchimp UNSUB raw', 'mailchimp UNSUB raw'],
    ],
    ['mailchimp', '*%7CFNAME%7C*', ['mailchimp FNAME raw']],
    [
      'mailchimp',
      '*|DATE:F j, Y|* *|date:d/m/y|* *|MC:SUBJECT|* *|CURRENT_YEAR|*',
      [
        'mailchimp DATE:F j, Y raw',
        'mailchimp date:d/m/y raw',
        'mailchimp MC:SUBJECT raw',
        'mailchimp CURRENT_YEAR raw',
      ],
    ],
    ['mailchimp', '*|DATE:|* *|DATE:<b>|* *|MC:OTHER|* *|UPDATED:Y|* *||* *|a b|* **bold**', []],
    [
      'handlebars',
      '{{name}} {{ name }} {{a.b}} {{{html}}} {{&html}}',
      ['handlebars name', 'handlebars name', 'handlebars a.b', 'handlebars html raw', 'handlebars html raw'],
    ],
    [
      'handlebars',
      '{{unsub "https://shop.example/bye"}} {{unsub}}',
      ['handlebars unsub', 'handlebars unsub'],
    ],
    [
      'handlebars',
      '{{{ pm:unsubscribe }}} {{{pm:unsubscribe_url}}} {{amazonSESUnsubscribeUrl}} {{{ pm:other }}} {{pm:unsubscribe}}',
      ['handlebars pm:unsubscribe', 'handlebars pm:unsubscribe_url', 'handlebars amazonSESUnsubscribeUrl'],
    ],
    ['handlebars', '{{#if x}} {{else}} {{/if}} {{> p}} {{! c }} {{}} {{ a b }} {{this}}', []],
    [
      'mailjet',
      '{{var:name:"friend"}} {{var:name}} {{data:x:""}}',
      ['mailjet name|friend', 'mailjet name', 'mailjet x|'],
    ],
    [
      'mailjet',
      '[[var:name:"friend"]] {{var:name:&quot;you &amp; me&quot;}}',
      ['mailjet name|friend', 'mailjet name|you & me'],
    ],
    ['mailjet', '[[EMAIL_TO]] [[UNSUB_LINK_EN]] {{name}} [[x]]', ['mailjet EMAIL_TO', 'mailjet UNSUB_LINK']],
  ])('%s: %s', (syntax, text, tags) => expect(brief(search(text, [syntax]))).toEqual(tags));

  test('their own variables are told from the sender’s', () => {
    const [own, ours] = search('%recipient.email% %recipient_email%', ['mailgun']);
    expect(own?.tag.system).toBeUndefined();
    expect(ours?.tag.system).toBe('email');
  });
});

describe('conditions of Mandrill', () => {
  test.each<[string, object | undefined]>([
    ['*|IF:FNAME|*', { kind: 'if', name: 'FNAME' }],
    ['*|if:AGE >= 18|*', { kind: 'if', name: 'AGE', operator: '>=', value: '18' }],
    [
      '*|IF:CITY=Reggio nell’Emilia|*',
      { kind: 'if', name: 'CITY', operator: '=', value: 'Reggio nell’Emilia' },
    ],
    ['*|IF:A != "x y"|*', { kind: 'if', name: 'A', operator: '!=', value: 'x y' }],
    ['*|IF:A=|*', { kind: 'if', name: 'A', operator: '=', value: '' }],
    ['*|IFNOT:A|*', { kind: 'if', name: 'A', not: true }],
    ['*|ELSEIF:A<2|*', { kind: 'elseif', name: 'A', operator: '<', value: '2' }],
    ['*|ELSE:|*', { kind: 'else' }],
    ['*|ELSE|*', { kind: 'else' }],
    ['*|END:IF|*', { kind: 'end' }],
    ['*|IF:|*', undefined],
    ['*|IF:A B|*', undefined],
    ['*|IF:A\n|*', undefined],
    ['*|END:FOR|*', undefined],
  ])('%j', (text, branch) => expect(search(text, ['mailchimp'])[0]?.tag.branch).toEqual(branch));

  test('operators may be entities in HTML', () =>
    expect(
      tagSearch({
        syntaxes: ['mailchimp'],
        literals: [],
        charset: utf8,
        form: 'html',
        unescape: unescapeHtml,
      })('*|IF:A&gt;=1|*', 1)[0]?.tag.branch,
    ).toEqual({ kind: 'if', name: 'A', operator: '>=', value: '1' }));
});

describe('literals', () => {
  test('are found as they stand, the longest first', () => {
    const literals = ['-name-', '-name-s', ':greeting', '{{x}}', '[y]'];
    expect(
      brief(search('-name-s and -name-, :greeting {{x}} [y] -Name-', ['literal'], { literals })),
    ).toEqual([
      'literal -name-s raw',
      'literal -name- raw',
      'literal :greeting raw',
      'literal {{x}} raw',
      'literal [y] raw',
    ]);
  });

  test('are found as an editor writes them into HTML', () => {
    const hits = search('<%name%> &lt;%name%&gt; a&amp;b', ['literal'], { literals: ['<%name%>', 'a&b'] });
    expect(brief(hits)).toEqual(['literal <%name%> raw', 'literal <%name%> raw', 'literal a&b raw']);
  });

  test('win where another way of writing begins at the same place', () => {
    expect(brief(search('[name] [other]', ['brackets', 'literal'], { literals: ['[name]'] }))).toEqual([
      'literal [name] raw',
      'brackets other',
    ]);
  });

  test('SendGrid’s own are known without being asked for', () => {
    const hits = search('<%asm_group_unsubscribe_raw_url%> [unsubscribe] <%asm_preferences_raw_url%>', [
      'literal',
    ]);
    expect(hits.map(({ tag }) => tag.system)).toEqual([
      'unsubscribe_url',
      'unsubscribe_url',
      'preferences_url',
    ]);
  });

  test('non-ASCII keys are found in the part’s charset', () => {
    const charset = charsetOf('windows-1252');
    expect(charset).toBeDefined();
    if (charset)
      expect(brief(search('-größe-', ['literal'], { charset, literals: ['-größe-'] }))).toEqual([
        'literal -größe- raw',
      ]);
  });

  test('are nothing where the syntax was not asked for', () => {
    expect(search('-name-', ['brackets'], { literals: ['-name-'] })).toEqual([]);
  });
});

describe('all ways at once', () => {
  test('hits are sorted, do not overlap and stand where they say, in random texts', () => {
    const pieces = [
      '[',
      ']',
      '|',
      '*|',
      '|*',
      '{{',
      '}}',
      '{',
      '}',
      '%recipient.',
      '%',
      'a',
      'name',
      ' ',
      '<',
      '&amp;',
      ':',
      '"',
      'var:',
      '-n-',
      '\r\n',
      'é',
      'unsub ',
    ];
    const find = tagSearch({
      syntaxes: tagSyntaxes,
      literals: ['-n-', 'name]', 'a'],
      charset: utf8,
      form: 'html',
      unescape: unescapeHtml,
    });
    const random = randomFrom(11);
    for (let round = 0; round < rounds(4000); round++) {
      const source = Array.from({ length: 14 }, () => pieces[random(pieces.length)]).join('');
      let from = 0;
      for (const { start, end, tag } of find(source, 100)) {
        expect(start).toBeGreaterThanOrEqual(from);
        expect(source.slice(start, end)).toBe(tag.source);
        from = end;
      }
    }
  });

  test.each([
    '[',
    '[a|',
    '[a',
    '%recipient.',
    '%recipient.a',
    '*|',
    '*|UNSUB:',
    '{{',
    '{{{',
    '{{var:a:"',
    '[[var:a:',
    '{{unsub ',
    `[${'a'.repeat(60)}`,
    '[&nbsp;',
    'a',
    '-n',
  ])('a megabyte of %j takes little time', (piece) => {
    const find = tagSearch({
      syntaxes: tagSyntaxes,
      literals: ['-name-', 'aab'],
      charset: utf8,
      form: 'html',
      unescape: unescapeHtml,
    });
    const source = piece.repeat(Math.ceil(1_000_000 / piece.length));
    const before = process.cpuUsage();
    find(source, 20_000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});
