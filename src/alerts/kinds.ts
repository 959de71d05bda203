// What alerts are about: their kinds, what each says in its headline, and what an operator can do. Pure.

export const alertKinds = [
  'transport',
  'listing',
  'sender',
  'rates',
  'theft',
  'unauthorised-sender',
  'limit',
  'warm-up',
  'warm-up-full',
  'fallback',
  'queue-age',
  'certificate',
  'dkim',
  'dane',
  'disk',
  'redis',
  'listener',
  'history',
  'scanner',
  'quarantine',
  'webhook',
  'trouble',
  'bounced',
  'complained',
  'opted-out',
] as const;

export type AlertKind = (typeof alertKinds)[number];

/** What somebody should look at soon. */
export const URGENT_KINDS: readonly AlertKind[] = [
  'transport',
  'listing',
  'sender',
  'theft',
  'queue-age',
  'certificate',
  'dane',
  'disk',
  'redis',
  'listener',
  'history',
  'scanner',
  'webhook',
  'trouble',
];

/** What is good to know within the hour. */
export const CALM_KINDS: readonly AlertKind[] = [
  'rates',
  'unauthorised-sender',
  'limit',
  'warm-up',
  'fallback',
  'dkim',
  'quarantine',
];

/** Those that a watch finds, and that go on until they are over. */
export const CONDITION_KINDS = [
  'queue-age',
  'certificate',
  'dkim',
  'dane',
  'disk',
  'redis',
  'listener',
  'history',
] as const;

export type ConditionKind = (typeof CONDITION_KINDS)[number];

export const NAMES: Readonly<Record<AlertKind, string>> = {
  transport: 'state of a transport',
  listing: 'block list',
  sender: 'sender slowed or stopped',
  rates: 'bounces or complaints of a sender',
  theft: 'a password may be stolen',
  'unauthorised-sender': 'sender not authorised',
  limit: 'limit',
  'warm-up': 'warm-up went back',
  'warm-up-full': 'warm-up full for today',
  fallback: 'fallback pool',
  'queue-age': 'mail waits',
  certificate: 'certificate',
  dkim: 'DKIM',
  dane: 'DANE',
  disk: 'disk',
  redis: 'Redis',
  listener: 'listener',
  history: 'history and statistics',
  scanner: 'scanner',
  quarantine: 'message in quarantine',
  webhook: 'webhook that fails',
  trouble: 'trouble',
  bounced: 'bounced address',
  complained: 'complaint',
  'opted-out': 'recipient opted out',
};

/** What to do; `<key>` stands for what the alert is about. */
const ADVICE: Readonly<Record<AlertKind, string>> = {
  transport: 'postino transport show <key>',
  listing: 'postino transport check <key>',
  sender: 'postino user show <key>',
  rates: 'postino user show <key>',
  theft: 'postino user show <key>; give it another password before its mail goes on',
  'unauthorised-sender': 'postino user set <key> --domain … if that address is its own',
  limit: 'postino limit list',
  'warm-up': 'postino transport show <key>',
  'warm-up-full': 'postino transport show <key>',
  fallback: 'postino pool list; postino transport list',
  'queue-age': 'postino queue; postino queue list',
  certificate: 'renew the certificate; it is taken up within a minute, without a restart',
  dkim: 'postino domain check <key>',
  dane: 'postino check; let a validating resolver on this host stand in dns.servers',
  disk: 'free some space, or give the disk more',
  redis: 'postino queue; give Redis more memory (maxmemory)',
  listener: 'postino check; look into the log',
  history: 'postino history status; free some space where it is full',
  scanner: 'see that rspamd runs and that scan.url is right',
  quarantine: 'postino quarantine list; postino quarantine show <key>',
  webhook: 'postino webhook show <key>; when it is put right, postino webhook resume <key>',
  trouble: 'look into the log',
  bounced: 'postino message show <key>',
  complained: 'postino message show <key>',
  'opted-out': 'postino suppression list',
};

/** The command for an alert about `key`. What could mean something to a shell is left out. */
export function adviceFor(kind: AlertKind, key: string): string {
  return ADVICE[kind].replaceAll('<key>', key.replace(/[^\w.@:+-]/g, ''));
}
