// SendGrid: X-SMTPAPI with names in lower case; its filters are in sendgrid-filters.ts. Pure.
import { present } from '../../lib/present.ts';
import { MAX_BATCH, MAX_TAGS, MAX_TOPIC, MAX_TOPICS } from './bounds.ts';
import {
  items,
  mailbox,
  maybeNamed,
  members,
  metadata,
  pool,
  record,
  texts,
  time,
  value,
  type Cell,
} from './cell.ts';
import type { NamedRecipient } from './index.ts';
import { jsonDialect, type Get, type Part, type Row } from './rows.ts';
import { filters } from './sendgrid-filters.ts';

type Recipients = readonly (NamedRecipient | undefined)[];

const known = new WeakMap<Cell, Recipients>();

const rows: readonly Row[] = [
  {
    field: 'to',
    note: 'Recipients that take the place of those of the envelope; each gets its own copy. One that stands there twice gets one copy, with the values of the first.',
    read: (cell, get) => {
      const boxes = recipients(get);
      const times = get('send_each_at').flatMap(items).map(time);
      const to = new Map<string, NamedRecipient>();
      boxes.forEach((box, index) => {
        const key = box?.address.toLowerCase();
        const sendAt = times[index];
        if (box && key !== undefined && !to.has(key))
          to.set(key, sendAt === undefined ? box : { ...box, sendAt });
      });
      return to.size > 0 ? { to: [...to.values()], separate: true } : {};
    },
  },
  {
    field: 'sub',
    note: 'Values for any text as a tag, one per address in `to`, in that order. Without `to` one value is for all; several are refused.',
    read: (cell, get) => readSub(cell, recipients(get)),
  },
  {
    field: 'section',
    note: 'Texts that values of `sub` can name.',
    read: (cell) => {
      const sections = record(cell);
      return sections ? { merge: { syntaxes: ['literal'], sections } } : {};
    },
  },
  {
    field: 'category',
    note: 'One text or a list: tags. The first 20, cut at 255 characters.',
    read: (cell) => present({ tags: texts(items(cell), MAX_TAGS) }),
  },
  {
    field: 'unique_args',
    note: 'Metadata, in every event. Tags in it are not replaced.',
    read: (cell) => present({ metadata: metadata(cell) }),
  },
  {
    field: 'send_at',
    note: 'Unix seconds: not sent before; the past: now. Refused together with `send_each_at`.',
    read: (cell, get) => {
      const sendAt = time(cell);
      if (sendAt !== undefined && get('send_each_at').flatMap(items).length > 0)
        cell.complain('', 'with one of send_at and send_each_at, not with both');
      return present({ sendAt });
    },
  },
  {
    field: 'send_each_at',
    note: 'Unix seconds, one per address in `to`. Without `to` one time is for all; several are refused.',
    read: (cell, get) => {
      const times = items(cell).map(time);
      if (recipients(get).length > 0) return {}; // each has its own, by "to"
      if (new Set(times).size > 1) cell.complain(cell.at, 'one time, or an address in "to" for each,');
      return present({ sendAt: times[0] });
    },
  },
  {
    field: 'batch_id',
    note: 'Names messages that are cancelled together; at most 100 characters.',
    read: (cell) => present({ batch: maybeNamed(cell, MAX_BATCH) }),
  },
  {
    field: 'asm_group_id',
    note: 'Topic of the unsubscribe fields and page, which the message then gets.',
    // SendGrid's own library writes {} when nothing was set.
    read: (cell) => topic(items(cell)[0]),
  },
  {
    field: 'asm_groups_to_display',
    note: 'Topics to choose from on the unsubscribe page; the first 25.',
    read: (cell) => present({ topics: texts(items(cell), MAX_TOPICS, MAX_TOPIC) }),
  },
  {
    field: 'ip_pool',
    note: 'Pool, among those that the user was granted.',
    read: (cell) => present({ pool: pool(cell) }),
  },
  ...filters,
];

export const sendgrid = jsonDialect({
  name: 'SendGrid',
  about:
    'SendGrid: one JSON object in `X-SMTPAPI`, with names in lower case. Of several such fields the first counts. A filter is on with "enable": 1; one without "enable" says nothing.',
  header: 'X-SMTPAPI',
  rows,
});

/** One per address in `to`; undefined where it is none. Several rows ask for them, so they are read once for each list. */
function recipients(get: Get): Recipients {
  const [cell] = get('to');
  if (!cell) return [];
  const boxes = known.get(cell) ?? items(cell).map(mailbox);
  known.set(cell, boxes);
  return boxes;
}

function topic(cell: Cell | undefined): Part {
  const name = cell && maybeNamed(cell, MAX_TOPIC);
  return name === undefined ? {} : { topic: name, unsubscribe: true };
}

function readSub(cell: Cell, to: Recipients): Part {
  const shared = new Map<string, string>();
  const own = new Map<string, Map<string, string>>();
  for (const [tag, list] of members(cell)) {
    const values = items(list).map((one) => value(one) ?? '');
    if (to.length > 0) assign(own, tag, values, to);
    else if (new Set(values).size > 1) cell.complain(list.at, 'one value, or an address in "to" for each,');
    else if (values[0] !== undefined) shared.set(tag, values[0]);
  }
  const fields = record({ ...cell, value: shared });
  const entries = [...own].map(
    ([address, values]) => [address, record({ ...cell, value: values }) ?? {}] as const,
  );
  if (!fields && entries.length === 0) return {};
  const each = entries.length > 0 ? { recipients: Object.fromEntries(entries) } : {};
  return { merge: { syntaxes: ['literal'], ...present({ fields }), ...each } };
}

/** The first value of an address counts, as the first copy of it does. */
function assign(
  own: Map<string, Map<string, string>>,
  tag: string,
  values: readonly string[],
  to: Recipients,
): void {
  const done = new Set<string>();
  to.forEach((box, index) => {
    const address = box?.address.toLowerCase();
    const text = values[index];
    if (address === undefined || text === undefined || done.has(address)) return;
    done.add(address);
    const mine = own.get(address) ?? new Map<string, string>();
    own.set(address, mine.set(tag, text));
  });
}
