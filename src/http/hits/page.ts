// The public pages: to unsubscribe, what came of it, and what is wrong with a link. No script, nothing from elsewhere but a logo.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { escapeHtml } from '../../lib/html.ts';
import { texts, type Language } from './texts.ts';

/** Who a page speaks for. */
export type Brand = Readonly<{
  name: string;
  /** https address of a picture. */
  logo?: string | undefined;
}>;

/** Who reads a page, and about which mail. */
export type Reader = Readonly<{ language: Language; brand: Brand; recipient: string }>;

/** What can be chosen: topics by their place in the list, or all mail. */
export type Chosen = Readonly<{ topics: readonly number[]; all: boolean }>;

export type Page = Readonly<{
  status: number;
  html: string;
  /** The value of Content-Security-Policy. */
  policy: string;
}>;

/** Names and values in the forms of these pages. */
export const fields = { do: 'do', stop: 'stop', resume: 'resume', topic: 'topic', all: 'all' } as const;

const style = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
const styleHash = createHash('sha256').update(style).digest('base64');

const ICONS = {
  letter: '<path d="M3 6.5h18v12H3z"/><path d="m3.5 7 8.5 6.5L20.5 7"/>',
  done: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  problem: '<path d="M12 6v7.5"/><path d="M12 17.5v.5"/>',
} as const;

/** Asks what is to stop; `missing`: nothing was chosen before. */
export function askPage(
  reader: Reader,
  offer: Readonly<{ topics: readonly string[]; chosen: Chosen; missing: boolean }>,
): Page {
  const words = texts[reader.language].ask;
  const { topics, chosen, missing } = offer;
  const boxes = topics.map((topic, i) =>
    box(fields.topic, String(i), {
      checked: chosen.topics.includes(i),
      label: `<bdi>${escapeHtml(topic)}</bdi>`,
    }),
  );
  const everything = box(fields.all, '1', { checked: chosen.all, label: fill(words.everything, reader) });
  const choice =
    topics.length === 0
      ? hidden(fields.all, '1')
      : `<fieldset><legend>${escapeHtml(words.legend)}</legend>${boxes.join('')}${everything}</fieldset>`;
  const alert = missing ? `<p class="alert" role="alert">${escapeHtml(words.nothing)}</p>` : '';
  return page(reader, {
    status: missing ? 400 : 200,
    title: words.title,
    icon: 'letter',
    body: `<p>${fill(topics.length === 0 ? words.all : words.some, reader)}</p>
<form method="post">${hidden(fields.do, fields.stop)}${choice}${alert}<button type="submit">${escapeHtml(words.button)}</button></form>`,
  });
}

/** Says what was stopped, and offers to take it back. */
export function stoppedPage(reader: Reader, topics: readonly string[], chosen: Chosen): Page {
  const words = texts[reader.language].stopped;
  return page(reader, {
    status: 200,
    title: words.title,
    icon: 'done',
    body: `${about(words, reader, chosen.all ? [] : chosen.topics.map((i) => topics[i] ?? ''))}
<p class="quiet">${escapeHtml(words.soon)}</p>
<form method="post" class="again"><p class="quiet" id="mistake">${escapeHtml(words.mistake)}</p>
${hidden(fields.do, fields.resume)}${chosen.topics.map((i) => hidden(fields.topic, String(i))).join('')}${chosen.all ? hidden(fields.all, '1') : ''}
<button type="submit" class="second" aria-describedby="mistake">${escapeHtml(words.button)}</button></form>`,
  });
}

/** Says what is sent again. */
export function resumedPage(reader: Reader, topics: readonly string[], chosen: Chosen): Page {
  const words = texts[reader.language].resumed;
  const named = chosen.all ? [] : chosen.topics.map((i) => topics[i] ?? '');
  return page(reader, { status: 200, title: words.title, icon: 'done', body: about(words, reader, named) });
}

const STATUSES = { unknown: 404, gone: 410, later: 503, bad: 400 } as const;

/** Says in a sentence why there is nothing to see. */
export function problemPage(kind: keyof typeof STATUSES, language: Language, brand: Brand): Page {
  const words = texts[language][kind];
  return page(
    { language, brand, recipient: '' },
    { status: STATUSES[kind], title: words.title, icon: 'problem', body: `<p>${escapeHtml(words.text)}</p>` },
  );
}

/** An address that its owner knows again, and who looks over a shoulder does not learn: "a***@example.net". */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 1) return '***';
  const [first = ''] = address;
  return `${first}***${address.slice(at)}`;
}

function about(
  words: Readonly<{ all: string; some: string }>,
  reader: Reader,
  topics: readonly string[],
): string {
  if (topics.length === 0) return `<p>${fill(words.all, reader)}</p>`;
  const items = topics.map((topic) => `<li><bdi>${escapeHtml(topic)}</bdi></li>`).join('');
  return `<p>${fill(words.some, reader)}</p><ul>${items}</ul>`;
}

type Content = Readonly<{ status: number; title: string; icon: keyof typeof ICONS; body: string }>;

function page({ language, brand }: Reader, { status, title, icon, body }: Content): Page {
  const logo = logoOf(brand);
  const picture = logo ? `<img src="${escapeHtml(logo.href)}" alt="" referrerpolicy="no-referrer">` : '';
  const name = brand.name === '' ? '' : `<span>${escapeHtml(brand.name)}</span>`;
  const head = picture === '' && name === '' ? '' : `<div class="brand">${picture}${name}</div>`;
  const full = brand.name === '' ? title : `${title} – ${brand.name}`;
  const mark = icon === 'problem' ? 'mark bad' : 'mark';
  return {
    status,
    policy: [
      "default-src 'none'",
      `style-src 'sha256-${styleHash}'`,
      ...(logo ? [`img-src ${logo.origin}`] : []),
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    html: `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex"><title>${escapeHtml(full)}</title><style>${style}</style></head>
<body><main>${head}<div class="${mark}"><svg width="28" height="28" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${ICONS[icon]}</svg></div>
<h1>${escapeHtml(title)}</h1>
${body}</main></body></html>
`,
  };
}

/** Only https: a picture over http would be blocked, and could be changed on its way. */
function logoOf({ logo }: Brand): URL | undefined {
  if (logo === undefined || !URL.canParse(logo)) return undefined;
  const url = new URL(logo);
  return url.protocol === 'https:' ? url : undefined;
}

/** A sentence with the sender's name and the masked address in their places. */
function fill(sentence: string, { brand, recipient }: Reader): string {
  const values: Readonly<Record<string, string>> = { sender: brand.name, address: maskAddress(recipient) };
  return escapeHtml(sentence).replace(
    /\{(sender|address)\}/g,
    (_, name: string) => `<strong><bdi>${escapeHtml(values[name] ?? '')}</bdi></strong>`,
  );
}

function box(name: string, value: string, shown: Readonly<{ checked: boolean; label: string }>): string {
  const checked = shown.checked ? ' checked' : '';
  return `<label class="choice"><input type="checkbox" name="${name}" value="${value}"${checked}><span>${shown.label}</span></label>`;
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${value}">`;
}
