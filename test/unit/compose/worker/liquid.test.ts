// Liquid in this very thread: what a template gives, what it may not do, and what is said of its mistakes.
import { describe, expect, test } from 'vitest';
import type { LiquidTask } from '../../../../src/compose/worker/jobs.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { makeLiquid } from '../../../../src/compose/worker/liquid.ts';
import { cpuClock } from '../../../support/cpu.ts';

const NOW = Date.UTC(2026, 10, 25, 9, 30);
const work = makeLiquid(systemClock, () => undefined);
const task = (job: Partial<LiquidTask>, scope: unknown = {}): LiquidTask => ({
  key: 'acme/test/1',
  now: NOW,
  scope: JSON.stringify(scope),
  ...job,
});
const text = (source: string, scope: unknown = {}): string | undefined => {
  const made = work(task({ text: source }, scope));
  return made.ok ? made.output.text : made.problem;
};

const shop = {
  name: 'Zoë & <Sons>',
  total: 1234.5,
  items: [
    { sku: 'A-1', qty: 2, price: 3.5 },
    { sku: 'B-2', qty: 1, price: 10 },
  ],
  paid: false,
  note: null,
  list: '[ {"sku":"A-1"}, {"sku":"B-2"} ]',
  order: '{"id":7}',
  open: '[sic] {',
};

describe('a template', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['prints values', 'Hello {{ name }}', 'Hello Zoë & <Sons>'],
    ['repeats', '{% for i in items %}{{ i.qty }} x {{ i.sku }};{% endfor %}', '2 x A-1;1 x B-2;'],
    ['decides', '{% if paid %}paid{% elsif total > 1000 %}much{% else %}little{% endif %}', 'much'],
    ['filters', '{{ name | upcase | truncate: 6 }} {{ 3.5 | times: 2 }}', 'ZOË... 7'],
    ['assigns and captures', '{% assign a = "x" %}{% capture b %}{{ a }}y{% endcapture %}{{ b }}', 'xy'],
    [
      'has defaults for what is not there',
      '{{ nobody | default: "friend" }}{{ note }}{{ no.thing.here }}',
      'friend',
    ],
    ['trims', 'a {%- if true -%} b {%- endif -%} c', 'abc'],
    [
      'prints lists one after the other',
      '{{ items | map: "sku" }} {{ items | map: "sku" | join: ", " }}',
      'A-1B-2 A-1, B-2',
    ],
    [
      'prints numbers and truth',
      '{{ total }} {{ paid }} {{ items.size }} {{ items[1].sku }} {{ items.first.sku }}',
      '1234.5 false 2 B-2 A-1',
    ],
    [
      'goes through lists and objects that came as JSON, and prints them as they came',
      '{% for i in list %}{{ i.sku }};{% endfor %}{{ list.size }} {{ order.id }} {{ list }} {{ order }} {{ open }}',
      'A-1;B-2;2 7 [ {"sku":"A-1"}, {"sku":"B-2"} ] {"id":7} [sic] {',
    ],
    ['keeps what is raw', '{% raw %}{{ name }}{% endraw %}', '{{ name }}'],
    [
      'knows when the message was accepted, and no other now',
      '{{ "now" | date: "%Y-%m-%d %H:%M" }}',
      '2026-11-25 09:30',
    ],
    [
      'also for the other date filters',
      '{{ "today" | date_to_xmlschema }} {{ "now" | date_to_string }}',
      '2026-11-25T09:30:00+00:00 25 Nov 2026',
    ],
    ['knows time zones', '{{ "now" | date: "%H:%M", "Europe/Rome" }}', '10:30'],
    [
      'keeps other tag languages as they are',
      '[name|x] *|NAME|* %recipient.name% {name}',
      '[name|x] *|NAME|* %recipient.name% {name}',
    ],
  ];
  test.each(cases)('%s', (_, source, want) => expect(text(source, shop)).toBe(want));

  test('escapes values in HTML, in text not, and in the subject not', () => {
    const source = '<i>{{ name }}</i> {{ name | raw }}';
    const made = work(task({ subject: '{{ name }}', html: source, text: source }, shop));
    expect(made).toEqual({
      ok: true,
      output: {
        subject: 'Zoë & <Sons>',
        html: '<i>Zoë &amp; &lt;Sons&gt;</i> Zoë & <Sons>',
        text: '<i>Zoë & <Sons></i> Zoë & <Sons>',
      },
    });
  });

  const once: readonly (readonly [string, string])[] = [
    ['{{ x | escape }}', '&lt;b&gt; &amp;amp;\n'],
    ['{{ x | xml_escape }}', '&lt;b&gt; &amp;amp;\n'],
    ['{{ x | escape_once }}', '&lt;b&gt; &amp;\n'],
    ['{{ x | newline_to_br }}', '&lt;b&gt; &amp;<br />\n'],
    ['{{ x | escape | newline_to_br }}', '&lt;b&gt; &amp;amp;<br />\n'],
    ['{{ x | append: "<i>" }}', '&lt;b&gt; &amp;amp;\n&lt;i&gt;'],
    ['{{ x | strip_html }}', ' &amp;amp;\n'],
    ['<a title="{{ q }}" href=\'{{ q }}\'>', '<a title="&#34;&#39;" href=\'&#34;&#39;\'>'],
    ['{% capture c %}{{ x }}{% endcapture %}{{ c | raw }}', '&lt;b&gt; &amp;amp;\n'],
    ['{{ list }}', '&lt;&gt;'],
    ['{% echo x %}{% liquid echo q %}', '&lt;b&gt; &amp;amp;\n&#34;&#39;'],
    [
      '{% cycle "<", ">" %}{% tablerow i in list %}{{ i }}{% endtablerow %}',
      '&lt;<tr class="row1"><td class="col1">&lt;</td><td class="col2">&gt;</td></tr>',
    ],
  ];
  test.each(once)('%s is escaped once in HTML', (source, want) => {
    const made = work(task({ html: source }, { x: '<b> &amp;\n', q: '"\'', list: ['<', '>'] }));
    expect(made).toEqual({ ok: true, output: { html: want } });
  });

  test('gives the parts that it was asked for', () => {
    expect(work(task({ html: '' }))).toEqual({ ok: true, output: { html: '' } });
    expect(work(task({}))).toEqual({ ok: true, output: {} });
  });

  test('gives the same bytes each time', () => {
    const source =
      '{% for i in items %}{% cycle "odd", "even" %}{{ i.sku }}{% endfor %}{% increment n %}{{ "now" | date: "%s" }}';
    const first = text(source, shop);
    for (let i = 0; i < 5; i++) expect(text(source, shop)).toBe(first);
  });

  test('leaves nothing behind for the next', () => {
    text('{% assign secret = "x" %}{% increment counter %}{% capture other %}y{% endcapture %}');
    expect(text('{{ secret }}{{ counter }}{{ other }}')).toBe('');
    const made = work(task({ html: '{% increment n %}{% increment n %}', text: '{% increment n %}' }));
    expect(made).toEqual({ ok: true, output: { html: '01', text: '0' } });
  });

  test('is parsed anew when its source has changed under the same key', () => {
    expect(text('one {{ a }}', { a: 1 })).toBe('one 1');
    expect(text('two {{ a }}', { a: 1 })).toBe('two 1');
  });
});

describe('markup', () => {
  const scope = { body: '<b>&amp;</b>', name: '<b>' };
  const html = (source: string) => {
    const made = work(task({ html: source, markup: ['body', 'nobody'] }, scope));
    return made.ok ? made.output.html : made.problem;
  };
  test.each([
    ['{{ body }} {{ name }}', '<b>&amp;</b> &lt;b&gt;'],
    ['{{ body | raw }}', '<b>&amp;</b>'],
    ['{{ body | default: "x" }}{{ nobody | default: "x" }}', '<b>&amp;</b>x'],
    ['{% if body %}yes{% endif %}{% assign a = body %}{{ a }}', 'yes<b>&amp;</b>'],
    ['{% capture a %}{{ body }}{% endcapture %}{{ a | raw }}', '<b>&amp;</b>'],
    // What a filter made of it is no markup any more.
    ['{{ body | append: name }}', '&lt;b&gt;&amp;amp;&lt;/b&gt;&lt;b&gt;'],
    ['{{ body.constructor }}{{ body.toString }}', ''],
  ])('%s', (source, want) => expect(html(source)).toBe(want));

  test('is text like any other where there is no HTML', () => {
    const made = work(task({ subject: '{{ body }}', text: '{{ body }}', markup: ['body'] }, scope));
    expect(made).toEqual({ ok: true, output: { subject: '<b>&amp;</b>', text: '<b>&amp;</b>' } });
  });
});

describe('a subject', () => {
  test.each([
    [
      'a value cannot add a field',
      '{{ name }}',
      { name: 'x\r\nBcc: victim@example.com' },
      'x Bcc: victim@example.com',
    ],
    [
      'nor any other control character',
      '{{ name }}',
      { name: 'a\0b\u0085c\u2028d\te\u007ff' },
      'a b c d e f',
    ],
    ['line breaks of the template are spaces', '\n Hello\r\n  {{ name }}\n', { name: 'x' }, 'Hello x'],
    ['other white space stays', 'a\u00a0b', {}, 'a\u00a0b'],
  ])('%s', (_, subject, scope, want) => {
    expect(work(task({ subject }, scope))).toEqual({ ok: true, output: { subject: want } });
  });

  test('has a length', () => {
    expect(work(task({ subject: '{{ x }}' }, { x: 'x'.repeat(1000) }))).toEqual({
      ok: false,
      kind: 'wrong',
      problem: 'The subject of the template: it makes more than 998 characters.',
    });
  });
});

describe('a mistake', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'a filter that is not there',
      'a\nb {{ x | shout }}',
      /^The text of the template, line 2: undefined filter: shout\.$/,
    ],
    ['a tag that is not there', '\n\n{% shout %}', /line 3: tag "shout" not found\.$/],
    ['a tag without end', '{% if a %}x', /line 1: tag .* not closed\.$/],
    ['an output without end', 'a\n{{ a', /line 2: output .* not closed\.$/],
    ['an expression that is none', '{{ | | }}', /line 1: /],
    [
      'an object in the middle of the letter',
      'x\n{{ o }}',
      /line 2: an object cannot be printed; name one of its fields\.$/,
    ],
    ['an object in a filter', '{{ o | upcase }}', /an object cannot be printed/],
    ['a list of objects', '{{ list }}', /an object cannot be printed/],
    ['base64 that is none', '{{ "%%%" | base64_decode }}', /invalid base64/],
  ];
  test.each(cases)('%s is said with part and line', (_, source, want) => {
    const made = work(task({ text: source }, { o: { a: 1 }, list: [{ a: 1 }] }));
    expect(made).toEqual({ ok: false, kind: 'wrong', problem: expect.stringMatching(want) });
  });

  test('is one sentence in one line, and not a long one', () => {
    const made = work(task({ html: `{% ${'x\n'.repeat(5000)} %}` }));
    if (made.ok) throw new Error('should not be filled in');
    expect(made.problem).toMatch(/^The HTML of the template, line 1: .*\.$/);
    expect(made.problem.length).toBeLessThan(300);
  });

  test('in one part takes the others with it', () => {
    const made = work(task({ subject: 'fine', html: '{{ a | nofilter }}', text: 'fine' }));
    expect(made).toEqual({
      ok: false,
      kind: 'wrong',
      problem: 'The HTML of the template, line 1: undefined filter: nofilter.',
    });
  });
});

describe('what a template cannot reach', () => {
  const scope = { o: { a: 1 }, list: [1, 2], s: 'x', n: 1 };
  const nothing = [
    '{{ constructor }}',
    '{{ __proto__ }}',
    '{{ o.constructor }}',
    '{{ o.__proto__ }}',
    '{{ o["__proto__"]["polluted"] }}',
    '{{ o.constructor.constructor }}',
    '{{ o.toString }}{{ o.hasOwnProperty }}{{ o.valueOf }}',
    '{{ list.constructor }}{{ list.map }}{{ list.__proto__ }}',
    '{{ s.constructor }}{{ s.__proto__ }}{{ s.replace }}{{ n.toFixed }}',
    '{% assign k = "constructor" %}{{ o[k] }}{{ o[k][k] }}',
    '{{ list | map: "constructor" }}',
    '{{ process.env }}{{ globalThis }}{{ this }}{{ require }}{{ self }}',
  ];
  test.each(nothing)('%s is empty', (source) => expect(text(source, scope)).toBe(''));

  const absent = [
    ['{% include "/etc/passwd" %}', 'tag "include" not found'],
    ['{% render "/etc/passwd" %}', 'tag "render" not found'],
    ['{% layout "/etc/passwd" %}', 'tag "layout" not found'],
    ['{% block a %}{% endblock %}', 'tag "block" not found'],
    ['{{ list | sample }}', 'undefined filter: sample'],
  ] as const;
  test.each(absent)('%s: %s', (source, want) => expect(text(source, scope)).toContain(want));

  test('values named like prototypes are values', () => {
    const json = '{"__proto__":{"a":"own"},"constructor":"mine","o":{"__proto__":"deep"}}';
    const made = work(
      task({ text: '{{ __proto__.a }} {{ constructor }} {{ o.__proto__ }} {{ o.a }}', scope: json }),
    );
    expect(made).toEqual({ ok: true, output: { text: 'own mine deep ' } });
    expect({}).not.toHaveProperty('a');
  });
});

describe('limits', () => {
  const slow = (source: string, scope: unknown = {}) => work(task({ html: source }, scope));
  test('of output', () => {
    const source = '{% for i in (1..300) %}{{ x }}{% endfor %}';
    expect(slow(source, { x: 'x'.repeat(50_000) })).toEqual({
      ok: false,
      kind: 'wrong',
      problem: 'The HTML of the template, line 1: it makes more than 2097152 characters.',
    });
  });
  test('of captured text', () => {
    const source = '{% capture s %}{% for i in (1..30) %}{{ x }}{% endfor %}{% endcapture %}';
    expect(slow(source, { x: 'x'.repeat(50_000) })).toMatchObject({ ok: false, kind: 'wrong' });
  });
  test('of JSON', () => {
    const list =
      '{% assign a = list %}{% for i in (1..8) %}{% assign a = a | concat: a %}{% endfor %}{{ a | json }}';
    expect(slow(list, { list: [{ ['k'.repeat(10_000)]: 1 }] })).toMatchObject({ ok: false, kind: 'wrong' });
    expect(slow(list, { list: [] })).toEqual({ ok: true, output: { html: '[]' } });
  });
  test('of time, for all parts together', () => {
    const loops = '{% for i in (1..99999) %}{% for j in (1..99999) %}x{% endfor %}{% endfor %}';
    const spent = cpuClock();
    const made = work(task({ subject: 'x', html: `\n${loops.replace('x', '')}`, text: loops }));
    expect(made).toEqual({
      ok: false,
      kind: 'slow',
      problem: 'The HTML of the template, line 2: it takes longer than 120 ms; its loops are too long.',
    });
    expect(spent()).toBeLessThan(1000);
  });
  test('of lists', () => {
    expect(slow('{% for i in (1..1000000000) %}{% endfor %}')).toMatchObject({ ok: false, kind: 'wrong' });
    expect(slow('{% assign a = (1..700000) %}{{ a | reverse | first }}')).toMatchObject({
      ok: false,
      kind: 'wrong',
    });
  });
  test('of the depth of values', () => {
    const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(work(task({ text: '{{ a.a.a | size }}', scope: deep(30) }))).toMatchObject({ ok: true });
    expect(work(task({ text: 'x', scope: deep(40) }))).toEqual({
      ok: false,
      kind: 'wrong',
      problem: 'The values for the template are nested more than 32 deep.',
    });
  });
});
