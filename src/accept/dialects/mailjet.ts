// Mailjet: X-MJ-* and X-Mailjet-* fields. Pure.
import { present } from '../../lib/present.ts';
import { choice, flag, json, line, maybeNamed, record, whole, type Cell } from './cell.ts';
import { clicksOf, headerDialect, type Part, type Row } from './rows.ts';

const PRIORITIES = { 0: 5, 1: 4, 2: 3, 3: 2 } as const;
/** 0 and 1 in Mailjet's manual for SMTP; words and 2 come from programs written for its API. */
const TRACKING = {
  0: false,
  1: true,
  2: true,
  true: true,
  false: false,
  yes: true,
  no: false,
  enabled: true,
  disabled: false,
  account_default: undefined,
} as const;

const rows: readonly Row[] = [
  {
    field: 'X-Mailjet-Campaign',
    note: 'What statistics are aggregated by; cut at 255 characters.',
    read: (cell) => present({ campaign: line(cell) }),
  },
  {
    field: 'X-Mailjet-DeduplicateCampaign',
    note: 'Use `Idempotency-Key` against sending twice.',
    missed: true,
  },
  {
    field: 'X-MJ-CustomID',
    note: 'Metadata `CustomID`, in every event.',
    read: (cell) => own('CustomID', cell),
  },
  {
    field: 'X-MJ-EventPayload',
    note: 'Metadata `EventPayload`, in every event.',
    read: (cell) => own('EventPayload', cell),
  },
  {
    field: 'X-Mailjet-TrackOpen',
    note: '1: opens are tracked, 0: they are not, `account_default`: as the user has it.',
    read: (cell) => present({ opens: choice(cell, TRACKING) }),
  },
  {
    field: 'X-Mailjet-TrackClick',
    note: '1: links in HTML and text are tracked, 0: they are not, `account_default`: as the user has it.',
    read: (cell) => clicksOf(choice(cell, TRACKING)),
  },
  {
    field: 'X-Mailjet-Prio',
    note: '0 to 3, the larger number is more urgent: priorities 5, 4, 3 (the default is 2) and 2.',
    read: (cell) => {
      const level = line(cell) === undefined ? undefined : whole(cell, 0, 3);
      return present({ priority: Object.entries(PRIORITIES).find(([name]) => Number(name) === level)?.[1] });
    },
  },
  {
    field: 'X-MJ-TemplateID',
    note: 'A stored template of the account, by name.',
    read: (cell) => {
      const name = maybeNamed(cell);
      return name === undefined ? {} : { template: { name } };
    },
  },
  {
    field: 'X-MJ-TemplateLanguage',
    note: '1: `{{var:name:"fallback"}}` and `[[var:name:"fallback"]]` are replaced, variables only; 0: no tag is.',
    read: (cell) => {
      const on = flag(cell);
      if (on === undefined) return {};
      return { merge: on ? { off: false, syntaxes: ['mailjet'] } : { off: true } };
    },
  },
  {
    field: 'X-MJ-Vars',
    note: 'JSON: values for these tags. Lists and objects become their JSON.',
    read: (cell) => {
      const fields = record(json(cell));
      return fields ? { merge: { syntaxes: ['mailjet'], fields } } : {};
    },
  },
  { field: 'X-MJ-TemplateErrorReporting', note: 'Events tell of errors; no mail does.', missed: true },
  {
    field: 'X-MJ-TemplateErrorDeliver',
    note: '`deliver`: a tag without value and fallback stays as it is; `0`: the delivery bounces.',
    read: (cell) => {
      const deliver = choice(cell, { deliver: true, 1: true, true: true, 0: false, false: false });
      return deliver === undefined ? {} : { merge: { strict: !deliver } };
    },
  },
  {
    field: 'X-MJ-MonitoringCategory',
    note: 'A tag, cut at 255 characters.',
    read: (cell) => {
      const tag = line(cell);
      return tag === undefined ? {} : { tags: [tag] };
    },
  },
];

export const mailjet = headerDialect({
  name: 'Mailjet',
  about:
    'Mailjet: `X-MJ-*` and `X-Mailjet-*` fields. Truth values may be 1, true, yes, y, on and their opposites.',
  rows,
});

function own(name: string, cell: Cell): Part {
  const text = line(cell, 65_536);
  return text === undefined ? {} : { metadata: { [name]: text } };
}
