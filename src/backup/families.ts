// Which of our keys in Redis a backup takes: all but mail in flight and what only running processes use. Pure.

/**
 * First words of keys that stay behind. Mail in flight is one of them on purpose: a restored queue would send again what
 * went out after the backup.
 */
const LEFT_OUT: ReadonlySet<string> = new Set(
  [
    'sub body open del due hand lane fair lanes resting carried shelf waits same archiving ended', // mail in flight, and lists of it
    'spill spilled scanning quarantine q events told forwarded',
    'lease epoch share turns binds quota session idempotency restoring processes', // what processes agree on while they run
    'caught preview', // by the sandbox; what somebody looks at just now
  ].flatMap((line) => line.split(' ')),
);

/** True for a key (without our prefix) that belongs into a backup, such as "users" or "rcpt:default:ann@example.com". */
export function isKept(key: string): boolean {
  return !LEFT_OUT.has(/^[^:]*/.exec(key)?.[0] ?? '');
}

/** Files and folders of the data folder that a backup takes; `settings`: also where only the settings are asked for. */
export const KEPT_FILES: readonly Readonly<{ name: string; settings: boolean }>[] = [
  { name: 'keys', settings: true },
  { name: 'tls', settings: true },
  { name: 'first-run', settings: true },
  { name: 'unsubscribed', settings: true },
  { name: 'events', settings: false },
  { name: 'history', settings: false },
];
