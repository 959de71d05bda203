// CSS inlining in this very thread: what gets styles, and that everything else stays byte for byte.
import { globSync, readFileSync } from 'node:fs';
import { parseFragment, type DefaultTreeAdapterTypes } from 'parse5';
import { describe, expect, test } from 'vitest';
import { inlineCss, inlineTask } from '../../../../src/compose/worker/inline.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

const inBody = (css: string, body: string): string => {
  const head = `<style>${css}</style>`;
  const out = inlineCss(head + body) ?? '';
  expect(out.startsWith(head)).toBe(true);
  return out.slice(head.length);
};

describe('styles', () => {
  const css = `
    p, .x { margin: 0 } .x { color: red } #id { color: blue } td > a { padding: 1px }
    .bg { background-color: #ABCDEF } .wide { width: 600px } .half { width: 50% } .auto { width: auto; height: calc(1px + 2px) }
    .mid { text-align: center; vertical-align: middle } .tr { background-color: transparent }
    .imp { color: green !important } .q { font-family: "A B", serif } .var { color: var(--c) } :root { --c: #123 }
    a:hover { color: pink } .x::before { content: "x" } .u { background: url(https://x.example/?a=1&b=2) }
    @media (max-width: 600px) { .x { color: black } } @font-face { font-family: F; src: url(x) }`;
  const cases: readonly (readonly [string, string])[] = [
    ['<p>x</p>', '<p style="margin: 0;">x</p>'],
    ['<p class="x">', '<p class="x" style="margin: 0; color: red;">'],
    ['<i id=id class=x />', '<i id=id class=x style="margin: 0; color: blue;" />'],
    ['<p style="color: black">', '<p style="margin: 0; color: black;">'],
    ["<P STYLE='color: black'>", '<P STYLE="margin: 0; color: black;">'],
    ['<b class="imp" style="color: black">', '<b class="imp" style="color: green !important;">'],
    ['<b class="q">', '<b class="q" style="font-family: \'A B\', serif;">'],
    ['<b class="var">', '<b class="var" style="color: #123;">'],
    ['<b class="u">', '<b class="u" style="background: url(https://x.example/?a=1&b=2);">'],
    ['<b class="none">', '<b class="none">'],
    ['<table class="wide">', '<table class="wide" style="width: 600px;" width="600">'],
    ['<table class="wide" width="500">', '<table class="wide" width="500" style="width: 600px;">'],
    [
      '<td class="half bg mid">',
      '<td class="half bg mid" style="background-color: #ABCDEF; width: 50%; text-align: center; vertical-align: middle;" width="50%" bgcolor="#ABCDEF" align="center" valign="middle">',
    ],
    [
      '<td class="auto tr">',
      '<td class="auto tr" style="width: auto; height: calc(1px + 2px); background-color: transparent;">',
    ],
    // Merge tags: in values, around tags, as attributes, as class names.
    ['<p style="color: {{ c | default: "x" }}">', '<p style="margin: 0; color: {{ c | default: "x" }};">'],
    [
      '<p {{ attrs }} class="x {{ more }}">',
      '<p {{ attrs }} class="x {{ more }}" style="margin: 0; color: red;">',
    ],
    ['{% if a < 3 %}<p>{% endif %}', '{% if a < 3 %}<p style="margin: 0;">{% endif %}'],
    [
      '<table><tr>{% for r in rows %}<td><a>{{ r }}</a></td>{% endfor %}</tr></table>',
      '<table><tr>{% for r in rows %}<td><a style="padding: 1px;">{{ r }}</a></td>{% endfor %}</tr></table>',
    ],
    ['<p title="*|A|*" lang=[[var:l:"it"]]>', '<p title="*|A|*" lang=[[var:l:"it"]] style="margin: 0;">'],
    // What is written badly stays so.
    [
      '<p>a<p>b</div></i>&nbsp;&copy &bogus; <br></br>',
      '<p style="margin: 0;">a<p style="margin: 0;">b</div></i>&nbsp;&copy &bogus; <br></br>',
    ],
    ['<p style="color: &quot;x&quot;; {{ d }}">', '<p style="margin: 0; color: &quot;x&quot;; {{ d }}">'],
    ['<p style="}{">', '<p style="margin: 0; }{">'],
    ['<p class="x', '<p class="x'],
    [
      '<!--[if mso]><p class="x"><![endif]--><![if !mso]><i class=x><![endif]>',
      '<!--[if mso]><p class="x"><![endif]--><![if !mso]><i class=x style="margin: 0; color: red;"><![endif]>',
    ],
    [
      '<script>"<p class=x>"</script><textarea><p></textarea><title><p></title>',
      '<script>"<p class=x>"</script><textarea><p></textarea><title><p></title>',
    ],
  ];
  test.each(cases)('%s', (body, want) => expect(inBody(css, body)).toBe(want));

  test('for a smaller screen, a printer, another language or to be kept stay where they are', () => {
    for (const attributes of ['media="(max-width: 600px)"', 'media=print', 'data-embed']) {
      const html = `<style ${attributes}>p { margin: 0 }</style><p>`;
      expect(inlineCss(html)).toBe(html);
    }
    for (const attributes of ['media="screen"', 'media=all', 'type="text/css"'])
      expect(inlineCss(`<style ${attributes}>p{a:b}</style><p>`)).toContain('<p style="a: b;">');
  });

  test('in the part that Outlook does not see are read, those for Outlook only are not', () => {
    const html =
      '<!--[if mso]><style>p{a:b}</style><![endif]--><!--[if !mso]><!--><style>p{c:d}</style><!--<![endif]--><p>';
    expect(inlineCss(html)).toBe(html.replace(/<p>$/, '<p style="c: d;">'));
  });

  test.each([
    '',
    'plain text',
    '<',
    '<!doctype html>',
    '<style>',
    '<style>p{',
    '<style>}}}</style><p>',
    '<p>',
  ])('where there are none, %j stays as it is', (html) => expect(inlineCss(html)).toBe(html));

  test('work in bytes too: latin1 as string space', () => {
    const bytes = Buffer.from('<style>.e { font: "é" }</style><p class="e" title="ü">→ €</p>').toString(
      'latin1',
    );
    const out = Buffer.from(inlineCss(bytes) ?? '', 'latin1').toString();
    expect(out).toBe(`<style>.e { font: "é" }</style><p class="e" title="ü" style="font: 'é';">→ €</p>`);
  });

  test('that make too much of the letter are refused', () => {
    const html = `<style>p{background:url(${'x'.repeat(100_000)})}</style>${'<p>'.repeat(30)}`;
    expect(inlineTask({ html })).toEqual({
      ok: false,
      kind: 'wrong',
      problem: 'With its CSS in its elements the HTML has more than 2097152 characters.',
    });
  });
});

/** The document without the attributes that inlining may set. */
function skeleton(html: string): unknown {
  const bare = (node: DefaultTreeAdapterTypes.Node): unknown => ({
    name: node.nodeName,
    value: 'value' in node ? node.value : 'data' in node ? node.data : undefined,
    attrs:
      'attrs' in node
        ? node.attrs.filter(({ name }) => !/^(?:style|width|height|bgcolor|align|valign)$/.test(name))
        : [],
    children: 'childNodes' in node ? node.childNodes.map(bare) : [],
  });
  return bare(parseFragment(html));
}

const root = new URL('../../../../../shared/corpora/html/', import.meta.url).pathname;
const corpora = globSync(`${root}*/*.{html,hbs,txt}`);
const skipped = corpora.length > 0 ? '' : ' (skipped: the shared corpora are not there)';
describe.skipIf(corpora.length === 0)(`real letters${skipped}`, () => {
  test.each(corpora.map((file) => file.slice(root.length)))('%s: only attributes change', (name) => {
    const html = readFileSync(root + name, 'utf8');
    const out = inlineCss(html) ?? '';
    expect(skeleton(out)).toEqual(skeleton(html));
    // What is left when everything new is taken away again is what was there.
    expect(isSubsequence(withoutStyles(html), out)).toBe(true);
    expect(inlineCss(html)).toBe(out);
    if (/<style[^>]*>[^<]*\{/.test(html)) expect(out.length).toBeGreaterThanOrEqual(html.length);
  });
});

const withoutStyles = (html: string): string => html.replace(/\sstyle\s*=\s*(?:"[^"]*"|'[^']*')/gi, '');

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const char of part) {
    at = whole.indexOf(char, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

test('noise never throws, and only grows by attributes', () => {
  const pieces = [
    '<p',
    ' class="x"',
    ' style="a:b"',
    '>',
    '/>',
    '</p>',
    '<style>',
    '</style>',
    '.x{c:d}',
    'p{e:f}',
    '{{ a "b" }}',
    '{% if',
    '%}',
    '<!--',
    '-->',
    '"',
    "'",
    '&amp;',
    '=',
    '\n',
    '<td',
    '\0',
    'é',
    '\ud800',
    '[if mso]',
    '<![CDATA[',
    ']]>',
    '@media{',
    '}',
    '/*',
    '*/',
    ' style=',
    ' {{',
  ];
  const next = randomFrom(7);
  for (let round = 0; round < rounds(1500); round++) {
    const html = Array.from({ length: 1 + next(25) }, () => pieces[next(pieces.length)] ?? '').join('');
    const made = inlineTask({ html });
    if (!made.ok) throw new Error(`${JSON.stringify(html)}: ${made.problem}`);
    if (!made.output.includes('style=')) expect(made.output).toBe(html);
  }
});
