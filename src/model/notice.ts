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

/** The notice as an event. The same notice at the same moment has the same id, so that one told twice is one. */
export function noticeEvent(notice: Notice): Event {
  const { type, at, scope, key, account = 'default', user = '' } = notice;
  const id = `${scope}:${key}.${type}.${notice.rule ?? notice.state ?? ''}.${at}`;
  return { ...notice, v: 1, id, account, user, submission: '', delivery: '', recipient: '', sender: '' };
}
