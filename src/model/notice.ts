// A notice: an event about the installation itself (an IP, a sender, a limit, trouble) and not about a message. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Event } from './event.ts';

export type NoticeType = Extract<Event['type'], 'transport-state' | 'sender-state' | 'limit' | 'trouble'>;

/** What there is to say; `key` names what it is about, `reason` is a sentence for people. */
export type Notice = Readonly<{
  type: NoticeType;
  at: EpochMs;
  scope: string;
  key: string;
  reason: string;
  account?: string;
  user?: string;
}> &
  Pick<Event, 'transport' | 'provider' | 'site' | 'state' | 'was' | 'rule' | 'action' | 'until' | 'over'>;

const NOTICE_TYPES: ReadonlySet<Event['type']> = new Set<NoticeType>([
  'transport-state',
  'sender-state',
  'limit',
  'trouble',
]);

export function isNotice({ type }: Pick<Event, 'type'>): boolean {
  return NOTICE_TYPES.has(type);
}

/** What a notice is about and what became of it, in words: "transport ip1 is quarantined, was warming". */
export function sayNotice({ scope = '', key = '', state, was, rule, action, over }: Event): string {
  const about = `${scope} ${key}`.trim();
  if (state !== undefined) return `${about} is ${state}${was === undefined ? '' : `, was ${was}`}`;
  const made = rule === undefined || rule === scope ? about : `${about} (${rule})`;
  if (over === true) return `${made}, over`;
  return action === undefined ? made : `${made}, ${action}`;
}

/** The notice as an event. The same notice at the same moment has the same id, so that one told twice is one. */
export function noticeEvent(notice: Notice): Event {
  const { type, at, scope, key, account = 'default', user = '' } = notice;
  const id = `${scope}:${key}.${type}.${notice.rule ?? notice.state ?? ''}.${at}`;
  return { ...notice, v: 1, id, account, user, submission: '', delivery: '', recipient: '', sender: '' };
}
