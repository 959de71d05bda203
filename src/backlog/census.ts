// Counts the whole queue by what its deliveries have in common, and how fast each group gets smaller; for all who look, bit by bit.
import { toBase32 } from '../lib/base32.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { Keys } from './keys.ts';

const censusScript = loadScript(new URL('./scripts/census-1.lua', import.meta.url));

/** Deliveries that agree in all of this. */
export type Group = Readonly<{
  account: string;
  user: string;
  pool: string;
  /** "": of many domains, where there are too many to tell them apart. */
  domain: string;
  transport: string;
  state: string;
  /** The rule that holds them; "": none. */
  hold: string;
  /** "": they are due; retry: not yet, they were tried before; later: they are scheduled. */
  ahead: '' | 'retry' | 'later';
  count: number;
  /** When the first of them may go. */
  due: EpochMs;
}>;

export type Counted = Readonly<{
  /** When the counting began. */
  at: EpochMs;
  /** False: it goes on, and the groups are what was counted until now. */
  whole: boolean;
  groups: readonly Group[];
  /** Deliveries that left in a second, by account, pool and domain; absent where too little was seen. */
  paceOf(of: Readonly<Pick<Group, 'account' | 'pool' | 'domain'>>): number | undefined;
}>;

export type CensusDeps = Readonly<{ redis: Redis; keys: Pick<Keys, 'due' | 'prefix'>; clock: Clock }>;

/** Answers within about `patienceMs`, with what is known by then. Rejects with RedisTrouble. */
export type Census = (patienceMs?: number) => Promise<Counted>;

/** What was counted is good for so long. */
const FRESH_MS = 2000;
/** So many times as long as a counting took, none begins: it never takes more than a fifth of anything. */
const REST_FACTOR = 4;
/** A script's part; Redis serves others between two of them. */
const PART = 400;
const PATIENCE_MS = 20;
/** More groups than that are told by pool alone. */
const MAX_GROUPS = 10_000;
const FIELDS = 5;
const TIME_CHARS = 10;
/** What left long ago says little of now. */
const MEMORY_MS = 3 * 60_000;
/** Shorter than that, nobody knows how fast they leave. */
const SEEN_MS = 8000;
/** After that long without a look, it begins afresh. */
const GAP_MS = 10 * 60_000;

/** How fast deliveries leave: seen over so many milliseconds, both fading with time. */
type Pace = Readonly<{ left: number; ms: number }>;

/** Of those with this name; `settled` were accepted before the counting began, `old` before the one before it. */
type Tally = { name: string; count: number; settled: number; old: number; due: EpochMs };

export function makeCensus(deps: CensusDeps): Census {
  const { clock } = deps;
  let last: Counted = { at: 0, whole: false, groups: [], paceOf: () => undefined };
  let paces: ReadonlyMap<string, Pace> = new Map();
  let settled: ReadonlyMap<string, number> = new Map();
  let running: Promise<void> | undefined;
  let soFar = (): readonly Group[] => [];
  let restUntil = 0;

  const count = async (): Promise<void> => {
    const began = clock.ticks();
    const at = clock.now();
    const before = last.whole && at - last.at < GAP_MS ? last.at : undefined;
    const found = new Map<string, Tally>();
    soFar = () => groupsIn(found);
    await countAll(deps, { at, before: before ?? at }, found);
    const tallies = [...found.values()];
    const now = byPlace(tallies, 'settled');
    const old = byPlace(tallies, 'old');
    const known = before === undefined ? new Map<string, Pace>() : paces;
    paces = before === undefined ? known : faded({ settled, old, known, ms: at - before });
    settled = now;
    const took = clock.ticks() - began;
    restUntil = clock.ticks() + Math.max(FRESH_MS, REST_FACTOR * took);
    const told = paces;
    last = {
      at,
      whole: true,
      groups: groupsIn(found),
      paceOf: (of) => speedOf(told.get(placeOf(of))),
    };
  };

  return async (patienceMs = PATIENCE_MS) => {
    if (!running && clock.ticks() < restUntil) return last;
    running ??= count().finally(() => (running = undefined));
    const late = new AbortController();
    // Whoever stops waiting is told nothing of its end; those who come later are.
    running.catch(() => undefined);
    await Promise.race([running, clock.sleep(patienceMs, late.signal)]).finally(() => late.abort());
    return last.whole ? last : { ...last, at: clock.now(), groups: soFar() };
  };
}

const groupsIn = (found: ReadonlyMap<string, Tally>): readonly Group[] => [...found.values()].map(groupOf);

const placeOf = ({ account, pool, domain }: Pick<Group, 'account' | 'pool' | 'domain'>): string =>
  `${account}\n${pool}\n${domain}`;

/** Adds up all parts, one after the other. */
async function countAll(
  { redis, keys }: CensusDeps,
  { at, before }: Readonly<{ at: EpochMs; before: EpochMs }>,
  found: Map<string, Tally>,
): Promise<void> {
  const since = [toBase32(at, TIME_CHARS), toBase32(before, TIME_CHARS)];
  let cursor = '0';
  do {
    const args = [cursor, PART, keys.prefix, at, ...since];
    const answer = await redis.run(censusScript, [keys.due], args);
    const [next = '0', ...flat]: unknown[] = Array.isArray(answer) ? answer : [];
    cursor = String(next);
    for (let place = 0; place + FIELDS <= flat.length; place += FIELDS) {
      const [name, count, settled, old, due] = flat.slice(place, place + FIELDS);
      const numbers = { count: Number(count), settled: Number(settled), old: Number(old), due: Number(due) };
      add(found, { name: String(name), ...numbers });
    }
  } while (cursor !== '0');
}

function add(found: Map<string, Tally>, tally: Tally): void {
  const isFull = found.size >= MAX_GROUPS && !found.has(tally.name);
  const name = isFull ? coarseName(tally.name) : tally.name;
  const same = found.get(name);
  if (!same) return void found.set(name, { ...tally, name });
  same.count += tally.count;
  same.settled += tally.settled;
  same.old += tally.old;
  same.due = Math.min(same.due, tally.due);
}

/** Without what there is too much of: the user, the domain, the transport, the rule. */
function coarseName(name: string): string {
  const [account = '', , pool = '', , , state = '', , ahead = ''] = name.split('\n');
  return [account, '', pool, '', '', state, '', ahead].join('\n');
}

function groupOf({ name, count, due }: Tally): Group {
  const [account = '', user = '', pool = '', domain = '', transport = '', state = '', hold = '', ahead] =
    name.split('\n');
  const isAhead = ahead === 'retry' || ahead === 'later';
  return { account, user, pool, domain, transport, state, hold, ahead: isAhead ? ahead : '', count, due };
}

function byPlace(tallies: readonly Tally[], what: 'settled' | 'old'): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const tally of tallies) {
    const place = placeOf(groupOf(tally));
    sums.set(place, (sums.get(place) ?? 0) + tally[what]);
  }
  return sums;
}

type Seen = Readonly<{
  /** How many there were at the last counting. */
  settled: ReadonlyMap<string, number>;
  /** How many of those are still there. */
  old: ReadonlyMap<string, number>;
  known: ReadonlyMap<string, Pace>;
  ms: number;
}>;

/** Those who are not there any more have left; what was known before counts for less. */
function faded({ settled, old, known, ms }: Seen): ReadonlyMap<string, Pace> {
  const stays = Math.exp(-ms / MEMORY_MS);
  const paces = new Map<string, Pace>();
  for (const [place, was] of settled) {
    const left = Math.max(0, was - (old.get(place) ?? 0));
    const before = known.get(place) ?? { left: 0, ms: 0 };
    paces.set(place, { left: before.left * stays + left, ms: before.ms * stays + ms });
  }
  return paces;
}

function speedOf(pace: Pace | undefined): number | undefined {
  return pace === undefined || pace.ms < SEEN_MS ? undefined : pace.left / (pace.ms / 1000);
}
