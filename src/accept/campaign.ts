// Campaigns by policy: what statistics of a message without a campaign of its own are aggregated by (SMTP+). Pure.
import { hash } from 'node:crypto';
import type { EpochMs } from '../lib/clock.ts';
import { MONTHS } from '../lib/day.ts';
import type { CampaignPolicy } from '../model/settings.ts';

/** What a policy looks at; `at` is when the message was accepted, days and weeks are those of UTC. */
export type CampaignSubject = Readonly<{
  at: EpochMs;
  user: string;
  /** Decoded. */
  subject: string;
  /** From address and display name; the name may be "". */
  sender: string;
  senderName: string;
}>;

/** The key that statistics are aggregated by, and its name for people. */
export type Campaign = Readonly<{ campaign: string; campaignName: string }>;

const MAX_KEY = 255;
const HASH_CHARS = 16;
const DAY_MS = 86_400_000;
const NO_SUBJECT = '(no subject)';
const NO_SENDER = '(no sender)';

type Namer = (of: CampaignSubject) => string;

/** Keys; where people read something else, it is in NAMES. */
const KEYS: Readonly<Record<CampaignPolicy, Namer>> = {
  day: ({ at }) => dayOf(at),
  week: ({ at }) => {
    const { year, week } = isoWeek(at);
    return `${year}-W${String(week).padStart(2, '0')}`;
  },
  month: ({ at }) => dayOf(at).slice(0, 7),
  year: ({ at }) => dayOf(at).slice(0, 4),
  subject: ({ subject }) => subject || NO_SUBJECT,
  'dynamic-subject': ({ subject }) => withoutVariables(subject) || NO_SUBJECT,
  sender: ({ sender }) => sender.toLowerCase() || NO_SENDER,
  'sender-name': ({ sender, senderName }) => senderName || sender.toLowerCase() || NO_SENDER,
  'sender-subject': ({ sender, subject }) => `${sender.toLowerCase() || NO_SENDER} ${subject || NO_SUBJECT}`,
  user: ({ user }) => user,
};

const NAMES: Readonly<Partial<Record<CampaignPolicy, Namer>>> = {
  week: ({ at }) => {
    const { year, week } = isoWeek(at);
    return `Week ${week} of ${year}`;
  },
  month: ({ at }) => `${MONTHS[new Date(at).getUTCMonth()] ?? ''} ${dayOf(at).slice(0, 4)}`,
};

/** The campaign of a message by this policy; both texts have 1 to 255 characters. */
export function campaignOf(policy: CampaignPolicy, of: CampaignSubject): Campaign {
  const key = KEYS[policy](of);
  return { campaign: shorten(key), campaignName: shorten(NAMES[policy]?.(of) ?? key) };
}

/**
 * A subject without its variable parts, which stand in square brackets: "Ticket [123] solved" and "Ticket [number] solved"
 * are both "Ticket solved". A bracket that does not close stays.
 */
export function withoutVariables(subject: string): string {
  const opened: number[] = [];
  const kept: string[] = [];
  for (const char of subject) {
    if (char === ']') {
      const open = opened.pop();
      if (open !== undefined) {
        kept.length = open;
        continue;
      }
    } else if (char === '[') opened.push(kept.length);
    kept.push(char);
  }
  return kept.join('').replace(/\s+/g, ' ').trim();
}

const dayOf = (at: EpochMs): string => new Date(at).toISOString().slice(0, 10);

/** ISO 8601: weeks begin on Monday and belong to the year that has their Thursday. */
function isoWeek(at: EpochMs): Readonly<{ year: number; week: number }> {
  const day = Math.floor(at / DAY_MS);
  const thursday = day - ((day + 3) % 7) + 3; // 1970-01-01 was one
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday - Date.UTC(year, 0, 1) / DAY_MS) / 7) };
}

/** Long texts that differ only at their end stay different: the tail gives way to its hash. */
function shorten(text: string): string {
  if (text.length <= MAX_KEY) return text;
  const head = text.slice(0, MAX_KEY - HASH_CHARS - 1).toWellFormed();
  return `${head}~${hash('sha256', text, 'hex').slice(0, HASH_CHARS)}`;
}
