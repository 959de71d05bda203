// Greylisting: how long a host that knows us not yet wants us to wait, as far as its reply tells. Pure.

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** What a host that says nothing wants in most cases: postgrey, milter-greylist, rspamd and Exim ask for 1 to 5 minutes. */
export const USUAL_MS = 5 * 60_000;
const LEAST_MS = 10_000;
const MOST_MS = 4 * 3_600_000;

const patterns: readonly RegExp[] = [
  // "try again in 300 seconds", "retry after 5 minutes", "greylisted for 00:04:58", "come back in 1 hour"
  /\b(?:in|after|for|wait|within|at least)\s+(?:about\s+|another\s+)?(\d{1,2}):(\d{2}):(\d{2})\b/i,
  /\b(?:in|after|for|wait|within|at least)\s+(?:about\s+|another\s+)?(\d{1,5})\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)\b/i,
  // "300 seconds remaining", "(delay 300 s)", "riprova tra 5 minuti"
  /\b(\d{1,5})\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)\s+(?:left|remain)/i,
  /\b(?:delay|tra|fra|dans|nach)\s+(\d{1,5})\s*(second\w*|sek\w*|s|minut\w*|min|m|or[ae]|stunden?|heures?|h)\b/i,
];

/** How long to wait, milliseconds, by the text of a reply; undefined when it does not say. */
export function greylistWait(text: string): number | undefined {
  for (const pattern of patterns) {
    const match = pattern.exec(text.slice(0, 1024));
    if (!match) continue;
    const ms = match.length === 4 ? ofClock(match) : Number(match[1]) * unitOf(match[2] ?? '');
    if (ms > 0) return Math.min(Math.max(ms, LEAST_MS), MOST_MS);
  }
  return undefined;
}

function ofClock([, hours, minutes, seconds]: RegExpExecArray): number {
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function unitOf(word: string): number {
  const first = word.charAt(0).toLowerCase();
  // "ore" is hours.
  return UNITS[first === 'o' ? 'h' : first] ?? 1000;
}
