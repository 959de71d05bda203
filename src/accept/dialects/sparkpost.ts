// SparkPost: X-MSYS-API, a JSON object. Pure.
import { present } from '../../lib/present.ts';
import { MAX_TAGS } from './bounds.ts';
import { flag, items, line, mailbox, members, metadata, pool, texts, type Cell } from './cell.ts';
import type { NamedRecipient } from './index.ts';
import { clicksOf, jsonDialect, type Row } from './rows.ts';

const MAX_COPIES = 1000;

const copies = (field: string, note: string): Row => ({
  field,
  note,
  read: (cell, get) => {
    if (['cc', 'bcc', 'archive'].flatMap(get).flatMap(items).length > MAX_COPIES)
      cell.complain(field, `array of at most ${MAX_COPIES} addresses in cc, bcc and archive`);
    const also = items(cell).flatMap((one) => recipient(one) ?? []);
    return also.length > 0 ? { also } : {};
  },
});

const rows: readonly Row[] = [
  {
    field: 'campaign_id',
    note: 'What statistics are aggregated by; cut at 255 characters.',
    read: (cell) => present({ campaign: line(cell) }),
  },
  {
    field: 'metadata',
    note: 'Metadata, in every event. Values become texts.',
    read: (cell) => present({ metadata: metadata(cell) }),
  },
  {
    field: 'tags',
    note: 'Tags. The first 20, cut at 255 characters.',
    read: (cell) => present({ tags: texts(items(cell), MAX_TAGS) }),
  },
  copies(
    'cc',
    'More recipients, each with its own copy; 1,000 with `bcc` and `archive`. The Cc field is not changed.',
  ),
  copies('bcc', 'The same.'),
  copies('archive', 'The same: a copy of its own, with links of its own.'),
  {
    field: 'substitution_data',
    note: 'SparkPost ignores it over SMTP too.',
  },
  {
    field: 'options.open_tracking',
    note: 'Opens are tracked or not.',
    read: (cell) => present({ opens: flag(cell) }),
  },
  {
    field: 'options.click_tracking',
    note: 'Links in HTML and text are tracked or not.',
    read: (cell) => clicksOf(flag(cell)),
  },
  {
    field: 'options.transactional',
    note: 'false: the message gets unsubscribe fields, unless it has its own; true: none.',
    read: (cell) => {
      const transactional = flag(cell);
      return transactional === undefined ? {} : { unsubscribe: !transactional };
    },
  },
  {
    field: 'options.sandbox',
    note: 'true: taken, reported as delivered, not sent.',
    read: (cell) => (flag(cell) === true ? { drop: true } : {}),
  },
  {
    field: 'options.skip_suppression',
    note: 'Sent although the address is suppressed, where the user was granted that.',
    read: (cell) => (flag(cell) === true ? { bypassSuppression: true } : {}),
  },
  {
    field: 'options.ip_pool',
    note: "Pool, among those that the user was granted; `sp_shared` is the user's own.",
    read: (cell) => {
      const name = pool(cell);
      return name === 'sp_shared' ? {} : present({ pool: name });
    },
  },
  {
    field: 'options.inline_css',
    note: 'Style sheets are written into style attributes.',
    read: (cell) => present({ inlineCss: flag(cell) }),
  },
];

/** SparkPost's own words, which programs may look for. */
const TYPES: Readonly<Record<string, string>> = {
  'a JSON object': 'json object',
  'true or false': 'boolean',
  'a text': 'string',
};

export const sparkpost = jsonDialect(
  {
    name: 'SparkPost',
    about: 'SparkPost: one JSON object in `X-MSYS-API`; of several such fields the first counts.',
    header: 'X-MSYS-API',
    rows,
  },
  (at, be) => {
    if (at !== '') return `'${at}' must be of type '${TYPES[be] ?? be}'`;
    return be.startsWith('JSON;') ? `must be ${be} (JSON parsing error)` : `must be ${be}`;
  },
);

/** An address, with a name or not, or an object of both. */
function recipient(cell: Cell): NamedRecipient | undefined {
  if (!(cell.value instanceof Map)) return mailbox(cell);
  const email = members(cell).get('email');
  const name = members(cell).get('name');
  const box = email ? mailbox(email) : cell.complain(cell.at, 'address');
  return box && { ...box, ...present({ name: name && line(name) }) };
}
