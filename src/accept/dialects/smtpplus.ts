// SMTP+ by MailUp: X-SMTPAPI with names in PascalCase. Pure.
import { present } from '../../lib/present.ts';
import type { Instructions } from '../../model/instructions.ts';
import { choice, flag, items, line, members, record, time, value, type Cell } from './cell.ts';
import { clicksOf, jsonDialect, type Part, type Row } from './rows.ts';

const MAX_CHARS = 255;
const PRIORITIES = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 5,
  veryhigh: 1,
  high: 2,
  normal: 3,
  low: 4,
  verylow: 5,
} as const;

const rows: readonly Row[] = [
  {
    field: 'CampaignCode',
    note: 'What statistics are aggregated by; cut at 255 characters.',
    read: (cell) => present({ campaign: line(cell) }),
  },
  {
    field: 'CampaignName',
    note: 'Name of the campaign for people; cut at 255 characters.',
    read: (cell) => present({ campaignName: line(cell) }),
  },
  {
    field: 'Header',
    note: "true adds the user's header block, false leaves it out, null: as the user has it.",
    read: (cell) => present({ header: flag(cell) }),
  },
  {
    field: 'Footer',
    note: "true adds the user's footer block, false leaves it out, null: as the user has it.",
    read: (cell) => present({ footer: flag(cell) }),
  },
  {
    field: 'ClickTracking',
    note: 'Links in HTML and text are tracked or not; null: as the user has it.',
    read: (cell) => clicksOf(flag(cell)),
  },
  {
    field: 'ViewTracking',
    note: 'Opens are tracked or not; null: as the user has it.',
    read: (cell) => present({ opens: flag(cell) }),
  },
  {
    field: 'Priority',
    note: "1 to 5, or VeryHigh, High, Normal, Low, VeryLow. The more urgent of message and user counts, within the user's limit.",
    read: (cell) => present({ priority: choice(cell, PRIORITIES) }),
  },
  {
    field: 'Schedule',
    note: 'ISO 8601 with offset (without one: UTC): not sent before; null or the past: now.',
    read: (cell) => present({ sendAt: time(cell) }),
  },
  {
    field: 'DynamicFields',
    note: 'Values for merge tags `[name]`: a list of `{"N": name, "V": value}`, or one object with names and values.',
    read: (cell) => merge(dynamicFields(cell)),
  },
  {
    field: 'CampaignReport',
    note: 'Without documented meaning.',
  },
  {
    field: 'SkipDynamicFields',
    note: 'true: no merge tag is replaced, whatever else says so; false: `[name]` tags are, also from what is known of the recipient.',
    read: (cell) => skip(flag(cell)),
  },
];

export const smtpplus = jsonDialect({
  name: 'SMTP+',
  about:
    'MailUp SMTP+: one JSON object in `X-SMTPAPI`, with names in PascalCase. SendGrid\'s lower-case names may stand in the same object. Truth values may be true, false, "true", "false", 0, 1 or null.',
  header: 'X-SMTPAPI',
  rows,
});

function merge(fields: Readonly<Record<string, string>> | undefined): Part {
  return fields ? { merge: { syntaxes: ['brackets'], fields } } : {};
}

function skip(on: boolean | undefined): Instructions {
  if (on === undefined) return {};
  return on ? { merge: { off: true } } : { merge: { off: false, syntaxes: ['brackets'] } };
}

function dynamicFields(cell: Cell): Readonly<Record<string, string>> | undefined {
  if (!Array.isArray(cell.value)) return record(cell);
  const pairs = new Map<string, Cell['value']>();
  for (const item of items(cell)) {
    const pair = members(item);
    const name = pair.get('N');
    const key = name && line(name, MAX_CHARS + 1);
    if (key === undefined) item.complain(item.at, '{"N": name, "V": value}');
    else pairs.set(key, pair.get('V')?.value ?? null);
  }
  return record({ ...cell, value: pairs }, value);
}
