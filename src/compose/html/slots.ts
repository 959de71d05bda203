// Compiles a text or HTML body, once per submission, to the places where each recipient's own text goes. Pure.
import { finish, type Steps } from '../../lib/steps.ts';
import { footerPlace, headerPlace, noLandmarks } from './places.ts';
import type { Draft, DraftLink } from './draft.ts';
import { scanHtml } from './scan.ts';
import { MAX_LINKS, MAX_SOURCE, type Compiled, type Problem, type Slot, type SlotOptions } from './slot.ts';
import { scanText } from './text.ts';

/** text/html. `source` is in string space (charset.ts). */
export function htmlSlots(source: string, options: SlotOptions): Compiled {
  return finish(htmlSteps(source, options));
}

/** The same in steps. */
export function* htmlSteps(source: string, options: SlotOptions): Steps<Compiled> {
  if (source.length > MAX_SOURCE) return tooLarge(options);
  const landmarks = noLandmarks();
  const scan = yield* scanHtml(source, options, landmarks);
  const body = numbered(scan.drafts, options.firstLink);
  const { charset } = options;
  const end = footerPlace(landmarks);
  const header = block(
    'header',
    headerPlace(source, landmarks),
    charset.encode(options.header ?? '', 'html'),
  );
  const footer = block('footer', end, charset.encode(options.footer ?? '', 'html'));
  const pixel: readonly Slot[] = options.pixel ? [{ kind: 'pixel', start: end, end }] : [];
  return assembled(body, scan.problem, { header, footer, pixel, compile: htmlSlots, inner: inner(options) });
}

/** text/x-amp-html: the values of tags and links only; AMP has rules for everything else. */
export function ampSlots(source: string, options: SlotOptions): Compiled {
  return finish(ampSteps(source, options));
}

/** The same in steps. */
export function ampSteps(source: string, options: SlotOptions): Steps<Compiled> {
  return htmlSteps(source, { ...options, pixel: false, header: undefined, footer: undefined });
}

/** text/plain. */
export function textSlots(source: string, options: SlotOptions): Compiled {
  if (source.length > MAX_SOURCE) return tooLarge(options);
  const scan = scanText(source, options);
  const { charset } = options;
  const before = paragraph(charset.encode(options.header ?? '', 'plain'));
  const after = paragraph(charset.encode(options.footer ?? '', 'plain'));
  const gap = source === '' || source.endsWith('\n') ? '\r\n' : '\r\n\r\n';
  return assembled(numbered(scan.drafts, options.firstLink), scan.problem, {
    header: block('header', 0, before && `${before}\r\n`),
    footer: block('footer', source.length, after && `${gap}${after}`),
    pixel: [],
    compile: textSlots,
    inner: inner(options),
  });
}

function tooLarge({ firstLink = 1 }: SlotOptions): Compiled {
  return { slots: [], links: firstLink - 1, problem: 'size' };
}

type Block = Readonly<{ kind: 'header' | 'footer'; at: number; source: string }>;

function block(kind: 'header' | 'footer', at: number, source: string): Block | undefined {
  return source === '' ? undefined : { kind, at, source };
}

/** Text with CRLF at each line's end, the last one's too. */
function paragraph(text: string): string {
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n');
  return lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
}

type Around = Readonly<{
  header: Block | undefined;
  footer: Block | undefined;
  pixel: readonly Slot[];
  compile(source: string, options: SlotOptions): Compiled;
  /** For the blocks themselves. */
  inner: SlotOptions;
}>;

function inner({ charset, tags, clicks = false, utm = false }: SlotOptions): SlotOptions {
  return { charset, tags, clicks, utm };
}

/** The body's slots with the places; links in the blocks are numbered after those of the body. */
function assembled(body: Compiled, found: Problem | undefined, around: Around): Compiled {
  const places: Slot[] = [];
  let links = body.links;
  let problem = found ?? body.problem;
  for (const part of [around.header, around.footer]) {
    if (!part) continue;
    const compiled = around.compile(part.source, { ...around.inner, firstLink: links + 1 });
    problem ??= compiled.problem;
    links = compiled.links;
    places.push({
      kind: part.kind,
      start: part.at,
      end: part.at,
      source: part.source,
      slots: compiled.slots,
    });
  }
  places.push(...around.pixel);
  // Places first: at the same offset they stand before what begins there, in this order.
  const slots = [...places, ...body.slots].toSorted((a, b) => a.start - b.start);
  return { slots, links, ...(problem && { problem }) };
}

/** Numbers the tracked links, and drops those of which nothing is wanted any more. */
function numbered(drafts: readonly Draft[], firstLink = 1): Compiled {
  const slots: Slot[] = [];
  let links = firstLink - 1;
  let problem: Problem | undefined;
  for (const draft of drafts.toSorted((a, b) => a.start - b.start)) {
    if (draft.kind === 'tag') {
      slots.push(draft);
      continue;
    }
    const { tracked, ...link } = draft;
    const hasNumber = tracked && links < MAX_LINKS;
    if (tracked && !hasNumber) problem = 'links';
    if (hasNumber || isNeeded(draft)) slots.push({ ...link, n: hasNumber ? ++links : 0 });
  }
  return { slots, links, ...(problem && { problem }) };
}

function isNeeded(draft: DraftLink): boolean {
  return draft.utm || draft.target.some((piece) => piece.tag);
}
