// Marks the links of an HTML body with their clicks, as a number and a shade, for people who look at it. Pure.
import { countedUrl } from '../../model/counted-url.ts';
import { unicode } from '../merge/charset.ts';
import { htmlSlots } from './slots.ts';
import type { LinkSlot } from './slot.ts';

/** Clicks on one link: its number among the tracked ones, and its address without what follows "?" or "#". */
export type LinkClicks = Readonly<{ link: number; url: string; clicks: number }>;

/** Ground and text of a mark, from few clicks to many; each pair can be read without telling colours apart. */
const SHADES = [
  { from: 0.4, ground: '#7f1d1d', text: '#ffffff' },
  { from: 0.2, ground: '#b45309', text: '#ffffff' },
  { from: 0.1, ground: '#fbbf24', text: '#1c1917' },
  { from: Number.MIN_VALUE, ground: '#fef3c7', text: '#1c1917' },
  { from: 0, ground: '#ffffff', text: '#44403c' },
] as const;

const OURS = /^https?:\/\/[^/]+\/t\//;
/** History cuts a longer one. */
const MAX_ADDRESS = 250;

/** The same HTML with a mark in each link; nothing else of it is changed. */
export function markLinks(source: string, clicks: readonly LinkClicks[]): string {
  const { slots } = htmlSlots(source, { charset: unicode, clicks: true });
  const links = slots.filter((slot) => slot.kind === 'link' && isAnchor(source, slot.start));
  const anchors = links.flatMap((slot) => (slot.kind === 'link' ? [anchorOf(source, slot)] : []));
  const total = clicks.reduce((sum, one) => sum + one.clicks, 0);
  const counts = assign(anchors, clicks);
  let marked = '';
  let at = 0;
  for (const [n, { inside }] of anchors.entries()) {
    if (inside < at) continue;
    marked += source.slice(at, inside) + markOf(counts[n] ?? 0, total);
    at = inside;
  }
  return marked + source.slice(at);
}

type Anchor = Readonly<{
  link: number;
  url: string;
  /** Where its start tag has ended. */
  inside: number;
}>;

/** Shapes and maps have no inside that is shown. */
function isAnchor(source: string, at: number): boolean {
  return /^<a[\s/]/i.test(source.slice(source.lastIndexOf('<', at), at));
}

function anchorOf(source: string, slot: LinkSlot): Anchor {
  const target = slot.fixed ?? slot.target.map(({ text }) => text).join('');
  return { link: slot.n, url: countedUrl(target), inside: endOfTag(source, slot) };
}

/** After the ">" of the tag whose attribute's value this is; a ">" in another value does not end it. */
function endOfTag(source: string, { end, quote }: LinkSlot): number {
  let open = '';
  let at = quote !== undefined && quote !== '' && source[end] === quote ? end + 1 : end;
  for (; at < source.length; at++) {
    const char = source[at] ?? '';
    if (open !== '') open = char === open ? '' : open;
    else if (char === '"' || char === "'") open = char;
    else if (char === '>') return at + 1;
  }
  return source.length;
}

/** Clicks of each anchor: by number and address; what is left of an address is that of its first anchor. */
function assign(anchors: readonly Anchor[], clicks: readonly LinkClicks[]): readonly number[] {
  const counts = anchors.map(() => 0);
  for (const { link, url, clicks: count } of clicks) {
    const exact = anchors.findIndex((anchor) => anchor.link === link && isSame(anchor.url, url));
    const same = exact >= 0 ? exact : anchors.findIndex((anchor) => isSame(anchor.url, url));
    // A letter that the sandbox caught has our own links in it, which tell their number alone.
    const at =
      same >= 0 ? same : anchors.findIndex((anchor) => anchor.link === link && OURS.test(anchor.url));
    if (at >= 0) counts[at] = (counts[at] ?? 0) + count;
  }
  return counts;
}

function isSame(url: string, told: string): boolean {
  const known = countedUrl(told);
  return url === known || (known.length > MAX_ADDRESS && url.startsWith(known));
}

/** Digits alone: nothing that a stranger wrote stands in it. */
function markOf(clicks: number, total: number): string {
  const share = total > 0 ? clicks / total : 0;
  const shade = SHADES.find(({ from }) => share >= from) ?? SHADES[4];
  const style = [
    'all:initial',
    'display:inline-block',
    'position:static',
    'visibility:visible',
    'opacity:1',
    `background:${shade.ground}`,
    `color:${shade.text}`,
    'border:1px solid #44403c',
    'border-radius:9px',
    'padding:0 6px',
    'margin:0 4px 0 0',
    'font:bold 12px/18px sans-serif',
    'white-space:nowrap',
  ]
    .map((rule) => `${rule} !important`)
    .join(';');
  return `<span style="${style}">${clicks} · ${Math.round(share * 100)}%</span>`;
}
