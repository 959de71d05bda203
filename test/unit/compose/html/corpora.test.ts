// The vendors' own templates, and parse5 beside us: the same links, the same targets, and every other byte as it was.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import { describe, expect, test } from 'vitest';
import { fillSlot, join } from '../../../../src/compose/html/fill.ts';
import { cleanTarget, isTrackable, looksLikeUrl } from '../../../../src/compose/html/link.ts';
import type { LinkSlot } from '../../../../src/compose/html/slot.ts';
import { htmlSlots, textSlots } from '../../../../src/compose/html/slots.ts';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { fillWith, htmlTags, textTags, tracked } from './body.ts';
import { randomFrom } from '../../../support/random.ts';

const root = new URL('../../../../../shared/corpora/', import.meta.url).pathname;
const here = existsSync(`${root}html`);
const skipped = here ? '' : ' (skipped: the shared corpora are not there)';
const files = here ? globSync(`${root}html/**/*.{html,hbs,txt}`).sort() : [];

type Node = DefaultTreeAdapterTypes.Node;

/** Targets of the links that we would track, by where their attribute begins; also in Outlook's comments. */
function linksByParse5(html: string, offset = 0): Map<number, string> {
  const links = new Map<number, string>();
  const visit = (node: Node): void => {
    const comment = offset === 0 ? conditionOf(node, html) : undefined;
    if (comment) for (const link of linksByParse5(comment.shown, comment.from)) links.set(...link);
    const link = linkOf(node);
    if (link) links.set(link.at + offset, link.target);
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  // Mail clients run no scripts: what noscript holds is shown.
  visit(parse(html, { sourceCodeLocationInfo: true, scriptingEnabled: false }));
  return links;
}

function conditionOf(node: Node, html: string): Readonly<{ shown: string; from: number }> | undefined {
  if (node.nodeName !== '#comment' || !('data' in node)) return undefined;
  const start = (node.sourceCodeLocation?.startOffset ?? 0) + '<!--'.length;
  const prefix = /^\[if[^\]]*\]>/i.exec(node.data)?.[0];
  if (prefix === undefined || !html.startsWith('<!--', start - 4)) return undefined;
  const from = start + prefix.length;
  // From the source: in `data` line ends are one character.
  return { shown: html.slice(from, node.sourceCodeLocation?.endOffset).replace(/--!?>$/, ''), from };
}

function linkOf(node: Node): Readonly<{ at: number; target: string }> | undefined {
  if (!('attrs' in node) || !/^(a|area|v:.*)$/.test(node.nodeName)) return undefined;
  const target = cleanTarget(node.attrs.find(({ name }) => name === 'href')?.value ?? '');
  const at = node.sourceCodeLocation?.attrs?.['href']?.startOffset;
  if (at === undefined || !isTrackable(target)) return undefined;
  return node.nodeName !== 'area' && looksLikeUrl(textOf(node, TEXT_ONLY)) ? undefined : { at, target };
}

const TEXT_ONLY = /^(script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext|template)$/;

function textOf(node: Node, except?: RegExp): string {
  if (node.nodeName === '#text' && 'value' in node) return node.value;
  if (except?.test(node.nodeName)) return '';
  return 'childNodes' in node ? node.childNodes.map((child) => textOf(child, except)).join('') : '';
}

const ours = (source: string): LinkSlot[] =>
  htmlSlots(source, { charset: utf8, clicks: true }).slots.filter((slot) => slot.kind === 'link');

/** Links by where the attribute begins, as parse5 counts. */
const linksByUs = (source: string): Map<number, string> =>
  new Map(
    ours(source).map(({ start, fixed = '' }) => {
      const before = source.slice(0, start);
      return [before.length - (/href\s*=\s*["']?$/i.exec(before)?.[0].length ?? 0), fixed];
    }),
  );

describe.skipIf(!here)(`the vendors' templates${skipped}`, () => {
  test('are read', () => expect(files.length).toBeGreaterThan(80));

  test.each(files.map((file) => [basename(file), file] as const))('%s', (_, file) => {
    const raw = readFileSync(file, 'utf8');
    for (const text of [raw, raw.replace(/\r?\n/g, '\r\n')]) {
      const source = utf8.encode(text, 'html');
      const isText = file.endsWith('.txt');
      const [compile, tags] = isText ? ([textSlots, textTags] as const) : ([htmlSlots, htmlTags] as const);
      const { slots, problem } = compile(source, {
        charset: utf8,
        tags,
        clicks: true,
        pixel: true,
        footer: 'F',
      });
      expect(problem).toBeUndefined();

      const filled = join(source, slots, fillWith({}));
      let rebuilt = 'text' in filled ? filled.text : '';
      // From the end, each slot put back as it stood: what remains is the source, byte for byte.
      const pieces = slots.map((slot) => fillSlot(slot, fillWith({})));
      let shift = rebuilt.length - source.length;
      for (const [i, slot] of [...slots.entries()].toReversed()) {
        const piece = pieces[i] ?? '';
        shift -= piece.length - (slot.end - slot.start);
        const at = slot.start + shift;
        expect(rebuilt.slice(at, at + piece.length)).toBe(piece);
        rebuilt =
          rebuilt.slice(0, at) + source.slice(slot.start, slot.end) + rebuilt.slice(at + piece.length);
      }
      expect(rebuilt === source).toBe(true);
      if (!isText) expect(linksByUs(source)).toEqual(linksByParse5(source));
    }
  });

  test('read the same to people, and every link leads to its target by way of us', () => {
    let links = 0;
    for (const file of files.filter((one) => !one.endsWith('.txt'))) {
      const source = utf8.encode(readFileSync(file, 'utf8'), 'html');
      const { slots } = htmlSlots(source, { charset: utf8, clicks: true });
      const filled = join(source, slots, fillWith({}));
      const text = 'text' in filled ? filled.text : '';
      expect(textOf(parse(text)), file).toBe(textOf(parse(source)));
      const before = [...linksByParse5(source).values()];
      const after = [...linksByParse5(text).values()].filter((target) =>
        target.startsWith('https://c.example/'),
      );
      expect(after, file).toEqual(before.map((target, index) => tracked(index + 1, target)));
      links += before.length;
    }
    expect(links).toBeGreaterThan(50);
  });
});

describe('beside parse5', () => {
  // Not here: attributes of end tags, and links that show a host name, whose text parse5 moves out of them.
  const pieces = [
    '<a href="https://x.example/1">',
    "<a href='https://x.example/2?a&amp;b=&quot;c&copy=1'>",
    '<a href=https://x.example/3>',
    '<a\thref\n= "https://x.example/4"\r\n>',
    '<A HREF=https://x.example/5/>',
    '<a title=">" href="https://x.example/6">',
    '<a href="https://x.example/7" href="https://x.example/8">',
    '<area href=https://x.example/9>',
    '<a/href="https://x.example/10"/>',
    '<a href = https://x.example/11 / >',
    '<a ="" href="https://x.example/12">',
    '<a "href="https://x.example/13">',
    '<a b=\'"\' href="https://x.example/14">',
    "<a href='mailto:x'>",
    '<a>',
    '</a>',
    '<p>',
    '</p>',
    '<b>',
    '</b>',
    '<!-- ',
    ' -->',
    '<!-->',
    '<!--->',
    '--!>',
    '<!x>',
    '<?x>',
    '</ x>',
    '<![CDATA[',
    ']]>',
    '<!--[if mso]>',
    '<![endif]-->',
    '<![if !mso]>',
    '<![endif]>',
    '<!--[if !mso]><!-->',
    '<!--<![endif]-->',
    '<style>',
    '</style>',
    '<script>',
    '</script >',
    '<title>',
    '</title>',
    '<textarea>',
    '</textarea>',
    '<xmp>',
    '</xmp>',
    '<iframe>',
    '</iframe>',
    '<noembed>',
    '</noembed>',
    'text',
    ' ',
    '\r\n',
    '"',
    "'",
    '<',
    '&',
    '\0',
    '>',
    '=',
    '<div',
    '/',
  ];

  test('random documents have the same links', () => {
    const random = randomFrom(2024);
    let links = 0;
    for (let round = 0; round < 4000; round++) {
      const source = Array.from({ length: 14 }, () => pieces[random(pieces.length)] ?? '').join('');
      if (/<script>.*<!--.*<script>/s.test(source)) continue; // a script in a script's comment: no mail has it
      const theirs = [...linksByParse5(source)].toSorted(([a], [b]) => a - b);
      const mine = [...linksByUs(source)].toSorted(([a], [b]) => a - b);
      if (JSON.stringify(mine) !== JSON.stringify(theirs))
        expect(mine, JSON.stringify(source)).toEqual(theirs);
      links += theirs.length;
    }
    expect(links).toBeGreaterThan(1000);
  });
});
