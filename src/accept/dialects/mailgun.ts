// Mailgun: X-Mailgun-* fields. Pure.
import { present } from '../../lib/present.ts';
import { MAX_TAGS } from './bounds.ts';
import {
  addressKey,
  choice,
  duration,
  flag,
  json,
  maybeNamed,
  members,
  metadata,
  pool,
  record,
  texts,
  time,
  whole,
  type Cell,
} from './cell.ts';
import { checked, clicksOf, headerDialect, type Part, type Row } from './rows.ts';

const CLICKS = {
  yes: 'all',
  true: 'all',
  on: 'all',
  1: 'all',
  htmlonly: 'html',
  no: 'none',
  false: 'none',
  off: 'none',
  0: 'none',
} as const;

const rows: readonly Row[] = [
  {
    field: 'X-Mailgun-Tag',
    note: 'A tag; it may stand there several times. The first 20, cut at 255 characters.',
    many: true,
    read: (_, get) => present({ tags: texts(get('X-Mailgun-Tag'), MAX_TAGS) }),
  },
  { field: 'X-Mailgun-Dkim', note: 'Mail is signed whenever the domain has a key.' },
  { field: 'X-Mailgun-Secondary-DKIM', note: 'Mail is signed by the keys of its domain.', missed: true },
  {
    field: 'X-Mailgun-Secondary-DKIM-Public',
    note: 'Mail is signed by the keys of its domain.',
    missed: true,
  },
  {
    field: 'X-Mailgun-Deliver-By',
    note: 'RFC 5322 date or Unix seconds: not sent before; the past: now.',
    read: (cell) => present({ sendAt: time(cell) }),
  },
  {
    field: 'X-Mailgun-Deliver-Within',
    note: 'How long to try, such as `1h30m`.',
    read: (cell) => (maybeNamed(cell) === undefined ? {} : present({ ttl: duration(cell) })),
  },
  {
    field: 'X-Mailgun-Drop-Message',
    note: 'yes: taken, reported as delivered, not sent.',
    read: (cell) => (flag(cell) === true ? { drop: true } : {}),
  },
  {
    field: 'X-Mailgun-Track-Opens',
    note: 'Opens are tracked or not.',
    read: (cell) => present({ opens: flag(cell) }),
  },
  {
    field: 'X-Mailgun-Track-Clicks',
    note: 'Links are tracked (yes), only in HTML (htmlonly), or not.',
    read: (cell) => present({ clicks: choice(cell, CLICKS) }),
  },
  {
    field: 'X-Mailgun-Track',
    note: 'Both, where the two fields above do not say otherwise.',
    read: (cell) => {
      const on = flag(cell);
      return { ...present({ opens: on }), ...clicksOf(on) };
    },
  },
  { field: 'X-Mailgun-Track-Pixel-Location-Top', note: 'The pixel stands at the end.' },
  { field: 'X-Mailgun-Sending-Ip', note: 'A message chooses a pool, not an address.', missed: true },
  {
    field: 'X-Mailgun-Sending-Ip-Pool',
    note: 'Pool, among those that the user was granted.',
    read: (cell) => present({ pool: pool(cell) }),
  },
  {
    field: 'X-Mailgun-Require-TLS',
    note: 'yes: TLS with a verified certificate, or with any when `X-Mailgun-Skip-Verification` is yes; else not sent.',
    read: (cell, get) => {
      const anyCertificate = get('X-Mailgun-Skip-Verification').map(flag)[0] === true;
      return flag(cell) === true ? { tls: anyCertificate ? 'encrypted' : 'verified' } : {};
    },
  },
  {
    field: 'X-Mailgun-Skip-Verification',
    note: 'Read with `X-Mailgun-Require-TLS`; alone it changes nothing.',
    read: checked(flag),
  },
  {
    field: 'X-Mailgun-Recipient-Variables',
    note: 'JSON `{address: {name: value}}` for `%recipient.name%`. Every recipient sees only its own address in To.',
    many: true,
    read: (_, get) => recipientVariables(get('X-Mailgun-Recipient-Variables').map(json)),
  },
  {
    field: 'X-Mailgun-Template-Name',
    note: 'A stored template of the account.',
    read: (cell, get) => {
      const name = maybeNamed(cell);
      const version = get('X-Mailgun-Template-Version').map(versionOf)[0];
      return name === undefined ? {} : { template: { name, ...present({ version }) } };
    },
  },
  {
    field: 'X-Mailgun-Template-Version',
    note: 'A version of the template by number, such as `2` or `v2`.',
    read: checked(versionOf),
  },
  {
    field: 'X-Mailgun-Template-Variables',
    note: 'JSON: values for `{{name}}`, variables only. Lists and objects become their JSON.',
    read: (cell) => handlebars(record(json(cell))),
  },
  {
    field: 'X-Mailgun-Variables',
    note: 'JSON: metadata, in every event and not in the mail; with a template also values for `{{name}}`. Several fields add up.',
    many: true,
    read: (_, get) => {
      const all = get('X-Mailgun-Variables').map((cell) => metadata(json(cell)) ?? {});
      const variables = Object.fromEntries(all.flatMap((one) => Object.entries(one)));
      if (Object.keys(variables).length === 0) return {};
      return {
        metadata: variables,
        ...(get('X-Mailgun-Template-Name').length > 0 ? handlebars(variables) : {}),
      };
    },
  },
  { field: 'multipart/mailgun-variables', note: 'Values in a MIME part are not read; use the fields above.' },
  { field: 'X-Mailgun-Delivery-Time-Optimize-Period', note: 'Sent at once.', missed: true },
  { field: 'X-Mailgun-Time-Zone-Localize', note: 'Sent at once.', missed: true },
];

export const mailgun = headerDialect({
  name: 'Mailgun',
  about: 'Mailgun: `X-Mailgun-*` fields. Truth values may be yes, true, on, 1 and their opposites.',
  rows,
});

function recipientVariables(cells: readonly Cell[]): Part {
  const recipients = new Map<string, Readonly<Record<string, string>>>();
  for (const cell of cells)
    for (const [address, values] of members(cell)) {
      const key = addressKey(values, address);
      if (key !== undefined) recipients.set(key, { ...recipients.get(key), ...record(values) });
    }
  if (recipients.size === 0) return {};
  return { separate: true, merge: { syntaxes: ['mailgun'], recipients: Object.fromEntries(recipients) } };
}

function handlebars(fields: Readonly<Record<string, string>> | undefined): Part {
  return fields ? { merge: { syntaxes: ['handlebars'], fields } } : {};
}

function versionOf(cell: Cell): number | undefined {
  const text = maybeNamed(cell)?.replace(/^v/i, '');
  return text === undefined ? undefined : whole({ ...cell, value: text }, 1, 1_000_000);
}
