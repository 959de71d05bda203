// Delivery status notifications (RFC 3464, RFC 6533): what a report says of each recipient. Pure.
import { addressInField } from './addresses.ts';
import { decodedValue, type Fields } from './fields.ts';

/** What a message/delivery-status says of one recipient. */
export type StatusGroup = Readonly<{
  /** "" when no field names one. */
  address: string;
  /** In lower case: failed, delayed, delivered, relayed, expanded; "" when it is missing. */
  action: string;
  /** "5.1.1"; "" when it is missing or no status. */
  status: string;
  /** Diagnostic-Code without its type, else the comment behind the status; "" when both are missing. */
  diagnostic: string;
  /** Remote-MTA without its type. */
  mta: string;
}>;

/** Recipients of one report that are read. */
export const MAX_RECIPIENTS = 100;
const GROUP_FIELDS = [
  'final-recipient',
  'original-recipient',
  'x-actual-recipient',
  'action',
  'status',
  'diagnostic-code',
  'remote-mta',
];

/** One that comes again begins the next group. */
const OPENING = ['final-recipient', 'original-recipient', 'action', 'status'];

type Draft = Map<string, string>;

/**
 * Groups of one delivery-status. Some hosts put empty lines inside a group, or leave them out between two: a group ends
 * where a field comes that it already has.
 */
export function statusGroups(blocks: readonly Fields[]): readonly StatusGroup[] {
  const groups: Draft[] = [];
  let current: Draft = new Map();
  const close = (): void => {
    if (current.has('final-recipient') || current.has('original-recipient')) groups.push(current);
    current = new Map();
  };
  for (const { list } of blocks) {
    for (const { name, value } of list) {
      if (groups.length >= MAX_RECIPIENTS) break;
      if (current.has(name) && OPENING.includes(name)) close();
      if (GROUP_FIELDS.includes(name) && !current.has(name)) current.set(name, value);
    }
  }
  close();
  return groups.slice(0, MAX_RECIPIENTS).map((group) => readGroup(group));
}

function readGroup(group: Draft): StatusGroup {
  const value = (name: string): string => decodedValue(group.get(name) ?? '');
  const address = ['original-recipient', 'final-recipient', 'x-actual-recipient']
    .map((name) => addressInField(value(name)))
    .find((one) => one !== '');
  return {
    address: address ?? '',
    action: /^[\s"]*([a-z]{1,20})/i.exec(value('action'))?.[1]?.toLowerCase() ?? '',
    status: /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\d)/.exec(value('status'))?.[1] ?? '',
    diagnostic: diagnosticOf(value('diagnostic-code')) || commentOf(value('status')),
    mta: withoutType(value('remote-mta')).slice(0, 255),
  };
}

/** "X-Unix; 75" says nothing to anybody. */
function diagnosticOf(value: string): string {
  const text = withoutType(value);
  return /[a-z]{3}|\d{3}/i.test(text) ? text : '';
}

function commentOf(status: string): string {
  return /\(([^()]{3,300})\)/.exec(status)?.[1] ?? '';
}

function withoutType(value: string): string {
  return /^[\w-]{1,30}\s{0,4};/.test(value) ? value.slice(value.indexOf(';') + 1).trim() : value;
}
