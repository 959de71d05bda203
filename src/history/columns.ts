// A delivery's row as columns of a table, and back. Pure.
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import { present } from '../lib/present.ts';
import { bareMessageId } from '../mail/message-id.ts';
import { domainOf } from '../model/delivery.ts';
import { counters } from './statistics.ts';
import type { StoredRow } from './row.ts';
import { deliveryStatuses, type DeliveryRow, type DeliveryStatus } from './search.ts';

/** What a database keeps in a column of these. */
export type Value = string | number | null;
/** A row of a database's answer. */
export type Answer = Readonly<Record<string, unknown>>;

/** A column as text; undefined for NULL. */
export function textAt(row: Answer, name: string): string | undefined {
  const value = row[name];
  return typeof value === 'string' ? value : undefined;
}

/** A column as a number; undefined for NULL. */
export function numberAt(row: Answer, name: string): number | undefined {
  const value = row[name];
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined;
}

/** A column as bytes; undefined for NULL. */
export function bytesAt(row: Answer, name: string): Uint8Array | undefined {
  const value = row[name];
  return value instanceof Uint8Array ? value : undefined;
}

const camelToSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Columns of the counters, in their order. */
export const countColumns = counters.map(camelToSnake);

/** Columns that stay as they are once "accepted" was told. */
export const factColumns = [
  'at',
  'recipient_domain',
  'sender',
  'header_from',
  'domain',
  'subject',
  'message_id',
  'campaign',
  'campaign_name',
  'tags',
  'metadata',
  'size',
  'accepted',
] as const;

/** Columns that attempts change; indexes are over some of them. */
export const routeColumns = [
  'status',
  'status_at',
  'class',
  'category',
  'reason',
  'reply',
  'transport',
  'provider',
  'site',
  'attempts',
  'ms',
] as const;

/** Columns that people change, long after. */
export const hitColumns = [
  'opens',
  'human_opens',
  'first_open_at',
  'clicks',
  'human_clicks',
  'unsubscribed',
  'complained',
  'left_before',
] as const;

export const allColumns = [
  'delivery',
  'submission',
  'account',
  'user',
  'recipient',
  ...factColumns,
  ...routeColumns,
  ...hitColumns,
] as const;

export type Column = (typeof allColumns)[number];
export type Columns = Readonly<Record<Column, Value>>;

/** The row as values of columns. The From address is there only where it is another than the sender's. */
export function columnsOf(row: StoredRow): Columns {
  const { headerFrom, tags, metadata } = row;
  return {
    delivery: row.delivery,
    submission: row.submission,
    account: row.account,
    user: row.user,
    recipient: row.recipient,
    recipient_domain: domainOf(row.recipient),
    at: row.at,
    sender: row.sender,
    header_from: headerFrom === row.sender ? null : (headerFrom ?? null),
    domain: row.domain,
    subject: row.subject ?? null,
    message_id: row.messageId === undefined ? null : bareMessageId(row.messageId),
    campaign: row.campaign ?? null,
    campaign_name: row.campaignName ?? null,
    tags: tags === undefined ? null : JSON.stringify(tags),
    metadata: metadata === undefined ? null : JSON.stringify(metadata),
    size: row.size ?? null,
    accepted: Number(row.accepted),
    ...changing(row),
  };
}

function changing(row: StoredRow): Pick<Columns, (typeof routeColumns | typeof hitColumns)[number]> {
  return {
    status: row.status,
    status_at: row.statusAt,
    class: row.class ?? null,
    category: row.category ?? null,
    reason: row.reason ?? null,
    reply: row.reply ?? null,
    transport: row.transport ?? null,
    provider: row.provider ?? null,
    site: row.site ?? null,
    attempts: row.attempts,
    ms: row.ms ?? null,
    opens: row.opens,
    human_opens: row.humanOpens,
    first_open_at: row.firstOpenAt ?? null,
    clicks: row.clicks,
    human_clicks: row.humanClicks,
    unsubscribed: Number(row.unsubscribed),
    complained: Number(row.complained),
    left_before: Number(row.leftBefore),
  };
}

const statuses = new Map<string, DeliveryStatus>(deliveryStatuses.map((status) => [status, status]));
const tagsSchema = z.array(z.string());
const metadataSchema = z.record(z.string(), z.string());

export function storedRow(answer: Answer): StoredRow {
  return {
    ...deliveryRow(answer),
    domain: textAt(answer, 'domain') ?? '',
    accepted: numberAt(answer, 'accepted') === 1,
    leftBefore: numberAt(answer, 'left_before') === 1,
  };
}

export function deliveryRow(answer: Answer): DeliveryRow {
  const text = (name: Column): string | undefined => textAt(answer, name);
  const count = (name: Column): number => numberAt(answer, name) ?? 0;
  return {
    delivery: text('delivery') ?? '',
    submission: text('submission') ?? '',
    account: text('account') ?? '',
    user: text('user') ?? '',
    at: count('at'),
    recipient: text('recipient') ?? '',
    sender: text('sender') ?? '',
    ...present(optionalOf(answer)),
    status: statuses.get(text('status') ?? '') ?? 'queued',
    statusAt: count('status_at'),
    attempts: count('attempts'),
    opens: count('opens'),
    humanOpens: count('human_opens'),
    clicks: count('clicks'),
    humanClicks: count('human_clicks'),
    unsubscribed: count('unsubscribed') === 1,
    complained: count('complained') === 1,
  };
}

/** What not every delivery has. */
function optionalOf(answer: Answer) {
  const text = (name: Column): string | undefined => textAt(answer, name);
  const tags = text('tags');
  const metadata = text('metadata');
  const messageId = text('message_id');
  return {
    headerFrom: text('header_from') ?? (text('sender') || undefined),
    subject: text('subject'),
    messageId: messageId === undefined ? undefined : `<${messageId}>`,
    campaign: text('campaign'),
    campaignName: text('campaign_name'),
    tags: tags === undefined ? undefined : parseJson(tags, tagsSchema),
    metadata: metadata === undefined ? undefined : parseJson(metadata, metadataSchema),
    size: numberAt(answer, 'size'),
    class: text('class'),
    category: text('category'),
    reason: text('reason'),
    reply: text('reply'),
    transport: text('transport'),
    provider: text('provider'),
    site: text('site'),
    ms: numberAt(answer, 'ms'),
    firstOpenAt: numberAt(answer, 'first_open_at'),
  };
}
