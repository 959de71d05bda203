// Our own control fields, X-Postino-*; those for what is in the mail are in native-mail.ts. Pure.
import { present } from '../../lib/present.ts';
import { MAX_BATCH, MAX_TAGS } from './bounds.ts';
import {
  choice,
  domain,
  duration,
  flag,
  json,
  line,
  named,
  metadata,
  pieces,
  pool,
  time,
  whole,
  type Cell,
} from './cell.ts';
import { mailRows } from './native-mail.ts';
import { headerDialect, type Part, type Row } from './rows.ts';

const MAX_CAMPAIGN = 255;
const MAX_TAG = 255;
const MAX_KEY = 255;
const MAX_ATTEMPTS = 1000;
const PRIORITIES = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 } as const;
const TLS = {
  yes: 'encrypted',
  true: 'encrypted',
  on: 'encrypted',
  1: 'encrypted',
  encrypted: 'encrypted',
  verified: 'verified',
  no: undefined,
  false: undefined,
  off: undefined,
  0: undefined,
} as const;

const rows: readonly Row[] = [
  {
    field: 'X-Postino-Priority',
    note: "1 (urgent) to 5. The more urgent of message and user counts, within the user's limit.",
    read: (cell) => present({ priority: choice(cell, PRIORITIES) }),
  },
  {
    field: 'X-Postino-Pool',
    note: 'Pool, among those that the user was granted.',
    read: (cell) => present({ pool: pool(cell) }),
  },
  {
    field: 'X-Postino-Return-Path-Domain',
    note: 'Domain of the return path, among those that the user was granted.',
    read: (cell) => present({ returnPathDomain: domain(cell) }),
  },
  {
    field: 'X-Postino-Signing-Domain',
    note: "DKIM's d=, among those that the user was granted.",
    read: (cell) => present({ signingDomain: domain(cell) }),
  },
  {
    field: 'X-Postino-Tracking-Domain',
    note: 'Host of tracked links, among those that the user was granted.',
    read: (cell) => present({ trackingDomain: domain(cell) }),
  },
  {
    field: 'X-Postino-Campaign',
    note: 'What statistics are aggregated by: 1 to 255 characters.',
    read: (cell) => present({ campaign: named(cell, MAX_CAMPAIGN) }),
  },
  {
    field: 'X-Postino-Campaign-Name',
    note: 'Name of the campaign for people.',
    read: (cell) => present({ campaignName: named(cell, MAX_CAMPAIGN) }),
  },
  {
    field: 'X-Postino-Tag',
    note: 'Tags, with commas between them; at most 20 of at most 255 characters. It may stand there several times.',
    many: true,
    read: (_, get) => tags(get('X-Postino-Tag')),
  },
  {
    field: 'X-Postino-Metadata',
    note: 'JSON `{name: text}`: your own data, in every event and never in the mail. Numbers, true and false become texts. Several fields add up.',
    many: true,
    read: (_, get) => {
      const all = get('X-Postino-Metadata').flatMap((cell) => Object.entries(metadata(json(cell)) ?? {}));
      return all.length > 0 ? { metadata: Object.fromEntries(all) } : {};
    },
  },
  {
    field: 'X-Postino-Idempotency-Key',
    note: 'A message with the same key of the same user within its window is not sent again; the answer has the ID of the first.',
    read: idempotencyKey,
  },
  { field: 'Idempotency-Key', note: 'The same.', read: idempotencyKey },
  {
    field: 'X-Postino-Send-At',
    note: 'ISO 8601 (without offset: UTC), RFC 5322 date or Unix seconds: not sent before; the past: now.',
    read: (cell) => present({ sendAt: time(cell) }),
  },
  {
    field: 'X-Postino-Batch',
    note: 'Names deliveries that are cancelled or put off together; at most 100 characters.',
    read: (cell) => present({ batch: named(cell, MAX_BATCH) }),
  },
  {
    field: 'X-Postino-TTL',
    note: 'How long to try, such as `2h`, from when it may first be sent.',
    read: (cell) => present({ ttl: duration(cell) }),
  },
  {
    field: 'X-Postino-Attempts',
    note: 'How many attempts at most.',
    read: (cell) => present({ attempts: whole(cell, 1, MAX_ATTEMPTS) }),
  },
  {
    field: 'X-Postino-Require-TLS',
    note: '`yes`: by TLS or not at all; `verified`: and with a certificate that names the host.',
    read: (cell) => present({ tls: choice(cell, TLS) }),
  },
  {
    field: 'X-Postino-Drop',
    note: 'yes: taken, reported as delivered, not sent.',
    read: (cell) => present({ drop: flag(cell) }),
  },
  {
    field: 'X-Postino-Bypass-Suppression',
    note: 'yes: sent although the address is suppressed, where the user was granted that.',
    read: (cell) => present({ bypassSuppression: flag(cell) }),
  },
  ...mailRows,
];

export const native = headerDialect(
  {
    name: 'Postino',
    about:
      'Our own fields, `X-Postino-*`: everything that a sender may ask for. Truth values may be yes, true, y, on, 1 and their opposites. Each field may stand there once, unless its row says otherwise; a value that cannot be read is refused.',
    rows,
  },
  'strict',
);

function tags(cells: readonly Cell[]): Part {
  const found = new Set<string>();
  for (const piece of cells.flatMap(pieces)) {
    const tag = line(piece, MAX_TAG + 1);
    if (tag !== undefined) found.add(tag);
  }
  if (found.size > MAX_TAGS || [...found].some((tag) => tag.length > MAX_TAG))
    cells[0]?.complain('', `at most ${MAX_TAGS} tags of at most ${MAX_TAG} characters`);
  return found.size > 0 ? { tags: [...found] } : {};
}

/** HTTP writes it as a quoted string; the quotes are no part of it. */
function idempotencyKey(cell: Cell): Part {
  return present({ idempotencyKey: named(cell, MAX_KEY)?.replace(/^"([^"]+)"$/, '$1') });
}
