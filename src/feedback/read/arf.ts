// Complaints (RFC 5965) and what providers send in their place: who complained about which message. Pure.
import { addressInField, addressesIn } from './addresses.ts';
import { textIn, valueIn, valuesIn, type Fields } from './fields.ts';
import { originalRecipient } from './notice.ts';
import type { Opened } from './open.ts';

export type Complaint = Readonly<{
  /** Feedback-Type in lower case; "abuse" where a provider sends none. */
  type: string;
  /** True for what a recipient holds against the message: not for "not-spam" and reports of authentication. */
  isAgainst: boolean;
  /** "" where the provider hides it: the return path tells. */
  recipients: readonly string[];
  userAgent: string;
  sourceIp: string;
  reportedDomain: string;
}>;

/** RFC 5965 §7.3, RFC 6430, RFC 6591: what is no complaint of a recipient. */
const NOT_AGAINST = new Set(['not-spam', 'auth-failure', 'dmarc', 'dkim']);
/** Microsoft's JMRP writes the complainer into the copy of the message; others do likewise. */
const COMPLAINERS = [
  'x-hmxmroriginalrecipient',
  'x-original-rcpt',
  'x-complaint-recipient',
  'x-original-recipient',
];
const COMPLAINT_SUBJECT =
  /^(?:.{0,20}\b)?(?:complaint about message from|abuse report|spam report|fbl report|feedback loop|junk e?-?mail report|user complaint)\b/i;
const MAX_RECIPIENTS = 20;
/** Local parts and domains that stand where the address was. */
const REDACTED =
  /^(?:redacted|removed|hidden|undisclosed|x{3,}|\*+|[0-9a-f]{32,})[^@]{0,64}@|@(?:redacted|hidden)\b/i;

/** The complaint that a message is; undefined when it is none. */
export function complaintIn(opened: Opened): Complaint | undefined {
  const { feedback, header, original } = opened;
  if (feedback) return fromFields(feedback, original);
  // Microsoft's own forwarding may leave the copy's header as the message's.
  if (copyIn(opened)) return fromCopy(header);
  if (!original || opened.attached === undefined) return undefined;
  const complainer = COMPLAINERS.find((name) => valueIn(original, name) !== '');
  if (complainer === undefined && !COMPLAINT_SUBJECT.test(textIn(header, 'subject'))) return undefined;
  return fromCopy(original);
}

/** The header, where it is the complained-about message's own; undefined where it is a report's. */
export function copyIn({ header }: Opened): Fields | undefined {
  return valueIn(header, 'x-hmxmroriginalrecipient') === '' ? undefined : header;
}

function fromCopy(copy: Fields): Complaint {
  return complaint('abuse', recipientsOf([], copy), { userAgent: '', sourceIp: '', reportedDomain: '' });
}

function fromFields(feedback: Fields, original: Fields | undefined): Complaint {
  const type = /^[\s"]*([\w-]{1,40})/.exec(valueIn(feedback, 'feedback-type'))?.[1]?.toLowerCase() ?? 'abuse';
  const named = ['original-rcpt-to', 'removal-recipient', 'redacted-address']
    .flatMap((name) => valuesIn(feedback, name))
    .map((value) => addressInField(value));
  return complaint(type, recipientsOf(named, original), {
    userAgent: textIn(feedback, 'user-agent').slice(0, 200),
    sourceIp: textIn(feedback, 'source-ip').slice(0, 60),
    reportedDomain: textIn(feedback, 'reported-domain').slice(0, 255),
  });
}

function complaint(
  type: string,
  recipients: readonly string[],
  rest: Pick<Complaint, 'userAgent' | 'sourceIp' | 'reportedDomain'>,
): Complaint {
  return { type, isAgainst: isAgainst(type), recipients, ...rest };
}

/** Whether a feedback type is a complaint about the message. */
export function isAgainst(type: string): boolean {
  return !NOT_AGAINST.has(type);
}

/** What the report names, else what the copy of the message tells; addresses that were made unreadable are none. */
function recipientsOf(named: readonly string[], original: Fields | undefined): readonly string[] {
  const clear = (addresses: readonly string[]): readonly string[] =>
    [...new Set(addresses.filter((address) => address !== '' && !REDACTED.test(address)))].slice(
      0,
      MAX_RECIPIENTS,
    );
  const direct = clear(named);
  if (direct.length > 0 || !original) return direct;
  const marked = clear(
    COMPLAINERS.flatMap((name) => addressesIn(textIn(original, name)).map((one) => one.address)),
  );
  return marked.length > 0 ? marked : clear([originalRecipient(original)]);
}
