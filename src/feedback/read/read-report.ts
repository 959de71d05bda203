// One function that reads mail to an address of ours; it never fails, and in doubt there is no bounce. Pure.
import { complaintIn, copyIn } from './arf.ts';
import { statusGroups, type StatusGroup } from './dsn.ts';
import { fieldBlocks, fieldBlocksIn } from './blocks.ts';
import { valueIn } from './fields.ts';
import { entriesOf, originalRecipient, type Entry } from './notice.ts';
import { openReport, type Opened } from './open.ts';
import { originalOf } from './original.ts';
import { quoteIn, type Quote } from './quote.ts';
import type { BounceReport, Report, ReportedRecipient } from './report.ts';
import { sesReport } from './ses.ts';
import { isDelayNotice, isNotice, isRejection } from './evidence.ts';
import { signsOf, type Signs } from './signs.ts';

/** Reads a message of any kind. At most its first 1 MiB counts. */
export function readReport(message: Buffer): Report {
  return readOpened(openReport(message), 'whole');
}

function readOpened(opened: Opened, level: 'whole' | 'inner'): Report {
  const complaint = complaintIn(opened);
  if (complaint)
    return { kind: 'complaint', complaint, original: originalOf(opened.original ?? copyIn(opened)) };
  const signs = signsOf(opened);
  if (opened.reportType.startsWith('disposition-notification') && !isRejection(opened)) {
    return { kind: 'auto-reply', sort: 'receipt' };
  }
  const inner = level === 'whole' && opened.statuses.length === 0 ? innerReport(opened, signs) : undefined;
  return fromStatuses(opened) ?? inner ?? sesReport(opened) ?? fromWords(opened, signs);
}

/** A gateway may wrap the report that it got into one of its own, or into none (Trend Micro). */
function innerReport({ attached, original }: Opened, signs: Signs): Report | undefined {
  if (signs.robot === 'none' || attached === undefined || !original) return undefined;
  if (!/^\s*multipart\/(?:report|mixed)\b/i.test(valueIn(original, 'content-type'))) return undefined;
  const inner = openReport(attached);
  return inner.statuses.length === 0 ? undefined : readOpened(inner, 'inner');
}

/** By a delivery-status part; undefined when there is none that names a recipient. */
function fromStatuses(opened: Opened): Report | undefined {
  const groups = statusGroups(opened.statuses.flatMap((part) => fieldBlocks(part)));
  return groups.length === 0 ? undefined : fromGroups(opened, groups, 'dsn');
}

function fromGroups(opened: Opened, groups: readonly StatusGroup[], by: BounceReport['by']): Report {
  const known = groups.map(({ address }) => address).filter((address) => address !== '');
  const entries = entriesOf(opened, known);
  // Of several, the text as a whole says nothing about one.
  const whole = quoteIn(groups.length === 1 ? opened.texts.flat().join('\n') : '');
  const told = groups.map((group) => ({ group, action: actionOf(group) }));
  const recipients = told.flatMap(({ group, action }) =>
    action === 'done' ? [] : [fromGroup(group, action, { entries, whole, original: opened.original })],
  );
  if (recipients.length === 0) return { kind: 'other', sort: 'delivered' };
  return reportOf(merged(recipients), by);
}

/** A bounce as soon as one has failed. */
function reportOf(recipients: readonly ReportedRecipient[], by: BounceReport['by']): Report {
  return recipients.some(({ action }) => action === 'failed')
    ? { kind: 'bounce', by, recipients }
    : { kind: 'delay', recipients };
}

/** RFC 3464 §2.3.3; hosts that leave it out, or write something else, tell by the status. */
function actionOf({ action, status, diagnostic }: StatusGroup): 'failed' | 'delayed' | 'done' {
  if (action.startsWith('fail')) return 'failed';
  if (action.startsWith('delay')) return 'delayed';
  if (/^(?:deliver|relay|expand|deliverable)/.test(action)) {
    // Some write "expanded" or "delivered" over a refusal.
    return status.startsWith('5') && action.startsWith('expand') ? 'failed' : 'done';
  }
  const first = status === '' ? String(quoteIn(diagnostic).code ?? '') : status;
  if (first.startsWith('2')) return 'done';
  return first.startsWith('4') ? 'delayed' : 'failed';
}

type Context = Readonly<{ entries: readonly Entry[]; whole: Quote; original: Opened['original'] }>;

function fromGroup(
  group: StatusGroup,
  action: ReportedRecipient['action'],
  context: Context,
): ReportedRecipient {
  const { entries, whole, original } = context;
  const lower = group.address.toLowerCase();
  const named = entries.find(({ address }) => address.toLowerCase() === lower);
  const entry = named ?? (entries.length === 1 ? entries[0] : undefined);
  const address = group.address || entry?.address || originalRecipient(original);
  return recipientOf(address, action, bestQuote(group, entry, whole), group);
}

/** The diagnostic says most; where it quotes nothing, what the text says of the recipient, or at all. */
function bestQuote({ diagnostic }: StatusGroup, entry: Entry | undefined, whole: Quote): Quote {
  const quoted = quoteIn(diagnostic);
  const said = quoteIn((entry?.lines ?? []).join('\n'));
  const phase = quoted.phase ?? said.phase ?? whole.phase;
  if (quoted.code !== undefined || (quoted.status !== undefined && quoted.text.length > 20))
    return { ...quoted, phase };
  if (said.code !== undefined)
    return diagnostic === '' ? said : { ...said, text: `${diagnostic} ${said.text}` };
  if (diagnostic !== '') return { ...quoted, phase };
  return whole.code === undefined && said.text.length > 30 ? said : whole;
}

function recipientOf(
  address: string,
  action: ReportedRecipient['action'],
  quote: Quote,
  group?: StatusGroup,
): ReportedRecipient {
  const status = statusOf(quote, group?.status ?? '');
  const code = quote.code ?? codeOf(status, action);
  return {
    address,
    action,
    reply: status === undefined ? { code, text: quote.text } : { code, status, text: quote.text },
    ...(quote.phase === undefined ? {} : { phase: quote.phase }),
    mta: group?.mta ?? '',
  };
}

/** The remote's own status, unless it is general and the report's is not. */
function statusOf(quote: Quote, reported: string): string | undefined {
  const isGeneral = (status: string | undefined): boolean =>
    status === undefined || /^\d\.0\.0$/.test(status);
  if (!isGeneral(quote.status) || reported === '') return quote.status;
  if (!isGeneral(reported) || quote.status === undefined) {
    // A status of another class than the code speaks of the report, not of the reply.
    const isOther = quote.code !== undefined && !reported.startsWith(String(quote.code)[0] ?? '');
    return isOther ? quote.status : reported;
  }
  return quote.status;
}

function codeOf(status: string | undefined, action: ReportedRecipient['action']): number {
  if (status?.startsWith('5')) return 554;
  if (status?.startsWith('4')) return 451;
  return action === 'failed' ? 554 : 451;
}

/** By words alone, where these are a mail system's. */
function fromWords(opened: Opened, signs: Signs): Report {
  const lines = opened.texts.flat();
  const whole = quoteIn(lines.join('\n'));
  if (!isNotice(opened, signs, whole)) {
    if (signs.isChallenge) return { kind: 'auto-reply', sort: 'challenge' };
    const isAnswer = signs.isResponder || signs.automatic === 'replied';
    return isAnswer ? { kind: 'auto-reply', sort: 'vacation' } : { kind: 'other', sort: 'mail' };
  }
  const inText = statusGroups(fieldBlocksIn(lines));
  if (inText.length > 0) return fromGroups(opened, inText, 'text');
  const isDelay = isDelayNotice(opened, signs);
  const action = isDelay ? 'delayed' : 'failed';
  return reportOf(merged(recipientsIn(opened, whole, action)), 'text');
}

function recipientsIn(
  opened: Opened,
  whole: Quote,
  action: ReportedRecipient['action'],
): readonly ReportedRecipient[] {
  const entries = entriesOf(opened);
  if (entries.length === 0) return [recipientOf(originalRecipient(opened.original), action, whole)];
  return entries.map(({ address, lines }) => {
    const said = quoteIn(lines.join('\n'));
    if (said.code !== undefined || said.status !== undefined || entries.length > 1) {
      return recipientOf(address, action, {
        ...said,
        phase: said.phase ?? (entries.length > 1 ? undefined : whole.phase),
      });
    }
    const isSaid = whole.code === undefined && said.text.length > address.length + 16;
    return recipientOf(address, action, isSaid ? said : whole);
  });
}

/** One entry for each address; a failure counts more than a delay. */
function merged(recipients: readonly ReportedRecipient[]): readonly ReportedRecipient[] {
  const seen = new Map<string, ReportedRecipient>();
  for (const recipient of recipients) {
    const key = recipient.address.toLowerCase();
    const before = seen.get(key);
    if (!before || (before.action === 'delayed' && recipient.action === 'failed')) seen.set(key, recipient);
  }
  return [...seen.values()];
}
