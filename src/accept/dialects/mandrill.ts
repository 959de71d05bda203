// Mandrill (Mailchimp Transactional): X-MC-* fields. Pure.
import { present } from '../../lib/present.ts';
import { toAsciiDomain } from '../../mail/domain.ts';
import type { TagSyntax } from '../../model/instructions.ts';
import { MAX_DOMAINS, MAX_TAGS } from './bounds.ts';
import {
  addressKey,
  choice,
  domain,
  flag,
  json,
  line,
  mailbox,
  maybeNamed,
  members,
  metadata,
  pieces,
  pool,
  record,
  texts,
  time,
  words,
  type Cell,
} from './cell.ts';
import { checked, headerDialect, join, type Get, type Part, type Row } from './rows.ts';

const LANGUAGES: Readonly<Record<string, TagSyntax>> = { mailchimp: 'mailchimp', handlebars: 'handlebars' };
const OFF = ['none', 'false', 'off', 'no', 'n', '0'];
const CLICKS = {
  clicks_all: 'all',
  clicks: 'all',
  clicks_htmlonly: 'html',
  clicks_textonly: 'text',
} as const;

const rows: readonly Row[] = [
  {
    field: 'X-MC-Tags',
    note: 'Tags, with commas between them. The first 20, cut at 255 characters.',
    many: true,
    read: (_, get) => present({ tags: texts(get('X-MC-Tags').flatMap(pieces), MAX_TAGS) }),
  },
  {
    field: 'X-MC-Track',
    note: '`opens` and one of `clicks_all`, `clicks`, `clicks_htmlonly`, `clicks_textonly`. What it does not name is off; empty or `none`: both.',
    read: track,
  },
  { field: 'X-MC-Autotext', note: 'No text is made from HTML.', missed: true },
  { field: 'X-MC-AutoHtml', note: 'No HTML is made from text.', missed: true },
  {
    field: 'X-MC-Template',
    note: "`name|block`: a stored template of the account; the message's own body takes the place of its tag `block` (`main` when there is none).",
    read: (cell) => {
      const [name, block] = (line(cell) ?? '').split('|').map((text) => text.trim());
      return name ? { template: { name, block: block || 'main' } } : {};
    },
  },
  {
    field: 'X-MC-MergeVars',
    note: 'JSON: values for merge tags; with `_rcpt` those of one recipient; every recipient then sees only its own address, unless `X-MC-PreserveRecipients` says otherwise. It may stand there several times. Lists and objects become their JSON.',
    many: true,
    read: (_, get) =>
      get('X-MC-MergeVars')
        .map((cell) => mergeVars(json(cell), get))
        .reduceRight(join, {}),
  },
  {
    field: 'X-MC-MergeLanguage',
    note: '`mailchimp` (`*|NAME|*`, the default; also `*|IF:NAME=value|*` with `ELSEIF`, `ELSE`, `END:IF`, and `*|CURRENT_YEAR|*`, `*|DATE:d/m/Y|*`, `*|MC:SUBJECT|*`, `*|EMAIL|*`, `*|UNSUB|*`) or `handlebars` (`{{name}}`, variables only).',
    read: (cell) => {
      const syntax = choice(cell, LANGUAGES);
      return syntax ? { merge: { syntaxes: [syntax] } } : {};
    },
  },
  {
    field: 'X-MC-GoogleAnalytics',
    note: 'Domains, with commas between them: their links get utm_source=mandrill, utm_medium=email and utm_campaign.',
    read: analytics,
  },
  {
    field: 'X-MC-GoogleAnalyticsCampaign',
    note: 'The utm_campaign for `X-MC-GoogleAnalytics`; without it the From address.',
    read: checked(line),
  },
  {
    field: 'X-MC-Metadata',
    note: 'JSON: metadata, in every event. Values become texts.',
    read: (cell) => present({ metadata: metadata(json(cell)) }),
  },
  { field: 'X-MC-URLStripQS', note: 'Events have the whole address of a link.' },
  {
    field: 'X-MC-PreserveRecipients',
    note: 'false: every recipient sees only its own address in To, and no Cc.',
    read: (cell) => {
      const keep = flag(cell);
      return keep === undefined ? {} : { separate: !keep };
    },
  },
  {
    field: 'X-MC-InlineCSS',
    note: 'Style sheets are written into style attributes.',
    read: (cell) => present({ inlineCss: flag(cell) }),
  },
  { field: 'X-MC-ViewContentLink', note: 'There is no such link to content.' },
  {
    field: 'X-MC-Important',
    note: 'Yes: priority 2 (high).',
    read: (cell) => (flag(cell) === true ? { priority: 2 } : {}),
  },
  {
    field: 'X-MC-TrackingDomain',
    note: 'Host of tracked links, among those that the user was granted.',
    read: (cell) => present({ trackingDomain: domain(cell) }),
  },
  {
    field: 'X-MC-SigningDomain',
    note: "DKIM's d=, among those that the user was granted.",
    read: (cell) => present({ signingDomain: domain(cell) }),
  },
  {
    field: 'X-MC-ReturnPathDomain',
    note: 'Domain of the return path, among those that the user was granted.',
    read: (cell) => present({ returnPathDomain: domain(cell) }),
  },
  { field: 'X-MC-Subaccount', note: 'Make a user for each subaccount.', missed: true },
  {
    field: 'X-MC-IpPool',
    note: 'Pool, among those that the user was granted.',
    read: (cell) => present({ pool: pool(cell) }),
  },
  {
    field: 'X-MC-BccAddress',
    note: 'A copy to this address.',
    read: (cell) => {
      const box = mailbox(cell);
      return box ? { also: [box] } : {};
    },
  },
  {
    field: 'X-MC-SendAt',
    note: 'UTC, `YYYY-MM-DD HH:MM:SS`: not sent before; the past: now.',
    read: (cell) => present({ sendAt: time(cell) }),
  },
];

export const mandrill = headerDialect({
  name: 'Mandrill',
  about:
    'Mandrill (Mailchimp Transactional): `X-MC-*` fields. Truth values may be true, yes, y, on, 1 and their opposites.',
  rows,
});

function track(cell: Cell): Part {
  const wanted = words(cell)
    .map((word) => word.toLowerCase())
    .filter((word) => word !== '' && !OFF.includes(word));
  const clicks = Object.entries(CLICKS).find(([name]) => wanted.includes(name))?.[1] ?? 'none';
  const unknown = wanted.some((word) => word !== 'opens' && !Object.hasOwn(CLICKS, word));
  if (unknown) cell.complain('', `opens and one of ${Object.keys(CLICKS).join(', ')}`);
  return { opens: wanted.includes('opens'), clicks };
}

/** A later field wins over an earlier one: the caller joins them from the end. */
function mergeVars(cell: Cell, get: Get): Part {
  const named = new Map([...members(cell)].map(([name, one]) => [name, one.value]));
  const rcpt = members(cell).get('_rcpt');
  named.delete('_rcpt');
  const values = record({ ...cell, value: named });
  const language = get('X-MC-MergeLanguage')[0];
  const syntaxes: TagSyntax[] = [(language && choice(language, LANGUAGES)) ?? 'mailchimp'];
  if (!rcpt) return values ? { merge: { syntaxes, fields: values } } : {};
  const address = addressKey(rcpt, String(maybeNamed(rcpt) ?? ''));
  if (address === undefined || !values) return {};
  // A letter of one's own names nobody else.
  const [preserve] = get('X-MC-PreserveRecipients');
  return {
    merge: { syntaxes, recipients: { [address]: values } },
    ...(preserve && flag(preserve) !== undefined ? {} : { separate: true }),
  };
}

function analytics(cell: Cell, get: Get): Part {
  const domains = words(cell).flatMap((word) => toAsciiDomain(word) ?? []);
  if (domains.length === 0) return {};
  const campaign =
    get('X-MC-GoogleAnalyticsCampaign').map((one) => line(one))[0] ?? get('From').map(mailbox)[0]?.address;
  return {
    utm: {
      source: 'mandrill',
      medium: 'email',
      ...present({ campaign }),
      domains: domains.slice(0, MAX_DOMAINS),
    },
  };
}
