// The visitors as a scenario has them, and what their visits must have come to: answers, events, suppressions.
import type { Event } from '../../src/model/event.ts';
import { readLedger } from './look.ts';
import { startChild, within } from './process.ts';
import type { Visit, VisitorsOptions, Word } from './visitors.ts';

export type Visitors = Readonly<{
  /** All visits that were answered, or failed, so far. */
  visits(): readonly Visit[];
  tell(word: Word): void;
  /** Hits of this time may be lost, epoch milliseconds: the process that had them in memory was killed at `until`. */
  mayLose(since: number, until: number): void;
  /** Visits nothing more, and resolves when all orders have their 200, and what is held back for a moment is written. */
  finish(): Promise<void>;
  judge(events: readonly Event[], suppressed: ReadonlySet<string>): Judged;
  stop(): Promise<void>;
}>;

export type Judged = Readonly<{ notes: readonly string[]; complaints: readonly string[] }>;

type Time = Readonly<{ since: number; until: number }>;

/** Hits wait for so long before they are written: 2.2 s, a turn of the buffer, and the writing (docs/tracking.md). */
export const HELD_MS = 3_500;
const FINISH_MS = 60_000;
/** Whatever Redis does, a redirect takes no longer. */
export const QUICK_MS = 50;

export function startVisitors(options: VisitorsOptions): Visitors {
  const child = startChild('visitors.ts', options);
  const done = new Promise<void>((resolve) => child.process.once('message', () => resolve()));
  const holes: Time[] = [];
  const tell = (word: Word): void => void child.process.send(word);
  const visits = (): readonly Visit[] => readLedger(options.ledger, (line): Visit => JSON.parse(line));
  return {
    visits,
    tell,
    mayLose: (since, until) => void holes.push({ since, until }),
    finish: async () => {
      tell({ say: 'finish' });
      await within(done, FINISH_MS, 'an order to unsubscribe had no 200');
      await new Promise((resolve) => setTimeout(resolve, HELD_MS));
    },
    judge: (events, suppressed) => {
      const all = visits();
      const judged = [judgeHits(all, events, holes), judgeOrders(all, events, suppressed)];
      return {
        notes: judged.flatMap(({ notes }) => notes),
        complaints: judged.flatMap(({ complaints }) => complaints),
      };
    },
    stop: child.stop,
  };
}

/** Clicks and opens: each that was answered is an event, once, but for what a killed process had in memory. */
export function judgeHits(
  visits: readonly Visit[],
  events: readonly Event[],
  holes: readonly Time[],
): Judged {
  const hits = visits.filter(({ kind }) => kind !== 'post');
  const answered = hits.filter(({ status }) => status > 0);
  const odd = answered.filter(({ kind, status, location = '' }) =>
    kind === 'click' ? status !== 302 || !location.startsWith('https://shop.test/') : status !== 200,
  );
  const told = countVisits(events);
  const lost = answered.filter(({ n }) => !told.has(n));
  // Where the machine stood still, so did the writing.
  const wide = holes.map((hole) => ({ ...hole, since: hole.since - slowestIn(hits, hole) }));
  const isForgiven = ({ at, ended }: Visit): boolean =>
    wide.some(({ since, until }) => ended >= since && at <= until);
  const unforgiven = lost.filter((visit) => !isForgiven(visit));
  const twice = answered.filter(({ n }) => (told.get(n) ?? 0) > 1);
  const some = (list: readonly Visit[], what: string): string[] => {
    const first = list.slice(0, 4).map((one) => JSON.stringify(one));
    return list.length > 0 ? [`${list.length} ${what}: ${first.join(' ')}`] : [];
  };
  return {
    notes: [
      `${answered.length} clicks and opens answered, ${hits.length - answered.length} unanswered while nobody listened`,
      `${lost.length} lost that a killed process held`,
      describeSpeed(answered),
    ],
    complaints: [
      ...(answered.length === 0 ? ['nobody clicked'] : []),
      ...some(odd, 'hits were answered otherwise than they must be'),
      ...some(unforgiven, 'hits were answered and never told'),
      ...some(twice, 'hits were told twice'),
    ],
  };
}

function slowestIn(hits: readonly Visit[], { since, until }: Time): number {
  return hits
    .filter(({ at, ended }) => ended >= since && at <= until)
    .reduce((slowest, { ms }) => Math.max(slowest, ms), 0);
}

/** How often each visit is told. */
function countVisits(events: readonly Event[]): ReadonlyMap<number, number> {
  const told = new Map<number, number>();
  for (const { type, userAgent = '' } of events) {
    if (type !== 'clicked' && type !== 'opened') continue;
    const n = Number(/ visit-(\d+)$/.exec(userAgent)?.[1] ?? 0);
    told.set(n, (told.get(n) ?? 0) + 1);
  }
  return told;
}

/** Orders to unsubscribe: a 200 is for good. */
export function judgeOrders(
  visits: readonly Visit[],
  events: readonly Event[],
  suppressed: ReadonlySet<string>,
): Judged {
  const posts = visits.filter(({ kind }) => kind === 'post');
  const done = new Set(posts.filter(({ status }) => status === 200).map(({ recipient }) => recipient));
  const odd = posts.filter(({ status }) => ![0, 200, 503].includes(status)).map(({ status }) => status);
  const told = new Set(
    events
      .filter(({ type, how }) => type === 'unsubscribed' && how === 'one-click')
      .map(({ recipient }) => recipient),
  );
  const some = (list: readonly string[], what: string): string[] =>
    list.length > 0
      ? [`${list.length} orders were answered 200 and ${what}: ${list.slice(0, 4).join(' ')}`]
      : [];
  const later = posts.filter(({ status }) => status === 503).length;
  return {
    notes: [`${done.size} one-click orders answered 200, ${later} times 503`],
    complaints: [
      ...(done.size === 0 ? ['nobody unsubscribed'] : []),
      ...(odd.length > 0 ? [`orders were answered with ${[...new Set(odd)].join(' ')}`] : []),
      ...some(
        [...done].filter((recipient) => !suppressed.has(recipient.toLowerCase())),
        'forgotten',
      ),
      ...some(
        [...done].filter((recipient) => !told.has(recipient)),
        'never told',
      ),
    ],
  };
}

/** Redirects that took longer than they may, when the time is taken off in which nobody gave us a processor. */
export function slowOf(visits: readonly Visit[]): readonly Visit[] {
  return visits.filter(
    ({ kind, status, ms, waited }) => kind === 'click' && status > 0 && ms - waited > QUICK_MS,
  );
}

export function describeSpeed(visits: readonly Visit[]): string {
  const clicks = visits.filter(({ kind, status }) => kind === 'click' && status > 0);
  const times = clicks.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0;
  return `${times.length} redirects: half in ${at(0.5)} ms, 99 % in ${at(0.99)} ms, all in ${at(1)} ms`;
}
