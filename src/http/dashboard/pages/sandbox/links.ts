// Where the links of a message lead, and what is odd about them; the message itself never becomes elements of this page.

export type FoundLink = Readonly<{
  address: string;
  /** What the reader of the message sees; undefined: the address stood in the text. */
  text: string | undefined;
  /** The address that a browser would open; undefined: none that we let it. */
  opens: string | undefined;
  /** insecure: not encrypted · elsewhere: its text names another host · none: no web address. */
  oddity: 'insecure' | 'elsewhere' | 'none' | undefined;
}>;

/** Good enough to show where links lead; bounded, so that no message makes it slow. */
const ANCHOR =
  /<(?:a|area)\s(?:[^>]{0,2000}?\s)?href\s{0,9}=\s{0,9}("[^"]{0,8000}"|'[^']{0,8000}'|[^\s>"']{1,8000})[^>]{0,2000}>([^]{0,2000}?)(?=<\/a>|<a[\s>]|$)/gi;
const IN_TEXT = /https?:\/\/[^\s<>"]+/g;
const HOST = /(?:https?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,})/i;
const MAX_SHOWN = 200;

export function linksIn(html: string, text: string): readonly FoundLink[] {
  const links = [...html.matchAll(ANCHOR)].map(([, address = '', inner = '']) =>
    judge(
      unescape(address.replace(/^["']|["']$/g, '')).trim(),
      unescape(inner.replace(/<[^>]*>/g, ' '))
        .trim()
        .replace(/\s+/g, ' ')
        .slice(0, MAX_SHOWN),
    ),
  );
  for (const [address] of text.matchAll(IN_TEXT))
    if (!links.some((link) => link.address === address)) links.push(judge(address, undefined));
  return links;
}

function judge(address: string, text: string | undefined): FoundLink {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const opens = url && /^https?:$/.test(url.protocol) ? url.href : undefined;
  return { address, text, opens, oddity: oddityOf(url, text ?? '') };
}

function oddityOf(url: URL | undefined, text: string): FoundLink['oddity'] {
  if (!url || !/^https?:$/.test(url.protocol)) return url?.protocol === 'mailto:' ? undefined : 'none';
  const named = HOST.exec(text)?.[1]
    ?.toLowerCase()
    .replace(/^www\./, '');
  const host = url.hostname.replace(/^www\./, '');
  if (named !== undefined && named !== host && !host.endsWith(`.${named}`)) return 'elsewhere';
  return url.protocol === 'http:' ? 'insecure' : undefined;
}

const references: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** Text of HTML without its references, without making elements of it. */
function unescape(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{2,6}));?/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return references[name.toLowerCase()] ?? whole;
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : '';
  });
}
