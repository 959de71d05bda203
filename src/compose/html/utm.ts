// Campaign parameters for Google Analytics and its like, added to a link. Pure.
import type { Utm } from '../../model/instructions.ts';

const NAMES = ['source', 'medium', 'campaign', 'term', 'content'] as const;
const HOST = /^https?:\/\/(?:[^/?#@]*@)?([^/?#:@]+)/i;

/**
 * Adds utm_* parameters to http and https URLs of the wanted hosts. A parameter that is there already stays, whatever its
 * case; nothing else of the URL changes. Undefined when there is nothing to add anywhere.
 */
export function utmAdder(utm: Utm | undefined): ((url: string) => string) | undefined {
  const wanted = NAMES.flatMap((name) => {
    const value = utm?.[name];
    return value
      ? [{ name: `utm_${name}`, text: `utm_${name}=${encodeURIComponent(value.toWellFormed())}` }]
      : [];
  });
  if (wanted.length === 0) return undefined;
  const domains = utm?.domains?.map((domain) => domain.toLowerCase());
  return (url) => {
    const host = HOST.exec(url)?.[1]?.toLowerCase();
    if (host === undefined || (domains && !domains.some((domain) => isWithin(host, domain)))) return url;
    return withParameters(url, wanted);
  };
}

function withParameters(url: string, wanted: readonly Readonly<{ name: string; text: string }>[]): string {
  const hash = url.indexOf('#');
  const fragment = hash < 0 ? '' : url.slice(hash);
  const bare = hash < 0 ? url : url.slice(0, hash);
  const mark = bare.indexOf('?');
  const query = mark < 0 ? '' : bare.slice(mark + 1);
  const present = new Set(query.split(/[&;]/).map((part) => (part.split('=', 1)[0] ?? '').toLowerCase()));
  const added = wanted.filter(({ name }) => !present.has(name)).map(({ text }) => text);
  if (added.length === 0) return url;
  if (mark < 0) return `${bare}?${added.join('&')}${fragment}`;
  const between = query === '' || query.endsWith('&') ? '' : '&';
  return `${bare}${between}${added.join('&')}${fragment}`;
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
