// The links of a message as a person looks at them: where they lead, what they say, and what is odd about them. Pure.

/** oddity: insecure: plain http; not-a-link: no address that a browser opens; elsewhere: its text names another host. */
export type Link = Readonly<{
  url: string;
  /** What the link says; absent in the text part. */
  text?: string;
  oddity?: 'insecure' | 'not-a-link' | 'elsewhere' | 'local';
}>;

const MAX_LINKS = 500;
const MAX_URL = 4000;
const MAX_TEXT = 200;
const ANCHOR = /<a\b/gi;
const MAX_TAG = 8000;
/** Tags that are looked at: those without an address are no links. */
const MAX_ANCHORS = 5000;
const HREF = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;
const BARE = /\bhttps?:\/\/[^\s<>"']+/gi;

/** Links of the HTML part, else of the text part: the first 500 of them. */
export function linksIn({
  html,
  text,
}: Readonly<{ html?: string | undefined; text?: string | undefined }>): readonly Link[] {
  return html === undefined ? textLinks(text ?? '') : htmlLinks(html);
}

function htmlLinks(html: string): readonly Link[] {
  const links: Link[] = [];
  let looked = 0;
  for (const { index } of html.matchAll(ANCHOR)) {
    if (links.length >= MAX_LINKS || ++looked > MAX_ANCHORS) break;
    const tag = html.slice(index, index + MAX_TAG);
    const end = tag.indexOf('>');
    const [, double, single, bare] = HREF.exec(tag.slice(0, Math.max(0, end))) ?? [];
    const href = double ?? single ?? bare;
    if (href === undefined) continue;
    const start = index + end + 1;
    const label = html.slice(start, start + 2000).split(/<\/a\s*>/i, 1)[0] ?? '';
    const said = decode(label.replace(/<[^>]*>/g, ' '))
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, MAX_TEXT);
    links.push(judged(decode(href).trim(), said));
  }
  return links;
}

function textLinks(text: string): readonly Link[] {
  const found = [...text.slice(0, 1_000_000).matchAll(BARE)].slice(0, MAX_LINKS);
  return found.map(([url]) => judged(url.replace(/[.,;:!?)\]]+$/, ''), undefined));
}

function judged(given: string, text: string | undefined): Link {
  const url = given.slice(0, MAX_URL);
  const oddity = oddityOf(url, text ?? '');
  return { url, ...(text === undefined ? {} : { text }), ...(oddity === undefined ? {} : { oddity }) };
}

function oddityOf(url: string, text: string): Link['oddity'] {
  if (/^(?:mailto|tel|sms):/i.test(url) || url.startsWith('#')) return undefined;
  const target = /^https?:/i.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  if (!target) return 'not-a-link';
  if (/^(?:localhost|127\.|\[::1\]|10\.|192\.168\.)/.test(target.hostname)) return 'local';
  const named = /^(?:https?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/:?#]|$)/i.exec(text)?.[1]?.toLowerCase();
  const plain = (host: string): string => host.toLowerCase().replace(/^www\./, '');
  if (named !== undefined && plain(named) !== plain(target.hostname)) return 'elsewhere';
  return target.protocol === 'http:' ? 'insecure' : undefined;
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return NAMED[name.toLowerCase()] ?? whole;
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : '';
  });
}
