// What became of a message, in sentences that a person who has never seen mail software understands.
import { momentInSentence } from './format.ts';
import { plural, t, word } from './i18n.ts';
import { sayServer } from './problems.ts';
import { now } from './time.ts';
import type { DeliveryRow, MailEvent, WaitWhy } from './types.ts';

/** Names of providers as people know them; others are told by their host's domain. */
const known: Readonly<Record<string, string>> = {
  google: 'Gmail',
  outlook: 'Outlook.com',
  microsoft: 'Microsoft',
  microsoft365: 'Microsoft 365',
  office365: 'Microsoft 365',
  yahoo: 'Yahoo',
  icloud: 'iCloud',
  apple: 'iCloud',
  gmx: 'GMX',
  libero: 'Libero',
  tiscali: 'Tiscali',
  aruba: 'Aruba',
  iol: 'Libero',
  tim: 'TIM',
  pec: 'PEC',
  register: 'Register.it',
  fastweb: 'Fastweb',
  comcast: 'Comcast',
  mimecast: 'Mimecast',
  barracuda: 'Barracuda',
  qq: 'QQ',
  netease: 'NetEase',
  'mail-com': 'mail.com',
  'yahoo-japan': 'Yahoo! Japan',
  orange: 'Orange',
};

/** A provider as people know it. */
export const providerName = (provider: string): string => known[provider] ?? provider;

type Where = Readonly<{ provider?: string; site?: string; recipient: string }>;

/** Who has the mailbox: "Gmail", or the recipient's domain. */
export function whereTo({ provider, recipient }: Where): string {
  const domain = recipient.slice(recipient.lastIndexOf('@') + 1);
  const name = provider === undefined ? undefined : providerName(provider);
  return name ?? domain;
}

type Why = Readonly<{
  class?: string;
  category?: string;
  reason?: string;
  reply?: DeliveryRow['reply'] | MailEvent['reply'];
}>;

/** Why, as far as the class tells it: in the viewer's language; else in the words that were told. */
export function why({ class: cause, category, reason, reply }: Why): string {
  const byClass = cause === undefined ? '' : word('why', cause, '');
  if (byClass !== '') return byClass;
  const byCategory = category === undefined ? '' : word('category', category, '');
  if (byCategory !== '') return byCategory;
  const told = typeof reply === 'object' ? reply.text : reply;
  const said = reason === undefined ? undefined : sayServer(reason);
  return (said ?? told ?? t('why.other')).replace(/\.$/, '');
}

/** The one answer to "did it arrive, and if not, why". */
export function sayDelivery(row: DeliveryRow): string {
  const values = { where: whereTo(row), at: momentInSentence(row.statusAt), why: why(row) };
  switch (row.status) {
    case 'queued':
      return row.wait?.why
        ? `${t('event.accepted', { ...values, user: row.user, recipient: row.recipient })} ${sayWaiting(row)}`
        : t('say.queued', { at: momentInSentence(row.at) });
    case 'deferred':
      return `${t('say.deferred', values)} ${sayWaiting(row)}`;
    case 'delivered':
      return [t(isCaught(row) ? 'say.caught' : 'say.delivered', values), sayReading(row)]
        .filter(Boolean)
        .join(' ');
    case 'bounced':
      return t('say.bounced', values);
    case 'expired':
      return plural('say.expired', row.attempts, values);
    case 'dropped':
      return t('say.dropped', values);
    case 'cancelled':
      return t('say.cancelled', values);
  }
}

/** Taken by the sandbox, so that nobody got it. */
export const isCaught = ({ site }: Readonly<{ site?: string }>): boolean => site === 'sandbox';

/** The answer with the words of the server that took it, such as on the message's own page. */
export function sayAnswer(row: DeliveryRow, host: string | undefined): string {
  const { status, reply } = row;
  if (status !== 'delivered' || isCaught(row) || reply === undefined || host === undefined)
    return sayDelivery(row);
  const values = { where: whereTo(row), at: momentInSentence(row.statusAt), host, reply };
  return [t('say.deliveredWith', values), sayReading(row)].filter(Boolean).join(' ');
}

/** What one can do about it; "": nothing, or nobody knows. */
export function sayTodo({ status, class: cause }: DeliveryRow): string {
  const ended = status === 'bounced' || status === 'expired';
  return ended ? word('todo', cause ?? '', '') : '';
}

/** What a delivery waits for, and until when. */
function sayWaiting({ wait, due }: DeliveryRow): string {
  const { why } = wait ?? {};
  if (!wait || !why || why.kind === 'retry') return sayNext(wait?.due ?? due);
  return t('say.waits', { why: sayWait({ why, due: wait.due }) });
}

/** Why something waits, as a part of a sentence. */
export function sayWait({ why, due }: Readonly<{ why: WaitWhy; due: number | undefined }>): string {
  const { kind, rule, state, scope, name = '', text } = why;
  const values = { name, due: due === undefined ? '' : momentInSentence(due) };
  const group = { paused: scope, transport: state, hold: rule }[kind as string];
  const said = group === undefined ? '' : word(`wait.${kind}`, group, '');
  const plain = fillIn(said || word('wait', kind, kind), values);
  const told = text?.replace(/\.$/, '') ?? '';
  return kind === 'limit' && told !== '' ? told : [plain, told].filter(Boolean).join(': ');
}

const fillIn = (text: string, values: Values): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

/** With a capital letter, and a full stop. */
export const asSentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

function sayNext(due: number | undefined): string {
  if (due === undefined) return t('say.again');
  return due <= now() ? t('say.againNow') : t('say.againAt', { due: momentInSentence(due) });
}

/** What the recipient did with it; opens by programs are told as what they are. */
function sayReading(row: DeliveryRow): string {
  const { opens, humanOpens, humanClicks, complained, unsubscribed } = row;
  return [
    humanOpens > 0 && plural('say.opened', humanOpens),
    humanOpens === 0 && opens > 0 && t('say.openedByProgram'),
    humanClicks > 0 && plural('say.clicked', humanClicks),
    unsubscribed && t('say.unsubscribed'),
    complained && t('say.complained'),
  ]
    .filter((one) => typeof one === 'string')
    .join(' ');
}

type Values = Readonly<Record<string, string>>;

const sayings: Readonly<Record<string, (event: MailEvent, values: Values) => string>> = {
  accepted: (_, values) => t('event.accepted', values),
  deferred: ({ due }, values) => `${t('event.deferred', values)} ${sayNext(due)}`,
  delivered: (event, values) => t(isCaught(event) ? 'event.caught' : 'event.delivered', values),
  bounced: ({ report }, values) => t(report === undefined ? 'event.bounced' : 'event.bouncedLater', values),
  expired: (_, values) => t('event.expired', values),
  dropped: (_, values) => t('event.dropped', values),
  cancelled: () => t('event.cancelled'),
  opened: (event) =>
    event.machine === undefined ? t('event.opened', { who: sayVisitor(event) }) : t('event.openedBy'),
  clicked: ({ machine }, values) => t(machine === undefined ? 'event.clicked' : 'event.clickedBy', values),
  unsubscribed: ({ how }) => t(how === 'resubscribe' ? 'event.resubscribed' : 'event.unsubscribed'),
  complained: (_, values) => t('event.complained', values),
};

/** One event of a timeline, or of the live list, as a sentence. */
export function sayEvent(event: MailEvent): string {
  const values = {
    where: whereTo(event),
    why: why(event),
    user: event.user,
    recipient: event.recipient,
    host: event.host ?? event.site ?? whereTo(event),
    url: event.url ?? '',
  };
  return sayings[event.type]?.(event, values) ?? sayServer(event.reason ?? event.type);
}

/** "Apple Mail on iOS, Italy", as far as it is known. */
function sayVisitor({ client, os, device }: MailEvent): string {
  const with_ = [client, os].filter(Boolean).join(', ');
  if (with_ !== '') return with_;
  return device === undefined || device === 'unknown' ? t('event.somebody') : word('device', device);
}
